"""The account's own pages: Seller Score (CP14), Communication Score (CM10), and the settlement lines (CP13)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from agent.browser.tab import Tab, Wanted
from agent.portal import HealthPage, Limit, Measure, Settled, SettlementPage, Statement
from agent.reading.seen import Part, Seen, Value
from agent.reading.unreadable import Unreadable
from agent.reading.zones import day_bounds, zone_of
from agent.words import say
from portals.coupang.shown import day, money
from portals.coupang.wuic import bare_order, number_of, right_page


def _as_of(part: Part, key: str) -> datetime:
    """The beginning of the day that the figures are of, in the portal's zone."""
    page = part.seen.page
    return day_bounds(day(part.labelled(key)), zone_of(page.zone))[0].astimezone(UTC)


def _percent(name: str, value: Value, at: datetime) -> Measure:
    return Measure(name=name, value=value.read(lambda t: number_of(t, "%")), shown=value.text, unit="%", at=at)


class SellerScore(HealthPage):
    """Seller Score on a scale of 1 to 5, and the shipping and answering rates under it."""

    name = "score"
    limits = (
        Limit(measure="seller_score", rule="score_not_eligible", bad="below", flag="not_eligible",
              channels=("refund_disputes",)),
        Limit(measure="seller_score", rule="score_poor", bad="below", flag="poor_odds", channels=("refund_disputes",)),
        Limit(measure="late_rate_two_weeks", rule="late_rate_limit", bad="above", flag="appeals_limited",
              channels=("refund_disputes",)),
    )  # fmt: skip

    async def see(self, tab: Tab) -> Seen:
        return await tab.look("/score", Wanted("score", ("score.heading", "score.late", "score.as_of")))

    def read(self, seen: Seen) -> tuple[Measure, ...]:
        part = seen.section("score.heading")
        at = _as_of(part, "score.as_of")
        score, weeks = part.labelled("score.score"), part.labelled("score.weeks")
        value, scale = score.read(_of)
        if not 0 <= value <= scale:
            raise seen.drift("score.score", say("the score is outside its scale"), found=(score.text,))
        both = weeks.read(_two_rates)
        return (
            Measure(name="seller_score", value=value, shown=score.text, unit=f"/{scale:g}", at=at),
            _percent("late_rate", part.labelled("score.late"), at),
            Measure(name="late_rate_two_weeks", value=min(both), shown=weeks.text, unit="%", at=at),
            _percent("on_time_rate", part.labelled("score.on_time"), at),
            _percent("answer_rate_24h", part.labelled("score.answers"), at),
        )


def _of(text: str) -> tuple[float, float]:
    """`4.3 / 5.0`."""
    one, sign, other = text.partition("/")
    if not sign:
        raise Unreadable(text, "a score and its scale (4.3 / 5.0)")
    return number_of(one), number_of(other)


def _two_rates(text: str) -> tuple[float, float]:
    """`1.0% / 2.0%`: two weeks running above a limit is the lower of the two above it."""
    one, sign, other = text.partition("/")
    if not sign:
        raise Unreadable(text, "two rates (1.0% / 2.0%)")
    return number_of(one, "%"), number_of(other, "%")


def _minutes(text: str) -> float:
    match = re.fullmatch(r"(?:(\d+)\s*(?:시간|h))?\s*(?:(\d+)\s*(?:분|m))?", text.strip())
    if match is None or not any(match.groups()):
        raise Unreadable(text, "hours and minutes (3시간 12분)")
    return float(int(match[1] or 0) * 60 + int(match[2] or 0))


class CommunicationScore(HealthPage):
    """Communication Score and response rate, by date and by reason."""

    name = "communication"
    limits = (Limit(measure="response_rate", rule="response_rate", bad="below"),)

    async def see(self, tab: Tab) -> Seen:
        return await tab.look(
            "/messages/score",
            Wanted(
                "communication",
                ("communication.heading", "communication.daily.heading", "communication.reasons.heading"),
            ),
        )

    def read(self, seen: Seen) -> tuple[Measure, ...]:
        part = seen.section("communication.heading")
        at = _as_of(part, "communication.as_of")
        score, time = part.labelled("communication.score"), part.labelled("communication.time")
        found = [
            Measure(name="communication_score", value=score.read(_of)[0], shown=score.text, unit="/100", at=at),
            _percent("response_rate", part.labelled("communication.rate"), at),
            Measure(name="response_minutes", value=time.read(_minutes), shown=time.text, unit="min", at=at),
        ]
        return (*found, *self._daily(seen), *self._reasons(seen, at))

    def _daily(self, seen: Seen) -> list[Measure]:
        names = ("day", "received", "in_time", "late")
        found = []
        for row in seen.section("communication.daily.heading").rows({n: f"communication.{n}" for n in names}):
            at = day_bounds(day(row["day"]), zone_of(seen.page.zone))[0].astimezone(UTC)
            figures = {n: row[n].read(lambda t: number_of(t, "건")) for n in names[1:]}
            if figures["in_time"] + figures["late"] != figures["received"]:
                raise seen.mismatch("communication.received", row["received"].text, row["late"].text)
            found += [
                Measure(name=f"messages_{n}", value=value, shown=row[n].text, at=at) for n, value in figures.items()
            ]
        return found

    def _reasons(self, seen: Seen, at: datetime) -> list[Measure]:
        names = ("reason", "count", "share")
        return [
            Measure(
                name=f"messages_about_{row['reason'].word('inbox_kind')}",
                value=row["count"].read(lambda t: number_of(t, "건")),
                shown=f"{row['count'].text} ({row['share'].text})",
                at=at,
            )
            for row in seen.section("communication.reasons.heading").rows({n: f"communication.{n}" for n in names})
        ]


class Settlements(SettlementPage):
    """The settlement lines, newest first; the sum of each page is compared with the page's own."""

    name = "settlements"

    async def see(self, tab: Tab, number: int) -> Seen:
        return await tab.look(
            f"/settlements?page={number}", Wanted("settlements", ("settlements.list.heading", "settlements.number"))
        )

    def read(self, seen: Seen, number: int) -> Statement:
        right_page(seen, "settlements.heading", number)
        part = seen.section("settlements.list.heading")
        columns = {n: f"settlements.{n}" for n in ("number", "day", "order", "kind", "amount")}
        lines = []
        for row in part.rows(columns):
            statement, _, line = row["number"].text.partition("-")
            lines.append(
                Settled(
                    statement=statement,
                    line=line or "1",
                    order_id=bare_order(row["order"].text),
                    on=day(row["day"]),
                    amount=row["amount"].read(money),
                    kind=row["kind"].text,
                    shown=" ".join(row.shown.values()),
                )
            )
        total = part.labelled("settlements.sum").read(money)
        if sum(line.amount.value for line in lines) != total.value:
            raise seen.mismatch("settlements.sum", " + ".join(str(line.amount) for line in lines) or "0", total)
        count = seen.count("settlements.total")
        if not lines and count and number == 1:
            raise seen.mismatch("settlements.total", say("{count} rows on page {number}", count=0, number=1), count)
        return Statement(lines=tuple(lines), last=not lines or count is None or number * 50 >= count)
