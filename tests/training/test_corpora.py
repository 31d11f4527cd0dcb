from __future__ import annotations

from pathlib import Path

import pytest

from data.trade_glossary import LANGUAGES, Entry
from matching.errors import UnreadableFile
from training.corpora import (
    Concept,
    glossary_concepts,
    load_concepts,
    load_dictionaries,
    load_nomenclature,
    load_synsets,
    read_dictionary,
    split_translations,
)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    write(
        tmp_path / "omw/wns/fra/wn-data-fra.tab",
        "# WOLF\tfra\turl\tlicence\n07674508-n\tfra:lemma\thuile d'olive\n00001740-a\tfra:lemma\tcapable\n",
    )
    write(
        tmp_path / "omw/wns/ita/wn-data-ita.tab",
        "07674508-n\tita:lemma\tolio d'oliva\n07674508-n\tita:def\t0\tolio di olive\n",
    )
    write(
        tmp_path / "omw/wns/arb/wn-data-arb.tab",
        "07674508-n\tarb:lemma:root\tزيت\n07674508-n\tarb:lemma\tزيت الزيتون\n",
    )
    write(tmp_path / "omw/wns/tha/wn-data-tha.tab", "07674508-n\ttha:lemma\tน้ำมันมะกอก\n")
    write(tmp_path / "cili/ili-map-pwn30.tab", "i1\t07674508-n\ni2\t00001740-s\n")
    write(
        tmp_path / "oewn/noun.food.yaml",
        "07690000-n:\n  definition:\n  - oil from olives\n  example:\n  - text: a drop of olive oil\n    source: x\n"
        "  ili: i1\n  members:\n  - olive oil\n  - sweet oil\n  partOfSpeech: n\n",
    )
    write(tmp_path / "oewn/adj.all.yaml", "00001740-a:\n  definition:\n  - able\n  ili: i2\n  members:\n  - able\n")
    write(
        tmp_path / "wiktionary/en-de-enwiktionary.txt",
        "# licence\nolive oil {n} (oil pressed from olives) :: Olivenöl {n}\n"
        "oil {v} (lubricate) SEE: lubricate ::\n-able {suffix} (fit to be) :: -bar\n",
    )
    write(
        tmp_path / "wiktionary/en-cmn-enwiktionary.txt",
        "olive oil {n} (oil pressed from olives) :: 橄欖油, 橄榄油 /gǎnlǎnyóu/\n",
    )
    write(
        tmp_path / "wiktionary/es-en-enwiktionary.txt",
        "aceite {m} :: oil\naceites {m} :: plural of aceite\naceitar {v} :: to cover something all over with oil\n",
    )
    write(
        tmp_path / "hs/harmonized-system.csv",
        "section,hscode,description,parent,level\nTOTAL,TOTAL,All,TOTAL,5\nIII,15,Fats,TOTAL,2\n"
        'III,1509,"Olive oil, virgin or not",15,4\nIII,150920,Olive oil; extra virgin,1509,6\n',
    )
    return tmp_path


def by_key(concepts: list[Concept]) -> dict[str, Concept]:
    return {concept.key: concept for concept in concepts}


def test_synset_joins_languages_through_the_offset_and_the_index(corpora: Path) -> None:
    synset = by_key(load_synsets(corpora))["07674508-n"]
    assert synset.terms == {
        "ar": ("زيت الزيتون",),
        "fr": ("huile d'olive",),
        "it": ("olio d'oliva",),
        "en": ("olive oil", "sweet oil"),
    }
    assert synset.glosses == {"it": ("olio di olive",), "en": ("oil from olives", "a drop of olive oil")}


def test_satellite_adjective_joins_its_adjective(corpora: Path) -> None:
    assert by_key(load_synsets(corpora))["00001740-a"].terms == {"fr": ("capable",), "en": ("able",)}


def test_senses_of_one_headword_and_gloss_join_across_dictionaries(corpora: Path) -> None:
    concept = by_key(load_dictionaries(corpora / "wiktionary"))["en:olive oil (oil pressed from olives)"]
    assert concept.terms == {"en": ("olive oil",), "zh": ("橄欖油", "橄榄油"), "de": ("Olivenöl",)}
    assert concept.glosses == {"en": ("oil pressed from olives",)}


