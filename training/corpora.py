"""Readers of the open lexical corpora: each file -> concepts, one meaning with its words in many languages.

The folder holds five sources: `omw/wns` (Open Multilingual Wordnet), `cili` (inter-lingual index), `oewn` (Open
English WordNet), `wiktionary` (bilingual dictionaries) and `hs` (Harmonized System). The words of the trade itself come
from the glossary in `data/glossary`.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from data.trade_glossary import Entry
from matching.errors import UnreadableFile

# language -> (its weight when languages are drawn, its code in the wordnets, its code in the dictionaries)
LANGUAGES: Mapping[str, tuple[float, str, str]] = {
    "en": (0.16, "eng", "en"),
    "ar": (0.11, "arb", "arb"),
    "fr": (0.11, "fra", "fr"),
    "de": (0.10, "deu", "de"),
    "es": (0.10, "spa", "es"),
    "zh": (0.09, "cmn", "cmn"),
    "tr": (0.08, "tur", "tr"),
    "it": (0.07, "ita", "it"),
    "pt": (0.07, "por", "pt"),
    "nl": (0.06, "nld", "nl"),
    "ru": (0.02, "rus", "ru"),
    "ja": (0.015, "jpn", "ja"),
    "pl": (0.015, "pol", "pl"),
    "ko": (0.01, "kor", "ko"),
    "cs": (0.006, "ces", "cs"),
    "sv": (0.006, "swe", "sv"),
    "ro": (0.006, "ron", "ro"),
    "el": (0.006, "ell", "el"),
    "fa": (0.006, "fas", "fa"),
    "ca": (0.005, "cat", "ca"),
    "da": (0.005, "dan", "da"),
    "no": (0.005, "nob", "no"),
    "fi": (0.005, "fin", "fi"),
    "hu": (0.005, "hun", "hu"),
    "bg": (0.004, "bul", "bg"),
    "uk": (0.004, "ukr", "uk"),
    "sh": (0.004, "hrv", "sh"),
    "id": (0.004, "ind", "id"),
    "ms": (0.003, "zsm", "ms"),
    "vi": (0.003, "vie", "vi"),
    "he": (0.003, "heb", "he"),
    "hi": (0.003, "hin", "hi"),
    "sk": (0.002, "slk", "sk"),
    "sl": (0.002, "slv", "sl"),
    "ary": (0.012, "ary", "ary"),  # Moroccan Darija, which the glossary alone knows
}
WORDNET_CODES = {wordnet: language for language, (_, wordnet, _) in LANGUAGES.items()}
DICTIONARY_CODES = {dictionary: language for language, (_, _, dictionary) in LANGUAGES.items()}

WORDNET_LEMMA_TYPES = frozenset({"lemma", "brokenplural"})
LONGEST_TERM_CHARACTERS = 60
LONGEST_TERM_WORDS = 5

_HEADWORD = re.compile(r"^(?P<headword>[^{}]+?) \{[^}]*\}(?: /[^/]*/)?(?: \((?P<gloss>.*)\))?")
_PRONUNCIATION = re.compile(r"/[^/]*/")
_NOTE = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]|\([^()]*\)")
_SEPARATOR = re.compile(r"[,;，；、]")
_INFLECTION = re.compile(r"\b(?:form|plural|participle|spelling|singular|person|tense|inflection) (?:form )?of\b")
_LEADING_PARTICLE = re.compile(r"^(?:to|a|an|the) (?=\S)", re.IGNORECASE)


@dataclass(frozen=True)
class Concept:
    """One meaning.

    terms   : language -> its words for it, at least one each.
    glosses : language -> texts that define it or show it in use; may be empty.
    heading : four digits of the Harmonized System, where the glossary knows them.
    """

    key: str
    terms: Mapping[str, tuple[str, ...]]
    glosses: Mapping[str, tuple[str, ...]]
    heading: str | None = None


def load_concepts(corpora: Path) -> list[Concept]:
    """Every concept of the corpora: wordnet synsets, dictionary senses, then the trade nomenclature.

    UnreadableFile where one of the sources is missing.
    """
    for name in ("omw/wns", "cili/ili-map-pwn30.tab", "oewn", "wiktionary", "hs/harmonized-system.csv"):
        if not (corpora / name).exists():
            raise UnreadableFile(f"{corpora / name}: no such file or folder; the corpora need all five sources")
    return [
        *load_synsets(corpora),
        *load_dictionaries(corpora / "wiktionary"),
        *load_nomenclature(corpora / "hs"),
    ]


def load_synsets(corpora: Path) -> list[Concept]:
    """The synsets of all wordnets, joined across languages by their Princeton WordNet 3.0 offset.

    English comes from the Open English WordNet, which the inter-lingual index ties to those offsets.
    """
    terms, glosses = _blank(), _blank()
    for path in sorted((corpora / "omw/wns").glob("*/wn-*.tab")):
        for offset, language, is_gloss, text in read_wordnet(path):
            (glosses if is_gloss else terms)[offset][language].append(text)
    offsets = read_offsets(corpora / "cili/ili-map-pwn30.tab")
    for path in sorted((corpora / "oewn").glob("*.*.yaml")):
        for identifier, members, texts in read_english_synsets(path):
            offset = offsets.get(identifier, identifier)
            terms[offset]["en"].extend(members)
            glosses[offset]["en"].extend(texts)
    return [_concept(offset, terms[offset], glosses[offset]) for offset in sorted(terms)]


def read_offsets(path: Path) -> dict[str, str]:
    """Inter-lingual index id -> WordNet 3.0 offset; satellite adjectives (`-s`) are written `-a`, as wordnets do."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if "\t" in line)
    return {identifier: _same_adjective(offset) for identifier, offset in rows}


