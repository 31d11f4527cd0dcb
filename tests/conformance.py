"""schemathesis against a running server: no server error, no answer that the OpenAPI document does not know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from data.database import Database
from data.fairs import Fair, Level, Participant, Wish
from data.keys import Keys, Scope
from data.schema import Kind
from data.store import Store
from data.webhooks import EventType, Webhooks, tell
from matching.profiles import BuyerRequest, Supplier
from service import cursors
from service.client import FeedbackEvent, SoukClient
from service.fair_schemas import InvitationBody
from tests.served import Served

# Nothing is sent there: the name leads to no address.
RECEIVER = "https://portal.example/souk"
STARTS = "2026-10-07T09:00"
FAIR = {
    "id": "known", "name": "Salon", "time_zone": "Africa/Casablanca", "tables": 2,
    "sessions": [{"day": "2026-10-07", "starts": "09:00", "ends": "12:00"}],
}  # fmt: skip
CASES = Path(__file__).with_name("conformance_cases.py")
# As generated, a case that its schema calls valid may name what is unknown, be bound to another state of a record, or
# say what only the service can tell to be wrong. Cases that are completed in these respects must succeed.
_CONFIGURATION = f"""
hooks = "{CASES}"

[checks]
positive_data_acceptance.expected-statuses = ["2xx", "304", "404", "412", "422"]
"""


@dataclass(frozen=True)
class Conformance:
    """What came of a run.

    passed    : whether no check failed
    report    : what schemathesis wrote
    answers   : how often each operation of the OpenAPI document answered with each status, by the server's log
    completed : how many of these calls were of completed cases
    """

    passed: bool
    report: str
    answers: Mapping[str, Counter[int]]
    completed: Counter[str]

    def successes(self, operation: str) -> int:
        """How many calls of an operation were answered with success."""
        return sum(times for status, times in self.answers[operation].items() if 200 <= status < 300)


def conform(database_url: str, folder: Path, *, examples: int, seed: int) -> Conformance:
    """Run all checks with `examples` cases per operation and phase, beside those at the bounds of each field."""
    database = Database.open(database_url)
    token = Keys(database).create("default", "conformance", Scope)
    store = Store(database)
    store.put_suppliers([Supplier(id="known", name="Argan", description="argan oil"), Supplier(id="0", name="Zellij")])
    store.put_requests([BuyerRequest(id="known", text="argan oil")])
    webhook_id = _webhook(database)
    database.close()
    served = Served(database_url, folder, SOUK_REQUESTS_PER_MINUTE="10000000")
    served.wait_until_ready()
    (folder / "schemathesis.toml").write_text(_CONFIGURATION, encoding="utf-8")
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(folder / "schemathesis.toml"), "run",
        f"{served.address}/openapi.json", "--header", f"Authorization: Bearer {token}", "--checks", "all",
        "--max-examples", str(examples), "--seed", str(seed), "--request-timeout", "120",
        "--no-color", "--continue-on-failure",
    ]  # fmt: skip
    environment = {**os.environ, "SOUK_KNOWN": json.dumps(_known(served, token, webhook_id))}
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        operations = _operations(served)
    finally:
        served.close()
    return Conformance(done.returncode == 0, done.stdout, *_counted(folder / "server.log", operations))


def _webhook(database: Database) -> str:
    """The id of a webhook that was told one message."""
    webhook, _ = Webhooks(database, "default", Keys(database)).create(RECEIVER, [EventType.MEETING_CHANGED])
    with database.writing() as connection:
        tell(connection, "default", EventType.MEETING_CHANGED, {"meeting_id": "known"}, database.clock())
    return webhook.id


def _known(served: Served, token: str, webhook_id: str) -> dict[str, str]:
    """What a case must name to be answered with success."""
    with SoukClient(served.address, token) as client:
        ranking = client.match("argan oil", top=1)
        # A match with an event of this client is erased with no other client.
        client.feedback(_event(ranking.match_id))
        draw_id = client.draw("argan oil").match_id
        client.put_supplier(Supplier(id="erased", name="Firm"))
        receipt = client.erase(supplier_id="erased")
        run_id = client.start_training().id
        fair = _fair(client)
    return {
        **fair,
        "address": served.address,
        "authorization": f"Bearer {token}",
        "supplier_id": "known",
        "request_id": "known",
        "match_id": ranking.match_id,
        "draw_id": draw_id,
        "client_id": "known",
        "erasure_id": receipt.id,
        "webhook_id": webhook_id,
        "run_id": run_id,
        "url": RECEIVER,
        "match_cursor": cursors.written(ranking.match_id, 1),
        "suppliers_cursor": cursors.written(Kind.SUPPLIERS, ""),
        "requests_cursor": cursors.written(Kind.REQUESTS, ""),
    }


def _fair(client: SoukClient) -> dict[str, str]:
    """A fair of two that meet at a booth under a published plan, and one who may cancel."""
    people = [("buyer", "buyer", None), ("exhibitor", "exhibitor", "A1"), ("leaving", "buyer", None)]
    client.fairs.put(Fair.model_validate(FAIR))
    for name, role, booth in people:
        text = {"name": name, "role": role, "text": "argan oil", "booth": booth}
        client.fairs.put_participant("known", Participant.model_validate({"id": name, **text}))
    client.fairs.put_wishes("known", [Wish(by="buyer", about="exhibitor", level=Level.MUST)])
    plan = client.fairs.plan("known")
    client.fairs.publish("known", plan.id)
    asked = InvitationBody.model_validate({"from_id": "exhibitor", "to_id": "buyer", "starts_at": STARTS})
    return {
        "fair_id": "known", "participant_id": "buyer", "other_id": "exhibitor", "leaving_id": "leaving",
        "plan_id": plan.id, "meeting_id": client.fairs.agenda("known", "buyer").meetings[0].id, "starts_at": STARTS,
        "invitation_id": client.fairs.invite("known", asked).id,
        "job_id": client.fairs.plan_jobs("known")[0].id, "fair": json.dumps(FAIR),
    }  # fmt: skip


def _event(match_id: str) -> FeedbackEvent:
    event = {
        "event_id": "known", "action_name": "click", "query_id": match_id, "timestamp": "2026-03-01T10:00:00Z",
        "client_id": "known", "event_attributes": {"object": {"object_id": "known"}},
    }  # fmt: skip
    return FeedbackEvent.model_validate(event)


def _operations(served: Served) -> list[str]:
    paths = httpx.get(f"{served.address}/openapi.json").json()["paths"]
    return [f"{method.upper()} {path}" for path, operations in paths.items() for method in operations]


def _counted(log: Path, operations: list[str]) -> tuple[dict[str, Counter[int]], Counter[str]]:
    answers: dict[str, Counter[int]] = {operation: Counter() for operation in operations}
    completed: Counter[str] = Counter()
    for line in log.read_text(encoding="utf-8").splitlines():
        call = json.loads(line) if line.startswith("{") else {}
        operation = f"{call.get('method')} {call.get('route')}"
        if operation in answers:
            answers[operation][call["status"]] += 1
            completed[operation] += call["request_id"] == "completed"
    return answers, completed
