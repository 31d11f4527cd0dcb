from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from data import shipped
from matching.errors import InvalidInput
from matching.ranker import Curve, GlassBoxRanker, Support
from tests.conftest import simple_ranker
from training.cli import commands
from training.ranker_curves import bar, draw, ranges, tables

CURVE = Curve(
    feature="incoterm_offered",
    edges=(0.5,),
    contributions=(-1.0, 2.0),
    unknown=-0.5,
    support=Support(candidates=(400, 300, 9), requests=(40, 30, 9), low=(-2.0, 1.0, -3.0), high=(0.0, 3.0, 3.0)),
)


def test_bars_run_left_and_right_from_zero() -> None:
    assert bar(-4.0, 6.0) == " " * 2 + "█" * 4 + "│" + " " * 6
    assert bar(6.0, 6.0) == " " * 6 + "│" + "█" * 6


def test_steps_are_named_by_their_edges() -> None:
    assert ranges((0.0, 0.25)) == ["up to 0", "0 to 0.25", "above 0.25"]
    assert ranges(()) == ["any"]


def test_a_curve_shows_steps_unknown_not_asked_and_where_there_are_few_data() -> None:
    shown = io.StringIO()
    Console(file=shown, width=80).print(next(tables([CURVE], None)))
    lines = [" ".join(line.split()) for line in shown.getvalue().splitlines()]
    assert any(line.startswith("up to 0.5 -1.000") and line.endswith("-2.00 to +0.00 400/40") for line in lines)
    assert any(line.startswith("unknown -0.500") and line.endswith("9/9 few data") for line in lines)
    assert any(line.startswith("not asked +0.000") for line in lines)
    assert sum("few data" in line for line in lines) == 1


@pytest.mark.parametrize("ranker", [simple_ranker(), GlassBoxRanker.load(shipped.RANKER)], ids=["bare", "shipped"])
def test_all_curves_are_drawn_into_one_picture(ranker: GlassBoxRanker, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    draw(ranker.curves, ranker.calibration, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"expected a name that ends in \.png"):
        draw([CURVE], None, tmp_path / "curves.txt")


def test_the_command_shows_the_ranker_in_use() -> None:
    shown = CliRunner().invoke(commands, ["model", "show", "--feature", "hs_agreement"]).output
    assert "hs_agreement: HS digits in common" in shown
    assert "profile_similarity" not in shown
    assert "probability of grade 2 or above" in shown


def test_a_feature_that_is_not_there_is_refused_with_those_that_are() -> None:
    refused = CliRunner().invoke(commands, ["model", "show", "--feature", "moon_phase"]).exception
    assert isinstance(refused, InvalidInput)
    assert "--feature is 'moon_phase', expected one of profile_similarity" in str(refused)
