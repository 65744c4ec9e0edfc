"""The board: nothing urgent is hidden, what is loud stands on top, filters do what they say."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from agent.records import Case, Deadline, Message, Money, Outcome, Reason, Status, StatusIs
from agent.words import say
from flows import cases, numbers
from flows.board import Wanted, board
from flows.desk.call import at
from flows.urgency import HOUSE_OVERDUE
from tests.evidence.made import NOW
from tests.flows.conftest import Desk

_STATUSES: tuple[StatusIs, ...] = ("action_needed", "waiting", "in_review", "won", "unknown")


def due(hours: float) -> tuple[Deadline, ...]:
    """A deadline so many hours from now."""
    return (
        Deadline(kind="appeal", at=NOW + timedelta(hours=hours), shown="남음", basis="instant", zone="Asia/Seoul",
                 zone_basis="page", precision_s=60, rule="CP4"),
    )  # fmt: skip


def many(desk: Desk) -> list[Case]:
    """Cases of every sort; some have a house deadline of their own (WD3)."""
    made = []
    for n in range(24):
        status = _STATUSES[n % 5]
        made.append(
            desk.case(
                case_id=f"COO{100 + n}", order_id=f"COO{100 + n}", status=Status(shown=f"상태{n}", is_=status),
                deadlines=due(200 - 7 * n) if n % 4 else (), opened_at=NOW - timedelta(hours=n),
                flags=("withdrawable:yes",) if n % 3 == 0 else (),
                reason=Reason(shown="미수령", is_="not_received" if n % 2 else "damaged"),
            )
        )  # fmt: skip
    return made


def shown(html: str) -> list[str]:
    """The cases on a board, in order."""
    return re.findall(r'class="ref" href="[^"]*/([^"/]*)"', html)


def test_the_board_is_in_the_order_of_the_command(desk: Desk, visitor: Any) -> None:
    """`rebuttal cases` and the desk must not disagree on what is urgent, house deadlines included."""
    many(desk)
    expected = [row.case_id for row in cases.listing(desk.ctx)]
    assert shown(visitor("look").get("/").text) == expected
    found = board(desk.ctx, Wanted(closed=True), size=7)
    assert (found.total, found.pages) == (24, 4)
    pages = [row.ref for n in range(1, 5) for row in board(desk.ctx, Wanted(closed=True), number=n, size=7).rows]
    assert pages == [row.ref for row in cases.listing(desk.ctx, everything=True)]


def test_a_house_deadline_is_known_anew_when_the_case_changes(desk: Desk) -> None:
    """It counts from the buyer's last word."""
    desk.case(flags=("withdrawable:yes",), deadlines=due(200), opened_at=NOW)
    first = board(desk.ctx, Wanted()).rows[0].next_deadline_at
    assert first == NOW + timedelta(hours=48)
    asked = Message(at=NOW + timedelta(hours=1), from_="buyer", text="?")
    desk.case(flags=("withdrawable:yes",), deadlines=due(200), opened_at=NOW, messages=(asked,))
    assert board(desk.ctx, Wanted()).rows[0].next_deadline_at == NOW + timedelta(hours=49)


def test_a_passed_house_deadline_hides_no_deadline_of_the_portal(desk: Desk) -> None:
    """A seller who reads "over" gives up an appeal that the portal takes for another week; what is nearly over comes first."""
    desk.case(case_id="late", flags=("withdrawable:yes",), deadlines=due(200), opened_at=NOW - timedelta(days=5))
    desk.case(case_id="soon", deadlines=due(3))
    desk.case(case_id="silent", flags=("withdrawable:yes",), deadlines=(), opened_at=NOW - timedelta(days=5))
    found = {row.case_id: row for row in board(desk.ctx, Wanted()).rows}
    assert found["late"].next_deadline_at == NOW + timedelta(hours=200)
    assert HOUSE_OVERDUE in found["late"].flags
    assert (found["silent"].next_deadline_at, found["silent"].next_deadline_kind) == (NOW - timedelta(days=3), "house")
    assert list(found) == ["silent", "soon", "late"] == [row.case_id for row in cases.listing(desk.ctx)]
    urgent = {row.case_id for row in board(desk.ctx, Wanted(due=timedelta(hours=24))).rows}
    assert (
        urgent
        == {"silent", "soon", "late"}
        == {row.case_id for row in cases.listing(desk.ctx, due=timedelta(hours=24))}
    )


