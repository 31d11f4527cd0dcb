"""An organisation's matcher, kept in step with its store: loaded from records and snapshot, then following changes."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np

from data import shipped
from data.database import DEFAULT_ORGANISATION
from data.events import TrainingData
from data.in_use import in_use, models_in_use, registry_of, shadow_in_use, training_data, trial_in_use, with_models
from data.schema import ERASED_ID, Kind
from data.settings import Settings
from data.shadows import RunningShadow
from data.snapshot import Snapshot, forget_supplier, save_snapshot, vectors_of
from data.store import Change, Store
from data.tables import read_suppliers
from data.track_records import read_track_records
from data.trials import RunningTrial
from matching.catalogue import Halves
from matching.currencies import RateTable
from matching.encoder import MANIFEST, Encoder, encoder_fingerprint, load_encoder
from matching.errors import IndexDamaged, ModelDamaged, ModelMissing, NotReady, SoukError
from matching.headings import HeadingModel
from matching.matcher import Matcher, Observer, unobserved
from matching.profiles import Supplier
from matching.ranker import GlassBoxRanker
from matching.track_records import TrackRecords

_log = logging.getLogger(__name__)
_CHANGES_AT_ONCE = 1_000
SHIPPED_DATA = TrainingData("the shipped corpora and sample", None)


@dataclass(frozen=True)
class Models:
    """What a matcher is made of beside suppliers; `trained_on` says by kind what the registry knows of them.

    trial  : a ranker that has a part in answering some requests
    shadow : a ranker that scores some requests, and answers none
    """

    encoder: Encoder
    ranker: GlassBoxRanker
    headings: HeadingModel | None = None
    rates: RateTable | None = None
    trial: RunningTrial | None = None
    shadow: RunningShadow | None = None
    trained_on: Mapping[str, TrainingData] = field(default_factory=dict)

    @classmethod
    def load(cls, settings: Settings) -> Models:
        """The models that the registry points to, else those of the settings.

        Raises ModelMissing or ModelDamaged where the encoder or ranker cannot be loaded, UnreadableFile for the rates.
        """
        registered = models_in_use(settings, checked=True)
        trial, shadow = trial_in_use(settings), shadow_in_use(settings)
        if shadow is not None and shadow.fault is not None:
            _log.warning(
                "ranker %s in the shadow cannot be loaded and scores nothing: %s", shadow.version, shadow.fault
            )
        settings = with_models(settings, *registered)
        encoder = load_encoder(settings.encoder, settings.encoder_options)
        rates = RateTable.read(settings.rates_path)
        ranker, headings = GlassBoxRanker.load(settings.ranker_path), headings_in_use(settings, encoder)
        known = {str(model.kind): training_data(model.manifest) for model in registered}
        learnt = {kind: data for kind, data in known.items() if data}
        return cls(encoder, ranker, headings, rates, trial, shadow, learnt)

    def with_rankers_of(self, other: Models) -> Models:
        """These with the rankers of the other: the one in use, and those beside it."""
        return replace(self, ranker=other.ranker, trial=other.trial, shadow=other.shadow, trained_on=other.trained_on)

    def share_catalogues_with(self, other: Models) -> bool:
        """Whether catalogues made with these models serve the others too: all but the rankers is equal."""
        return (
            self.encoder.fingerprint == other.encoder.fingerprint
            and self.rates == other.rates
            and _are_equal(self.headings, other.headings)
        )


@dataclass(frozen=True)
class Progress:
    """How far loading is, in suppliers."""

    done: int
    total: int


class Workspace:
    """The matcher of one organisation. A reader takes `matcher` once and works on that state.

    snapshot_path : where vectors are kept between starts
    """

    def __init__(self, store: Store, models: Models, snapshot_path: Path, observe: Observer = unobserved) -> None:
        self.store = store
        self.models = models
        self.progress = Progress(0, 0)
        self._snapshot_path = snapshot_path
        self._observe = observe
        self._matcher: Matcher | None = None
        self._seen = 0
        self._latest = 0
        self._version = 0
        self._saved_version: int | None = None
        self._removed_version = 0
        self._is_sample = False
        self._lock = threading.Lock()
        self._saving = threading.Lock()

    @property
    def matcher(self) -> Matcher:
        """The matcher now; NotReady while it is being loaded."""
        if self._matcher is None:
            done, total = self.progress.done, self.progress.total
            raise NotReady(f"the catalogue is being loaded: {done} of {total} suppliers done")
        return self._matcher

    @property
    def seen(self) -> int:
        """Number of the last change that is in the matcher."""
        return self._seen

    @property
    def snapshot_holds_removed(self) -> bool:
        """Whether the snapshot may still have vectors of a supplier that is gone."""
        return self._removed_version > (self._saved_version or 0)

    @property
    def behind(self) -> int:
        """Number of changes that the store had given at the last look beyond `seen`."""
        return max(0, self._latest - self._seen)

    def load(self, *, afresh: bool = False) -> Matcher:
        """Make the matcher from the stored suppliers, with the snapshot's vectors where they still fit."""
        with self._lock:
            return self._load(afresh=afresh)

    def catch_up(self) -> int:
        """Bring the changes that are not in the matcher yet into it; how many there were."""
        with self._lock:
            # Read before the changes are: whatever is numbered up to it is among them.
            latest, applied = self.store.last_change(), 0
            self._latest = latest
            if self._matcher is not None and latest < self._seen:
                _log.warning(
                    "the database has %d changes and had %d: it is another one; loading it", latest, self._seen
                )
                self._load()
            while self._matcher is not None and self._seen < latest:
                changes = self.store.changes_after(self._seen, Kind.SUPPLIERS, limit=_CHANGES_AT_ONCE)
                if changes and self._is_sample:
                    self._load()
                elif changes:
                    self._apply(self._matcher, changes)
                    applied += len(changes)
                else:
                    self._seen = latest
            return applied

    def save_snapshot(self) -> bool:
        """Write the snapshot where it is behind the matcher; whether it was.

        One that cannot be written anew, but has vectors of a supplier that is gone, is removed.
        """
        with self._saving:
            with self._lock:
                matcher, version = self._matcher, self._version
            if matcher is None or version == self._saved_version:
                return False
            try:
                save_snapshot(self._snapshot_path, matcher.catalogue, matcher.encoder)
            except OSError:
                if self.snapshot_holds_removed:
                    self._snapshot_path.unlink(missing_ok=True)
                    self._removed_version = 0
                raise
            self._saved_version = version
            return True

    def forget(self, supplier_id: str) -> None:
        """Take an erased supplier out of the matcher's memory and out of the snapshot at once."""
        self.catch_up()
        with self._saving:
            forget_supplier(self._snapshot_path, supplier_id)

    def rank_by(self, models: Models) -> None:
        """Go on with other rankers over the same catalogue; all else of the models must be equal."""
        with self._lock:
            self.models = self.models.with_rankers_of(models)
            if self._matcher is not None:
                self._matcher = self._matcher.ranked_by(models.ranker)

    def renew_track_records(self) -> None:
        """Read anew what users told of the suppliers, and who joined lately."""
        with self._lock:
            if self._matcher is not None:
                self._matcher = self._matcher.with_track_records(self._track_records())

    def _track_records(self) -> TrackRecords:
        database = self.store.database
        return read_track_records(database, self.store.organisation, now=database.clock())

    def _apply(self, matcher: Matcher, changes: Sequence[Change]) -> None:
        removed = [change.id for change in changes if change.document is None]
        added = [Supplier.model_validate(change.document) for change in changes if change.document is not None]
        is_erasure = ERASED_ID in removed
        if is_erasure:
            removed += matcher.catalogue.row_by_id.keys() - self.store.ids(Kind.SUPPLIERS)
        changed = matcher.with_changes(removed, added)
        if is_erasure:
            changed = changed.settled().with_track_records(self._track_records())
        self._matcher, self._seen = changed, changes[-1].number
        self._version += 1
        if removed:
            self._removed_version = self._version

    def _load(self, *, afresh: bool = False) -> Matcher:
        seen = self.store.last_change()
        suppliers, total, self._is_sample = suppliers_in_use(self.store)
        self.progress = Progress(0, total)
        snapshot = self._snapshot(afresh=afresh)
        models, encoded = self.models, 0

        def encode(batch: Sequence[Supplier]) -> Halves:
            nonlocal encoded
            vectors, anew = vectors_of(batch, snapshot, models.encoder)
            self.progress, encoded = Progress(self.progress.done + len(batch), total), encoded + anew
            return vectors

        matcher = Matcher.build(
            models.encoder, suppliers, models.ranker, models.headings,
            encode=encode, observe=self._observe, rates=models.rates, track_records=self._track_records(),
        )  # fmt: skip
        if encoded and not afresh and not self._is_sample:
            _log.warning("encoded %d of %d suppliers afresh", encoded, len(matcher.catalogue))
        self._matcher, self._seen = matcher, seen
        self._version += 1
        number = len(matcher.catalogue)
        self._saved_version = None if encoded or len(snapshot.places) != number else self._version
        if len(snapshot.places) > number - encoded:
            self._removed_version = self._version
        return matcher

    def _snapshot(self, *, afresh: bool) -> Snapshot:
        if not afresh:
            try:
                return Snapshot.load(self._snapshot_path, self.models.encoder)
            except IndexDamaged as damage:
                if self._snapshot_path.exists():
                    _log.warning("%s", damage)
        return Snapshot.empty(self.models.encoder.dimensions)


