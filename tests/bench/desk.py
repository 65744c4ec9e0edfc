"""The board with ten thousand open cases: its first byte against its bare query and template, and its size."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import insert

from agent.home import Home
from agent.records import CaseKey
from agent.store import schema
from agent.store.cases import _columns
from flows.board import Wanted, board, counts
from flows.context import Context, opened
from flows.desk.app import build
from flows.desk.board import SIZE
from tests.evidence.made import a_case

CASES = 10_000
ROUNDS = 9
KB = 300


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """First byte over query and template; bytes over what is allowed."""
    os.environ.setdefault("REBUTTAL_KEY", "only for this measure")
    count = max(200, int(CASES * scale))
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").create()
        home.settings_file.write_text(
            'operator = "li"\n[[account]]\nportal = "coupang"\nname = "main"\nbase_url = "http://127.0.0.1:9"\n',
            encoding="utf-8",
        )
        with opened(home) as ctx:
            fill(ctx, count)
            whole, bare, size = measure(ctx)
    return [
        {
            "what": f"board of {count} open cases: first byte / bare query and template",
            "ratio": whole / bare,
            "goal": 2.0,
            "how": f"medians of {ROUNDS}: {whole * 1000:.0f} ms and {bare * 1000:.0f} ms",
        },
        {
            "what": "the page's size over what is allowed",
            "ratio": size / (KB * 1000),
            "goal": 1.0,
            "how": f"{size / 1000:.0f} KB of {KB} KB, {SIZE} rows a page",
        },
    ]


def fill(ctx: Context, count: int) -> None:
    """Open cases as a sync leaves them, written at once."""
    model, now = a_case(), ctx.clock()
    columns = _columns(model)
    rows = []
    for number in range(count):
        key = CaseKey(portal="coupang", account="main", channel=model.channel, case_id=f"COO{100_000_000 + number}")
        due = now + timedelta(minutes=7 * number - 600)
        data = columns["data"].replace(model.case_id, key.case_id)
        rows.append(
            {
                **columns, **key.model_dump(), "ref": key.ref, "order_id": key.case_id, "data": data, "revision": f"{number:064x}",
                "next_deadline_at": due, "first_read_at": now, "last_read_at": now, "changed_at": now,
            }
        )  # fmt: skip
    with ctx.store.writing() as conn:
        conn.execute(insert(schema.cases), rows)


def measure(ctx: Context) -> tuple[float, float, int]:
    """Medians of the first byte of the whole page, and of what it is made from; bytes of the page."""
    app = build(ctx, port=80)
    person = ctx.store.people.add("li", "approve", by="bench")
    cookies = {app.state.desk.cookie: ctx.store.people.open_session(person)}
    answers: list[httpx.Response] = []

    def whole() -> None:
        async def ask() -> None:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", cookies=cookies) as client:
                answers.append(await client.get("/"))

        asyncio.run(ask())

    whole()
    assert answers[0].status_code == 200 and answers[0].text.count("data-row") == SIZE
    watched = _Watched(app.state.desk.templates)
    app.state.desk.templates = watched
    whole()
    app.state.desk.templates = watched.templates
    call, values = watched.call, watched.values

    def bare() -> None:
        values["found"], values["counts"] = board(ctx, Wanted(), size=SIZE), counts(ctx)
        watched.templates.render("board.html", call, **values)

    first, second = [], []
    for _ in range(ROUNDS):
        first.append(timed(whole))
        second.append(timed(bare))
    return statistics.median(first), statistics.median(second), len(answers[0].content)


class _Watched:
    """Templates that remember what a page was made from."""

    def __init__(self, templates: Any) -> None:
        self.templates = templates
        self.call: Any = None
        self.values: dict[str, Any] = {}

    def render(self, template: str, call: Any, **values: Any) -> str:
        """As the templates do."""
        self.call, self.values = call, values
        return str(self.templates.render(template, call, **values))


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time: a busy machine must not count."""
    start = time.process_time()
    work()
    return time.process_time() - start
