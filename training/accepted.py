"""Accepted pairs from a store: the requests of its log, the suppliers that are there, and the grades of judgments."""

from __future__ import annotations

import numpy as np

from data.database import Database
from data.events import EventLog
from data.feedback_log import read_log
from data.schema import Kind
from data.store import Store
from matching.profiles import Supplier
from training.bots import find_bots, without_bots
from training.fine_tuning import Accepted
from training.judgment_rules import JudgmentRules
from training.judgments import gains_of
from training.ranker import HIGHEST_GRADE


def accepted_in_store(database: Database, organisation: str, rules: JudgmentRules) -> Accepted:
    """What the users of one organisation accepted, without bots; of each request its best grade of each supplier.

    Needs no correction of positions: what was accepted was seen.
    """
    log = read_log(database, organisation)
    log = without_bots(log, find_bots(log, rules.bots))
    gains, _ = gains_of(log, rules)
    liked = np.flatnonzero(gains > 0)
    matches, numbers = EventLog(database, organisation), log.request_of_impressions
    grades: dict[str, dict[str, int]] = {}
    requests = []
    for number in np.unique(numbers[liked]).tolist():
        places = liked[numbers[liked] == number]
        request = matches.match(log.match_ids[log.impressions.matches[places[0]]]).request
        name = log.requests[number]
        requests.append(request.model_copy(update={"id": name}))
        found = grades.setdefault(name, {})
        for place in places.tolist():
            supplier = log.suppliers[log.impressions.suppliers[place]]
            found[supplier] = max(found.get(supplier, 0), round(HIGHEST_GRADE * float(gains[place])))
    stored = Store(database, organisation).each(Kind.SUPPLIERS)
    return Accepted(requests, [Supplier.model_validate(one.document) for one in stored], grades)
