from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert, select
from typer.testing import CliRunner

from data.answers import Answer, Answers
from data.database import Database
from data.erasure import Erasures, Saw, Subject, SubjectKind
from data.erasure_cli import commands
from data.events import Event, EventLog, Impression, ShownMatch, TrainingData, note_model_version
from data.keys import Keys
from data.schema import METADATA, SHADOW_SCORES, STANDINGS, Kind
from data.snapshot import Snapshot
from data.store import Outcome, Store
from data.webhooks import EventType, Webhooks, tell
from data.workspace import SHIPPED_DATA, Models, Workspace
from matching.draw import draw_suppliers
from matching.errors import InvalidInput, UnknownRecord
from matching.profiles import BuyerRequest, Supplier
from matching.ranker import GlassBoxRanker
from tests.conftest import HashingEncoder
from tests.data.conftest import NOW, Clock

FIRM = Supplier(id="S-née", name="Confidential Zellij", description="confidential tiles")
ASKED = BuyerRequest(id="R-née", text="confidential tiles", buyer="Confidential Buyer")
FIGURES = ("in_use_seconds", "shadow_seconds", "stayed", "overlap", "in_use_small", "shadow_small")


@pytest.fixture
def store(database_url: str, clock: Clock) -> Store:
    """A firm and a request, each with every trace that they can leave; and another of each."""
    store = Store(Database.open(database_url, clock=clock), "acme")
    store.put(Kind.SUPPLIERS, [FIRM, Supplier(id="S2", name="Other")])
    store.put(Kind.REQUESTS, [ASKED, BuyerRequest(id="R2", text="rugs")])
    _note_match(store, "m1", ASKED)
    _note_match(store, "m2", BuyerRequest(id="R2", text="rugs"))
    _note_event(store, "e1", "m1", FIRM.id, "anna")
    _note_event(store, "e2", "m2", FIRM.id, "ben")
    _note_event(store, "e3", "m2", "S2", "ben")
    body = json.dumps({"match_id": "m1", "request_id": ASKED.id, "matches": [{"id": FIRM.id, "name": FIRM.name}]})
    Answers(store.database, "acme").keep("k1", "digest", Answer(200, body.replace("\\u00e9", "é")))
    Answers(store.database, "acme").keep("k2", "digest", Answer(200, '{"match_id": "m2"}'))
    Webhooks(store.database, "acme", Keys(store.database)).create("https://a.example", [EventType.MATCH_FOUND])
    with store.database.writing() as connection:
        data = {"request_id": ASKED.id, "matches": [{"supplier_id": FIRM.id}]}
        tell(connection, "acme", EventType.MATCH_FOUND, data, NOW)
        standing = {"organisation_id": "acme", "best": ["S2", FIRM.id]}
        shadowed = {"organisation_id": "acme", "ranker_version": "r", "scored_at": NOW, **dict.fromkeys(FIGURES, 0.5)}
        connection.execute(insert(SHADOW_SCORES), [shadowed | {"match_id": one} for one in ("m1", "m2")])
        connection.execute(insert(STANDINGS), [standing | {"request_id": one} for one in (ASKED.id, "R2")])
    return store


def _note_match(store: Store, match_id: str, request: BuyerRequest) -> None:
    shown = [Impression(match_id, one, place, {}, 1.0, 1.0, "r") for place, one in enumerate((FIRM.id, "S2"), start=1)]
    draw = draw_suppliers(request.text, [FIRM.id, "S2"], np.array([0.9, 0.8]), np.zeros(2), k=2, seed=1, threshold=0.5)
    noted = ShownMatch(match_id, request, ("S2", FIRM.id, "S3"), "e", "r", draw=draw)
    EventLog(store.database, "acme").note_match(noted, shown)


def _note_event(store: Store, event_id: str, match_id: str, supplier_id: str, client_id: str) -> None:
    document = {"client_id": client_id, "event_id": event_id}
    event = Event(event_id, match_id, supplier_id, "click", document, NOW)
    assert EventLog(store.database, "acme").note_events([event]).stored == (event_id,)


def _erasures(store: Store) -> Erasures:
    return Erasures(store, Keys(store.database, "pepper"))


def _everything(store: Store) -> str:
    """Every row of every table."""
    with store.database.reading() as connection:
        rows = [connection.execute(select(table)).all() for table in METADATA.sorted_tables]
    return str(rows)


def _supplier(supplier_id: str = FIRM.id) -> Subject:
    return Subject(SubjectKind.SUPPLIER, supplier_id)


def test_of_an_erased_supplier_no_table_holds_a_trace(store: Store) -> None:
    assert FIRM.id in _everything(store)
    receipt = _erasures(store).erase(_supplier())
    assert receipt.erased == {
        "suppliers": 1, "changes": 1, "impressions": 2, "lots": 2, "events": 2, "matches": 2, "standings": 2,
        "answers": 1, "deliveries": 1,
    }  # fmt: skip
    left = _everything(store)
    assert FIRM.id not in left
    assert FIRM.name not in left
    assert "Confidential Buyer" in left


