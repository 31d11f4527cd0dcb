"""Text in any language -> headings of the Harmonized System, its four-digit codes, with probabilities.

Two judges are added: a small network over a text's words, runs of three or four letters and vector, and the likeness of
its vector to those of named goods. Both come as arrays from `souk train headings`; here they are only applied.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save
from scipy.sparse import csr_array

from matching.clauses import goods_texts
from matching.encoder import Encoder, TextKind
from matching.errors import InvalidRequest, ModelDamaged, ModelMissing
from matching.files import write_whole
from matching.needs import needs_of
from matching.profiles import BuyerRequest
from matching.words import words

ARRAYS = "headings.safetensors"
MANIFEST = "manifest.json"
FORMAT_VERSION = 1
PIECES = 1 << 17
HEADINGS_OF_A_LINE = 3
_RUNS = (3, 4)
_FIRST_IDEOGRAPH, _LAST_IDEOGRAPH = "\u3400", "\u9fff"
_CHUNK = 512
_FEW = 12
_REMEDY = "`souk train headings` makes one that fits"

Floats = NDArray[np.float32]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class HeadingChance:
    """A heading that a text may be about; `stated` where the buyer named it, and then its probability is 1."""

    heading: str
    probability: float
    stated: bool = False


@dataclass(frozen=True)
class LineHeadings:
    """The likeliest headings of each product line, three a line.

    places : int64 (m, 3), places in HeadingModel.codes
    shares : float32 (m, 3), their probabilities; 1, 0, 0 where the supplier states the code
    """

    places: Places
    shares: Floats

    def followed_by(self, more: LineHeadings) -> LineHeadings:
        """These headings with those of more lines behind them."""
        return LineHeadings(np.concatenate([self.places, more.places]), np.concatenate([self.shares, more.shares]))

    def take(self, lines: Places) -> LineHeadings:
        """Headings of some lines alone."""
        return LineHeadings(self.places[lines], self.shares[lines])


@dataclass(frozen=True)
class HeadingModel:
    """What `souk train headings` learned; d is the length of the encoder's vectors, r that of the inner ones.

    encoder            : fingerprint of the encoder whose vectors it takes
    codes              : str (h,), four digits each, ascending
    pieces             : int8 (PIECES, r), times piece_scales (PIECES,): one inner vector for each hashed piece
    projection         : float32 (d, r), an encoder's vector to an inner one
    outputs, biases    : float32 (r, h) and (h,), an inner vector of length 1 to log-odds
    prototypes         : int8 (p, d), times prototype_scales (p,): unit vectors of named goods, ascending by heading
    prototype_headings : int64 (p,), the place of each one's heading in `codes`; every heading has one
    weights            : what the network's log-odds and the likeness are multiplied by before the softmax
    made_from          : for whoever reads the manifest
    """

    encoder: str
    codes: NDArray[np.str_]
    pieces: NDArray[np.int8]
    piece_scales: Floats
    projection: Floats
    outputs: Floats
    biases: Floats
    prototypes: NDArray[np.int8]
    prototype_scales: Floats
    prototype_headings: Places
    weights: tuple[float, float] = (1.0, 1.0)
    made_from: Mapping[str, Any] = field(default_factory=dict)

    def probabilities(self, texts: Sequence[str], vectors: Floats) -> Floats:
        """Probability of each heading, float32 (n, h), each row of sum 1.

        vectors : float32 (n, d), the encoder's of the texts. A text without any word or vector gives a row of zeros.
        """
        places = range(0, len(texts), _CHUNK)
        rows = [self._probabilities(texts[at : at + _CHUNK], vectors[at : at + _CHUNK]) for at in places]
        return np.concatenate(rows) if rows else np.zeros((0, len(self.codes)), np.float32)

    def infer(self, text: str, encoder: Encoder, top: int = 5) -> tuple[HeadingChance, ...]:
        """The `top` headings that a request's text may be about, as a matcher infers them.

        Raises InvalidRequest where the text holds no word.
        """
        if not words(text):
            raise InvalidRequest(f"text is {text[:40]!r}, expected at least one word")
        texts = goods_texts(text, needs_of(BuyerRequest(text=text)))
        return self.likeliest(self.of_request(texts, encoder.encode(texts, kind=TextKind.REQUEST)), top)

    def of_request(self, texts: Sequence[str], vectors: Floats) -> Floats:
        """Probability of each heading of a request, float32 (h,): pooled over its whole text and its clauses.

        texts   : the whole text of the goods, then its clauses, at least one
        vectors : float32 (len(texts), d), the encoder's of them
        """
        told = 1 if len(texts) == 2 else len(texts)  # a single clause is the whole
        return pooled(self.probabilities(texts[:told], vectors[:told]))

    def judgements(self, texts: Sequence[str], vectors: Floats) -> tuple[Floats, Floats]:
        """Log-odds of the network, and likeness to the nearest named goods of each heading: each float32 (n, h)."""
        return self._network(texts, vectors), self._likeness(vectors)

    def likeliest(self, probabilities: Floats, top: int) -> tuple[HeadingChance, ...]:
        """The `top` headings of one row (h,), likeliest first; those of no probability are left out."""
        order = np.argsort(-probabilities, kind="stable")[:top]
        found = ((str(self.codes[place]), float(probabilities[place])) for place in order)
        return tuple(HeadingChance(code, chance) for code, chance in found if chance > 0)

    def stated(self, hs: str) -> Floats:
        """All probability on the heading of a stated code; a row of zeros where it is no heading (h,)."""
        return np.asarray(self.codes == hs[:4], np.float32)

    def of_lines(self, hs: Sequence[str], texts: Sequence[str], vectors: Floats) -> LineHeadings:
        """Headings of m product lines: the stated one, else what their texts let expect.

        hs : code of each line, "" where none is stated
        """
        known = {str(code): place for place, code in enumerate(self.codes)}
        stated = np.array([known.get(code[:4], -1) for code in hs], np.int64)
        places = np.zeros((len(hs), HEADINGS_OF_A_LINE), np.int64)
        shares = np.zeros((len(hs), HEADINGS_OF_A_LINE), np.float32)
        places[:, 0], shares[:, 0] = np.maximum(stated, 0), stated >= 0
        for chunk in _chunks(np.flatnonzero(stated < 0)):
            chances = self.probabilities([texts[line] for line in chunk], vectors[chunk])
            places[chunk] = np.argsort(-chances, axis=1, kind="stable")[:, :HEADINGS_OF_A_LINE]
            shares[chunk] = np.take_along_axis(chances, places[chunk], axis=1)
        return LineHeadings(places, shares)

    def save(self, folder: Path) -> None:
        """Write the arrays and a manifest with their checksum."""
        content = save({name: np.ascontiguousarray(array) for name, array in self._arrays().items()})
        manifest = {
            "format": FORMAT_VERSION,
            "encoder": self.encoder,
            "sha256": {ARRAYS: hashlib.sha256(content).hexdigest()},
            "weights": self.weights,
            "made_from": self.made_from,
        }
        write_whole(folder / ARRAYS, content)
        write_whole(folder / MANIFEST, json.dumps(manifest, indent=1).encode() + b"\n")

    @classmethod
    def load(cls, folder: Path, *, encoder: str) -> Self:
        """The model of a folder; ModelMissing where there is none, ModelDamaged where its files do not agree.

        encoder : fingerprint of the encoder in use; a model made with another one is refused
        """
        manifest = _read_manifest(folder)
        if manifest.get("encoder") != encoder:
            made_with = manifest.get("encoder")
            raise ModelDamaged(f"{folder}: made with encoder {made_with}, but {encoder} is in use; {_REMEDY}")
        arrays = _read_arrays(folder / ARRAYS, manifest)
        try:
            codes = np.array([f"{code:04}" for code in arrays.pop("codes")], np.str_)
            whole = {name: array if array.dtype == np.int8 else _widened(array) for name, array in arrays.items()}
            network, likeness = manifest["weights"]
            return cls(encoder, codes, **whole, weights=(network, likeness), made_from=manifest["made_from"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelDamaged(f"{folder}: not a model of headings: {error}; {_REMEDY}") from error

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "codes": self.codes.astype(np.uint16),
            "pieces": self.pieces,
            "piece_scales": self.piece_scales.astype(np.float16),
            "projection": self.projection.astype(np.float16),
            "outputs": self.outputs.astype(np.float16),
            "biases": self.biases.astype(np.float16),
            "prototypes": self.prototypes,
            "prototype_scales": self.prototype_scales.astype(np.float16),
            "prototype_headings": self.prototype_headings.astype(np.uint16),
        }

    def _probabilities(self, texts: Sequence[str], vectors: Floats) -> Floats:
        network, likeness = self.judgements(texts, vectors)
        odds = self.weights[0] * network + self.weights[1] * likeness
        chances = np.exp(odds - odds.max(axis=1, keepdims=True))
        said = np.array([bool(words(text)) for text in texts], np.bool_) | vectors.any(axis=1)
        return np.asarray(chances / chances.sum(axis=1, keepdims=True) * said[:, None], np.float32)

    def _network(self, texts: Sequence[str], vectors: Floats) -> Floats:
        ids, bounds = hashed_texts(texts)
        rows = self.pieces[ids].astype(np.float32) * self.piece_scales[ids, None]
        weights = np.repeat(1.0 / np.sqrt(np.maximum(np.diff(bounds), 1)), np.diff(bounds)).astype(np.float32)
        sums = csr_array((weights, np.arange(len(ids)), bounds), shape=(len(texts), len(ids))) @ rows
        inner = sums + vectors @ self.projection
        lengths = np.linalg.norm(inner, axis=1, keepdims=True)
        return np.asarray(inner / np.maximum(lengths, 1e-6) @ self.outputs + self.biases, np.float32)

    def _likeness(self, vectors: Floats) -> Floats:
        # For a few rows BLAS is some ten times as fast one by one as in one product with a transposed matrix.
        few = 0 < len(vectors) <= _FEW
        goods = self._named_goods
        likeness = np.stack([goods @ row for row in vectors]) if few else vectors @ goods.T
        return np.asarray(np.maximum.reduceat(likeness, self._starts, axis=1), np.float32)

    @cached_property
    def _named_goods(self) -> Floats:
        return self.prototypes.astype(np.float32) * self.prototype_scales[:, None]

    @cached_property
    def _starts(self) -> Places:
        return np.searchsorted(self.prototype_headings, np.arange(len(self.codes)))


def pooled(chances: Floats) -> Floats:
    """One row (h,) for a request: the mean of its whole text (row 0) and of the best of its clauses (rows 1 and on).

    A request for several goods is torn between them as a whole, and each clause knows one.
    """
    best = chances[1:].max(axis=0, initial=0.0)
    summed = chances[0] + best / max(float(best.sum()), 1e-9)
    return np.asarray(summed / max(float(summed.sum()), 1e-9), np.float32)


def hashed_texts(texts: Sequence[str]) -> tuple[Places, Places]:
    """The distinct pieces of each text as numbers below PIECES, end to end, and where each text's begin (n + 1,)."""
    pieces = [sorted(set(chain.from_iterable(map(_pieces_of, words(text))))) for text in texts]
    bounds = np.cumsum([0, *map(len, pieces)], dtype=np.int64)
    return np.fromiter(chain.from_iterable(pieces), np.int64, int(bounds[-1])), bounds


