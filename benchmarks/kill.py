"""Kills the server at 20 random moments while 5,000 suppliers and 20,000 events are written, on both databases.

.venv/bin/python benchmarks/kill.py [--suppliers 5000] [--events 20000] [--kills 20] [--seed 1]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.kills import kill_and_look
from tests.postgresql import PostgresqlServer
from tests.served import Served


def main() -> None:
    """Print what was lost, doubled or not matchable: nothing, or the exit code is 1."""
    parser = argparse.ArgumentParser()
    for name, default in (("suppliers", 5_000), ("events", 20_000), ("kills", 20), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "server").mkdir()
        server = PostgresqlServer(Path(folder) / "server")
        for name, url in (("SQLite", f"sqlite:///{folder}/souk.db"), ("PostgreSQL", server.url())):
            start = time.monotonic()
            (Path(folder) / name).mkdir()
            served = Served(url, Path(folder) / name, SOUK_REQUESTS_PER_MINUTE="1000000")
            served.wait_until_ready()
            verdict = kill_and_look(served, url, **vars(options))
            served.close()
            found = (verdict.lost_suppliers, verdict.lost_events, verdict.doubled, verdict.unmatched)
            failed |= any(found)
            lost, lost_events, doubled, unmatched = map(len, found)
            print(f"{name}: {verdict.kills} kills in {time.monotonic() - start:.0f} s; suppliers lost {lost},", end=" ")
            print(f"events lost {lost_events}, doubled {doubled}, not matchable {unmatched}", flush=True)
        server.stop()
    raise SystemExit(int(failed))


if __name__ == "__main__":
    main()
