"""Seconds of each step of an organiser's work on a fair, through the `souk` command, from spreadsheets to agendas.

.venv/bin/python -m benchmarks.fair_desk [--sizes small medium large] [--seed 1] [--agendas] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.synthetic_fairs import LARGE, MEDIUM, SECTORS, SMALL, FairSize

SIZES = {"small": SMALL, "medium": MEDIUM, "large": LARGE}
CHUNK = 24
GOODS = (
    "argan oil cosmetics soap", "wool rugs carpets weaving", "marble granite tiles stone", "solar panels batteries",
    "lamps lanterns lighting", "olives capers preserves", "leather bags shoes", "dates almonds spices",
)  # fmt: skip
GRADES = ("organic", "wholesale", "hand made", "certified", "export", "premium", "recycled", "seasonal")
LANGUAGES = ("fr", "en", "ar", "es", "de")
DAY, NEXT = "2027-03-09", "2027-03-10"
SOUK = "from service.cli import main; main()"


def fair_file(size: FairSize, folder: Path) -> None:
    """A fair of two half-days with as many slots and tables as the size says, three meetings promised to exhibitors."""
    half = size.slots // 2
    minutes = 25 * half - 5
    ends = f"{8 + minutes // 60:02}:{minutes % 60:02}"
    sessions = [{"day": day, "starts": "08:00", "ends": ends} for day in (DAY, NEXT)]
    packages = [{"name": "stand", "minimum": 3}, {"name": "visit", "minimum": 0, "maximum": int(0.75 * size.slots)}]
    fair = {"id": "large", "name": "Fair", "time_zone": "Africa/Casablanca", "tables": size.tables,
            "sessions": sessions, "packages": packages}  # fmt: skip
    (folder / "fair.json").write_text(json.dumps(fair))


def written(path: Path, rows: list[list[str]]) -> None:
    """A spreadsheet."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def sheets(size: FairSize, folder: Path, seed: int) -> None:
    """Participants of eight sectors, wishes of a third of the buyers, hours of a fifth of all."""
    rng = np.random.default_rng(seed)
    names = [f"B{number:05}" for number in range(size.buyers)] + [f"E{number:05}" for number in range(size.exhibitors)]
    for role, prefix in (("buyer", "B"), ("exhibitor", "E")):
        rows = [["ID", "Company", "Role", "Languages", "Package", "Text"]]
        for name in (name for name in names if name.startswith(prefix)):
            goods = " ".join(GOODS[one] for one in rng.integers(0, SECTORS, 2))
            text = f"{' '.join(rng.choice(GRADES, 2))} {goods} lot {rng.integers(1000)}"
            languages = ",".join({"en", *rng.choice(LANGUAGES, 2)})
            rows.append([name, f"Firm {name}", role, languages, "stand" if prefix == "E" else "visit", text])
        written(folder / f"{role}s.csv", rows)
    wishes = [["Wish of", "Wants to meet", "Wish"]]
    for buyer in rng.permutation(size.buyers)[: size.buyers // 3]:
        about = rng.integers(size.exhibitors)
        wishes.append([names[buyer], names[size.buyers + about], "must" if rng.random() < 0.03 else "like"])
    written(folder / "wishes.csv", wishes)
    hours = [["Participant", "Day", "From", "To", "Present"]]
    hours += [[names[who], DAY, "08:00", "23:00", "present"] for who in rng.permutation(len(names))[: len(names) // 5]]
    written(folder / "hours.csv", hours)


def timed(folder: Path, *arguments: str) -> tuple[float, str]:
    """Seconds of one command from its start to its end, and the last line that it printed."""
    environment = {**os.environ, "SOUK_DATABASE_URL": f"sqlite:///{folder / 'souk.db'}"}
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", SOUK, "fair", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - begun
    if done.returncode not in (0, 3):
        raise SystemExit(f"souk fair {' '.join(arguments)}: {done.stderr[-2000:]}")
    lines = [line for line in done.stdout.splitlines() if not line.startswith(("- ", "┏", "┃"))]
    return seconds, (lines or [""])[0][:90]


def steps(folder: Path, agendas: bool) -> list[list[str]]:
    """The commands of an organiser, in order."""
    found = [
        ["create", "large", "--file", str(folder / "fair.json")],
        ["import", "large", "participants", str(folder / "exhibitors.csv")],
        ["import", "large", "participants", str(folder / "buyers.csv")],
        ["import", "large", "wishes", str(folder / "wishes.csv")],
        ["import", "large", "hours", str(folder / "hours.csv")],
        ["check", "large"],
        ["fairness", "large"],
        ["plan", "large", "--name", "first"],
        ["publish", "large", "1"],
        ["show", "large"],
        ["export", "large", "1", "--out", str(folder / "plan.xlsx")],
        ["export", "large", "1", "--out", str(folder / "plan.json")],
        ["agenda", "large", "E00001", "--out", str(folder / "one.pdf")],
        ["agenda", "large", "E00001", "--out", str(folder / "one.ics")],
        ["cancel", "large", "E00007"],
        ["close-table", "large", "3"],
        ["replan", "large", "1", "--name", "after"],
        ["publish", "large", "2"],
    ]
    return [*found, ["export", "large", "2", "--agendas", str(folder / "agendas")]] if agendas else found


def main() -> None:
    """Print a table of seconds by step for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--agendas", action="store_true", help="write the agendas of everybody too")
    parser.add_argument("--folder", type=Path, help="keeps the files there")
    options = parser.parse_args()
    print("| fair | souk fair … | seconds | what it says |\n" + "| --- " * 4 + "|")
    for name in options.sizes:
        size = SIZES[name]
        with tempfile.TemporaryDirectory(prefix="souk-fair-") as temporary:
            folder = Path(options.folder or temporary)
            fair_file(size, folder)
            sheets(size, folder, options.seed)
            for step in steps(folder, options.agendas):
                seconds, told = timed(folder, *step)
                command = " ".join(Path(part).name for part in step if part != "large")
                print(f"| {size} | {command} | {seconds:.1f} | {told.replace(str(folder) + '/', '')} |", flush=True)


if __name__ == "__main__":
    main()
