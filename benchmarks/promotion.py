"""Promotes a ranker and an encoder and rolls both back while two replicas are asked: how soon, and was any refused.

.venv/bin/python benchmarks/promotion.py [--suppliers 5000] [--threads 4]
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
from safetensors.numpy import load_file, save_file

from benchmarks.synthetic import synthetic_suppliers
from data import shipped
from data.collection import Collection
from data.model_versions import ModelVersion
from data.registry import Registry
from data.store import Store
from matching.encoder import MANIFEST, WEIGHTS, file_checksum, load_static_encoder
from matching.ranker import GlassBoxRanker
from tests.served import Served
from training.candidates import add_folder

_LONGEST_SECONDS = 300.0


def main() -> None:
    """Print a line per change of the pointer; the exit code is 1 where a request failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--suppliers", type=int, default=5_000)
    parser.add_argument("--threads", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url, registry = f"sqlite:///{folder}/souk.db", Registry(folder / "models")
        Store(url).put_suppliers(synthetic_suppliers(options.suppliers))
        replicas = []
        for number in range(2):
            (folder / str(number)).mkdir()
            replicas.append(Served(url, folder / str(number), SOUK_MODELS_PATH=str(registry.folder)))
        for replica in replicas:
            replica.wait_until_ready()
        load = _Load([replica.address for replica in replicas], options.threads)
        ranker, encoder = _ranker(registry, folder), _encoder(registry, folder)
        changes: dict[str, Callable[[], object]] = {
            "promote a ranker": lambda: registry.promote(ranker, who="benchmark"),
            "promote an encoder": lambda: registry.promote(encoder, who="benchmark"),
            "roll the encoder back": lambda: registry.rollback(who="benchmark"),
            "roll the ranker back": lambda: registry.rollback(who="benchmark"),
        }
        for change, act in changes.items():
            print(f"{change}: {load.until_changed(act)}", flush=True)
        failed = load.end()
        for replica in replicas:
            replica.close()
    raise SystemExit(int(failed > 0))


class _Load:
    """Threads that ask the replicas in turns without a pause, and what was answered."""

    def __init__(self, addresses: list[str], threads: int) -> None:
        self._addresses = addresses
        self._ending = threading.Event()
        self._statuses: Counter[int] = Counter()
        self._texts = [request.text for request in Collection.read(shipped.SAMPLE).requests]
        self._threads = [threading.Thread(target=self._ask, args=[number]) for number in range(threads)]
        for thread in self._threads:
            thread.start()

    def until_changed(self, act: Callable[[], object]) -> str:
        """Seconds until every replica answers with other models, and the answers meanwhile."""
        before, counted, start = self._versions(), self._statuses.copy(), time.monotonic()
        act()
        waiting = dict(before)
        took: list[float] = []
        while waiting:
            for address, version in self._versions().items():
                if address in waiting and version != waiting[address]:
                    waiting.pop(address)
                    took.append(time.monotonic() - start)
            time.sleep(0.05)
            if time.monotonic() - start > _LONGEST_SECONDS:
                self.end()
                raise TimeoutError(f"not in service everywhere after {_LONGEST_SECONDS} s")
        found = self._statuses - counted
        failed = sum(times for status, times in found.items() if status != 200)
        return f"in service after {took[0]:.1f} and {took[1]:.1f} s; {found.total()} requests, {failed} failed"

    def end(self) -> int:
        """Stop asking; how many requests were not answered with 200."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        return sum(times for status, times in self._statuses.items() if status != 200)

    def _ask(self, number: int) -> None:
        with httpx.Client(base_url=self._addresses[number % len(self._addresses)], timeout=60) as client:
            while not self._ending.is_set():
                number += 1
                text = self._texts[number % len(self._texts)]
                self._statuses[client.post("/v1/match", json={"text": text}).status_code] += 1

    def _versions(self) -> dict[str, tuple[str, str]]:
        found = {}
        for address in self._addresses:
            versions = httpx.post(f"{address}/v1/match", json={"text": "rugs", "top": 1}, timeout=60).json()["versions"]
            found[address] = versions["encoder"], versions["ranker"]
        return found


def _ranker(registry: Registry, folder: Path) -> ModelVersion:
    ranker = GlassBoxRanker.load(shipped.RANKER)
    made = folder / "ranker"
    GlassBoxRanker("other", ranker.base + 0.1, ranker.curves, {}, ranker.calibration).save(made / "ranker.json")
    return add_folder(registry, made, version=None, headings=None, parent=ranker.version)


def _encoder(registry: Registry, folder: Path) -> ModelVersion:
    """The shipped encoder with every vector a little longer, and its headings."""
    made, headings = folder / "encoder", folder / "headings"
    shutil.copytree(shipped.ENCODER, made)
    shutil.copytree(shipped.HEADINGS, headings)
    tensors = load_file(made / WEIGHTS)
    save_file(tensors | {"weights": tensors["weights"] * 1.01}, made / WEIGHTS)
    manifest = json.loads((made / MANIFEST).read_bytes())
    manifest["sha256"][WEIGHTS] = file_checksum(made / WEIGHTS)
    (made / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    told = json.loads((headings / MANIFEST).read_bytes()) | {"encoder": load_static_encoder(made).fingerprint}
    (headings / MANIFEST).write_text(json.dumps(told), encoding="utf-8")
    return add_folder(registry, made, version="longer", headings=headings, parent=None)


if __name__ == "__main__":
    main()