def read_wordnet(path: Path) -> Iterator[tuple[str, str, bool, str]]:
    """The rows of one wordnet file as (offset, language, is a gloss, text).

    Rows of a language or a type that is not used are passed over. The language stands in the file name.
    """
    language = WORDNET_CODES.get(path.stem.rsplit("-", 1)[-1])
    if language is None:
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        if line.startswith("#") or len(fields) < 3:
            continue
        kind = fields[1].rsplit(":", 1)[-1]
        if kind in WORDNET_LEMMA_TYPES and _is_term(fields[2]):
            yield _same_adjective(fields[0]), language, False, fields[2].replace("_", " ").strip()
        elif kind in {"def", "exe"}:
            yield _same_adjective(fields[0]), language, True, fields[-1].strip()


def read_english_synsets(path: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """The synsets of one Open English WordNet file as (index id, members, definitions and examples)."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open(encoding="utf-8") as file:
        synsets: dict[str, dict[str, Any]] = yaml.load(file, Loader=loader)
    for key, synset in synsets.items():
        examples = [_example_text(example) for example in synset.get("example", ())]
        texts = [text for text in (*synset.get("definition", ()), *examples) if text]
        yield synset.get("ili", key), [str(member) for member in synset["members"]], texts


def load_dictionaries(folder: Path) -> list[Concept]:
    """The senses of all dictionaries; senses of one English headword and gloss are joined across languages."""
    terms, glosses = _blank(), _blank()
    for path in sorted(folder.glob("*-enwiktionary.txt")):
        source, target = (DICTIONARY_CODES.get(code) for code in path.stem.split("-")[:2])
        if source is None or target is None:
            continue
        for headword, gloss, translations in read_dictionary(path):
            key = f"{source}:{headword} ({gloss})"
            terms[key][source].append(headword)
            for text in translations:
                (terms if _is_term(text) else glosses)[key][target].append(text)
            if gloss:
                glosses[key]["en"].append(gloss)
    return [_concept(key, terms[key], glosses[key]) for key in sorted(terms)]


def read_dictionary(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    """The entries of one dictionary file as (headword, gloss, translations), bare of notes and pronunciation.

    Affixes, inflected forms and entries without a translation are passed over.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        left, found, right = line.partition(" :: ")
        match = _HEADWORD.match(left)
        if not found or line.startswith("#") or match is None or _INFLECTION.search(right):
            continue
        headword = match["headword"].strip()
        translations = split_translations(right)
        if translations and not headword.startswith("-") and not headword.endswith("-"):
            yield headword, _bare(match["gloss"] or ""), translations


def split_translations(text: str) -> list[str]:
    """The single translations of a dictionary's right-hand side: `Öl {n}, Erdöl [rare] /x/` -> `Öl`, `Erdöl`."""
    parts = _SEPARATOR.split(_bare(_PRONUNCIATION.sub(" ", text)))
    cleaned = (_LEADING_PARTICLE.sub("", part.strip(" .:!?…|")) for part in parts)
    return [part for part in cleaned if part and not part.startswith("-") and not part.endswith("-")]


def load_nomenclature(folder: Path) -> list[Concept]:
    """The Harmonized System: one concept for each code; its own text is the term, those above it are the glosses."""
    with (folder / "harmonized-system.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["hscode"]: row for row in csv.DictReader(file)}
    return [_nomenclature_concept(code, rows) for code in sorted(rows)]


def _nomenclature_concept(code: str, rows: Mapping[str, Mapping[str, str]]) -> Concept:
    above = [rows[code[:digits]]["description"] for digits in (4, 2) if digits < len(code) and code[:digits] in rows]
    glosses = {"en": tuple(above)} if above else {}
    return Concept(f"hs:{code}", {"en": (rows[code]["description"],)}, glosses)


def glossary_concepts(entries: Iterable[Entry], nomenclature: Iterable[Concept]) -> list[Concept]:
    """One concept for each term of the glossary; for each heading one for each of its goods, and one that ties them.

    nomenclature : concepts of `load_nomenclature`; a heading's goods are tied to its official text.
    """
    official = {concept.key: concept.terms["en"] for concept in nomenclature if concept.key.startswith("hs:")}
    found: list[Concept] = []
    for entry in entries:
        if entry.key == entry.heading:
            found.extend(_goods(entry))
            found.append(_tie(entry, official.get(f"hs:{entry.heading}", ())))
        else:
            found.append(Concept(f"trade:{entry.key}", _names(entry), {}, entry.heading))
    return found


def _goods(entry: Entry) -> Iterator[Concept]:
    # The n-th names of all languages go together; names beyond the shortest list are left to `_tie`.
    first = {language: names[:1] for language, names in entry.terms.items()}
    for place in range(min(map(len, entry.terms.values()))):
        terms = {language: (names[place],) for language, names in entry.terms.items()}
        yield Concept(f"trade:{entry.key}:{place}", terms, first if place else {}, entry.heading)


def _tie(entry: Entry, official: tuple[str, ...]) -> Concept:
    # Variants belong to some of a heading's goods, it is not said to which.
    first = {language: names[:1] for language, names in entry.terms.items()}
    return Concept(f"hs:{entry.key}:names", _names(entry), {**first, "en": (*first["en"], *official)}, entry.heading)


def _names(entry: Entry) -> dict[str, tuple[str, ...]]:
    languages = dict.fromkeys((*entry.terms, *entry.variants))
    both = {language: (*entry.terms.get(language, ()), *entry.variants.get(language, ())) for language in languages}
    return _unique({language: list(names) for language, names in both.items()})


def _blank() -> defaultdict[str, defaultdict[str, list[str]]]:
    return defaultdict(lambda: defaultdict(list))


def _concept(key: str, terms: Mapping[str, list[str]], glosses: Mapping[str, list[str]]) -> Concept:
    return Concept(key, _unique(terms), _unique(glosses))


def _unique(texts: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {language: tuple(dict.fromkeys(values)) for language, values in texts.items() if values}


def _same_adjective(offset: str) -> str:
    return offset[:-1] + "a" if offset.endswith("-s") else offset


def _is_term(text: str) -> bool:
    return 0 < len(text) <= LONGEST_TERM_CHARACTERS and text.count(" ") < LONGEST_TERM_WORDS


def _example_text(example: str | Mapping[str, str]) -> str:
    return str(example["text"]) if isinstance(example, Mapping) else str(example)


def _bare(text: str) -> str:
    previous = ""
    while previous != text:  # notes nest: "((physics))"
        previous, text = text, _NOTE.sub(" ", text)
    return " ".join(text.split())
