"""The story of a sent appeal that somebody tampers with afterwards, as the command line tells it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from agent.home import Home
from agent.sending.packet import Packet
from agent.store import Store, schema
from flows.cli import main
from flows.context import Context, opened
from tests.conftest import KEY
from tests.evidence.made import a_case

Told = tuple[int, Any]


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A home in which one packet was approved, armed and confirmed."""
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    monkeypatch.setenv("REBUTTAL_LANGUAGE", "en")
    home = Home(tmp_path / "home").create()
    account = '[[account]]\nportal = "coupang"\nname = "main"\n'
    home.settings_file.write_text(f'operator = "li"\nzone = "Asia/Shanghai"\n{account}', encoding="utf-8")
    with opened(home) as context:
        sent(context.store)
        yield context


def sent(store: Store) -> None:
    case = a_case()
    store.cases.save(case, "sync")
    packet = Packet(
        case=case.key, order_id=case.order_id, case_revision=case.revision, action="appeal", fields=(), files=(),
        policy_version="p", by="li",
    )  # fmt: skip
    store.ledger.freeze(packet)
    approval = store.ledger.approve(packet, by="wang", machine="desk", hours=1, four_eyes=True)
    lease = store.leases.take(case.key.store_name, "me", 60)
    attempt = store.ledger.arm(packet, approval, lease=lease, one_shot=True)
    store.ledger.settle(attempt.id, "confirmed", by="li")


def verify(ctx: Context, capsys: pytest.CaptureFixture[str], *more: str) -> Told:
    capsys.readouterr()
    code = main(["--home", str(ctx.home.path), "--json", "audit", "verify", *more])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None


def test_a_whole_record_holds_also_against_a_head_kept_elsewhere(
    ctx: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    number, value = ctx.store.audit.head()
    for more in ((), ("--head", f"{number} {value}"), ("--head", f"{number}:{value}")):
        code, told = verify(ctx, capsys, *more)
        assert (code, told["whole"], told["links"]) == (0, True, number)
    assert main(["--home", str(ctx.home.path), "audit", "verify", "--head", "the last one"]) == 2


def test_who_approved_can_not_be_rewritten_unnoticed(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    with ctx.store.writing() as conn:
        conn.execute(text("UPDATE audit SET who = 'zhao' WHERE what = 'approved'"))
    code, told = verify(ctx, capsys)
    bad = next(link.seq for link in ctx.store.audit.links() if link.what == "approved")
    assert (code, told["whole"], told["bad_link"]) == (1, False, bad)


def test_the_end_of_the_story_can_not_be_cut_off_unnoticed(ctx: Context, capsys: pytest.CaptureFixture[str]) -> None:
    number, value = ctx.store.audit.head()
    last = [*ctx.store.audit.links()][-2]
    with ctx.store.writing() as conn:
        conn.execute(delete(schema.audit).where(schema.audit.c.seq > last.seq))
        conn.execute(update(schema.audit_head).values(seq=last.seq, hash=last.hash))
    assert verify(ctx, capsys)[0] == 0, "from inside, a chain cut short with care looks whole"
    code, told = verify(ctx, capsys, "--head", f"{number} {value}")
    assert (code, told["bad_link"]) == (1, number)
