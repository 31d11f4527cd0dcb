from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from data import shipped
from data.collection import Collection
from data.database import Database
from data.events import Event, EventLog, Impression, ShownMatch
from data.store import Store
from matching.encoder import load_encoder
from matching.errors import InvalidInput
from matching.profiles import BuyerRequest, Supplier
from training.accepted import accepted_in_store
from training.fine_tuning import Accepted, FineTuning, fine_tune, training_rows
from training.judgment_rules import JudgmentRules
from training.ranker import unranked_matcher

BASE = str(shipped.ENCODER)
QUICK = FineTuning(epochs=1, batch=16, base_share=1.0, mined=5)


@pytest.fixture(scope="module")
def accepted() -> Accepted:
    sample = Collection.read(shipped.SAMPLE)
    requests = sample.requests[:8]
    wanted = {one for request in requests for one in sample.grades[str(request.id)]}
    suppliers = [supplier for number, supplier in enumerate(sample.suppliers) if supplier.id in wanted or number < 40]
    return Accepted(requests, suppliers, sample.grades)


def test_hard_negatives_are_near_and_were_not_accepted(accepted: Accepted) -> None:
    matcher = unranked_matcher(load_encoder(BASE), accepted.suppliers)
    by_text = {supplier.text(): supplier.id for supplier in accepted.suppliers}
    names = {request.text: str(request.id) for request in accepted.requests}
    rows = [row for row in training_rows(matcher, accepted, QUICK) if row["positive"] in by_text]
    assert rows
    for row in rows:
        grades = accepted.grades[names[row["anchor"]]]
        assert grades[by_text[row["positive"]]] >= 2
        assert by_text[row["negative"]] not in grades


def test_a_fine_tuned_encoder_draws_accepted_pairs_together_and_leaves_the_base_as_it_is(
    accepted: Accepted, tmp_path: Path
) -> None:
    before = load_encoder(BASE)
    seen: list[tuple[int, int]] = []
    for name in ("a", "b"):
        fine_tune(BASE, accepted, tmp_path / name, recipe=QUICK, progress=lambda *steps: seen.append(steps))
    first, second = (load_encoder(str(tmp_path / name)) for name in ("a", "b"))
    assert first.fingerprint == second.fingerprint != before.fingerprint == load_encoder(BASE).fingerprint
    assert seen[-1][0] == seen[-1][1]
    row = training_rows(unranked_matcher(before, accepted.suppliers), accepted, QUICK)[0]

    def margin(encoder: object) -> float:
        asked, right, wrong = encoder.encode([row["anchor"], row["positive"], row["negative"]])  # type: ignore[attr-defined]
        return float(asked @ right - asked @ wrong)

    assert margin(first) > margin(before)
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["fine_tuned"]["base"] == before.fingerprint


def test_an_interrupted_fine_tuning_goes_on_at_its_checkpoint(accepted: Accepted, tmp_path: Path) -> None:
    recipe = FineTuning(epochs=1, batch=16, base_share=1.0, mined=5, checkpoint_steps=2)
    whole = fine_tune(BASE, accepted, tmp_path / "whole", recipe=recipe)

    class Broken(Exception):
        pass

    def stop(done: int, _steps: int) -> None:
        if done == 3:
            raise Broken

    with pytest.raises(Broken):
        fine_tune(BASE, accepted, tmp_path / "again", recipe=recipe, work=tmp_path / "work", progress=stop)
    done: list[int] = []
    made = fine_tune(
        BASE, accepted, tmp_path / "again", recipe=recipe, work=tmp_path / "work",
        progress=lambda step, _: done.append(step),
    )  # fmt: skip
    assert made == whole
    assert done[0] == 3
    vectors = [load_encoder(str(tmp_path / name)).encode(["argan oil", "زيت أركان"]) for name in ("whole", "again")]
    np.testing.assert_allclose(*vectors, atol=1e-3)


def test_the_encoder_in_use_is_never_written_over(accepted: Accepted) -> None:
    with pytest.raises(InvalidInput, match="expected another folder"):
        fine_tune(BASE, accepted, shipped.ENCODER)
    with pytest.raises(InvalidInput, match="nothing to learn from"):
        fine_tune(BASE, Accepted(accepted.requests, accepted.suppliers, {}), Path("never"))


def test_accepted_pairs_come_from_what_users_did(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/souk.db")
    Store(database, "acme").put_suppliers([Supplier(id="S1", name="Tamount"), Supplier(id="S2", name="Arganor")])
    log = EventLog(database, "acme")
    shown = [Impression("m1", one, place, {}, 0.0, 1.0, "r") for place, one in enumerate(("S1", "S2"), start=1)]
    log.note_match(ShownMatch("m1", BuyerRequest(text="argan oil"), ("S1", "S2"), "e", "r"), shown)
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    log.note_events([Event("e1", "m1", "S1", "contact", {}, moment), Event("e2", "m1", "S2", "click", {}, moment)])
    found = accepted_in_store(database, "acme", JudgmentRules.read())
    assert [request.text for request in found.requests] == ["argan oil"]
    assert found.grades[str(found.requests[0].id)] == {"S1": 2, "S2": 1}
    assert {supplier.id for supplier in found.suppliers} == {"S1", "S2"}
