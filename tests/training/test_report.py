from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from data import shipped
from data.collection import Collection
from data.model_versions import ModelKind, ModelVersion
from data.registry import Registry
from data.settings import Settings
from matching.ranker import GlassBoxRanker
from tests.conftest import simple_ranker
from training.comparison_rows import movements, slice_rows
from training.model_measures import SideBySide, side_by_side
from training.promotion import Bounds, findings
from training.report import report_page


@pytest.fixture(scope="module")
def collection() -> Collection:
    """Forty requests of the sample."""
    whole = Collection.read(shipped.SAMPLE)
    return Collection(whole.suppliers, whole.requests[:40], whole.grades)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelVersion:
    """The shipped ranker, but what is near to a clause of the request counts against a supplier."""
    folder = tmp_path_factory.mktemp("registry")
    ranker = GlassBoxRanker.load(shipped.RANKER)
    turned = tuple(
        curve.model_copy(update={"contributions": tuple(-value for value in curve.contributions)})
        if curve.feature == "clause_similarity"
        else curve
        for curve in ranker.curves
    )
    GlassBoxRanker("turned", ranker.base, turned, {}, ranker.calibration).save(folder / "made" / "ranker.json")
    return Registry(folder / "models").add(ModelKind.RANKER, "turned", folder / "made", code="test")


@pytest.fixture(scope="module")
def side(collection: Collection, model: ModelVersion) -> SideBySide:
    return side_by_side(Settings(models_path=None), [model], collection)


class _Tags(HTMLParser):
    """Every id and address."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"src", "href", "xlink:href"}:
                self.links.append(value or "")


def test_the_report_says_first_whether_the_model_may_serve(side: SideBySide, model: ModelVersion) -> None:
    found = findings(side.old_measures, side.new_measures, model.manifest.metrics, Bounds.read())
    page = report_page(side, [model], found)
    assert "It should not go into service: quality" in page
    assert page.index("It should not") < page.index("Checks before a promotion") < page.index("<svg")
    assert page.count("<svg") == 5
    assert page == report_page(side, [model], found)


def test_the_report_needs_no_network_and_no_two_plots_share_an_id(side: SideBySide, model: ModelVersion) -> None:
    tags = _Tags()
    found = findings(side.old_measures, side.new_measures, model.manifest.metrics, Bounds.read())
    page = report_page(side, [model], found)
    tags.feed(page)
    assert [link for link in tags.links if not link.startswith("#")] == []
    assert not re.search(r"<script|@import|url\((?!#)", page)
    assert len(set(tags.ids)) == len(tags.ids)


def test_the_slice_that_lost_most_comes_first(side: SideBySide) -> None:
    rows = slice_rows(side)
    assert [row["difference"] for row in rows] == sorted(row["difference"] for row in rows)
    assert {"all", "cross-language"} < {row["slice"] for row in rows}


def test_the_reason_of_a_move_names_the_term_that_changed(side: SideBySide) -> None:
    moved = movements(side)
    assert len(moved) == 10
    assert all(min(one["before"], one["after"]) <= 10 for one in moved)
    assert all(one["reason"].startswith("clause similarity") for one in moved)


def test_a_model_beside_itself_changes_nothing(collection: Collection, tmp_path: Path) -> None:
    ranker = GlassBoxRanker.load(shipped.RANKER)
    ranker.save(tmp_path / "made" / "ranker.json")
    same = Registry(tmp_path / "models").add(ModelKind.RANKER, ranker.version, tmp_path / "made", code="test")
    small = Collection(collection.suppliers, collection.requests[:5], collection.grades)
    found = side_by_side(Settings(models_path=None), [same], small)
    assert not found.differences.any()
    assert movements(found) == []


def test_a_version_in_service_is_held_against_what_was_there_before(collection: Collection, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    settings = Settings(models_path=registry.folder)
    small = Collection(collection.suppliers, collection.requests[:5], collection.grades)
    models = []
    for name in ("first", "second"):
        simple = simple_ranker()
        GlassBoxRanker(name, simple.base, simple.curves, {}).save(tmp_path / name / "ranker.json")
        models.append(registry.add(ModelKind.RANKER, name, tmp_path / name, code="test"))
        registry.promote(models[-1], who="ana")
    before = [side_by_side(settings, [one], small).old.ranker.version for one in models]
    assert before == ["second", "first"]
    side = side_by_side(settings, [models[1]], small)
    page = report_page(side, [models[1]], findings(side.old_measures, side.new_measures, {}, Bounds.read()))
    assert "ranker first" in page and "which were in use before" in page
    registry.rollback(who="ana")
    assert side_by_side(settings, [models[0]], small).old.ranker.version == GlassBoxRanker.load(shipped.RANKER).version