def _are_equal(one: HeadingModel | None, other: HeadingModel | None) -> bool:
    if one is None or other is None:
        return one is other
    pairs = [(getattr(one, part.name), getattr(other, part.name)) for part in fields(HeadingModel)]
    return all(
        np.array_equal(first, second) if isinstance(first, np.ndarray) else first == second for first, second in pairs
    )


def suppliers_in_use(store: Store) -> tuple[Iterable[Supplier], int, bool]:
    """The stored suppliers, by id, their number, and False; or the sample, and True, where none was ever stored.

    Only the default organisation gets the sample.
    """
    if store.organisation != DEFAULT_ORGANISATION or store.changes_after(0, Kind.SUPPLIERS, limit=1):
        stored = (Supplier.model_validate(one.document) for one in store.each(Kind.SUPPLIERS))
        return stored, store.count_suppliers(), False
    _log.warning("no supplier is stored yet: using the shipped sample collection (`souk import FILE` adds yours)")
    sample = read_suppliers(shipped.SAMPLE / "suppliers.jsonl").profiles
    return sample, len(sample), True


def open_workspace(settings: Settings, *, afresh: bool = False) -> Workspace:
    """The default organisation's workspace, loaded, its snapshot saved.

    Raises ModelMissing or ModelDamaged where the encoder or the ranker cannot be loaded.
    """
    workspace = Workspace(Store(settings.database_url), Models.load(settings), settings.index_path)
    workspace.load(afresh=afresh)
    workspace.save_snapshot()
    return workspace


