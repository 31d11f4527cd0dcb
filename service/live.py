"""What is in service: the models, and per organisation a workspace that follows the store."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as StillLoading
from time import monotonic

from data.database import DEFAULT_ORGANISATION, Database
from data.events import note_model_version
from data.keys import Keys
from data.ledger import Debts, Ledger
from data.schema import Kind
from data.snapshot import forget_supplier
from data.store import Store
from data.workspace import Models, Workspace, model_signature, snapshot_path, training_of
from matching.errors import ModelDamaged, ModelMissing, SoukError, StoreUnavailable
from matching.exposure import ExposurePolicy
from matching.matcher import Matcher
from matching.profiles import BuyerRequest
from service.fair_jobs import PlanRunner
from service.fair_solver import Solver
from service.metrics import Metrics
from service.settings import ServiceSettings
from service.shadowing import Shadowing

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 2.0
_FIRST_USE_SECONDS = 5.0
_GATHER_SECONDS = 0.02
_LONGEST_GATHER_SECONDS = 0.3
_GATHER_SHARE = 5.0
_LEAVE_SECONDS = 1.0
_EXPOSURE_SECONDS = 300.0
_TRACK_RECORD_SECONDS = 300.0


class Live:
    """The database, the models and the workspaces, with the threads that keep them up.

    load_models : loads the encoder and the ranker, as the settings say by default
    """

    def __init__(
        self, settings: ServiceSettings, metrics: Metrics, load_models: Callable[[], Models] | None = None
    ) -> None:
        self.database = Database(settings.database_url)
        self.keys = Keys(self.database, settings.key_pepper.get_secret_value())
        self.debts = Debts(self.database)
        self.failure: str | None = "starting"
        self.notice: str | None = None
        self.solver = Solver()
        self.shadowing = Shadowing(self.database, metrics)
        self.plans = PlanRunner()
        self._settings = settings
        self._metrics = metrics
        self._load_models = load_models or (lambda: Models.load(settings))
        self._models: Models | None = None
        self._signature = model_signature(settings)
        self._workspaces: dict[str, Workspace] = {}
        # Without the matcher, which would outlive what came after it.
        self._loads: dict[str, Future[None]] = {}
        self._exposure_is_due = 0.0
        # Answers computed beside each other in one interpreter only make each other late.
        self.turn = threading.Semaphore(1)
        self._track_records_are_due = monotonic() + _TRACK_RECORD_SECONDS
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._snapshot_is_due = threading.Event()
        self._stopping = threading.Event()
        self._loader = ThreadPoolExecutor(1, "load")
        self._threads = [
            threading.Thread(target=run, name=name, daemon=True)
            for name, run in (("follow", self._follow), ("snapshot", self._keep_snapshots))
        ]
        self._watcher = threading.Thread(target=self._watch_models, name="models", daemon=True)

    # For the routes

    @property
    def models(self) -> Models:
        """The models in service; ModelMissing, with the reason, where none could be loaded yet."""
        if self._models is None:
            raise ModelMissing(f"no matcher is in service: {self.failure}")
        return self._models

    @property
    def exposure(self) -> ExposurePolicy | None:
        """How attention is shared between groups of suppliers; None where relevance alone decides."""
        return self._settings.exposure

    def workspace(self, organisation: str) -> Workspace:
        """An organisation's workspace; at first use it is loaded, and waited for a little."""
        with self._lock:
            if organisation not in self._workspaces:
                workspace = self._made(organisation, self.models)
                self._workspaces[organisation] = workspace
                self._loads[organisation] = self._loader.submit(_load, workspace)
            load = self._loads[organisation]
        self._await(organisation, load)
        return self._workspaces[organisation]

    def matcher(self, organisation: str) -> Matcher:
        """An organisation's matcher now; NotReady while it is being loaded."""
        return self.workspace(organisation).matcher

    def written(self) -> None:
        """Tell that a write was stored, so that it is matchable soon."""
        self._wake.set()

    def removed(self, organisation: str) -> None:
        """See to it that what was deleted is in no further answer of this process."""
        if self._models is not None:
            self.workspace(organisation).catch_up()

    def erased(self, organisation: str, supplier_id: str) -> None:
        """See to it that an erased supplier is in nothing that this process holds or keeps."""
        try:
            self.workspace(organisation).forget(supplier_id)
        except SoukError as error:
            # What is not in service yet is loaded from the store, where the supplier is no more.
            _log.warning("an erasure is followed later: %s", error)
            forget_supplier(snapshot_path(self._settings, organisation), supplier_id)
        self.written()

    def progress(self) -> tuple[int, int, bool]:
        """Suppliers in service, suppliers in all, and whether every known catalogue is loaded."""
        with self._lock:
            workspaces, loads = list(self._workspaces.values()), list(self._loads.values())
        done = sum(workspace.progress.done for workspace in workspaces)
        total = sum(workspace.progress.total for workspace in workspaces)
        loaded = self._models is not None and all(load.done() and not load.exception() for load in loads)
        return (self.suppliers() if loaded else done), total, loaded

    def suppliers(self) -> int:
        """Number of suppliers in all catalogues that are loaded."""
        return sum(matcher.catalogue.count for _, matcher in self._loaded())

    def measure(self) -> None:
        """Bring the gauges of the catalogues up."""
        loaded = self._loaded()
        self._metrics.suppliers.set(sum(matcher.catalogue.count for _, matcher in loaded))
        self._metrics.vectors.set(sum(len(matcher.index) for _, matcher in loaded))
        self._metrics.behind.set(sum(workspace.behind for workspace, _ in loaded))

    def measure_exposure(self) -> None:
        """Bring the gauges of attention up, where they are five minutes old: all impressions are added up for it."""
        if monotonic() < self._exposure_is_due:
            return
        self._exposure_is_due = monotonic() + _EXPOSURE_SECONDS
        sums: defaultdict[tuple[str, str, str], float] = defaultdict(float)
        for organisation in self.database.organisations():
            for column, groups in Ledger(self.database, organisation).groups().items():
                for one in groups:
                    sums[column, one.name or "not stated", "received"] += one.received
                    sums[column, one.name or "not stated", "earned"] += one.earned
        for labels, attention in sums.items():
            self._metrics.exposure.labels(*labels).set(attention)

    def renew_track_records(self) -> None:
        """Bring what feedback tells of suppliers into every matcher; at a request nothing is read."""
        self._track_records_are_due = monotonic() + _TRACK_RECORD_SECONDS
        for workspace, _ in self._loaded():
            workspace.renew_track_records()

    # Its life

    def start(self) -> None:
        """Begin to load and to follow."""
        for thread in (*self._threads, self._watcher):
            thread.start()
        self.shadowing.start()

    def stop(self) -> None:
        """End the threads and give the connections back."""
        self._stopping.set()
        self._wake.set()
        self._snapshot_is_due.set()
        for thread in self._threads:
            thread.join()
        self.shadowing.stop()
        # New models that are still being prepared are of no use any more.
        self._watcher.join(_LEAVE_SECONDS)
        self._loader.shutdown(cancel_futures=True)
        self.solver.stop()
        self.plans.stop()
        self.database.close()

    def _made(self, organisation: str, models: Models) -> Workspace:
        path = snapshot_path(self._settings, organisation)
        return Workspace(Store(self.database, organisation), models, path, self._metrics.observe)

    def _await(self, organisation: str, load: Future[None]) -> None:
        try:
            load.result(timeout=_FIRST_USE_SECONDS)
        except StillLoading:
            return
        except SoukError:
            with self._lock:
                if self._loads.get(organisation) is load:
                    self._workspaces.pop(organisation)
                    self._loads.pop(organisation)
            raise

    def _loaded(self) -> list[tuple[Workspace, Matcher]]:
        with self._lock:
            pairs = [(self._workspaces[name], load) for name, load in self._loads.items()]
        return [(workspace, workspace.matcher) for workspace, load in pairs if load.done() and not load.exception()]

    def _open(self) -> bool:
        """Load the models and the catalogues that hold anything; whether it could be done."""
        try:
            self.database.migrate()
            if self._models is None:
                self._signature = model_signature(self._settings)
                self._models = self._load_models()
            self._note_models(self._models)
            self._show_models(self._models)
            for organisation in {DEFAULT_ORGANISATION, *self.database.organisations()}:
                store = Store(self.database, organisation)
                if organisation == DEFAULT_ORGANISATION or store.changes_after(0, Kind.SUPPLIERS, limit=1):
                    _try(self.workspace(organisation))
        except SoukError as error:
            if self.failure != str(error):
                _log.warning("%s", error)
            self.failure = str(error)
            return False
        self.failure = None
        return True

    def _note_models(self, models: Models) -> None:
        training = training_of(models)
        for kind, version in _versions(models):
            note_model_version(self.database, kind, version, training.get(kind))
        if models.trial is not None:
            note_model_version(self.database, "ranker", models.trial.ranker.version, models.trial.trained_on)

    def _show_models(self, models: Models, old: Models | None = None) -> None:
        for kind, version in _versions(old) if old else ():
            self._metrics.models.labels(kind, version).set(0)
        for kind, version in _versions(models):
            self._metrics.models.labels(kind, version).set(1)

    def _follow(self) -> None:
        while not self._open():
            if self._stopping.wait(_RETRY_SECONDS):
                return
        taken = 0.0
        while not self._stopping.is_set():
            self._wake.wait(self._settings.follow_seconds)
            self._wake.clear()
            # A change of a large catalogue costs much the same for one supplier as for many: under a stream of writes,
            # following takes a sixth of the time at most, and a write still waits well under a second.
            self._stopping.wait(min(max(_GATHER_SECONDS, _GATHER_SHARE * taken), _LONGEST_GATHER_SECONDS))
            start = monotonic()
            self._catch_up()
            taken = monotonic() - start
            self._renew_what_is_due()
            self.measure()

    def _catch_up(self) -> None:
        for workspace, _ in self._loaded():
            try:
                workspace.catch_up()
                self.failure = None
                if workspace.snapshot_holds_removed:
                    self._snapshot_is_due.set()
            except SoukError as error:
                if self.failure is None:
                    _log.warning("changes cannot be followed: %s", error)
                self.failure = str(error)

    def _renew_what_is_due(self) -> None:
        if monotonic() >= self._track_records_are_due:
            try:
                self.renew_track_records()
            except SoukError as error:
                _log.warning("track records stay as they are: %s", error)

    def _keep_snapshots(self) -> None:
        """Write snapshots now and then, and at once when a supplier has to go out of one."""
        while not self._stopping.is_set():
            self._snapshot_is_due.wait(self._settings.snapshot_seconds)
            self._snapshot_is_due.clear()
            self._save_snapshots()
        self._save_snapshots()

    def _save_snapshots(self) -> None:
        for workspace, _ in self._loaded():
            try:
                workspace.save_snapshot()
            except OSError as error:
                _log.warning("the snapshot cannot be written: %s", error)

    # New models

    def _watch_models(self) -> None:
        seen = self._signature
        while not self._stopping.wait(self._settings.follow_seconds):
            found = model_signature(self._settings)
            # A change counts once it has stood still for one look: files are not copied in one moment.
            if found == seen != self._signature and self._models is not None and self._renewed(self._models):
                self._signature = found
            seen = found

    def _renewed(self, old: Models) -> bool:
        """Put the models that the settings name now in service, or say why the old ones stay; False to try again."""
        try:
            models = self._load_models()
            if models.headings is None and old.headings is not None:
                raise ModelDamaged(f"{self._settings.headings_path}: no model of headings that fits the encoder")
            self._note_models(models)
            if old.share_catalogues_with(models):
                self._rerank(models)
            else:
                self._swap(models)
        except StoreUnavailable:
            return False
        except Exception as fault:  # whatever a model from elsewhere fails by, the old one goes on
            self.notice = f"new models are refused, the old ones stay: {str(fault) or type(fault).__name__}"
            _log.warning("%s", self.notice)
            self._metrics.models_refused.set(1)
            return True
        self._show_models(models, old)
        _log.warning("models in service now: %s", ", ".join(map(" ".join, _versions(models))))
        self._metrics.models_refused.set(0)
        self.notice = None
        return True

    def _rerank(self, models: Models) -> None:
        """Put other rankers over the catalogues that are there, once none of them is being loaded, all at once."""
        while not self._stopping.is_set():
            with self._lock:
                workspaces, loads = self._workspaces.copy(), tuple(self._loads.values())
            if wait(loads, timeout=_LEAVE_SECONDS).not_done:
                continue
            for _, matcher in self._loaded():
                _answer(matcher.ranked_by(models.ranker))
                if models.trial is not None:
                    _answer(models.trial.beside(matcher.ranked_by(models.ranker)))
            with self._lock:
                if self._workspaces.keys() == workspaces.keys():
                    for workspace in workspaces.values():
                        workspace.rank_by(models)
                    self._models = self.models.with_rankers_of(models)
                    return

    def _swap(self, models: Models) -> None:
        """Make every catalogue anew beside the one in service, then put all of them in its place at once."""
        made: dict[str, Workspace] = {}
        afresh = models.encoder.fingerprint != self.models.encoder.fingerprint
        while True:
            for workspace in made.values():
                workspace.catch_up()
            with self._lock:
                missing = self._workspaces.keys() - made.keys()
                if not missing:
                    # Under the lock, so that what was deleted before it was asked for stays away.
                    for workspace in made.values():
                        workspace.catch_up()
                    self._models, self._workspaces = models, made
                    self._loads = dict.fromkeys(made, _done())
                    return
            for organisation in missing:
                made[organisation] = self._made(organisation, models)
                made[organisation].load(afresh=afresh)
                _try(made[organisation])


def _load(workspace: Workspace) -> None:
    workspace.load()


def _done() -> Future[None]:
    done: Future[None] = Future()
    done.set_result(None)
    return done


def _try(workspace: Workspace) -> None:
    """Answer a request, so that a model that cannot is found out before it is in service."""
    _answer(workspace.matcher)


def _answer(matcher: Matcher) -> None:
    matcher.match(BuyerRequest(text="test"), top=1)


def _versions(models: Models) -> tuple[tuple[str, str], ...]:
    return ("encoder", models.encoder.fingerprint), ("ranker", models.ranker.version)
