"""Texts -> unit vectors: the shipped static encoder, or any sentence-transformers model.

The static encoder needs no torch: a text's vector is the sum of its pieces' vectors, scaled to length 1, so cosine
splits exactly into shares of piece pairs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from scipy.sparse import csr_array
from tokenizers import Tokenizer

from matching.errors import InvalidInput, ModelDamaged, ModelMissing

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MANIFEST = "manifest.json"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
ENCODER_FILES = (TOKENIZER, WEIGHTS)


class TextKind(StrEnum):
    """What a text is; models such as E5 and BGE want another prompt before each kind."""

    REQUEST = "request"
    PROFILE = "profile"


@dataclass(frozen=True)
class TokenVectors:
    """The pieces of one text.

    starts  : int64 (t,), where each piece begins in the text as given, in characters.
    ends    : int64 (t,), where it ends, exclusive.
    vectors : float32 (t, d).
    exact   : vectors.sum(0) is a positive multiple of the text's own vector.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    vectors: NDArray[np.float32]
    exact: bool


class Encoder(Protocol):
    """Anything that turns texts into unit vectors of one space."""

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Names the weights and the tokenizer: vectors of two fingerprints must never meet."""
        ...

    def encode(self, texts: Sequence[str], *, kind: TextKind = TextKind.PROFILE) -> NDArray[np.float32]:
        """Unit rows, float32 (n, dimensions); a text without any known piece gives a zero row."""
        ...

    def token_vectors(self, text: str, *, kind: TextKind = TextKind.PROFILE) -> TokenVectors:
        """The pieces of one text with their places and vectors."""
        ...


class StaticEncoder:
    """Sums fixed piece vectors; a piece whose vector is zero (unknown characters) carries no weight."""

    def __init__(self, tokenizer: Tokenizer, vectors: NDArray[np.float32], fingerprint: str) -> None:
        self._tokenizer = tokenizer
        self._vectors = vectors
        self._fingerprint = fingerprint

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return int(self._vectors.shape[1])

    @property
    def fingerprint(self) -> str:
        """Names the weights and the tokenizer."""
        return self._fingerprint

    def encode(self, texts: Sequence[str], *, kind: TextKind = TextKind.PROFILE) -> NDArray[np.float32]:  # noqa: ARG002
        """Unit rows, float32 (n, dimensions); a text without any known piece gives a zero row."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        pieces = [encoding.ids for encoding in encodings]
        lengths = np.array([len(ids) for ids in pieces], dtype=np.int64)
        ids = np.fromiter(chain.from_iterable(pieces), dtype=np.int64, count=int(lengths.sum()))
        return unit_rows(sum_segments(self._vectors, ids, lengths))

    def token_vectors(self, text: str, *, kind: TextKind = TextKind.PROFILE) -> TokenVectors:  # noqa: ARG002
        """The pieces of one text with their places and vectors; always exact."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        places = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
        vectors = self._vectors[np.array(encoding.ids, dtype=np.int64)]
        return TokenVectors(places[:, 0], places[:, 1], vectors, exact=True)


def sum_segments(
    vectors: NDArray[np.float32], ids: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.float32]:
    """The sum of `vectors[ids]` over each run of `lengths` ids, float32 (n, d); an empty run sums to zero."""
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    counts = csr_array((np.ones(len(ids), dtype=np.float32), ids, bounds), shape=(len(lengths), len(vectors)))
    # A sparse product never copies the gathered rows: some 70 times as fast as np.add.reduceat.
    sums: NDArray[np.float32] = counts @ vectors
    return sums


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row at length 1, zero rows left at zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows: NDArray[np.float32] = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return rows


@dataclass(frozen=True)
class EncoderOptions:
    """How a model is used; all but `dimensions` are for sentence-transformers models alone.

    dimensions : how many of each vector's are kept, all where None: the first ones (Matryoshka, Kusupati et al. 2022),
                 of a static encoder the principal ones
    prompts    : what is written before a text of each kind, for models trained so; absent kinds get none
    backend    : torch, onnx or openvino, where it is installed
    """

    dimensions: int | None = None
    prompts: Mapping[TextKind, str] = field(default_factory=dict)
    batch_size: int = 32
    backend: Literal["torch", "onnx", "openvino"] = "torch"


class SentenceTransformerEncoder:
    """Any sentence-transformers model, its vectors scaled to length 1."""

    def __init__(self, model: SentenceTransformer, fingerprint: str, options: EncoderOptions) -> None:
        self._model = model
        self._fingerprint = fingerprint
        self._prompts = options.prompts
        self._batch_size = options.batch_size

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return int(self._model.get_embedding_dimension() or 0)

    @property
    def fingerprint(self) -> str:
        """Names the weights and the tokenizer."""
        return self._fingerprint

    def encode(self, texts: Sequence[str], *, kind: TextKind = TextKind.PROFILE) -> NDArray[np.float32]:
        """Unit rows, float32 (n, dimensions)."""
        vectors = self._model.encode(
            list(texts),
            prompt=self._prompts.get(kind),
            batch_size=self._batch_size,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)

    def token_vectors(self, text: str, *, kind: TextKind = TextKind.PROFILE) -> TokenVectors:
        """The pieces of one text, special ones left out, with contextual vectors; never exact."""
        prompt = self._prompts.get(kind, "")
        places = self._places(prompt + text)
        vectors = self._model.encode(prompt + text, output_value="token_embeddings", show_progress_bar=False)
        rows = np.asarray(vectors.cpu(), dtype=np.float32)[:, : self.dimensions]
        places = places[: len(rows)] - len(prompt)
        inside = (places[:, 0] >= 0) & (places[:, 1] > places[:, 0])
        return TokenVectors(places[inside, 0], places[inside, 1], rows[inside], exact=False)

    def _places(self, text: str) -> NDArray[np.int64]:
        tokenized = self._model.tokenizer(text, return_offsets_mapping=True, truncation=True)
        return np.array(tokenized["offset_mapping"], dtype=np.int64).reshape(-1, 2)


def load_encoder(name_or_path: str | Path, options: EncoderOptions = EncoderOptions()) -> Encoder:
    """The encoder that a folder holds, or that the model hub knows by this name.

    A folder with a manifest is a static encoder, checked file by file; any other is given to sentence-transformers.
    ModelMissing where there is neither folder nor model; ModelDamaged where a file differs from its manifest;
    InvalidInput where it has fewer dimensions than are asked for.
    """
    path = Path(name_or_path)
    if (path / MANIFEST).is_file():
        return load_static_encoder(path, options.dimensions)
    return load_sentence_transformer(name_or_path, options)


def load_static_encoder(folder: Path, dimensions: int | None = None) -> StaticEncoder:
    """The static encoder of a folder; errors as `load_encoder`.

    dimensions : how many principal ones of its vectors are kept; all, as they are, where None
    """
    manifest = _read_manifest(folder)
    for name in ENCODER_FILES:
        _check_file(folder / name, manifest["sha256"].get(name, ""))
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        tensors = load_file(folder / WEIGHTS)
        vectors = tensors["embeddings"] * tensors["weights"].astype(np.float32)[:, None]
    except (SafetensorError, KeyError, ValueError) as error:
        raise ModelDamaged(f"{folder}: not a static encoder: {error}") from error
    _check_dimensions(folder, dimensions, vectors.shape[1])
    kept = vectors if dimensions is None else vectors @ _principal_directions(vectors)[:, :dimensions]
    return StaticEncoder(tokenizer, kept, _named(encoder_fingerprint(manifest["sha256"]), dimensions, {}))


def _principal_directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Orthonormal columns, those along which the vectors lie longest first: turning by them keeps every cosine."""
    _, directions = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    return np.asarray(directions[:, ::-1], np.float32)


