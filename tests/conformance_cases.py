"""What schemathesis loads beside its own: half of the valid cases are completed by what a schema cannot say.

A schema cannot say that "Atlantis" is no country, that an id must be known, or that a rating needs a number of stars. A
completed case says all of it right, and then must succeed. The other half, and all invalid cases, go as generated.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import requests
import schemathesis

KNOWN: Mapping[str, str] = json.loads(os.environ["SOUK_KNOWN"])
COMPLETED = "completed"
_COUNTRIES = ("MA", "Maroc", "المغرب", "deu")
_LANGUAGES = ("fr", "العربية", "German")
_VALUES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("country", "countries", "markets", "delivery_country", "supplier_countries"), _COUNTRIES),
    **dict.fromkeys(("languages", "profile_language"), _LANGUAGES),
    "language": ("ar", "de", "fr"),
    "currency": ("MAD", "€", "usd"),
    "hs": ("151590", "5701.10", "5701.10.90"),
    "size": ("micro", "large"),
    "timestamp": ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00+02:00"),
    "cursor": (KNOWN["match_cursor"],),
    "request_id": (KNOWN["request_id"],),
    "query_id": (KNOWN["match_id"],),
    "object_id": (KNOWN["supplier_id"],),
    "url": (KNOWN["url"],),
    **dict.fromkeys(("by", "to_id", "participant_id"), (KNOWN["participant_id"],)),
    **dict.fromkeys(("other_id", "about", "after", "from_id"), (KNOWN["other_id"],)),
    "starts_at": (KNOWN["starts_at"],),
    "version": ("1",),
}
_PRINTED = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]")
_SUBJECTS = ("supplier_id", "request_id", "client_id", "participant_id")
_READABLE = {"text": re.compile(r"[^\W\d_]")}

schemathesis.serializer.alias("application/x-ndjson", "text/plain")


_choices: dict[str, dict[int, bool]] = defaultdict(dict)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:  # noqa: ARG001
    """Complete every other valid case; keep from any other what the completed ones need."""
    if case.meta is None or not case.meta.generation.mode.is_positive or not _chosen(case):
        if case.method == "DELETE":
            case.path_parameters = _spared(case.path_parameters)
        if f"{case.method} {case.path}" == "POST /v1/erasures":
            case.body = _spared(case.body)
        return
    _complete(case)
    case.headers["x-request-id"] = COMPLETED


@schemathesis.check
def completed_case_succeeds(context: Any, response: Any, case: Any) -> None:  # noqa: ARG001
    """Whatever is right must be answered with success."""
    if case.headers.get("x-request-id") == COMPLETED:
        assert 200 <= response.status_code < 300, f"{response.status_code} for a case that is right: {response.text}"


def _chosen(case: Any) -> bool:
    """Every other case of an operation, beginning with the first; a case that comes again stays what it was."""
    choices = _choices[f"{case.method} {case.path}"]
    return choices.setdefault(_number(_content(case)), len(choices) % 2 == 0)


def _complete(case: Any) -> None:
    case.path_parameters = {name: KNOWN.get(name, value) for name, value in case.path_parameters.items()}
    case.query = {name: _said(name, value) for name, value in case.query.items()}
    if "cursor" in case.query:
        case.query["cursor"] = KNOWN[f"{case.path.rsplit('/', 1)[1]}_cursor"]
    for bound in ("if-match", "if-none-match"):
        case.headers.pop(bound, None)
    if "idempotency-key" in case.headers:
        case.headers["idempotency-key"] = str(_number((case.path, _content(case))))
    if case.method == "DELETE":
        case.path_parameters = {name: _made(name) for name in case.path_parameters}
    operation = f"{case.method} {case.path}"
    if operation.endswith("/plan-jobs/{job_id}"):
        case.path_parameters = {"fair_id": KNOWN["fair_id"], "job_id": KNOWN["job_id"]}
    if operation.endswith("/cancellation"):
        case.path_parameters = {**case.path_parameters, "participant_id": KNOWN["leaving_id"]}
    if operation.endswith("/edits"):
        # Another case may have published another plan, which ends the known one.
        plan = _call("POST", f"/v1/fairs/{KNOWN['fair_id']}/plans", {})
        case.path_parameters = {**case.path_parameters, "plan_id": plan["id"]}
    if operation == "GET /v1/erasures":
        named = _one_of(_SUBJECTS, case.query)
        case.query = {named: case.query.get(named) or "erased"}
    whole = _BODIES.get(operation)
    if whole:
        case.body = whole(_said("", case.body))


def _spared(named: Any) -> Any:
    """What names something to be removed, without what other cases need."""
    if not isinstance(named, dict):
        return named
    return {name: "gone" if str(value).strip() in KNOWN.values() else value for name, value in named.items()}


def _made(name: str) -> str:
    """The id of something to remove, that no other case needs."""
    made = "to-be-removed"
    if name == "webhook_id":
        body = _with_room({"url": KNOWN["url"], "event_types": ["meeting.changed"]})
        return str(_call("POST", "/v1/webhooks", body)["id"])
    if name == "client_id":
        match = _call("POST", "/v1/match", {"text": "argan oil", "top": 1})
        about = {"object": {"object_id": KNOWN["supplier_id"]}}
        event = {"event_id": made, "client_id": made, "query_id": match["match_id"], "event_attributes": about}
        _call("POST", "/v1/feedback", {**event, "action_name": "click", "timestamp": "2026-03-01T10:00:00Z"})
    elif name == "fair_id":
        _call("PUT", f"/v1/fairs/{made}", {**json.loads(KNOWN["fair"]), "id": made})
    elif name == "participant_id":
        _call("PUT", f"/v1/fairs/{KNOWN['fair_id']}/participants/{made}", {"name": "Firm", "role": "buyer"})
    elif name == "supplier_id":
        _call("PUT", f"/v1/suppliers/{made}", {"name": "Firm"})
    else:
        _call("PUT", f"/v1/requests/{made}", {"text": "argan oil"})
    return made


def _with_room(body: Any) -> Any:
    """A webhook as it is, once so many of those before are gone that it may be added."""
    for webhook in _call("GET", "/v1/webhooks")["webhooks"][:-5]:
        if webhook["id"] != KNOWN["webhook_id"]:
            _call("DELETE", f"/v1/webhooks/{webhook['id']}")
    return body


def _call(method: str, path: str, body: object = None) -> Any:
    headers = {"authorization": KNOWN["authorization"]}
    answer = requests.request(method, KNOWN["address"] + path, json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def _said(name: str, value: Any) -> Any:
    """A value of a field, known or made right where only the service can tell."""
    if isinstance(value, dict):
        return _ordered({field: _said(field, one) for field, one in value.items()})
    if isinstance(value, list):
        return [_said(name, one) for one in value]
    if value is not None and name in _VALUES:
        return _VALUES[name][_number(value) % len(_VALUES[name])]
    if isinstance(value, str):
        return value if _READABLE.get(name, _PRINTED).search(value) else "argan oil"
    # To a schema 1.0 is a whole number.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _ordered(fields: dict[str, Any]) -> dict[str, Any]:
    if "min" in fields and "max" in fields:
        fields["min"], fields["max"] = sorted((fields["min"], fields["max"]))
    if fields.get("issued") and fields.get("expires"):
        fields["issued"], fields["expires"] = sorted((fields["issued"], fields["expires"]))
    return fields


def _of_one_kind(body: dict[str, Any]) -> dict[str, Any]:
    kinds = ("text", "request", "request_id", "cursor")
    chosen = _one_of(kinds, body)
    rest = {name: value for name, value in body.items() if name not in kinds}
    return {**rest, chosen: body.get(chosen) or "argan oil"}


def _one_of(names: tuple[str, ...], given: dict[str, Any]) -> str:
    """One of the fields that are given, the first of all where none is."""
    stated = [name for name in names if given.get(name) is not None] or [names[0]]
    return stated[_number(given) % len(stated)]


def _erasure(body: dict[str, Any]) -> dict[str, Any]:
    named = _one_of(_SUBJECTS, body)
    return {named: _made(named)}


def _event(body: dict[str, Any]) -> dict[str, Any]:
    about = body["event_attributes"]
    return {
        **body,
        "event_attributes": {
            **about,
            "position": about.get("position") or {"ordinal": 1},
            "rating": about.get("rating") or 5,
        },
    }


def _without_id(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "id"}


def _known_fair(body: dict[str, Any]) -> dict[str, Any]:
    """Another name for the fair, whose slots a published plan holds."""
    return {**json.loads(KNOWN["fair"]), "name": body["name"]}


# A sheet of participants, of wishes or of hours, as it is taken.
_SHEET = "Participant ID;Company;Role;With\nanother;Firm;buyer;exhibitor\n"


# What each body must be as a whole; a body that is not here goes with its fields made right, or there is none.
_BODIES: Mapping[str, Callable[[Any], Any]] = {
    "PUT /v1/suppliers/{supplier_id}": _without_id,
    "PUT /v1/requests/{request_id}": _without_id,
    "POST /v1/match": _of_one_kind,
    "POST /v1/draws": _of_one_kind,
    "POST /v1/match/batch": lambda body: body,
    "POST /v1/hs": lambda body: body,
    "POST /v1/feedback": _event,
    "POST /v1/feedback/batch": lambda body: {**body, "events": [_event(event) for event in body["events"]]},
    "POST /v1/erasures": _erasure,
    "POST /v1/webhooks": _with_room,
    "POST /v1/training-runs": lambda body: body,
    "PUT /v1/fairs/{fair_id}": _known_fair,
    "PUT /v1/fairs/{fair_id}/participants/{participant_id}": lambda body: {"name": body["name"], "role": "buyer"},
    "PUT /v1/fairs/{fair_id}/wishes": lambda _: {
        "wishes": [{"by": KNOWN["participant_id"], "about": KNOWN["other_id"], "level": "must"}]
    },
    "POST /v1/fairs/{fair_id}/imports/{sheet}": lambda _: {"file": _SHEET},
    "POST /v1/fairs/{fair_id}/closures": lambda _: {"table": 1},
    "POST /v1/fairs/{fair_id}/plans": lambda body: {"name": body.get("name", "plan")},
    "POST /v1/fairs/{fair_id}/plans/{plan_id}/edits": lambda _: {
        "edits": [{"action": "lock", "first": KNOWN["participant_id"], "second": KNOWN["other_id"]}]
    },
    "POST /v1/fairs/{fair_id}/invitations": lambda body: {
        **body,
        "from_id": KNOWN["other_id"],
        "to_id": KNOWN["participant_id"],
    },
    "POST /v1/fairs/{fair_id}/invitations/{invitation_id}/reply": lambda _: {"answer": "accept"},
    "POST /v1/fairs/{fair_id}/meetings/{meeting_id}/outcome": lambda _: {"outcome": "held", "rating": 4},
    "POST /v1/imports/{kind}": lambda body: json.dumps({"id": KNOWN["supplier_id"], "name": str(body)[:300]}),
    "POST /v1/imports/{kind}/file": lambda _: {"file": "id;name;text\nknown;Firm;argan oil\n"},
}


def _content(case: Any) -> object:
    return case.path_parameters, case.query, case.body


def _number(value: object) -> int:
    """A number that is the same for the same value in every run."""
    return zlib.crc32(repr(value).encode("utf-8", "backslashreplace"))
