from __future__ import annotations

from pathlib import Path

import pytest

from data.meeting_instances import read_agreed_meetings
from matching.errors import UnreadableFile
from matching.meetings.problem import NONE

INSTANCE = """
% four firms, three meetings
nBusiness = 4;
nMeetings = 3; nTables = 2;
nTotalSlots = 5;
nMorningSlots = 3;
requested = [|1, 2,1, % in the morning
|1, 3,2,
|4, 3,3,
|];
meetingsxBusiness = [{1,2,3},{1,2},{1,3,4},{1,4}];
nMeetingsBusiness = [2,1,2,1];
forbidden = [{0},
{0,2},
{},
{4..5}];
fixed = [0,5,0];
precedences = [{},{1},{}];
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "forum.dzn"
    file.write_text(text, encoding="utf-8")
    return file


def test_meetings_hours_halves_locks_and_order_are_read(tmp_path: Path) -> None:
    agreed = read_agreed_meetings(written(tmp_path, INSTANCE))
    problem = agreed.problem
    assert list(zip(problem.first.tolist(), problem.second.tolist(), strict=True)) == [(0, 1), (0, 2), (3, 2)]
    assert (~problem.available).nonzero()[0].tolist() == [1, 3, 3]
    assert (~problem.available).nonzero()[1].tolist() == [1, 3, 4]
    assert problem.tables.tolist() == [2] * 5
    assert problem.fixed.tolist() == [NONE, 4, NONE]
    assert problem.before.tolist() == [[0, 1]]
    assert agreed.open_to.tolist() == [[True] * 3 + [False] * 2, [False] * 3 + [True] * 2, [True] * 5]


def test_arrays_written_with_their_index_sets_and_files_without_extras_are_read(tmp_path: Path) -> None:
    text = (
        "nMeetings=2;nBusiness=3;nTables=1;nTotalSlots=2;requested=array2d(1..2,1..3,[1,2,3,2,3,3]);"
        "forbidden=array1d(1..3,[{},{1},{}]);"
    )
    agreed = read_agreed_meetings(written(tmp_path, text))
    assert agreed.problem.second.tolist() == [1, 2]
    assert agreed.open_to.all()
    assert agreed.problem.available.tolist() == [[True, True], [False, True], [True, True]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("nTables = 2;", "", "nTables is None, expected a number"),
        ("|4, 3,3,", "|4, 9,3,", r"requested names a participant that is not there.*expected two of 1\.\.4"),
        ("|4, 3,3,", "", "requested has 6 numbers, expected 3 for each of 3 meetings"),
        ("{0,2},", "", "forbidden has 3 sets, expected 4"),
        ("fixed = [0,5,0]", "fixed = [0,6,0]", r"fixed has 0\.\.6, expected 0\.\.5"),
    ],
)
def test_fault_is_told_with_the_file_the_field_and_what_was_expected(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read_agreed_meetings(written(tmp_path, INSTANCE.replace(old, new)))


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"nothing\.dzn"):
        read_agreed_meetings(tmp_path / "nothing.dzn")
