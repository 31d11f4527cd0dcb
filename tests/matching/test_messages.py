from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from matching.advice_sentences import PART_TITLES
from matching.explanation import FEATURE_TITLES
from matching.messages import CATALOGUES, available_languages, messages_in
from matching.profiles import Money, Quantity
from matching.stated_needs import KIND_TITLES, PERIOD_TITLES, STANDING_TITLES
from matching.statement import SIZE_TITLES
from service.pages.needs import FORM_FIELDS

ROOT = Path(__file__).parents[2]
TRANSLATED = [language for language in available_languages() if language != "en"]


def _messages_in_code() -> set[str]:
    keywords = {"text": None, "plural": (1, 2), "_listing": (2,)}
    html = ("**.html", "jinja2")
    # Elsewhere in data/ `text` is that of SQL.
    folders = {"matching": ("**.py", "python"), "service": ("**.py", "python"), "data": ("fair_*.py", "python")}
    found = [
        message[2][0] if isinstance(message[2], tuple) else message[2]
        for folder, code in folders.items()
        for message in extract_from_dir(ROOT / folder, [code, html], keywords=keywords)
    ]
    titles = [FEATURE_TITLES.values(), PART_TITLES.values(), SIZE_TITLES.values(), KIND_TITLES.values()]
    titles += [PERIOD_TITLES.values(), STANDING_TITLES.values()]
    return set(found).union(*titles, (message for _, _, *messages in FORM_FIELDS for message in messages))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_of_the_code_is_translated_and_nothing_else_is_kept(language: str) -> None:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        entries = read_po(file, locale=language)
    translated = {
        entry.id[0] if isinstance(entry.id, tuple) else entry.id for entry in entries if entry.id and entry.string
    }
    assert translated == _messages_in_code()


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_the_fields_of_their_message(language: str) -> None:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        faults = [fault for entry in read_po(file, locale=language) for fault in entry.check()]
    assert faults == []


def test_the_ten_languages_are_offered() -> None:
    assert set(available_languages()) == {"en", "fr", "ar", "es", "de", "zh", "it", "pt", "tr", "nl"}


def test_counts_take_the_plural_form_of_the_language() -> None:
    arabic = messages_in("ar")
    stated = [arabic.plural("states {count} day", "states {count} days", count) for count in (1, 2, 3, 11)]
    assert stated == ["يذكر يومًا واحدًا", "يذكر يومين", "يذكر \u20683\u2069 أيام", "يذكر \u206811\u2069 يومًا"]


def test_numbers_prices_and_lists_follow_the_language() -> None:
    german, english = messages_in("de"), messages_in("en")
    assert german.quantity(Quantity(value=12500.5, unit="kg")) == "12.500,5 kg"
    assert german.price(Money(value=20, currency="EUR", unit="kg")) == "20,00\xa0€/kg"
    assert english.listing(["a", "b", "c"]) == "a, b, and c"
    assert german.country("MA") == "Marokko"


def test_foreign_words_in_arabic_keep_their_own_direction() -> None:
    assert messages_in("ar").text("certificate {name}", name="Ecocert") == "شهادة \u2068Ecocert\u2069"


def test_a_language_without_catalogue_falls_back_to_english() -> None:
    assert messages_in("xx").text("Your request") == "Your request"


def test_an_amount_beyond_all_measure_is_still_written() -> None:
    messages = messages_in("de")
    assert messages.quantity(Quantity(value=1e27, unit="t")) == "1" + 9 * ".000" + " t"
    assert messages.price(Money(value=1e27, currency="EUR")).startswith("1" + 9 * ".000" + ",00")
