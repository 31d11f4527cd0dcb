"""Generated cases against the OpenAPI document of a running server, by schemathesis with all its checks.

.venv/bin/python benchmarks/conformance.py [--examples 100] [--seed 1]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.conformance import conform


def main() -> None:
    """Run it, print what each operation answered, and end as it ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=100, help="generated cases per operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = conform(f"sqlite:///{folder}/souk.db", Path(folder), examples=options.examples, seed=options.seed)
    print(done.report)
    print("| operation | calls | completed | 2xx | other statuses |\n| --- | --- | --- | --- | --- |")
    for operation, answers in done.answers.items():
        others = ", ".join(f"{status}: {times}" for status, times in sorted(answers.items()) if status >= 300)
        completed, successes = done.completed[operation], done.successes(operation)
        print(f"| {operation} | {answers.total()} | {completed} | {successes} | {others} |")
    raise SystemExit(not done.passed)


if __name__ == "__main__":
    main()
