from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from training.corpora import Concept
from training.tokenizer import UNKNOWN, build_normalizer, build_pre_tokenizer, simplified_characters, train_tokenizer

SIMPLIFIED = {"欖": "榄", "貿": "贸"}


def chinese(*words: str) -> Concept:
    return Concept("en:x (y)", {"en": ("x",), "zh": words}, {})


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Straße ŒUVRE", "strasse oeuvre"),
        ("İstanbul ısıtma", "istanbul isitma"),
        ("ＦＵＬＬ ｗｉｄｔｈ", "full width"),
        ("Crème e\u0301te\u0301", "creme ete"),
        ("إِنَّ الأُخْرَى مُؤَسَّسَة", "ان الاخري موسسه"),
        ("جلـــد", "جلد"),
        ("橄欖貿", "橄榄贸"),
        ("がぎ ﾊﾑ", "がぎ ハム"),
        ("Ελληνικός Й", "ελληνικοσ и"),
        ("한국어", "한국어"),
    ],
)
def test_spellings_are_folded(text: str, folded: str) -> None:
    assert build_normalizer(SIMPLIFIED).normalize_str(text) == folded


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bio-arganol, l'huile!", ["bio", "arganol", "l", "huile"]),
        ("12kg", ["1", "2", "kg"]),
        ("والزيت بالجمله للبيع", ["زيت", "جمله", "بيع"]),
        ("والد الي", ["والد", "الي"]),
        ("— … €", []),
    ],
)
def test_words_stand_alone_without_punctuation_or_article(text: str, words: list[str]) -> None:
    assert [word for word, _ in build_pre_tokenizer().pre_tokenize_str(text)] == words


def test_neighbouring_spellings_vote_for_simplified_characters() -> None:
    concepts = [chinese("橄欖油", "橄榄油"), chinese("貿易", "贸易"), chinese("商業", "贸易"), chinese("油", "水")]
    assert simplified_characters(concepts) == {"欖": "榄", "貿": "贸"}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(["olive oil", "huile d'olive", "Olivenöl", "زيت الزيتون", "橄榄油"] * 50, {}, pieces=120)


def test_no_piece_holds_space_or_punctuation(tokenizer: Tokenizer) -> None:
    pieces = tokenizer.get_vocab().keys() - {UNKNOWN}
    assert all(piece.isalnum() for piece in pieces)


def test_places_point_into_the_text_as_written(tokenizer: Tokenizer) -> None:
    text = "زَيْتُ الزَّيْتُون — Olivenöl"
    encoding = tokenizer.encode(text)
    covered = "".join(text[start:end] for start, end in encoding.offsets)
    assert covered.endswith("Olivenöl")
    assert covered.startswith("زَيْت")


def test_unseen_letter_is_the_unknown_piece(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("ꙮ").ids == [tokenizer.token_to_id(UNKNOWN)]
