"""Train the encoder's tokenizer: one folding of characters for all languages, then Unigram pieces of words.

Everything the folding does lies in the saved `tokenizer.json`, so that every reader of the file agrees.
"""

from __future__ import annotations

import tempfile
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import sentencepiece
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from training.corpora import Concept

UNKNOWN = "[UNK]"
PIECES = 80_000
LONGEST_PIECE = 16

# Letters that Unicode's decompositions leave alone, and Arabic letters that everyday writing interchanges.
LETTERS = {
    "ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "ı": "i", "ł": "l",
    "Ł": "l", "đ": "d", "Đ": "d", "ð": "d", "þ": "th", "ς": "σ",
    "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ة": "ه", "ہ": "ه", "ھ": "ه", "ک": "ك", "ء": "",
}  # fmt: skip
# Marks that carry no letter of their own: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels.
MARKS = ((0x0300, 0x036F), (0x0591, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06ED))
DROPPED = frozenset({"\u0640", "\u00ad"})  # tatweel and the soft hyphen stand inside words
FOLDED_TO = 0x1FFFF

# A run of letters with its marks; digits stand alone; all else (punctuation, symbols, spaces) leaves no piece.
_BETWEEN_WORDS = r"[^\p{L}\p{M}\p{N}]+"
_DIGIT = r"\p{N}"
# The Arabic article, with a conjunction or preposition before it, where at least three letters follow.
_ARABIC_ARTICLE = r"(?<!\p{L})(?:[وف]?[بك]?ال|و?لل)(?=\p{Arabic}{3})"


def build_normalizer(simplified: Mapping[str, str]) -> normalizers.Precompiled:
    """Compatibility forms, case, accents and letter variants folded, as one character map.

    simplified : traditional Chinese character -> simplified.
    """
    rules = ((character, fold(character, simplified)) for character in map(chr, range(0x80, FOLDED_TO)))
    changed = [rule for rule in rules if rule[0] != rule[1] and "\t" not in rule[1]]
    latin = [(character, character.lower()) for character in map(chr, range(0x41, 0x5B))]
    return normalizers.Precompiled(compile_character_map([*latin, *changed]))


def fold(character: str, simplified: Mapping[str, str]) -> str:
    """One character as the encoder sees it; empty for a mark; surrogates and unassigned ones stay themselves."""
    if unicodedata.category(character) in {"Cs", "Cn", "Co"}:
        return character
    text = unicodedata.normalize("NFKC", character)
    decomposed = unicodedata.normalize("NFD", "".join(LETTERS.get(each, each) for each in text).lower())
    kept = "".join(each for each in decomposed if not _is_dropped(each))
    composed = unicodedata.normalize("NFC", kept)
    return "".join(simplified.get(each, LETTERS.get(each, each)) for each in composed)


def _is_dropped(character: str) -> bool:
    return character in DROPPED or any(first <= ord(character) <= last for first, last in MARKS)


def compile_character_map(rules: Sequence[tuple[str, str]]) -> bytes:
    """The rules (character, replacement) as the double-array trie that `Precompiled` reads."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.tsv"
        lines = (f"{_code_points(source)}\t{_code_points(target)}\n" for source, target in rules)
        path.write_text("".join(lines), encoding="utf-8")
        model = sentencepiece.SentencePieceNormalizer(rule_tsv=str(path)).serialized_model_proto()
    return _length_delimited(_length_delimited(model, field=3), field=2)


def _code_points(text: str) -> str:
    return " ".join(f"{ord(character):X}" for character in text)


def _length_delimited(message: bytes, *, field: int) -> bytes:
    """The bytes of one field of a serialised protocol buffer; KeyError where it is absent."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        if tag & 7 == 2:
            length, position = _varint(message, position)
            if tag >> 3 == field:
                return message[position : position + length]
            position += length
        elif tag & 7 == 0:
            _, position = _varint(message, position)
        else:
            position += 4 if tag & 7 == 5 else 8
    raise KeyError(field)


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = message[position]
        value, position, shift = value | (byte & 0x7F) << shift, position + 1, shift + 7
        if byte < 0x80:
            return value, position


def build_pre_tokenizer() -> pre_tokenizers.Sequence:
    """Words without punctuation, symbols or the Arabic article; each digit a word of its own."""
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_BETWEEN_WORDS), "removed"),
            pre_tokenizers.Split(Regex(_DIGIT), "isolated"),
            pre_tokenizers.Split(Regex(_ARABIC_ARTICLE), "removed"),
        ]
    )


def simplified_characters(concepts: Iterable[Concept]) -> dict[str, str]:
    """Traditional -> simplified Chinese characters, by vote of the dictionaries' neighbouring spellings.

    The dictionaries write "橄欖油, 橄榄油". Two neighbours vote where they differ in traditional characters alone;
    those that GB 2312, the code of simplified Chinese, lacks count as traditional.
    """
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for concept in concepts:
        words = concept.terms.get("zh", ()) if concept.key.startswith("en:") else ()
        for first, second in pairwise(words):
            for traditional, simplified in _spelling_votes(first, second):
                votes[traditional][simplified] += 1
    return {traditional: counts.most_common(1)[0][0] for traditional, counts in sorted(votes.items())}


def _spelling_votes(first: str, second: str) -> list[tuple[str, str]]:
    if len(first) != len(second):
        return []
    differing = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    return differing if all(_is_han(a) and not _is_simplified(a) and _is_simplified(b) for a, b in differing) else []


def _is_simplified(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return _is_han(character)


def _is_han(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def train_tokenizer(texts: Iterable[str], simplified: Mapping[str, str], *, pieces: int = PIECES) -> Tokenizer:
    """A Unigram tokenizer of about `pieces` pieces.

    The trainer sums in an order of its own, so two runs over the same texts differ in a few pieces and in their ids.

    texts      : drawn as the training pairs are, so that pieces follow the use of words, not a dictionary's list.
    simplified : traditional Chinese character -> simplified.
    """
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = build_normalizer(simplified)
    tokenizer.pre_tokenizer = build_pre_tokenizer()
    trainer = trainers.UnigramTrainer(
        vocab_size=pieces,
        special_tokens=[UNKNOWN],
        unk_token=UNKNOWN,
        max_piece_length=LONGEST_PIECE,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
