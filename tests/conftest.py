"""Small real parts that many tests stand on."""

from __future__ import annotations

import re
import stat
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from matching.encoder import TextKind, TokenVectors
from matching.features import FEATURE_NAMES
from matching.headings import PIECES, HeadingModel
from matching.matcher import Matcher
from matching.profiles import Supplier
from matching.ranker import Curve, GlassBoxRanker
from matching.words import fold
from tests.postgresql import PostgresqlServer

# A busy machine is no reason to fail.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


class HashingEncoder:
    """A real, tiny encoder: each word has a fixed random vector, a text is the sum of its words'."""

    dimensions = 64
    fingerprint = "hashing-64"

    def encode(self, texts: Sequence[str], *, kind: TextKind = TextKind.PROFILE) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        sums = np.stack([self.token_vectors(text).vectors.sum(axis=0) for text in texts])
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        return np.asarray(np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0), np.float32)

    def token_vectors(self, text: str, *, kind: TextKind = TextKind.PROFILE) -> TokenVectors:
        found = list(re.finditer(r"\w+", text))
        vectors = [self._vector(fold(match[0])) for match in found]
        return TokenVectors(
            starts=np.array([match.start() for match in found], np.int64),
            ends=np.array([match.end() for match in found], np.int64),
            vectors=np.array(vectors, np.float32).reshape(-1, self.dimensions),
            exact=True,
        )

    def _vector(self, word: str) -> NDArray[np.float64]:
        return np.random.default_rng(zlib.crc32(word.encode())).normal(size=self.dimensions)


def simple_ranker() -> GlassBoxRanker:
    """Similarity, words and kept promises add; anything unknown costs a little."""
    similar = Curve(feature="", edges=(0.2, 0.5, 0.8), contributions=(-2.0, 0.0, 1.5, 3.0), unknown=-0.1)
    other = Curve(feature="", edges=(-1e-9, 0.5), contributions=(-0.75, 0.1, 0.4), unknown=-0.2)
    curves = [
        (similar if name.endswith("similarity") else other).model_copy(update={"feature": name})
        for name in FEATURE_NAMES
    ]
    return GlassBoxRanker("simple", -1.25, tuple(curves), {})


def simple_headings() -> HeadingModel:
    """Three headings, told apart by likeness to one name each; its network knows nothing."""
    vectors = HashingEncoder().encode(["argan oil", "wool rug", "kilim"])
    return HeadingModel(
        HashingEncoder.fingerprint,
        np.array(["1515", "5701", "5702"]),
        pieces=np.zeros((PIECES, 2), np.int8),
        piece_scales=np.zeros(PIECES, np.float32),
        projection=np.zeros((64, 2), np.float32),
        outputs=np.zeros((2, 3), np.float32),
        biases=np.zeros(3, np.float32),
        prototypes=np.rint(vectors * 127).astype(np.int8),
        prototype_scales=np.full(3, 1 / 127, np.float32),
        prototype_headings=np.arange(3),
        weights=(1.0, 20.0),
    )


@pytest.fixture
def headings() -> HeadingModel:
    return simple_headings()


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def ranker() -> GlassBoxRanker:
    return simple_ranker()


@pytest.fixture
def suppliers() -> tuple[Supplier, ...]:
    """Four firms: two sell argan oil, one under conditions; one rugs; one has a name and nothing else."""
    argan = {
        "name": "argan oil",
        "hs": "1515.90",
        "moq": {"value": 100, "unit": "kg"},
        "price": {"min": 20, "max": 30, "currency": "EUR", "unit": "kg"},
        "lead_time_days": 20,
    }
    rows = [
        {
            "id": "S1", "name": "Tamount", "country": "MA", "languages": ["fr", "ar"], "profile_language": "fr",
            "description": "organic argan oil pressed cold", "products": [argan], "markets": ["FR", "DE"],
            "certifications": ["Ecocert", "ISO 9001"], "incoterms": ["FOB"],
        },
        {
            "id": "S2", "name": "Arganor", "country": "MA", "languages": ["en"], "profile_language": "en",
            "description": "argan oil for kitchens", "products": [{"name": "argan oil"}],
        },
        {
            "id": "S3", "name": "Atlas Rugs", "country": "TR", "size": "small", "languages": ["tr"],
            "description": "hand knotted wool rugs",
            "products": [{"name": "wool rug", "hs": "570110"}, {"name": "kilim", "hs": "570210"}],
            "certifications": ["GoodWeave"], "markets": ["US"],
        },
        {"id": "S4", "name": "Zellij Fassi"},
    ]  # fmt: skip
    return tuple(map(Supplier.model_validate, rows))


@pytest.fixture
def matcher(
    encoder: HashingEncoder, suppliers: tuple[Supplier, ...], ranker: GlassBoxRanker, headings: HeadingModel
) -> Matcher:
    return Matcher.build(encoder, suppliers, ranker, headings)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresqlServer]:
    """One server for all tests; each takes a database of its own."""
    folder = tmp_path_factory.mktemp("postgresql")
    # The server's user has to get there, through what pytest keeps to its own.
    for above in folder.parents:
        if not above.stat().st_mode & stat.S_IXOTH:
            above.chmod(0o755)
    server = PostgresqlServer(folder)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new folder/souk.db"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.url()
