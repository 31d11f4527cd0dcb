from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from data.database import Database
from data.keys import Keys
from data.schema import WEBHOOKS
from data.webhooks import (
    MAX_ATTEMPTS,
    MAX_WEBHOOKS,
    Claimed,
    DeliveryState,
    EventType,
    Outbox,
    Webhooks,
    note_models_in_service,
    retry_delay,
    sign,
    tell,
)
from matching.errors import InvalidInput, UnknownRecord
from tests.data.conftest import NOW, Clock

URL = "https://portal.example/souk"


@pytest.fixture
def database(database_url: str, clock: Clock) -> Database:
    database = Database.open(database_url, clock=clock)
    for organisation in ("acme", "other"):
        database.ensure_organisation(organisation)
    return database


@pytest.fixture
def webhooks(database: Database) -> Webhooks:
    return Webhooks(database, "acme", Keys(database, "pepper"))


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database, Keys(database, "pepper"))


@pytest.fixture
def told(database: Database) -> Callable[..., None]:
    def tell_all(
        number: int = 1, organisation: str = "acme", event_type: EventType = EventType.MEETING_CHANGED
    ) -> None:
        with database.writing() as connection:
            for place in range(number):
                tell(connection, organisation, EventType(event_type), {"meeting_id": f"M{place}"}, NOW)

    return tell_all


def test_a_message_goes_to_each_webhook_that_wants_its_type(
    webhooks: Webhooks, outbox: Outbox, told: Callable[..., None]
) -> None:
    wanting = [webhooks.create(URL, [EventType.MEETING_CHANGED])[0].id for _ in range(2)]
    webhooks.create(URL, [EventType.MODEL_CHANGED])
    told()
    claimed = outbox.claim()
    assert {one.webhook_id for one in claimed} == set(wanting)
    assert len({one.id for one in claimed}) == 1
    assert json.loads(claimed[0].body) == {
        "type": "meeting.changed", "timestamp": "2026-03-01T00:00:00Z", "data": {"meeting_id": "M0"}
    }  # fmt: skip


def test_another_organisation_is_told_nothing(webhooks: Webhooks, outbox: Outbox, told: Callable[..., None]) -> None:
    webhooks.create(URL, list(EventType))
    told(organisation="other")
    assert outbox.claim() == ()


def test_a_message_of_a_transaction_that_failed_was_never_written(
    webhooks: Webhooks, outbox: Outbox, database: Database
) -> None:
    webhooks.create(URL, list(EventType))
    with pytest.raises(ValueError, match="the meeting"), database.writing() as connection:
        tell(connection, "acme", EventType.MEETING_CHANGED, {}, NOW)
        raise ValueError("the meeting could not be stored")
    assert outbox.claim() == ()


