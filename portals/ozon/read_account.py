"""Pure readers of the account's own pages: ratings, accruals, and the Dispute Report."""

from __future__ import annotations

import csv
import io
import re

from agent.portal import Fetched, Listed, Measure, Settled, Statement
from agent.reading.labels import Labels, norm
from agent.reading.seen import Seen
from agent.reading.unreadable import Unreadable
from portals.ozon.values import day, money

_REPORT = ("posting", "order", "kind", "status", "amount", "number", "recovered")


def figure(text: str) -> tuple[float, str]:
    """`2,6 %`, `154 мин`, `86 / 100`, `4,68`: the number and its unit."""
    match = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*(?:(/\s*100)|(%)|(мин|min|分钟))?", text.strip().replace("\u00a0", " "))
    if match is None:
        raise Unreadable(text, "a figure (2,6 %)")
    unit = "points" if match[2] else "percent" if match[3] else "minutes" if match[4] else ""
    return float(match[1].replace(",", ".")), unit


def read_health(seen: Seen) -> tuple[Measure, ...]:
    """Account Health and the indicators below it (OZ10); an indicator we have no name for is drift."""
    account = seen.labelled("health.account")
    value, unit = account.read(figure)
    found = [Measure(name="account_health", value=value, shown=account.text, unit=unit)]
    for row in seen.rows({"indicator": "health.indicator", "now": "health.now", "state": "health.state"}):
        row["state"].word("rating")
        value, unit = row["now"].read(figure)
        found.append(Measure(name=row["indicator"].word("indicator"), value=value, shown=row["now"].text, unit=unit))
    return tuple(found)


def read_accruals(seen: Seen) -> Statement:
    """What was credited after appeals (OZ6); an accrual names a posting, its first two groups are the order."""
    if seen.shows("finance.none"):
        return Statement(lines=(), last=True)
    columns = {name: f"finance.{name}" for name in ("day", "posting", "kind", "amount")}
    lines = []
    for row in seen.rows(columns):
        posting, on = row["posting"].text, row["day"].read(day)
        shown = " ".join(row.shown.values())
        lines.append(
            Settled(
                statement=on.isoformat(),
                line=f"{posting}/{row['kind'].text}",
                order_id=posting.rpartition("-")[0] or posting,
                on=on,
                amount=row["amount"].read(money),
                kind=row["kind"].text,
                shown=shown,
            )
        )
    return Statement(lines=tuple(lines), last=True)


def read_report(file: Fetched, labels: Labels) -> tuple[Listed, ...]:
    """The Dispute Report's lines (OZ6), as CSV with semicolons; columns are found by their heads.

    Raises `Unreadable` where it is not such a file.
    """
    try:
        lines = list(csv.reader(io.StringIO(file.data.decode("utf-8-sig")), delimiter=";"))
    except (UnicodeDecodeError, csv.Error) as fault:
        raise Unreadable(str(fault), "a CSV report") from None
    if not lines:
        raise Unreadable(file.name, "a report with a head line")
    heads = [norm(text) for text in lines[0]]
    where: dict[str, int] = {}
    for name in _REPORT:
        spots = [n for n, head in enumerate(heads) if head in labels.of(f"report.{name}")]
        if len(spots) != 1:
            raise Unreadable("; ".join(lines[0]), f"one column {labels.texts[f'report.{name}'][0]}")
        where[name] = spots[0]
    if any(len(line) != len(heads) for line in lines):
        raise Unreadable(file.name, f"lines of {len(heads)} cells")
    return tuple(
        Listed(
            case_id=line[where["posting"]],
            url="",
            facts={
                "kind": line[where["kind"]],
                "status": line[where["status"]],
                "amount": f"{line[where['amount']]} ₽",
            },
        )
        for line in lines[1:]
    )
