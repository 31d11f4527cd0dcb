"""The tables: organisations, records, changes, keys, matches, draws, events, models, erasures, webhooks, fairs."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

METADATA = MetaData()
# Ordered by code point everywhere, so that pages of two databases agree.
IDENTIFIER = String(100).with_variant(String(100, collation="C"), "postgresql")


class Kind(StrEnum):
    """What a record is; the value is the name of its table."""

    SUPPLIERS = "suppliers"
    REQUESTS = "requests"
    FAIRS = "fairs"


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, aware of it in databases that keep no zone as well."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The moment in UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The moment, in UTC where the database kept no zone."""
        if value is None:
            return None
        stored: datetime = value
        return stored.astimezone(UTC) if stored.tzinfo else stored.replace(tzinfo=UTC)


ORGANISATIONS = Table(
    "organisations",
    METADATA,
    Column("id", IDENTIFIER, primary_key=True),
    Column("created_at", Moment, nullable=False),
    Column("last_change", BigInteger, nullable=False, default=0),
)


def _organisation() -> Column[Any]:
    return Column("organisation_id", IDENTIFIER, ForeignKey("organisations.id"), primary_key=True)


def _records(kind: Kind) -> Table:
    return Table(
        kind.value,
        METADATA,
        _organisation(),
        Column("id", IDENTIFIER, primary_key=True),
        Column("document", JSON, nullable=False),
        Column("change", BigInteger, nullable=False),
        Column("changed_at", Moment, nullable=False),
        # When the record was first stored; None of one that is older than this column.
        Column("created_at", Moment, nullable=True),
    )


RECORDS: dict[Kind, Table] = {kind: _records(kind) for kind in Kind}

