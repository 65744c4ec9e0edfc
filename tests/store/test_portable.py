"""Every table and every statement that the store and the ledger run can also be said to PostgreSQL."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.schema import CreateIndex, CreateTable

from agent.records import Money
from agent.sending import Draft, Packet, PacketField
from agent.store import ListRow, SettlementLine, Store, schema
from agent.words import say
from tests.store.made import NOON, case, key, open_store

DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]


def test_the_tables_can_be_made_on_postgresql() -> None:
    """With their partial unique indexes, which guard the one appeal."""
    texts = [str(CreateTable(table).compile(dialect=DIALECT)) for table in schema.metadata.sorted_tables]
    texts += [
        str(CreateIndex(index).compile(dialect=DIALECT))
        for table in schema.metadata.sorted_tables
        for index in table.indexes
    ]
    for guard in ("uq_attempts_open", "uq_approvals_open", "uq_alarms_open"):
        assert any(guard in text and "UNIQUE" in text and "WHERE" in text for text in texts)


def test_statements_are_understood_by_postgresql(tmp_path: Path) -> None:
    """Everything once, each statement compiled for the other dialect; rows are locked there where SQLite locks all."""
    statements: list[Any] = []
    with open_store(tmp_path) as store:
        for engine in (store._engine, store._durable_engine):
            event.listen(engine, "before_execute", lambda conn, statement, *rest: statements.append(statement))
        do_everything(store)
    texts = [str(s.compile(dialect=DIALECT)) for s in statements if not isinstance(s, str)]
    assert len(texts) > 60
    for table in ("leases", "audit_head", "cases", "approvals", "attempts"):
        assert any(f"FROM {table}" in text and text.rstrip().endswith("FOR UPDATE") for text in texts), table


def do_everything(store: Store) -> None:
    """Each operation of the store and ledger, once."""
    place = ("coupang", "main", "refund_disputes")
    store.cases.save(case(), "run", row_hash="h")
    store.cases.save(case(flags=()), "run", row_hash="h")
    store.cases.rows(
        portals=["coupang"],
        accounts=["coupang:main"],
        channels=["c"],
        statuses=["won"],
        flags=["vip"],
        due_before=NOON,
        text="x",
        open_only=True,
        limit=3,
    )
    for read in (store.cases.get, store.cases.row, store.cases.history, store.listing.get):
        read(key())
    store.cases.find("C")
    store.cases.export()
    store.cases.mark_unread(key(), "drift")
    for text_hash in ("a", "b", "b"):
        store.listing.save(*place, [ListRow(case_id="C9", text_hash=text_hash)], NOON)
    store.listing.vanished(*place, set(), NOON)
    sha256 = store.pages.put("coupang", "main", "detail", "C1", b"{}", NOON)
    store.pages.judge(sha256, "drifted")
    list(store.pages.iterate("coupang", "detail", verdict="drifted"))
    run = store.runs.start("sync", ["coupang:main"], "li", "desk")
    store.runs.account_result(run, "coupang:main", "refund_disputes", {})
    store.runs.finish(run, 0)
    store.runs.recent(kind="sync")
    store.alarms.raise_("drift", "coupang:main", say("drift"))
    store.alarms.open()
    store.alarms.clear("drift", "coupang:main")
    store.metrics.put("coupang", "main", "score", NOON, Decimal(1), "", "1")
    store.metrics.series("coupang", "main", "score", NOON)
    for shown in ("1", "2"):
        store.metrics.put_settlement(
            SettlementLine(
                portal="coupang",
                account="main",
                statement="s",
                line_id="1",
                order_id="o",
                kind="refund",
                amount=Money(value=Decimal(1), currency="KRW"),
                settled_on=date(2025, 6, 2),
                shown=shown,
            )
        )
    store.metrics.settlements("coupang", "main", "o")
    lease = store.leases.renew(store.leases.take("coupang:main", "me", 60), 600)
    store.leases.check(lease)
    ledger = store.ledger
    draft = Draft(case=key(), action="appeal", values={"note": "x"}, by="li", at=NOON, case_revision="r")
    ledger.save_draft(draft)
    ledger.save_draft(draft.model_copy(update={"values": {}}))
    ledger.draft(key(), "appeal")
    ledger.drafts(key())
    packet = Packet(
        case=key("C2"),
        order_id="o",
        case_revision="r",
        action="appeal",
        by="li",
        files=(),
        policy_version="p",
        fields=(PacketField(key="note", kind="text", value="x"),),
    )
    ledger.freeze(packet)
    ledger.freeze(packet.model_copy(update={"by": "zhao"}))
    ledger.packet(packet.digest[:8], key("C2"))
    ledger.current(key("C2"), "appeal")
    ledger.approve(packet, by="wang", machine="m", hours=1, four_eyes=True)
    ledger.withdraw(key("C2"), "why", "li", action="appeal")
    approval = ledger.approve(packet, by="wang", machine="m", hours=1, four_eyes=True)
    ledger.approved(accounts=("coupang:main",), case=key("C2"))
    ledger.approvals(key("C2"))
    ledger.living_approval(packet, NOON + timedelta(minutes=1))
    attempt = ledger.arm(packet, approval, lease=lease, one_shot=True)
    ledger.still_armed(attempt.id, lease)
    store.leases.release(lease)
    ledger.interrupted("coupang:main", by="li")
    ledger.settle(attempt.id, "confirmed", by="li")
    ledger.attempt(attempt.id)
    ledger.attempts(key("C2"))
    ledger.unknown()
    ledger.record(key(), "filled", {}, by="li")
    store.audit.story(key().ref)
    assert store.audit.verify(store.audit.head()) is None
