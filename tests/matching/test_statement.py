from __future__ import annotations

import datetime
import re

import pytest

from data import shipped
from matching.exposure import ExposurePolicy
from matching.features import FEATURE_NAMES
from matching.importance import importances
from matching.messages import available_languages, messages_in
from matching.ranker import GlassBoxRanker
from matching.statement import Learning, Statement, feature_groups, ranking_statement
from matching.statement_documents import html_document, markdown_document

DAY = datetime.date(2026, 3, 1)


@pytest.fixture(scope="module")
def shipped_ranker() -> GlassBoxRanker:
    return GlassBoxRanker.load(shipped.RANKER)


def _paragraphs(statement: Statement) -> str:
    return "\n".join(paragraph for section in statement.sections for paragraph in section.paragraphs)


def test_every_feature_counts_for_exactly_one_reason() -> None:
    grouped = [name for group in feature_groups(messages_in("en")) for name in group.features]
    assert sorted(grouped) == sorted(FEATURE_NAMES)


def test_each_parameter_is_shown_with_its_measured_importance(shipped_ranker: GlassBoxRanker) -> None:
    found = [one for section in ranking_statement(shipped_ranker).sections for one in section.parameters]
    assert sorted(one.share for one in found) == pytest.approx(sorted(one.share for one in importances(shipped_ranker)))
    assert sum(one.share for one in found) == pytest.approx(1.0)
    assert "(pairs: 28,000; requests: 140)" in _paragraphs(ranking_statement(shipped_ranker))


def test_a_model_that_holds_no_data_says_that_nothing_is_measured(ranker: GlassBoxRanker) -> None:
    statement = ranking_statement(ranker)
    assert "does not hold what is needed to measure" in _paragraphs(statement)
    assert {one.importance for section in statement.sections for one in section.parameters} == {"–"}


@pytest.mark.parametrize(
    ("learning", "told"),
    [
        (None, "What the model was trained on is not noted."),
        (Learning("sample"), "trained on judged pairs of requests and suppliers, and not on what users did"),
        (Learning("export-7", DAY), "such as clicks, contacts and meetings, up to March 1, 2026"),
    ],
)
def test_what_the_model_learnt_from_is_told(ranker: GlassBoxRanker, learning: Learning | None, told: str) -> None:
    statement = ranking_statement(ranker, learning=learning, since=DAY)
    facts = {value for section in statement.sections for _, value in section.facts}
    assert told in _paragraphs(statement)
    assert facts == {"simple", "March 1, 2026"} | ({learning.data} if learning else set())


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (None, "No group of suppliers is promised a share"),
        ("size:micro,small=0.25", "The group: micro firms and small firms. Its share: 25%."),
        ("country:MA=relevance", "The group: suppliers from Morocco. Its share: as much as its relevance earns."),
        ("language:fr=0.1", "The group: suppliers whose profile is written in French."),
        ("newcomer:2020=0.1", "The group: suppliers founded in 2020 or later."),
    ],
)
def test_the_exposure_policy_in_force_is_told(ranker: GlassBoxRanker, policy: str | None, told: str) -> None:
    exposure = ExposurePolicy.parse(policy) if policy else None
    assert told in _paragraphs(ranking_statement(ranker, exposure=exposure))


@pytest.mark.parametrize("language", available_languages())
def test_both_documents_are_whole_in_each_language(shipped_ranker: GlassBoxRanker, language: str) -> None:
    statement = ranking_statement(shipped_ranker, language=language)
    markdown, html = markdown_document(statement), html_document(statement)
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in html
    for document in (markdown, html):
        assert statement.title in document
        assert all(section.heading in document for section in statement.sections)
        assert not re.search(r"\{\w+\}", re.sub(r"<style>.*?</style>", "", document, flags=re.DOTALL))
    groups = len(feature_groups(messages_in(language)))
    assert markdown.count("\n| ") == len(FEATURE_NAMES) + 2 * groups
    assert html.count("<tr>") == len(FEATURE_NAMES) + groups


def test_a_name_of_a_model_is_written_as_text(ranker: GlassBoxRanker) -> None:
    named = GlassBoxRanker("<b>`x`</b>", ranker.base, ranker.curves, {})
    statement = ranking_statement(named)
    assert "<b>" not in html_document(statement)
    assert "`<b>x</b>`" in markdown_document(statement)
