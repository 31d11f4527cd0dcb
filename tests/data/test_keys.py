from __future__ import annotations

import pytest
from sqlalchemy import select

from data.database import Database
from data.keys import Keys, Scope
from data.schema import KEYS
from matching.errors import InvalidInput, KeyRefused, UnknownRecord


@pytest.fixture
def keys(database_url: str) -> Keys:
    return Keys(Database.open(database_url), "pepper")


def test_a_key_is_recognised_with_what_it_may_do(keys: Keys) -> None:
    found = keys.check(keys.create("acme", "portal", [Scope.MATCH], requests_per_minute=60))
    assert (found.organisation, found.name, found.scopes, found.requests_per_minute) == (
        "acme", "portal", frozenset({Scope.MATCH}), 60
    )  # fmt: skip
    assert found.may([Scope.MATCH, Scope.WRITE])
    assert not found.may([Scope.WRITE])


def test_a_secret_is_kept_nowhere(database_url: str) -> None:
    database = Database.open(database_url)
    secret = Keys(database).create("acme", "portal", Scope).split("_", 2)[2]
    with database.reading() as connection:
        assert secret not in str(connection.execute(select(KEYS)).all())


def test_a_revoked_key_is_refused_and_still_listed(keys: Keys) -> None:
    token = keys.create("acme", "portal", [Scope.ADMIN])
    keys.revoke(keys.all()[0].id)
    with pytest.raises(KeyRefused):
        keys.check(token)
    assert keys.all()[0].revoked_at is not None
    assert keys.any()


@pytest.mark.parametrize("token", ["", "souk_", "souk_0123456789abcdef_" + "A" * 43, "x" * 1000, "souk_é_\x00"])
def test_what_is_no_key_is_refused(keys: Keys, token: str) -> None:
    with pytest.raises(KeyRefused, match="the key is unknown or revoked"):
        keys.check(token)


def test_another_pepper_refuses_every_key(database_url: str) -> None:
    database = Database.open(database_url)
    token = Keys(database, "one").create("acme", "portal", [Scope.ADMIN])
    with pytest.raises(KeyRefused):
        Keys(database, "two").check(token)


def test_an_organisation_has_a_plain_name(keys: Keys) -> None:
    with pytest.raises(InvalidInput, match=r"organisation is '\.\./x', expected 1 to 63 of a-z, 0-9 and -"):
        keys.create("../x", "portal", [Scope.ADMIN])


def test_revoking_a_key_that_is_none_is_told(keys: Keys) -> None:
    with pytest.raises(UnknownRecord, match="no key in use has the id 'x'"):
        keys.revoke("x")
