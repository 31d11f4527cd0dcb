"""A small fair and a planner that takes pairs as they come, for tests of what stands around the real one."""

from __future__ import annotations

import numpy as np

from data.fair_desk import FairDesk
from data.fair_planner import Planner
from data.fairs import Fair, Participant, Role, Wish
from data.store import Store
from data.workspace import Models
from matching.meetings.problem import NONE, MeetingPlan, MeetingProblem
from tests.conftest import HashingEncoder, simple_headings, simple_ranker

FAIR = Fair.model_validate(
    {
        "id": "F1", "name": "Salon du terroir", "venue": "Agadir, hall 2", "time_zone": "Africa/Casablanca",
        "tables": 2,
        "sessions": [
            {"day": "2026-10-07", "starts": "09:00", "ends": "10:10"},
            {"day": "2026-10-07", "starts": "14:00", "ends": "15:10"},
        ],
        "packages": [{"name": "gold", "minimum": 2, "maximum": 4}],
        "interpreters": [{"id": "I1", "languages": ["de", "tr"]}],
    }
)  # fmt: skip
"""Six slots of 20 minutes: three in the morning, three in the afternoon; two tables."""


def participants() -> tuple[Participant, ...]:
    """Two buyers and three exhibitors; Atlas Rugs speaks Turkish alone and has a booth."""
    rows = [
        {"id": "B1", "name": "Lindtal", "role": "buyer", "languages": ["de", "fr"], "language": "de",
         "text": "argan oil", "firm": "Lindtal"},
        {"id": "B2", "name": "Nordic Home", "role": "buyer", "languages": ["en", "tr"], "text": "wool rugs and kilims"},
        {"id": "S1", "name": "Tamount", "role": "exhibitor", "languages": ["fr", "ar"], "language": "ar",
         "text": "organic argan oil pressed cold", "package": "gold"},
        {"id": "S2", "name": "Arganor", "role": "exhibitor", "languages": ["en", "fr"],
         "text": "argan oil for kitchens"},
        {"id": "S3", "name": "Atlas Rugs", "role": "exhibitor", "languages": ["tr"], "booth": "C7",
         "text": "hand knotted wool rugs"},
    ]  # fmt: skip
    return tuple(map(Participant.model_validate, rows))


def first_come(problem: MeetingProblem, seed: int) -> MeetingPlan:
    """Fixed pairs, then required ones, then the best: each in the first slot where it can be."""
    del seed
    n, s = problem.available.shape
    busy = np.zeros((int(problem.person.max(initial=0)) + 1, s), bool)
    degree, room = np.zeros(n, int), problem.tables.copy()
    interpreters = problem.interpreters.copy()
    slot = np.full(len(problem.first), NONE, np.int64)
    table = np.full(len(problem.first), NONE, np.int64)
    taken: set[tuple[int, int]] = set()
    order = sorted(
        range(len(slot)), key=lambda m: (problem.fixed[m] == NONE, not problem.required[m], -problem.score[m])
    )
    for m in order:
        one, other = problem.first[m], problem.second[m]
        at_table = not (problem.booth[one] or problem.booth[other])
        if max(degree[one] - problem.maximum[one], degree[other] - problem.maximum[other]) >= 0:
            continue
        for start in range(s) if problem.fixed[m] == NONE else [problem.fixed[m]]:
            window = slice(start, start + problem.length[m])
            if start + problem.length[m] > s or problem.half_day[start] != problem.half_day[window.stop - 1]:
                continue
            free = problem.available[[one, other], window] & ~busy[problem.person[[one, other]], window]
            pool = problem.interpreter[m]
            if not free.all() or (at_table and not (room[window] > 0).all()):
                continue
            if pool != NONE and not (interpreters[pool, window] > 0).all():
                continue
            slot[m] = start
            busy[problem.person[[one, other]], window] = True
            degree[[one, other]] += 1
            if pool != NONE:
                interpreters[pool, window] -= 1
            if at_table:
                room[window] -= 1
                steps = range(window.start, window.stop)
                table[m] = next(t for t in range(10_000) if all((t, step) not in taken for step in steps))
                taken |= {(int(table[m]), step) for step in steps}
            break
    return MeetingPlan(slot, table, float(problem.score.sum()))


class FirstCome(Planner):
    """The same in the place of the real one."""

    def plan(self, problem: MeetingProblem, seed: int) -> MeetingPlan:
        return first_come(problem, seed)

    def stop(self) -> None:
        """Nothing runs."""


def models() -> Models:
    """Small real ones."""
    return Models(HashingEncoder(), simple_ranker(), simple_headings())


def desk_of(store: Store, *wishes: Wish) -> FairDesk:
    """The fair in a store, with its participants and wishes, and a desk to work at."""
    desk = FairDesk(store, models, FirstCome())
    desk.fairs.put(FAIR)
    desk.fairs.put_participants(FAIR.id, participants())
    desk.fairs.put_wishes(FAIR.id, wishes)
    return desk


__all__ = ["FAIR", "FirstCome", "Role", "desk_of", "first_come", "models", "participants"]