def training_of(models: Models) -> dict[str, TrainingData]:
    """What models of the registry, and the shipped ones, were trained on, by kind; of others nothing is known."""
    known = dict(models.trained_on)
    manifest = json.loads((shipped.ENCODER / MANIFEST).read_text(encoding="utf-8"))
    if models.encoder.fingerprint == encoder_fingerprint(manifest["sha256"]):
        known["encoder"] = SHIPPED_DATA
    ranker = training_of_ranker(models.ranker)
    return {"ranker": ranker, **known} if ranker else known


def training_of_ranker(ranker: GlassBoxRanker) -> TrainingData | None:
    """What a ranker was trained on where it is the shipped one; of another nothing is known."""
    with suppress(SoukError):
        known = GlassBoxRanker.load(shipped.RANKER)
        if (known.version, known.curves) == (ranker.version, ranker.curves):
            return SHIPPED_DATA
    return None


def model_signature(settings: Settings) -> tuple[tuple[str, int, int, int], ...]:
    """What tells, without reading them, that models or rates changed: name, inode, size and moment of each file."""
    registry = registry_of(settings)
    pointer = [registry.pointer_path] if registry else []
    with suppress(SoukError):  # of a damaged pointer its own file is what changes
        settings = in_use(settings)
    models = Path(settings.encoder), settings.ranker_path, settings.headings_path
    paths = (*models, settings.rates_path, *pointer)
    files = [file for path in paths for file in (path, *path.rglob("*")) if file.is_file()]
    try:
        stats = [(str(file), file.stat()) for file in files]
    except OSError:  # one went away meanwhile, and the next look differs
        return ()
    return tuple(sorted((name, stat.st_ino, stat.st_size, stat.st_mtime_ns) for name, stat in stats))


def headings_in_use(settings: Settings, encoder: Encoder) -> HeadingModel | None:
    """The model of headings that was made with the encoder; None, and a warning, where there is none."""
    try:
        return HeadingModel.load(settings.headings_path, encoder=encoder.fingerprint)
    except (ModelMissing, ModelDamaged) as fault:
        _log.warning("matching without HS headings: %s", fault)
        return None


def open_matcher(settings: Settings) -> Matcher:
    """The matcher of `open_workspace`."""
    return open_workspace(settings).matcher


def snapshot_path(settings: Settings, organisation: str) -> Path:
    """Where the vectors of an organisation are kept."""
    path = settings.index_path
    return path if organisation == DEFAULT_ORGANISATION else path.with_name(f"{path.name}.{organisation}")
