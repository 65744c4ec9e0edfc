"""The tables, portable between SQLite and PostgreSQL; instants are text of one width, so that they sort."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

HEAD = "0004"
"""The newest revision in `migrations/versions`, which this program reads and writes."""

APPLICATION_ID = 0x52424C31
"""Stands in the header of our SQLite files ("RBL1"), so that another program's file is never touched."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class At(TypeDecorator[datetime]):
    """An aware instant as ISO text in UTC with microseconds, always 27 characters."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """To text; a naive instant is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Back to an instant."""
        return None if value is None else datetime.fromisoformat(value)


def _key() -> list[Column[Any]]:
    """The columns of a case's natural key."""
    return [Column(name, String(200), nullable=False) for name in ("portal", "account", "channel", "case_id")]


cases = Table(
    "cases",
    metadata,
    Column("ref", String(800), primary_key=True),
    *_key(),
    Column("order_id", String(200), nullable=False),
    Column("url", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("status_shown", Text, nullable=False),
    Column("reason", String(40)),
    Column("reason_shown", Text),
    Column("responsible", String(20)),
    Column("amount", String(60)),
    Column("currency", String(3)),
    Column("opened_at", At),
    Column("decided_at", At),
    Column("urgency", Integer, nullable=False),
    Column("next_deadline_at", At),
    Column("next_deadline_kind", String(20)),
    Column("next_deadline_shown", Text),
    Column("next_deadline_sure", Integer),
    Column("actions", Text, nullable=False),
    Column("flags", Text, nullable=False),
    Column("appeals_used", Integer),
    Column("appeals_allowed", Integer),
    Column("outcome", Text),
    Column("revision", String(64), nullable=False),
    Column("data", Text, nullable=False),
    Column("seen_sha256", String(64)),
    Column("seen_at", At),
    Column("first_read_at", At, nullable=False),
    Column("last_read_at", At, nullable=False),
    Column("changed_at", At, nullable=False),
    Column("unread_since", At),
    Column("unread_why", Text),
    Column("asked_at", At),
    UniqueConstraint("portal", "account", "channel", "case_id"),
    Index(None, "urgency", "next_deadline_at", "opened_at"),
    Index(None, "status"),
    Index(None, "order_id"),
    Index(None, "next_deadline_at"),
    Index(None, "currency", "amount"),
)

observations = Table(
    "observations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ref", String(800), nullable=False),
    Column("revision", String(64), nullable=False),
    Column("data", Text, nullable=False),
    Column("seen_sha256", String(64)),
    Column("at", At, nullable=False),
    Column("run_id", String(40), nullable=False),
    Index(None, "ref", "id"),
)

list_rows = Table(
    "list_rows",
    metadata,
    *[Column(name, String(200), primary_key=True) for name in ("portal", "account", "channel", "case_id")],
    Column("text_hash", String(64), nullable=False),
    Column("shown", Text, nullable=False),
    Column("read_hash", String(64)),
    Column("first_listed_at", At, nullable=False),
    Column("seen_at", At, nullable=False),
    Column("gone_since", At),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", At, nullable=False),
)

