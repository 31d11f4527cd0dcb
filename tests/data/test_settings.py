from __future__ import annotations

import pytest

from data.settings import Settings
from matching.errors import InvalidInput
from matching.exposure import ExposurePolicy


def test_attention_is_not_shared_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOUK_EXPOSURE", raising=False)
    assert Settings().exposure is None
    monkeypatch.setenv("SOUK_EXPOSURE", "")
    assert Settings().exposure is None


def test_one_variable_sets_how_attention_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUK_EXPOSURE", "size:micro,small=0.4")
    assert Settings().exposure == ExposurePolicy.parse("size:micro,small=0.4")


def test_a_policy_that_cannot_be_read_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOUK_EXPOSURE", "size:tiny=0.4")
    with pytest.raises(InvalidInput, match=r"exposure is 'size:tiny=0.4', expected COLUMN:VALUE"):
        Settings()