def test_the_others_keep_their_places_in_a_ranking(store: Store) -> None:
    _erasures(store).erase(_supplier())
    log = EventLog(store.database, "acme")
    assert log.match("m1").ranking == ("S2", "", "S3")
    assert [(one.object_id, one.position) for one in log.impressions("m1")] == [("S2", 2)]
    assert [event.id for event, _ in log.events("m2")] == ["e3"]


def test_of_an_erased_request_no_table_holds_a_trace(store: Store) -> None:
    receipt = _erasures(store).erase(Subject(SubjectKind.REQUEST, "R-née"))
    assert receipt.erased == {
        "requests": 1, "changes": 1, "impressions": 2, "lots": 2, "events": 1, "matches": 1, "shadow_scores": 1,
        "standings": 1, "answers": 1, "deliveries": 1,
    }  # fmt: skip
    left = _everything(store)
    assert "R-née" not in left
    assert "Confidential Buyer" not in left
    assert EventLog(store.database, "acme").match("m2").request.text == "rugs"


def test_of_an_erased_client_the_events_go_and_the_requests_that_are_no_one_elses(store: Store) -> None:
    receipt = _erasures(store).erase(Subject(SubjectKind.CLIENT, "anna"))
    assert (receipt.erased["events"], receipt.erased["requests"], receipt.erased["matches"]) == (1, 1, 1)
    left = _everything(store)
    assert "anna" not in left
    assert "Confidential Buyer" not in left
    assert "ben" in left


def test_what_two_clients_share_stays_with_the_other(store: Store) -> None:
    _note_event(store, "e4", "m1", "S2", "ben")
    assert _erasures(store).erase(Subject(SubjectKind.CLIENT, "anna")).erased == {"events": 1}
    assert store.get(Kind.REQUESTS, ASKED.id or "").id == ASKED.id
    assert "anna" not in _everything(store)


def test_sqlite_keeps_nothing_of_it_in_its_files(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/souk.db")
    store.put_suppliers([FIRM, *(Supplier(id=f"S{number}", name="X" * 200) for number in range(50))])
    Erasures(store, Keys(store.database)).erase(_supplier())
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("souk.db*"))
    assert b"XXXX" in kept
    assert b"Confidential" not in kept


def test_a_receipt_is_kept_and_found_again_by_whoever_knows_the_id(store: Store) -> None:
    receipt = _erasures(store).erase(_supplier())
    assert _erasures(store).get(receipt.id).document() == receipt.document()
    assert [found.id for found in _erasures(store).of(_supplier())] == [receipt.id]
    assert _erasures(store).of(_supplier("S2")) == ()
    assert Erasures(store, Keys(store.database, "other")).of(_supplier()) == ()