def encoder_fingerprint(checksums: Mapping[str, str]) -> str:
    """16 hexadecimal digits that stand for the checksums of the weights and the tokenizer."""
    text = "\n".join(checksums[name] for name in ENCODER_FILES)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelDamaged(f"{path}: not JSON: {error}") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("sha256"), dict):
        raise ModelDamaged(f"{path}: expected an object with the checksums of the files under 'sha256'")
    return manifest


def _check_file(path: Path, expected: str) -> None:
    if not path.is_file():
        raise ModelDamaged(f"{path}: no such file, though {MANIFEST} beside it belongs to an encoder")
    found = file_checksum(path)
    if found != expected:
        raise ModelDamaged(f"{path}: SHA-256 is {found}, its manifest says {expected or 'nothing'}")


def load_sentence_transformer(
    name_or_path: str | Path, options: EncoderOptions = EncoderOptions()
) -> SentenceTransformerEncoder:
    """A sentence-transformers model by path or hub name; ModelMissing where it cannot be had."""
    # Here and not above, because the static encoder must start without torch.
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(str(name_or_path), backend=options.backend, truncate_dim=options.dimensions)
    except Exception as error:  # of a back end that is not installed it raises a plain one
        raise ModelMissing(
            f"{name_or_path}: no encoder folder and no sentence-transformers model of that name can be loaded "
            f"by {options.backend}: {error}"
        ) from error
    _check_dimensions(name_or_path, options.dimensions, int(model.get_embedding_dimension() or 0))
    weights = model_fingerprint(model) if options.backend == "torch" else f"{name_or_path}-{options.backend}"
    return SentenceTransformerEncoder(model, _named(weights, options.dimensions, options.prompts), options)


def _check_dimensions(model: str | Path, asked: int | None, had: int) -> None:
    if asked is not None and not 1 <= asked <= had:
        raise InvalidInput(f"dimensions is {asked}, expected 1 to {had}, as many as {model} has")


def _named(weights: str, dimensions: int | None, prompts: Mapping[TextKind, str]) -> str:
    """A fingerprint with whatever else makes vectors differ."""
    cut = f"-{dimensions}" if dimensions else ""
    said = hashlib.sha256(json.dumps(prompts, sort_keys=True).encode()).hexdigest()[:8] if prompts else ""
    return weights + cut + (f"-{said}" if said else "")


def model_fingerprint(model: SentenceTransformer) -> str:
    """16 hexadecimal digits that stand for the names and values of a model's weights."""
    digest = hashlib.sha256()
    for name, weights in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weights.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