@lru_cache(maxsize=65_536)
def _pieces_of(word: str) -> tuple[int, ...]:
    return tuple(zlib.crc32(piece.encode()) % PIECES for piece in _spelled(word))


def _spelled(word: str) -> Iterator[str]:
    """The word itself, then its runs of letters with its ends marked; Chinese words are short enough as they are."""
    yield f"={word}"
    if not _FIRST_IDEOGRAPH <= word[0] <= _LAST_IDEOGRAPH:
        marked = f"<{word}>"
        for length in _RUNS:
            yield from (marked[start : start + length] for start in range(len(marked) - length + 1))


def _chunks(places: Places) -> Iterator[Places]:
    return (places[at : at + _CHUNK] for at in range(0, len(places), _CHUNK))


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float32 if array.dtype == np.float16 else np.int64)


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelMissing(f"{path}: no model of headings there; {_REMEDY}") from error
    except ValueError as error:
        raise ModelDamaged(f"{path}: not JSON: {error}; {_REMEDY}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT_VERSION:
        raise ModelDamaged(f"{path}: expected an object with format {FORMAT_VERSION}; {_REMEDY}")
    return manifest


def _read_arrays(path: Path, manifest: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    content = path.read_bytes() if path.is_file() else b""
    found = hashlib.sha256(content).hexdigest()
    if found != manifest.get("sha256", {}).get(path.name):
        raise ModelDamaged(f"{path}: SHA-256 is {found}, which its manifest does not say; {_REMEDY}")
    try:
        arrays: dict[str, NDArray[Any]] = load(content)
    except SafetensorError as error:
        raise ModelDamaged(f"{path}: not a file of arrays: {error}; {_REMEDY}") from error
    return arrays