def test_a_digest_can_be_worked_out_from_the_receipt(store: Store) -> None:
    document = _erasures(store).erase(_supplier()).document()
    told = json.dumps({name: document[name] for name in sorted(document) if name != "digest"}, sort_keys=True)
    compact = json.dumps(json.loads(told), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert document["digest"] == hashlib.sha256(compact.encode()).hexdigest()


def test_what_nothing_is_held_of_gets_no_receipt(store: Store) -> None:
    with pytest.raises(UnknownRecord, match="nothing is held of a supplier of the id 'S9'"):
        _erasures(store).erase(_supplier("S9"))
    _erasures(store).erase(_supplier())
    with pytest.raises(UnknownRecord):
        _erasures(store).erase(_supplier())


def test_the_same_id_of_another_organisation_stays(store: Store) -> None:
    other = Store(store.database, "other")
    other.put(Kind.SUPPLIERS, [FIRM])
    _erasures(store).erase(_supplier())
    assert other.supplier(FIRM.id) == FIRM
    assert Erasures(other, Keys(store.database, "pepper")).of(_supplier()) == ()


def test_an_id_that_was_deleted_before_leaves_the_changes_too(store: Store) -> None:
    store.delete(Kind.SUPPLIERS, FIRM.id)
    receipt = _erasures(store).erase(_supplier())
    assert (receipt.erased.get("suppliers"), receipt.erased["changes"]) == (None, 1)
    assert FIRM.id not in _everything(store)


@pytest.mark.parametrize(
    ("trained_on", "saw"),
    [
        (None, Saw.UNKNOWN),
        (SHIPPED_DATA, Saw.NO),
        (TrainingData("f1", NOW - timedelta(days=1)), Saw.NO),
        (TrainingData("f2", NOW + timedelta(days=1)), Saw.YES),
    ],
)
def test_a_receipt_names_the_models_that_may_have_learnt_from_it(
    store: Store, clock: Clock, trained_on: TrainingData | None, saw: Saw
) -> None:
    note_model_version(store.database, "ranker", "v1", trained_on)
    clock.now += timedelta(days=2)
    store.put(Kind.SUPPLIERS, [FIRM.model_copy(update={"name": "Renamed"})])
    models = _erasures(store).erase(_supplier()).models
    assert [(model["version"], model["saw"]) for model in models] == [("v1", saw)]


def test_of_what_came_nobody_knows_when_any_training_on_stored_data_counts(store: Store) -> None:
    note_model_version(store.database, "ranker", "v1", TrainingData("f", NOW - timedelta(days=1)))
    store.delete(Kind.SUPPLIERS, FIRM.id)
    assert _erasures(store).erase(_supplier()).models[0]["saw"] == Saw.YES


@pytest.fixture
def workspace(store: Store, tmp_path: Path, encoder: HashingEncoder, ranker: GlassBoxRanker) -> Workspace:
    """That of a replica, loaded, its snapshot saved."""
    made = Workspace(store, Models(encoder, ranker), tmp_path / "index")
    made.load()
    made.save_snapshot()
    return made


def test_a_replica_that_follows_holds_nothing_of_it_any_more(
    store: Store, workspace: Workspace, encoder: HashingEncoder, tmp_path: Path
) -> None:
    _erasures(store).erase(_supplier())
    workspace.catch_up()
    assert [one.id for one in workspace.matcher.catalogue.suppliers] == ["S2"]
    assert len(workspace.matcher.index) == len(workspace.matcher.catalogue.vector_rows)
    assert workspace.snapshot_holds_removed
    workspace.save_snapshot()
    assert [supplier_id for supplier_id, _ in Snapshot.load(tmp_path / "index", encoder).places] == ["S2"]
    assert not workspace.snapshot_holds_removed


@pytest.mark.usefixtures("workspace")
def test_a_replica_that_was_down_does_not_bring_it_back_from_an_old_snapshot(
    store: Store, encoder: HashingEncoder, ranker: GlassBoxRanker, tmp_path: Path
) -> None:
    shutil.copy(tmp_path / "index", tmp_path / "old")
    _erasures(store).erase(_supplier())
    replica = Workspace(store, Models(encoder, ranker), tmp_path / "old")
    assert list(replica.load().catalogue.row_by_id) == ["S2"]
    assert replica.snapshot_holds_removed
    replica.save_snapshot()
    assert [supplier_id for supplier_id, _ in Snapshot.load(tmp_path / "old", encoder).places] == ["S2"]


def test_a_supplier_put_again_after_its_erasure_is_a_new_one(store: Store, workspace: Workspace) -> None:
    _erasures(store).erase(_supplier())
    assert store.put(Kind.SUPPLIERS, [FIRM])[0].outcome is Outcome.CREATED
    workspace.catch_up()
    assert set(workspace.matcher.catalogue.row_by_id) == {FIRM.id, "S2"}


def test_a_replica_that_missed_more_than_the_erasure_is_right_in_the_end(store: Store, workspace: Workspace) -> None:
    _erasures(store).erase(_supplier())
    store.put(Kind.SUPPLIERS, [Supplier(id="S4", name="Late")])
    store.delete(Kind.SUPPLIERS, "S2")
    workspace.catch_up()
    assert set(workspace.matcher.catalogue.row_by_id) == {"S4"}


@pytest.fixture
def souk(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs the command over a database of one firm, with its snapshot in place."""
    monkeypatch.setenv("SOUK_DATABASE_URL", database_url)
    monkeypatch.setenv("SOUK_INDEX_PATH", str(tmp_path / "index"))
    store = Store(database_url)
    store.put_suppliers([FIRM, Supplier(id="S2", name="Other")])

    def run(*arguments: str) -> str:
        return CliRunner().invoke(commands, arguments, catch_exceptions=False).stdout

    return run


def test_the_command_erases_from_store_and_snapshot_and_prints_the_receipt(
    souk: Callable[..., str], database_url: str, tmp_path: Path, encoder: HashingEncoder, ranker: GlassBoxRanker
) -> None:
    workspace = Workspace(Store(database_url), Models(encoder, ranker), tmp_path / "index")
    workspace.load()
    workspace.save_snapshot()
    assert json.loads(souk("--supplier", FIRM.id))["erased"] == {"suppliers": 1, "changes": 1}
    assert [supplier_id for supplier_id, _ in Snapshot.load(tmp_path / "index", encoder).places] == ["S2"]


@pytest.mark.parametrize("arguments", [(), ("--supplier", "S2", "--client", "anna")])
def test_the_command_wants_one_subject(souk: Callable[..., str], arguments: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput, match="expected one of --supplier, --request, --client and --participant"):
        souk(*arguments)
