"""How fast stored pages are read again: one page by its reader, and a whole store of them on one core."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from agent.home import Home
from agent.reading.labels import Labels, load_labels
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from agent.records import CaseKey
from flows import registry
from flows.context import Context, opened
from flows.contract import hold_case
from flows.frozen import folders, load
from flows.reread import reread

PAGES = Path(__file__).parents[2] / "fixtures" / "pages"
CASES = 1_500
PER_SECOND = 150
LARGE = 100_000
"""Bytes of the page whose reading is timed."""
READ_MS = 5.0


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """Time per case over the time allowed, both on one core; and against a bare parse of the same page."""
    portal = registry.get("coupang")
    labels = load_labels(portal.name, portal.folder)
    channel, times = portal.channels[0], max(5, int(60 * scale))
    page, talk = large(messages=10), large(messages=10_000)
    parse = median_ms(lambda: LexborHTMLParser(page.html), times)
    tree = median_ms(lambda: Seen(page, labels), times)
    read = median_ms(lambda: hold_case(channel, page, page.subject or "", labels), times)
    only_talk = median_ms(lambda: hold_case(channel, talk, talk.subject or "", labels), max(5, times // 4))
    spoken = talk.html.count("<li")
    per_case, bare, count = store(max(50, int(CASES * scale)), labels)
    kilobytes = len(page.html.encode()) // 1000
    return [
        {
            "what": f"read a seen page of {kilobytes} KB (median {read:.2f} ms, of it the tree {tree:.2f} ms)",
            "ratio": read / READ_MS,
            "goal": 1.0,
            "how": f"processor time over {READ_MS:g} ms",
        },
        {
            "what": "the same over a bare selectolax parse of it",
            "ratio": read / parse,
            "goal": None,
            "how": f"parse: median {parse:.2f} ms",
        },
        {
            "what": f"the same of a page that is one conversation of {spoken} messages (median {only_talk:.2f} ms)",
            "ratio": only_talk / READ_MS,
            "goal": None,
            "how": f"time over {READ_MS:g} ms: each message is read and checked",
        },
        {
            "what": f"reread {count} stored cases ({1 / per_case:.0f} a second)",
            "ratio": per_case * PER_SECOND,
            "goal": 1.0,
            "how": f"processor time a case over 1/{PER_SECOND} s",
        },
        {
            "what": "the same over a bare selectolax parse of their pages",
            "ratio": per_case / bare,
            "goal": None,
            "how": f"parse: {bare * 1000:.2f} ms a page",
        },
    ]


def large(*, messages: int) -> SeenPage:
    """A frozen order page grown to 100 KB: with so many messages (as far as they fit), and for the rest with what
    surrounds a case at a seller centre, menus and help."""
    page = load(PAGES / "coupang" / "order" / "lost-with-messages").page
    start = page.html.index("<li", page.html.index("<ol"))
    end = page.html.index("</ol>", start)
    entry = page.html[start:end]
    room = LARGE - len(page.html.encode())
    fit = min(messages, room // len(entry.encode()) + 1)
    link = '<li><a href="https://coupang.example/menu/{n}/overview?from=side" data-wuic-attrs="menu:{n}">{n}번 메뉴</a></li>'
    help_text = (
        "<p>판매자 여러분의 안정적인 운영을 위해 배송, 반품, 정산에 관한 안내를 정기적으로 갱신하고 있습니다. "
        "자세한 내용은 도움말 {n}번 문서와 공지 사항을 확인하여 주시기 바라며, 문의는 온라인 문의로 접수해 주십시오.</p>"
    )
    around: list[str] = []
    room -= fit * len(entry.encode())
    while room > 0:
        piece = (link if len(around) % 3 else help_text).format(n=len(around))
        around.append(piece)
        room -= len(piece.encode())
    links = "".join(one for one in around if one.startswith("<li"))
    helps = "".join(one for one in around if one.startswith("<p"))
    more = f"<nav><ul>{links}</ul></nav><footer>{helps}</footer>" if around else ""
    html = page.html[:start] + entry * (fit + 1) + page.html[end:]
    return page.model_copy(update={"html": html + more})


def median_ms(work: Callable[[], object], times: int) -> float:
    """The median of so many runs, in milliseconds of processor time, which a busy machine lengthens least."""
    work()
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken) * 1000


def store(count: int, labels: Labels) -> tuple[float, float, int]:
    """Seconds of processor time a case, and a bare parse of its page, over a store of so many cases."""
    os.environ.setdefault("REBUTTAL_KEY", "only for this measure")
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").create()
        home.settings_file.write_text('operator = "li"\n', encoding="utf-8")
        with opened(home) as ctx:
            pages = fill(ctx, labels, count)
            reread(ctx)
            start = time.process_time()
            report = reread(ctx)
            taken = time.process_time() - start
            assert (report.pages, report.unchanged, report.corrections, report.drifted) == (count, count, [], [])
        start = time.process_time()
        for page in pages:
            LexborHTMLParser(page.html)
        return taken / count, (time.process_time() - start) / count, count


def fill(ctx: Context, labels: Labels, count: int) -> list[SeenPage]:
    """Frozen pages under new ids, stored with their records as a sync leaves them."""
    frozen = [
        load(one) for one in folders(PAGES) if one.parts[-3:-1] == ("coupang", "order") and "drifted" not in one.name
    ]
    channel = registry.get("coupang").channels[0]
    pages = []
    for number in range(count):
        one = frozen[number % len(frozen)]
        old, new = one.subject, f"COO{100_000_000 + number}"
        page = SeenPage.model_validate_json(one.page.model_dump_json().replace(old, new)).model_copy(
            update={"seen_at": one.page.seen_at + timedelta(seconds=number)}
        )
        case = hold_case(channel, page, new, labels).case
        assert case is not None
        ctx.store.pages.put(
            "coupang", "main", page.page, new, page.stored(), page.seen_at, channel=channel.name, verdict="read"
        )
        ctx.store.cases.save(case, "bench")
        assert case.key == CaseKey(portal="coupang", account="main", channel=channel.name, case_id=new)
        pages.append(page)
    return pages