def test_a_signature_is_that_of_the_specification() -> None:
    """The example of the specification's reference libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_told_once_and_cannot_be_read_from_the_database(
    webhooks: Webhooks, outbox: Outbox, database: Database, told: Callable[..., None]
) -> None:
    _, secret = webhooks.create(URL, list(EventType))
    told()
    claimed = outbox.claim()[0]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = hmac.new(key, f"{claimed.id}.7.{claimed.body}".encode(), hashlib.sha256).digest()
    assert sign(claimed.secret, claimed.id, 7, claimed.body) == f"v1,{base64.b64encode(expected).decode()}"
    assert len(key) == 32
    with database.reading() as connection:
        stored = str(connection.execute(select(WEBHOOKS)).all())
    assert secret not in stored + str(claimed)
    assert key.hex() not in stored


def test_processes_that_claim_at_once_share_the_messages(
    webhooks: Webhooks, database: Database, told: Callable[..., None]
) -> None:
    for _ in range(MAX_WEBHOOKS):
        webhooks.create(URL, list(EventType))
    told(4)
    outboxes = [Outbox(database, Keys(database)) for _ in range(4)]

    def claim_all(outbox: Outbox) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        while claimed := outbox.claim():
            found += [(one.webhook_id, one.id) for one in claimed]
        return found

    with ThreadPoolExecutor(4) as pool:
        claimed = [one for found in pool.map(claim_all, outboxes) for one in found]
    assert len(claimed) == len(set(claimed)) == MAX_WEBHOOKS * 4


def test_of_one_webhook_few_are_claimed_at_once_so_that_others_have_their_turn(
    webhooks: Webhooks, outbox: Outbox, told: Callable[..., None]
) -> None:
    webhooks.create(URL, [EventType.MEETING_CHANGED])
    told(100)
    late = webhooks.create(URL, [EventType.MODEL_CHANGED])[0].id
    told(1, event_type="model.changed")
    assert late in {one.webhook_id for one in outbox.claim()}


def test_what_a_process_claimed_and_left_is_claimed_again(
    webhooks: Webhooks, outbox: Outbox, clock: Clock, told: Callable[..., None]
) -> None:
    webhooks.create(URL, list(EventType))
    told()
    first = outbox.claim()
    assert outbox.claim() == ()
    clock.now += timedelta(seconds=31)
    again = outbox.claim()
    assert ([one.id for one in again], again[0].attempts) == ([one.id for one in first], 2)


def test_a_try_that_was_overtaken_settles_nothing(
    webhooks: Webhooks, outbox: Outbox, clock: Clock, told: Callable[..., None]
) -> None:
    webhook, _ = webhooks.create(URL, list(EventType))
    told()
    slow = outbox.claim()[0]
    clock.now += timedelta(seconds=31)
    outbox.delivered(outbox.claim()[0], "200")
    outbox.failed(slow, "500", chance=0.0)
    assert webhooks.deliveries(webhook.id)[0].state is DeliveryState.DELIVERED


def test_a_message_is_tried_again_ever_later_for_near_a_day_and_then_given_up(
    webhooks: Webhooks, outbox: Outbox, clock: Clock, told: Callable[..., None]
) -> None:
    webhook, _ = webhooks.create(URL, list(EventType))
    told()
    for attempt in range(1, MAX_ATTEMPTS):
        assert outbox.failed(_only(outbox), "500", chance=0.0) is DeliveryState.PENDING
        waiting = webhooks.deliveries(webhook.id)[0]
        assert (waiting.state, waiting.attempts, waiting.last_answer) == (DeliveryState.PENDING, attempt, "500")
        assert waiting.due_at == clock.now + timedelta(seconds=15 * 4 ** (attempt - 1))
        clock.now = waiting.due_at
    assert timedelta(hours=20) < clock.now - NOW < timedelta(hours=24)
    assert outbox.failed(_only(outbox), "timeout", chance=0.0) is DeliveryState.FAILED
    last = webhooks.deliveries(webhook.id)[0]
    assert (last.state, last.attempts, last.due_at, last.ended_at) == (
        DeliveryState.FAILED, MAX_ATTEMPTS, None, clock.now
    )  # fmt: skip


def _only(outbox: Outbox) -> Claimed:
    (claimed,) = outbox.claim()
    return claimed


@pytest.mark.parametrize(
    ("chance", "wait", "seconds"), [(0.0, 0, 15.0), (1.0, 0, 15 * 0.75), (0.5, 0, 15 * 0.875), (1.0, 60, 60.0)]
)
def test_chance_shortens_the_delay_and_the_receiver_may_lengthen_it(
    webhooks: Webhooks, outbox: Outbox, told: Callable[..., None], chance: float, wait: int, seconds: float
) -> None:
    webhook, _ = webhooks.create(URL, list(EventType))
    told()
    outbox.failed(_only(outbox), "429", chance=chance, wait=timedelta(seconds=wait))
    assert webhooks.deliveries(webhook.id)[0].due_at == NOW + timedelta(seconds=seconds)
    assert retry_delay(1) == timedelta(seconds=15)


def test_a_receiver_that_is_gone_is_switched_off_with_all_that_waits_for_it(
    webhooks: Webhooks, outbox: Outbox, clock: Clock, told: Callable[..., None]
) -> None:
    webhook, _ = webhooks.create(URL, list(EventType))
    told(10)
    assert outbox.waiting() == 10
    assert outbox.gone(outbox.claim()[0], "410") == 10
    assert outbox.waiting() == 0
    clock.now += timedelta(days=1)
    told()
    assert outbox.claim() == ()
    assert {one.state for one in webhooks.deliveries(webhook.id)} == {DeliveryState.FAILED}
    assert webhooks.all()[0].switched_off_at == NOW


def test_a_deleted_webhook_is_sent_nothing_more(webhooks: Webhooks, outbox: Outbox, told: Callable[..., None]) -> None:
    webhook, _ = webhooks.create(URL, list(EventType))
    told()
    claimed = _only(outbox)
    webhooks.delete(webhook.id)
    outbox.delivered(claimed, "200")
    assert webhooks.all() == ()
    for call in (webhooks.delete, webhooks.deliveries):
        with pytest.raises(UnknownRecord, match=f"no webhook has the id '{webhook.id}'"):
            call(webhook.id)


def test_deliveries_are_forgotten_a_month_after_their_end(
    webhooks: Webhooks, outbox: Outbox, clock: Clock, told: Callable[..., None]
) -> None:
    webhook, _ = webhooks.create(URL, list(EventType))
    told()
    outbox.delivered(_only(outbox), "200")
    clock.now += timedelta(days=31)
    told()
    outbox.claim()
    assert [one.state for one in webhooks.deliveries(webhook.id)] == [DeliveryState.PENDING]


def test_an_organisation_has_so_many_webhooks_and_no_more(webhooks: Webhooks) -> None:
    for _ in range(MAX_WEBHOOKS):
        webhooks.create(URL, list(EventType))
    with pytest.raises(InvalidInput, match="has 20 webhooks"):
        webhooks.create(URL, list(EventType))


def test_a_model_that_takes_the_place_of_another_is_told_to_everybody_once(
    webhooks: Webhooks, outbox: Outbox, database: Database
) -> None:
    webhooks.create(URL, [EventType.MODEL_CHANGED])
    Webhooks(database, "other", Keys(database)).create(URL, [EventType.MODEL_CHANGED])
    for versions in ({"encoder": "e1", "ranker": "r1"}, *[{"encoder": "e1", "ranker": "r2"}] * 2):
        note_models_in_service(database, versions)
    claimed = outbox.claim()
    assert sorted(one.organisation_id for one in claimed) == ["acme", "other"]
    assert json.loads(claimed[0].body)["data"] == {"kind": "ranker", "version": "r2", "previous_version": "r1"}
