"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables; not taken by a new database, which is made from `agent.store.schema` at once."""
    op.create_table(
        "alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("scope", sa.String(length=400), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.String(length=27), nullable=False),
        sa.Column("last_at", sa.String(length=27), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    op.create_index(
        "uq_alarms_open",
        "alarms",
        ["kind", "scope"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("what", sa.String(length=60), nullable=False),
        sa.Column("ref", sa.String(length=800), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_ref_seq"), "audit", ["ref", "seq"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blobs")),
    )
    op.create_table(
        "cases",
        sa.Column("ref", sa.String(length=800), nullable=False),
        sa.Column("portal", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=200), nullable=False),
        sa.Column("case_id", sa.String(length=200), nullable=False),
        sa.Column("order_id", sa.String(length=200), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_shown", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("reason_shown", sa.Text(), nullable=True),
        sa.Column("responsible", sa.String(length=20), nullable=True),
        sa.Column("amount", sa.String(length=60), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("opened_at", sa.String(length=27), nullable=True),
        sa.Column("decided_at", sa.String(length=27), nullable=True),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("next_deadline_at", sa.String(length=27), nullable=True),
        sa.Column("next_deadline_kind", sa.String(length=20), nullable=True),
        sa.Column("next_deadline_shown", sa.Text(), nullable=True),
        sa.Column("next_deadline_sure", sa.Integer(), nullable=True),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("appeals_used", sa.Integer(), nullable=True),
        sa.Column("appeals_allowed", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("seen_sha256", sa.String(length=64), nullable=True),
        sa.Column("seen_at", sa.String(length=27), nullable=True),
        sa.Column("first_read_at", sa.String(length=27), nullable=False),
        sa.Column("last_read_at", sa.String(length=27), nullable=False),
        sa.Column("changed_at", sa.String(length=27), nullable=False),
        sa.Column("unread_since", sa.String(length=27), nullable=True),
        sa.Column("unread_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_cases")),
        sa.UniqueConstraint(
            "portal", "account", "channel", "case_id", name=op.f("uq_cases_portal_account_channel_case_id")
        ),
    )
    op.create_index(op.f("ix_cases_currency_amount"), "cases", ["currency", "amount"], unique=False)
    op.create_index(op.f("ix_cases_next_deadline_at"), "cases", ["next_deadline_at"], unique=False)
    op.create_index(op.f("ix_cases_order_id"), "cases", ["order_id"], unique=False)
    op.create_index(op.f("ix_cases_status"), "cases", ["status"], unique=False)
    op.create_index(
        op.f("ix_cases_urgency_next_deadline_at_opened_at"),
        "cases",
        ["urgency", "next_deadline_at", "opened_at"],
        unique=False,
    )
    op.create_table(
        "drafts",
        sa.Column("ref", sa.String(length=800), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ref", "action", name=op.f("pk_drafts")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("machine", sa.String(length=200), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.Column("released_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "list_rows",
        sa.Column("portal", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=200), nullable=False),
        sa.Column("case_id", sa.String(length=200), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("read_hash", sa.String(length=64), nullable=True),
        sa.Column("first_listed_at", sa.String(length=27), nullable=False),
        sa.Column("seen_at", sa.String(length=27), nullable=False),
        sa.Column("gone_since", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("portal", "account", "channel", "case_id", name=op.f("pk_list_rows")),
    )
    op.create_table(
        "metrics",
        sa.Column("portal", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("value", sa.String(length=60), nullable=True),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("portal", "account", "name", "at", name=op.f("pk_metrics")),
    )
    op.create_table(
        "observations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=800), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("seen_sha256", sa.String(length=64), nullable=True),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observations")),
    )
    op.create_index(op.f("ix_observations_ref_id"), "observations", ["ref", "id"], unique=False)
    op.create_table(
        "packets",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=800), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("frozen_at", sa.String(length=27), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_packets")),
    )
    op.create_index(op.f("ix_packets_ref_action"), "packets", ["ref", "action"], unique=False)
    op.create_table(
        "pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("portal", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("page", sa.String(length=100), nullable=False),
        sa.Column("channel", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.CheckConstraint("verdict IN ('read', 'drifted')", name=op.f("ck_pages_verdict")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint(
            "portal",
            "account",
            "page",
            "channel",
            "subject",
            "sha256",
            name=op.f("uq_pages_portal_account_page_channel_subject_sha256"),
        ),
    )
    op.create_index(op.f("ix_pages_sha256"), "pages", ["sha256"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("accounts", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("machine", sa.String(length=200), nullable=False),
        sa.Column("process", sa.String(length=60), nullable=False),
        sa.Column("started_at", sa.String(length=27), nullable=False),
        sa.Column("finished_at", sa.String(length=27), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_started_at"), "runs", ["started_at"], unique=False)
    op.create_table(
        "settlements",
        sa.Column("portal", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("statement", sa.String(length=200), nullable=False),
        sa.Column("line_id", sa.String(length=200), nullable=False),
        sa.Column("order_id", sa.String(length=200), nullable=False),
        sa.Column("case_id", sa.String(length=200), nullable=True),
        sa.Column("settled_on", sa.String(length=10), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("read_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("portal", "account", "statement", "line_id", name=op.f("pk_settlements")),
    )
    op.create_index(
        op.f("ix_settlements_portal_account_order_id"), "settlements", ["portal", "account", "order_id"], unique=False
    )
    op.create_table(
        "slots",
        sa.Column("ref", sa.String(length=800), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("ref", "action", name=op.f("pk_slots")),
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=800), nullable=False),
        sa.Column("portal", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=200), nullable=False),
        sa.Column("case_id", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("machine", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.Column("spent_at", sa.String(length=27), nullable=True),
        sa.Column("withdrawn_at", sa.String(length=27), nullable=True),
        sa.Column("withdrawn_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["digest"], ["packets.digest"], name=op.f("fk_approvals_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index(op.f("ix_approvals_ref_action_at"), "approvals", ["ref", "action", "at"], unique=False)
    op.create_index(
        "uq_approvals_open",
        "approvals",
        ["ref", "action"],
        unique=True,
        sqlite_where=sa.text("spent_at IS NULL AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("spent_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_table(
        "run_accounts",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_accounts_run_id")),
        sa.PrimaryKeyConstraint("run_id", "account", "channel", name=op.f("pk_run_accounts")),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("approval_id", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=800), nullable=False),
        sa.Column("portal", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=200), nullable=False),
        sa.Column("case_id", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("armed_at", sa.String(length=27), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.String(length=27), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('armed', 'confirmed', 'refused', 'unknown', 'cleared')", name=op.f("ck_attempts_state")
        ),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"], name=op.f("fk_attempts_approval_id")),
        sa.ForeignKeyConstraint(["digest"], ["packets.digest"], name=op.f("fk_attempts_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("approval_id", name=op.f("uq_attempts_approval_id")),
    )
    op.create_index(op.f("ix_attempts_portal_account_state"), "attempts", ["portal", "account", "state"], unique=False)
    op.create_index(op.f("ix_attempts_ref_armed_at"), "attempts", ["ref", "armed_at"], unique=False)
    op.create_index(
        "uq_attempts_open",
        "attempts",
        ["ref", "action"],
        unique=True,
        sqlite_where=sa.text("state IN ('armed', 'unknown')"),
        postgresql_where=sa.text("state IN ('armed', 'unknown')"),
    )
    op.bulk_insert(
        sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("hash")),
        [{"id": 1, "seq": 0, "hash": "0" * 64}],
    )