pages = Table(
    "pages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("portal", String(200), nullable=False),
    Column("account", String(200), nullable=False),
    Column("page", String(100), nullable=False),
    Column("channel", String(200), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("at", At, nullable=False),
    Column("verdict", String(10), nullable=False),
    UniqueConstraint("portal", "account", "page", "channel", "subject", "sha256"),
    Index(None, "sha256"),
    CheckConstraint("verdict IN ('read', 'drifted')", name="verdict"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("accounts", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Column("machine", String(200), nullable=False),
    Column("process", String(60), nullable=False),
    Column("started_at", At, nullable=False),
    Column("finished_at", At),
    Column("exit_code", Integer),
    Column("options", Text),
    Index(None, "started_at"),
)

run_accounts = Table(
    "run_accounts",
    metadata,
    Column("run_id", String(40), ForeignKey("runs.id"), primary_key=True),
    Column("account", String(200), primary_key=True),
    Column("channel", String(200), primary_key=True),
    Column("at", At, nullable=False),
    Column("data", Text, nullable=False),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(60), nullable=False),
    Column("scope", String(400), nullable=False),
    Column("words", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("opened_at", At, nullable=False),
    Column("last_at", At, nullable=False),
    Column("times", Integer, nullable=False),
    Column("closed_at", At),
    Index(
        "uq_alarms_open",
        "kind",
        "scope",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(1000), nullable=False),
    Column("kind", String(60), nullable=False),
    Column("about", String(800), nullable=False),
    Column("loud", Integer, nullable=False),
    Column("data", Text, nullable=False),
    Column("made_at", At, nullable=False),
    Column("not_before", At, nullable=False),
    UniqueConstraint("key"),
    Index(None, "kind", "about"),
    Index(None, "made_at"),
)
"""What a person is to be told; `key` is what makes two tellings of one thing the same."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("notice_id", Integer, ForeignKey("notices.id"), primary_key=True, autoincrement=False),
    Column("target", String(60), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", At, nullable=False),
    Column("last_at", At),
    Column("why", Text),
    Index(None, "target", "state", "next_at"),
    CheckConstraint("state IN ('waiting', 'sending', 'sent', 'dropped')", name="state"),
)

metrics = Table(
    "metrics",
    metadata,
    *[Column(name, String(200), primary_key=True) for name in ("portal", "account", "name")],
    Column("at", At, primary_key=True),
    Column("value", String(60)),
    Column("unit", String(20), nullable=False),
    Column("shown", Text, nullable=False),
)

settlements = Table(
    "settlements",
    metadata,
    *[Column(name, String(200), primary_key=True) for name in ("portal", "account", "statement", "line_id")],
    Column("order_id", String(200), nullable=False),
    Column("case_id", String(200)),
    Column("settled_on", String(10), nullable=False),
    Column("data", Text, nullable=False),
    Column("read_at", At, nullable=False),
    Index(None, "portal", "account", "order_id"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(400), primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("machine", String(200), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("taken_at", At, nullable=False),
    Column("expires_at", At, nullable=False),
    Column("released_at", At),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", At, nullable=False),
    Column("who", String(200), nullable=False),
    Column("what", String(60), nullable=False),
    Column("ref", String(800), nullable=False),
    Column("data", Text, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "ref", "seq"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""One row: the last link. Locking it is what puts writers of the chain, and so of the ledger, in line."""

drafts = Table(
    "drafts",
    metadata,
    Column("ref", String(800), primary_key=True),
    Column("action", String(40), primary_key=True),
    Column("by", String(200), nullable=False),
    Column("at", At, nullable=False),
    Column("data", Text, nullable=False),
)

packets = Table(
    "packets",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("ref", String(800), nullable=False),
    Column("action", String(40), nullable=False),
    Column("authors", Text, nullable=False),
    Column("frozen_at", At, nullable=False),
    Column("data", Text, nullable=False),
    Index(None, "ref", "action"),
)

slots = Table(
    "slots",
    metadata,
    Column("ref", String(800), primary_key=True),
    Column("action", String(40), primary_key=True),
    Column("digest", String(64)),
    Column("at", At, nullable=False),
)
"""The packet in force per case and action; no digest: the draft was changed and not frozen again."""

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("digest", String(64), ForeignKey("packets.digest"), nullable=False),
    Column("ref", String(800), nullable=False),
    *_key(),
    Column("action", String(40), nullable=False),
    Column("by", String(200), nullable=False),
    Column("machine", String(200), nullable=False),
    Column("at", At, nullable=False),
    Column("expires_at", At, nullable=False),
    Column("spent_at", At),
    Column("withdrawn_at", At),
    Column("withdrawn_why", Text),
    Index(
        "uq_approvals_open",
        "ref",
        "action",
        unique=True,
        sqlite_where=text("spent_at IS NULL AND withdrawn_at IS NULL"),
        postgresql_where=text("spent_at IS NULL AND withdrawn_at IS NULL"),
    ),
    Index(None, "ref", "action", "at"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("digest", String(64), ForeignKey("packets.digest"), nullable=False),
    Column("approval_id", String(40), ForeignKey("approvals.id"), nullable=False),
    Column("ref", String(800), nullable=False),
    *_key(),
    Column("action", String(40), nullable=False),
    Column("state", String(10), nullable=False),
    Column("armed_at", At, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("settled_at", At),
    Column("receipt", Text),
    Column("words", Text),
    UniqueConstraint("approval_id"),
    Index(
        "uq_attempts_open",
        "ref",
        "action",
        unique=True,
        sqlite_where=text("state IN ('armed', 'unknown')"),
        postgresql_where=text("state IN ('armed', 'unknown')"),
    ),
    Index(None, "portal", "account", "state"),
    Index(None, "ref", "armed_at"),
    CheckConstraint("state IN ('armed', 'confirmed', 'refused', 'unknown', 'cleared')", name="state"),
)
"""The unique constraints are the last guard, below all code: one attempt per approval, one open attempt per slot."""

people = Table(
    "people",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", String(200), nullable=False),
    Column("role", String(10), nullable=False),
    Column("keeps_people", Integer, nullable=False),
    Column("password", Text),
    Column("tastes", Text, nullable=False),
    Column("added_by", String(200), nullable=False),
    Column("added_at", At, nullable=False),
    Column("stopped_at", At),
    UniqueConstraint("name_key"),
    CheckConstraint("role IN ('look', 'draft', 'approve')", name="role"),
)
"""Who may work at the desk. No password: it was not set yet. `name_key`: the name in compared form."""

desk_sessions = Table(
    "desk_sessions",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("person_id", String(40), ForeignKey("people.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("opened_at", At, nullable=False),
    Column("seen_at", At, nullable=False),
    Index(None, "person_id"),
)
"""Who is signed in at the desk; of the token only its hash is kept."""

desk_tokens = Table(
    "desk_tokens",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("purpose", String(20), nullable=False),
    Column("subject", Text, nullable=False),
    Column("holder", String(64), nullable=False),
    Column("expires_at", At, nullable=False),
    Column("spent_at", At),
    Index(None, "expires_at"),
)
"""Rights to do one thing once (set a password, approve a packet, send it); of the token only its hash is kept."""

version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
"""Alembic's own table, read here to learn the version without loading Alembic."""