def test_long_translation_counts_as_a_gloss(corpora: Path) -> None:
    concept = by_key(load_dictionaries(corpora / "wiktionary"))["es:aceitar ()"]
    assert concept.terms == {"es": ("aceitar",)}
    assert concept.glosses == {"en": ("cover something all over with oil",)}


def test_affixes_inflected_forms_and_references_are_passed_over(corpora: Path) -> None:
    german = read_dictionary(corpora / "wiktionary/en-de-enwiktionary.txt")
    assert [headword for headword, _, _ in german] == ["olive oil"]
    spanish = read_dictionary(corpora / "wiktionary/es-en-enwiktionary.txt")
    assert [headword for headword, _, _ in spanish] == ["aceite", "aceitar"]


@pytest.mark.parametrize(
    ("text", "translations"),
    [
        ("Öl {n}, Erdöl [rare] /ˈeːɐ̯tˌʔøːl/", ["Öl", "Erdöl"]),
        ("(to) oil; an oil well ((petroleum))", ["oil", "oil well"]),
        ("浴缸 /yùgāng/，浴盆", ["浴缸", "浴盆"]),
        ("-bar, ", []),
    ],
)
def test_translations_lose_notes_pronunciation_and_particles(text: str, translations: list[str]) -> None:
    assert split_translations(text) == translations


def test_tariff_code_is_glossed_by_its_heading_and_chapter(corpora: Path) -> None:
    code = by_key(load_nomenclature(corpora / "hs"))["hs:150920"]
    assert code.terms == {"en": ("Olive oil; extra virgin",)}
    assert code.glosses == {"en": ("Olive oil, virgin or not", "Fats")}


def entry(key: str, heading: str | None, *names: str) -> Entry:
    terms = {language: tuple(f"{name} {language}" for name in names) for language in LANGUAGES}
    return Entry(key, heading, terms, {"ary": ("zit",), "en": ("oyl",)})


def test_term_of_the_glossary_is_one_concept_with_its_variants() -> None:
    (concept,) = glossary_concepts([entry("argan-oil", "1515", "argan oil", "oil of argan")], [])
    assert concept.key == "trade:argan-oil"
    assert concept.heading == "1515"
    assert concept.terms["en"] == ("argan oil en", "oil of argan en", "oyl")
    assert concept.terms["fr"] == ("argan oil fr", "oil of argan fr")
    assert concept.terms["ary"] == ("zit",)


def test_goods_of_a_heading_go_together_by_place_and_are_glossed_by_the_first() -> None:
    concepts = by_key(glossary_concepts([entry("1509", "1509", "olive oil", "virgin oil")], []))
    assert concepts["trade:1509:0"].terms["ar"] == ("olive oil ar",)
    assert concepts["trade:1509:0"].glosses == {}
    assert concepts["trade:1509:1"].terms["ar"] == ("virgin oil ar",)
    assert concepts["trade:1509:1"].glosses["zh"] == ("olive oil zh",)
    assert "ary" not in concepts["trade:1509:1"].terms


def test_names_and_variants_of_a_heading_are_tied_to_its_official_text(corpora: Path) -> None:
    found = glossary_concepts([entry("1509", "1509", "olive oil")], load_nomenclature(corpora / "hs"))
    tie = by_key(found)["hs:1509:names"]
    assert tie.terms["ary"] == ("zit",)
    assert tie.glosses["en"] == ("olive oil en", "Olive oil, virgin or not")


def test_names_beyond_the_shortest_list_make_no_concept_of_their_own() -> None:
    uneven = entry("1509", "1509", "olive oil", "virgin oil")
    short = Entry(uneven.key, uneven.heading, {**uneven.terms, "tr": ("zeytinyağı",)}, {})
    assert [concept.key for concept in glossary_concepts([short], [])] == ["trade:1509:0", "hs:1509:names"]


def test_missing_source_is_named(corpora: Path) -> None:
    (corpora / "hs/harmonized-system.csv").unlink()
    with pytest.raises(UnreadableFile, match=r"harmonized-system\.csv"):
        load_concepts(corpora)


def test_all_sources_come_together(corpora: Path) -> None:
    keys = by_key(load_concepts(corpora)).keys()
    assert {"07674508-n", "es:aceite ()", "hs:15"} <= keys
