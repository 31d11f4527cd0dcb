from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from data.fair_benchmark_cli import commands

CHAIN = "nBusiness=3;nMeetings=2;nTables=1;nTotalSlots={slots};requested=[|1,2,3,|1,3,3,|];"


def test_breaks_and_time_of_each_file_are_printed(tmp_path: Path) -> None:
    files = [tmp_path / "one.dzn", tmp_path / "two.dzn"]
    files[0].write_text(CHAIN.format(slots=3), encoding="utf-8")
    files[1].write_text(CHAIN.format(slots=3) + "forbidden=[{2},{},{}];", encoding="utf-8")
    result = CliRunner().invoke(commands, [str(file) for file in files], catch_exceptions=False)
    assert result.exit_code == 0
    assert [line.partition(" s")[0].rsplit(" ", 1)[0] for line in result.output.splitlines()] == [
        "one.dzn: 0 breaks, 0 at most,",
        "two.dzn: 1 breaks, 1 at most,",
    ]


def test_meeting_without_a_slot_is_told_and_ends_with_code_3(tmp_path: Path) -> None:
    file = tmp_path / "full.dzn"
    file.write_text(CHAIN.format(slots=1), encoding="utf-8")
    result = CliRunner().invoke(commands, [str(file)], catch_exceptions=False)
    assert result.exit_code == 3
    assert "1 meetings without a slot" in result.output