def test_filters_in_the_address(desk: Desk, visitor: Any) -> None:
    """A link to a view gives the same view to a colleague."""
    many(desk)
    one = visitor("look")
    everything = {row.case_id: row for row in cases.listing(desk.ctx, everything=True)}
    for query, wanted in (
        ("status=won", lambda r: r.status == "won"),
        ("reason=damaged", lambda r: r.reason == "damaged" and r.status != "won"),
        ("q=COO107", lambda r: r.case_id == "COO107"),
        ("tab=action", lambda r: r.status in ("action_needed", "unknown")),
        ("due=48h", lambda r: r.needs_action and r.next_deadline_at and r.next_deadline_at < NOW + timedelta(hours=48)),
        ("account=coupang:other", lambda r: False),
        ("closed=1", lambda r: True),
    ):
        expected = {name for name, row in everything.items() if wanted(row)}
        assert set(shown(one.get(f"/?{query}").text)) == expected, query


def test_hostile_and_odd_filters_do_no_harm(desk: Desk, visitor: Any) -> None:
    """Addresses are typed by hand and by strangers."""
    many(desk)
    for query in (
        "page=-1",
        "page=99999999999999999999",
        "status=nonsense",
        "q=%25%27%22;--",
        "portal=x&portal=y",
        "due=never",
        "tab=x",
        "account=nocolon",
    ):
        assert visitor("look").get(f"/?{query}").status_code == 200, query
    assert visitor("look").get("/numbers?currency=<script>").status_code == 200


def test_alarms_stand_on_top_the_loudest_first(desk: Desk, visitor: Any) -> None:
    """A drifted page means cases that nobody sees."""
    case = desk.case()
    alarms = desk.ctx.store.alarms
    alarms.raise_("unpaid", case.key.ref, say("{ref}: awaited by {day}.", ref=case.key.ref, day="2026-05-01"))
    alarms.raise_("drift", "coupang:main/refund_disputes/detail", say("No case is like that."))
    html = visitor("look").get("/").text
    assert html.index("page changed") < html.index("won, not paid") < html.index('class="board"')
    assert "signed out" in html, "the account was never signed in"
    assert f'href="{at("case", case.key)}">coupang:main/refund_disputes/COO123456789: awaited' in html


def test_both_clocks_with_their_zones(desk: Desk, visitor: Any) -> None:
    """Sellers who read the Korean countdown as Beijing time answer an hour late (CM3)."""
    case = desk.case()
    for path in ("/", at("case", case.key)):
        html = visitor("look").get(path).text
        assert re.search(r'11:00 <span class="zone">Shanghai</span>', html), path
        assert re.search(r'12:00 <span class="zone">Seoul</span>', html), path
        assert 'role="timer"' in html


def test_the_money_adds_up(desk: Desk, visitor: Any) -> None:
    """By hand: each case once, no currency mixed with another, what came back as the case says."""
    won = Outcome(result="승인", recovered=Money(value=Decimal(30000), currency="KRW"))
    worlds: tuple[tuple[StatusIs, Outcome | None, str], ...] = (
        ("won", won, "KRW"),
        ("lost", None, "KRW"),
        ("action_needed", None, "KRW"),
        ("withdrawn", None, "KRW"),
        ("won", None, "USD"),
    )
    for n, (status, outcome, currency) in enumerate(worlds):
        desk.case(case_id=f"C{n}", order_id=f"C{n}", status=Status(shown="x", is_=status), outcome=outcome, opened_at=NOW,
                  amount=Money(value=Decimal(37900), currency=currency))  # fmt: skip
    found = numbers.numbers(desk.ctx)
    assert found.currency == "KRW" and found.currencies == ("KRW", "USD")
    (line,) = found.portals
    assert [int(v) for v in (*line.parts, line.recovered)] == [37900, 37900, 37900, 30000] and line.cases == 4
    assert found.months[-1].name == "2026-05" and found.months[-1].parts == line.parts
    assert [int(v) for v in numbers.numbers(desk.ctx, "USD").portals[0].parts] == [0, 37900, 0]
    (rate,) = found.by_reason
    assert (rate.won, rate.lost) == (2, 1)
    assert found.ahead[2][1] == 1
    html = visitor("look").get("/numbers").text
    plots, tables = html.count('<svg class="plot"'), html.count('class="table"')
    assert plots >= 6 and tables >= plots - 1, "each plot has its table"


def test_a_score_is_plotted_with_its_limits(desk: Desk, visitor: Any) -> None:
    """CP14: under 3.5 no appeal is taken."""
    for n, value in enumerate(("4.1", "3.9", "3.6")):
        desk.ctx.store.metrics.put(
            "coupang", "main", "seller_score", NOW - timedelta(days=3 - n), Decimal(value), "/5", value
        )
    html = visitor("look").get("/numbers").text
    plot = html[html.index("seller_score") if "seller_score" in html else html.index("Seller score") :]
    assert "not below 3.5" in plot and "not below 3.8" in plot and "<polyline" in plot
