"""A matcher over what is stored: the suppliers, their index file, the encoder and the ranker put together."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence

from data import shipped
from data.settings import Settings
from data.store import Store
from data.tables import read_suppliers
from matching.candidates import WordIndex
from matching.catalogue import Catalogue, encode_suppliers
from matching.encoder import Encoder, load_encoder
from matching.errors import IndexDamaged, ModelDamaged, ModelMissing
from matching.headings import HeadingModel
from matching.index import FaissIndex
from matching.matcher import Matcher
from matching.profiles import Supplier
from matching.ranker import GlassBoxRanker

_log = logging.getLogger(__name__)


def suppliers_in_use(store: Store) -> tuple[Supplier, ...]:
    """The stored suppliers, by id; the shipped sample where none is stored yet."""
    stored = store.suppliers()
    if stored:
        return stored
    _log.warning("no supplier is stored yet: using the shipped sample collection (`souk import FILE` adds yours)")
    return read_suppliers(shipped.SAMPLE / "suppliers.jsonl").profiles


def open_matcher(settings: Settings) -> Matcher:
    """A matcher over the suppliers in use, from the saved index where it still fits, else from a new one.

    Raises ModelMissing or ModelDamaged where the encoder or the ranker cannot be loaded.
    """
    encoder = load_encoder(settings.encoder)
    ranker = GlassBoxRanker.load(settings.ranker_path)
    headings = headings_in_use(settings, encoder)
    suppliers = suppliers_in_use(Store(settings.database_url))
    try:
        index = FaissIndex.load(settings.index_path, fingerprint=index_fingerprint(suppliers, encoder))
    except IndexDamaged as damage:
        _log.warning("%s; encoding %d suppliers afresh", damage, len(suppliers))
        index = build_index(suppliers, encoder)
        index.save(settings.index_path)
    catalogue = Catalogue.build(suppliers, index.vectors(), headings)
    return Matcher(encoder, catalogue, index, WordIndex(suppliers), ranker, headings)


def headings_in_use(settings: Settings, encoder: Encoder) -> HeadingModel | None:
    """The model of headings that was made with the encoder; None, and a warning, where there is none."""
    try:
        return HeadingModel.load(settings.headings_path, encoder=encoder.fingerprint)
    except (ModelMissing, ModelDamaged) as fault:
        _log.warning("matching without HS headings: %s", fault)
        return None


def build_index(suppliers: Sequence[Supplier], encoder: Encoder) -> FaissIndex:
    """Encode suppliers and index their vectors, keyed by their place in `suppliers`."""
    vectors = encode_suppliers(suppliers, encoder)
    index = FaissIndex(encoder.dimensions, index_fingerprint(suppliers, encoder))
    index.add(Catalogue.build(suppliers, vectors).vector_rows, vectors)
    return index


def index_fingerprint(suppliers: Sequence[Supplier], encoder: Encoder) -> str:
    """Names the encoder and the exact suppliers that an index is of."""
    digest = hashlib.sha256()
    for supplier in suppliers:
        digest.update(supplier.model_dump_json().encode())
    return f"{encoder.fingerprint}/{digest.hexdigest()[:16]}"
