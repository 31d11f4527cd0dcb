from pathlib import Path

from data import shipped
from data.workspace import Models
from tests.conftest import HashingEncoder, simple_ranker
from training.exclusions_evaluation import evaluate_exclusions, exclusions_table, read_cases

CASES = shipped.NEEDS / "exclusions.jsonl"


def test_what_is_ruled_out_stays_behind_whoever_does_without(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(CASES.read_text(encoding="utf-8").splitlines()[7], encoding="utf-8")
    (outcome,) = evaluate_exclusions(read_cases(path), Models(HashingEncoder(), simple_ranker()))
    assert (outcome.found, outcome.held) == (True, True)
    assert exclusions_table([outcome])[-1] == {
        "language": "all",
        "requests": 1,
        "found": 1.0,
        "held": 1.0,
        "failed": "",
    }


def test_the_shipped_cases_are_a_hundred_and_more_in_ten_languages() -> None:
    cases = read_cases(CASES)
    assert len(cases) >= 100
    assert len({case.language for case in cases}) == 10