# One row per record that ever was, with its last change: a follower reads those above the number it has seen.
# An erased record leaves no row: one row per kind, under the id that no record has, has the number of the last erasure.
ERASED_ID = ""
CHANGES = Table(
    "changes",
    METADATA,
    _organisation(),
    Column("kind", String(20), primary_key=True),
    Column("record_id", IDENTIFIER, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Index("changes_in_order", "organisation_id", "number", unique=True),
)

KEYS = Table(
    "keys",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("organisation_id", IDENTIFIER, ForeignKey("organisations.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("secret_hash", String(128), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("requests_per_minute", Integer, nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment, nullable=True),
)

MODEL_VERSIONS = Table(
    "model_versions",
    METADATA,
    Column("kind", String(20), primary_key=True),
    Column("version", String(200), primary_key=True),
    Column("first_served_at", Moment, nullable=False),
    # Fingerprint of the training data and the moment of its export; None where nothing is known of it.
    Column("trained_on", JSON(none_as_null=True), nullable=True),
)

MODELS_IN_SERVICE = Table(
    "models_in_service",
    METADATA,
    Column("kind", String(20), primary_key=True),
    Column("version", String(200), nullable=False),
    Column("since", Moment, nullable=False),
)

MATCHES = Table(
    "matches",
    METADATA,
    _organisation(),
    Column("id", String(64), primary_key=True),
    Column("request_id", IDENTIFIER, nullable=True),
    Column("request", JSON, nullable=False),
    Column("ranking", JSON, nullable=False),
    # Of each place, the rank by relevance alone; None where that is the order.
    Column("earned_ranks", JSON(none_as_null=True), nullable=True),
    # Seed, k and threshold where the suppliers were drawn.
    Column("draw", JSON(none_as_null=True), nullable=True),
    # Of each of the last places, the place from 0 of the near-duplicate that stays for it; None where there is none.
    Column("folded_into", JSON(none_as_null=True), nullable=True),
    # Both rankers, and who placed whom, where the order was drafted by two.
    Column("teams", JSON(none_as_null=True), nullable=True),
    Column("encoder_version", String(200), nullable=False),
    Column("ranker_version", String(200), nullable=False),
    Column("matched_at", Moment, nullable=False),
)

IMPRESSIONS = Table(
    "impressions",
    METADATA,
    _organisation(),
    Column("match_id", String(64), primary_key=True),
    Column("object_id", IDENTIFIER, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("features", JSON, nullable=False),
    Column("score", Float, nullable=False),
    Column("propensity", Float, nullable=False),
    Column("ranker_version", String(200), nullable=False),
    Column("shown_at", Moment, nullable=False),
    ForeignKeyConstraint(["organisation_id", "match_id"], ["matches.organisation_id", "matches.id"]),
)

# Whoever qualified for a draw, drawn or not; place counts from 1.
LOTS = Table(
    "lots",
    METADATA,
    _organisation(),
    Column("match_id", String(64), primary_key=True),
    Column("object_id", IDENTIFIER, primary_key=True),
    Column("probability", Float, nullable=False),
    Column("debt", Float, nullable=False),
    Column("weight", Float, nullable=False),
    Column("propensity", Float, nullable=False),
    Column("place", Integer, nullable=True),
    Column("place_propensity", Float, nullable=True),
    ForeignKeyConstraint(["organisation_id", "match_id"], ["matches.organisation_id", "matches.id"]),
)

# A request as a ranker in the shadow would have answered it, beside the one in use: figures, and no supplier.
SHADOW_SCORES = Table(
    "shadow_scores",
    METADATA,
    _organisation(),
    Column("match_id", String(64), primary_key=True),
    Column("ranker_version", String(200), primary_key=True),
    Column("in_use_seconds", Float, nullable=False),
    Column("shadow_seconds", Float, nullable=False),
    Column("stayed", Float, nullable=False),
    Column("overlap", Float, nullable=False),
    Column("in_use_small", Float, nullable=False),
    Column("shadow_small", Float, nullable=False),
    Column("scored_at", Moment, nullable=False),
    ForeignKeyConstraint(["organisation_id", "match_id"], ["matches.organisation_id", "matches.id"]),
)

# By minute, how many requests a ranker in the shadow should have scored and did not.
SHADOW_MISSES = Table(
    "shadow_misses",
    METADATA,
    _organisation(),
    Column("ranker_version", String(200), primary_key=True),
    Column("minute", Moment, primary_key=True),
    Column("dropped", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("fault", Text, nullable=True),
)

EVENTS = Table(
    "events",
    METADATA,
    _organisation(),
    Column("id", String(100), primary_key=True),
    Column("query_id", String(64), nullable=False),
    Column("object_id", IDENTIFIER, nullable=True),
    Column("action_name", String(100), nullable=False),
    Column("document", JSON, nullable=False),
    Column("happened_at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Index("events_of_a_query", "organisation_id", "query_id"),
)

ANSWERS = Table(
    "answers",
    METADATA,
    _organisation(),
    Column("idempotency_key", String(200), primary_key=True),
    Column("request_digest", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("answered_at", Moment, nullable=False),
)

ERASURES = Table(
    "erasures",
    METADATA,
    _organisation(),
    Column("id", String(32), primary_key=True),
    Column("subject", String(20), nullable=False),
    Column("subject_hash", String(64), nullable=False),
    Column("erased", JSON, nullable=False),
    Column("models", JSON, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("erased_at", Moment, nullable=False),
)

WEBHOOKS = Table(
    "webhooks",
    METADATA,
    _organisation(),
    Column("id", String(32), primary_key=True),
    Column("url", Text, nullable=False),
    Column("event_types", JSON, nullable=False),
    Column("secret_seed", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("switched_off_at", Moment, nullable=True),
)

# The outbox: due_at is the moment of the next try, None once there will be none.
DELIVERIES = Table(
    "deliveries",
    METADATA,
    _organisation(),
    Column("webhook_id", String(32), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("event_type", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, nullable=True),
    Column("last_answer", String(200), nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    ForeignKeyConstraint(["organisation_id", "webhook_id"], ["webhooks.organisation_id", "webhooks.id"]),
    Index("deliveries_due", "due_at"),
)

# Up to which change an organisation was told of matches, and who stood among the best of each request then.
WATCHES = Table(
    "watches",
    METADATA,
    _organisation(),
    Column("change", BigInteger, nullable=False),
    Column("is_based", Boolean, nullable=False),
)

STANDINGS = Table(
    "standings",
    METADATA,
    _organisation(),
    Column("request_id", IDENTIFIER, primary_key=True),
    Column("best", JSON, nullable=False),
)


def _fair() -> tuple[Column[Any], Column[Any], ForeignKeyConstraint]:
    """What places a row in a fair of an organisation."""
    return (
        _organisation(),
        Column("fair_id", IDENTIFIER, primary_key=True),
        ForeignKeyConstraint(["organisation_id", "fair_id"], ["fairs.organisation_id", "fairs.id"]),
    )


FAIR_PARTICIPANTS = Table(
    "fair_participants",
    METADATA,
    *_fair(),
    Column("id", IDENTIFIER, primary_key=True),
    Column("document", JSON, nullable=False),
    Column("checked_in_at", Moment, nullable=True),
)

FAIR_WISHES = Table(
    "fair_wishes",
    METADATA,
    *_fair(),
    Column("by_id", IDENTIFIER, primary_key=True),
    Column("about_id", IDENTIFIER, primary_key=True),
    Column("document", JSON, nullable=False),
)

FAIR_PLANS = Table(
    "fair_plans",
    METADATA,
    *_fair(),
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("state", String(20), nullable=False),
    # The last of its versions.
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
)

FAIR_PLAN_VERSIONS = Table(
    "fair_plan_versions",
    METADATA,
    *_fair(),
    Column("plan_id", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("document", JSON, nullable=False),
    Column("made_at", Moment, nullable=False),
)

# What was ever published: a meeting that was cancelled stays, so that calendars are told.
FAIR_MEETINGS = Table(
    "fair_meetings",
    METADATA,
    *_fair(),
    Column("id", String(32), primary_key=True),
    Column("first_id", IDENTIFIER, nullable=False),
    Column("second_id", IDENTIFIER, nullable=False),
    Column("document", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    # How often it was changed, as calendars count it.
    Column("sequence", Integer, nullable=False),
    # The match under which feedback on it is kept.
    Column("query_id", String(64), nullable=True),
    Column("changed_at", Moment, nullable=False),
)

# Whoever and whatever a published meeting takes in a slot: its key lets nobody and nothing be taken twice.
FAIR_BOOKINGS = Table(
    "fair_bookings",
    METADATA,
    *_fair(),
    Column("holder", String(60), primary_key=True),
    Column("slot", Integer, primary_key=True),
    Column("meeting_id", String(32), nullable=False),
)

# How well everybody of a fair fits everybody, while participants, records and models are those of the digest.
FAIR_FITS = Table(
    "fair_fits",
    METADATA,
    *_fair(),
    Column("digest", String(64), nullable=False),
    # float32, row by row: buyers by exhibitors, each by id.
    Column("chances", LargeBinary, nullable=False),
)

# A plan that somebody waits for: whoever makes it says every few seconds that it still does.
FAIR_PLAN_JOBS = Table(
    "fair_plan_jobs",
    METADATA,
    *_fair(),
    Column("id", String(32), primary_key=True),
    # How the plan is to be made.
    Column("document", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment, nullable=True),
    Column("alive_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("plan_id", String(32), nullable=True),
    # The kind of failure and what it says.
    Column("fault", JSON, nullable=True),
)

FAIR_INVITATIONS = Table(
    "fair_invitations",
    METADATA,
    *_fair(),
    Column("id", String(32), primary_key=True),
    Column("from_id", IDENTIFIER, nullable=False),
    Column("to_id", IDENTIFIER, nullable=False),
    Column("slot", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("answered_at", Moment, nullable=True),
)
