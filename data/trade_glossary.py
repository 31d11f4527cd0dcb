"""The trade glossary: every heading of the Harmonized System and further trade terms, each in ten languages."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data import shipped
from matching.errors import UnreadableFile

LANGUAGES = ("en", "fr", "ar", "es", "de", "zh", "it", "pt", "tr", "nl")
DARIJA = "ary"

Words = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Entry:
    """One row of the glossary.

    key      : the four digits of a heading, or the slug of a term
    heading  : the HS heading of a product, None for what is not a product
    terms    : language -> names, the usual one first; in a heading's row the n-th names of all languages go together
    variants : language (also "ary", Moroccan Darija in either script) -> misspellings and transliterations
    """

    key: str
    heading: str | None
    terms: Words
    variants: Words


@dataclass(frozen=True)
class TradeSentence:
    """One meaning in several languages; those of one `contrast` share words but mean different things."""

    key: str
    contrast: str | None
    texts: Mapping[str, str]


@cache
def read_glossary(folder: Path = shipped.GLOSSARY) -> tuple[Entry, ...]:
    """Every heading, then every term; UnreadableFile where a row has a blank or a missing cell."""
    return (*_read_entries(folder / "headings.csv", "hs"), *_read_entries(folder / "terms.csv", "term"))


@cache
def heading_names(language: str, folder: Path = shipped.GLOSSARY) -> Mapping[str, str]:
    """Four digits -> what the heading is called in a language of the glossary, in English for any other."""
    known = language if language in LANGUAGES else "en"
    return {entry.key: entry.terms[known][0] for entry in _read_entries(folder / "headings.csv", "hs")}


@cache
def read_sentences(folder: Path = shipped.GLOSSARY) -> tuple[TradeSentence, ...]:
    """The parallel trade sentences, in the order of their file."""
    with (folder / "sentences.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return tuple(TradeSentence(row["id"], row["contrast"] or None, row["texts"]) for row in rows)


def _read_entries(path: Path, key: str) -> Iterator[Entry]:
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            blank = next((language for language in LANGUAGES if not (row.get(language) or "").strip()), None)
            if blank or not row[key]:
                raise UnreadableFile(f"{path} row {number}: {blank or key} is blank, expected a name in each language")
            terms = {language: _parts(row[language]) for language in LANGUAGES}
            yield Entry(row[key], row["hs"] or None, terms, _variants(row["variants"]))


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in cell.split("|") if part.strip()))


def _variants(cell: str) -> Words:
    found: dict[str, list[str]] = defaultdict(list)
    for part in _parts(cell):
        language, _, text = part.partition(":")
        found[language].append(text)
    return {language: tuple(texts) for language, texts in found.items()}
