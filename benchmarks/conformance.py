"""Generated cases against the OpenAPI document of a running server, by schemathesis with all its checks.

.venv/bin/python benchmarks/conformance.py [--examples 100] [--seed 1]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.conformance import conform


def main() -> None:
    """Run it and end as it ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=100, help="generated cases per operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = conform(f"sqlite:///{folder}/souk.db", Path(folder), examples=options.examples, seed=options.seed)
    print(done.stdout)
    raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
