"""`rebuttal cases` over every portal, forty accounts and ten thousand cases: its own time against a bare query."""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from agent.home import Home
from agent.records import CaseKey
from agent.store import schema
from agent.store.cases import _columns
from flows import registry
from flows.cases import listing
from flows.context import Context, opened
from tests.bench.desk import timed
from tests.evidence.made import a_case

CASES, ACCOUNTS = 10_000, 40
ROUNDS = 7
OWN_S = 0.5
"""Seconds of processor time that the command may take beside its start."""


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """The list, and the whole command, each against what it can't do without."""
    os.environ.setdefault("REBUTTAL_KEY", "only for this measure")
    count = max(400, int(CASES * scale))
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").create()
        stores = [(registry.names()[n % len(registry.names())], f"shop{n:02}") for n in range(ACCOUNTS)]
        lines = ['operator = "li"', 'zone = "Asia/Shanghai"']
        for portal, name in stores:
            lines += ["[[account]]", f'portal = "{portal}"', f'name = "{name}"']
        home.settings_file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with opened(home) as ctx:
            fill(ctx, count, stores)
            ours, bare = [], []
            for _ in range(ROUNDS):
                ours.append(timed(lambda: listing(ctx)))
                bare.append(timed(lambda: _bare(home)))
        whole, start = [], []
        for _ in range(ROUNDS):
            whole.append(_command(home, "cases"))
            start.append(_command(home, "cases", "--portal", "ozon", "--status", "won"))
    own = statistics.median(whole) - statistics.median(start)
    return [
        {
            "what": f"list of {count} open cases by urgency / bare query of the same rows",
            "ratio": statistics.median(ours) / statistics.median(bare),
            "how": f"medians of {ROUNDS}: {statistics.median(ours) * 1000:.0f} and {statistics.median(bare) * 1000:.0f} ms",
        },
        {
            "what": f"the command `cases`, without its start / {OWN_S} s",
            "ratio": own / OWN_S,
            "goal": 1.0,
            "how": f"{len(stores)} accounts, {len(registry.names())} portals; {own:.2f} s, start {statistics.median(start):.2f} s",
        },
    ]


def fill(ctx: Context, count: int, stores: list[tuple[str, str]]) -> None:
    """Open cases of all stores, written at once; a fifth of them can be taken back by the buyer (WD3)."""
    model, now = a_case(), ctx.clock()
    columns = _columns(model)
    rows = []
    for number in range(count):
        portal, account = stores[number % len(stores)]
        channel = registry.get(portal).channels[0].name
        key = CaseKey(portal=portal, account=account, channel=channel, case_id=f"C{100_000_000 + number}")
        case = model.model_copy(
            update={**key.model_dump(), "order_id": key.case_id}
            | ({"flags": ("withdrawable:yes",), "opened_at": now} if number % 5 == 0 else {})
        )
        rows.append(
            {
                **columns, **_columns(case), **key.model_dump(), "ref": key.ref, "revision": f"{number:064x}",
                "next_deadline_at": now + timedelta(minutes=7 * number - 600),
                "first_read_at": now, "last_read_at": now, "changed_at": now,
            }
        )  # fmt: skip
    with ctx.store.writing() as conn:
        conn.execute(insert(schema.cases), rows)


def _bare(home: Home) -> None:
    with closing(sqlite3.connect(f"{home.database.as_uri()}?mode=ro", uri=True)) as conn:
        conn.execute("SELECT * FROM cases ORDER BY urgency, next_deadline_at").fetchall()


def _command(home: Home, *words: str) -> float:
    """Seconds of processor time of one command, its start included."""
    import psutil

    child = psutil.Popen(
        [sys.executable, "-m", "flows.cli", "--home", str(home.path), *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    before = os.times()
    code = child.wait()
    after = os.times()
    assert code == 0, words
    return after.children_user + after.children_system - before.children_user - before.children_system
