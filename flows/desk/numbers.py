"""The page of numbers: every plot with its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from starlette.responses import Response

from agent.words import Words, say
from flows import numbers as figures
from flows import terms
from flows.desk import plots
from flows.desk.call import Call


def show(call: Call) -> Response:
    """All numbers, amounts in the asked currency."""
    found = figures.numbers(call.ctx, call.request.query_params.get("currency", ""))
    return call.page(
        "numbers.html",
        found=found,
        series=_series(),
        plots=plots,
        spans=figures.SPANS_H,
        titles=_titles(call, found),
        month_plot=_money("month", say("Money by month"), found.months, str),
        recovered_plot=plots.bars(
            "recovered",
            str(say("Recovered money by month")),
            plots.Bars(
                [one.name[2:] for one in found.months],
                [("recovered", say("recovered"), [one.recovered for one in found.months])],
            ),
        ),
        portal_plot=_money("portal", say("Money by portal"), found.portals, lambda name: call.ctx.portal(name).title),
        reason_plot=_money("reason", say("Money by reason"), found.reasons, lambda name: str(terms.reason(name))),
        rate_plots={
            "reason": _rates("rate-reason", say("Win rate by reason"), found.by_reason, terms.reason),
            "evidence": _rates("rate-evidence", say("Win rate by kind of evidence"), found.by_evidence, terms.evidence),
        },
        trends=[(one, _trend(call, n, one)) for n, one in enumerate(found.trends) if len(one.points) > 1],
        response_plot=_responses(found.responses),
        ahead_plot=plots.bars(
            "ahead",
            str(say("Deadlines per day ahead")),
            plots.Bars(
                [f"{day:%m-%d}" for day, _ in found.ahead],
                [("open", say("deadlines"), [Decimal(count) for _, count in found.ahead])],
            ),
        ),
    )  # fmt: skip


def _titles(call: Call, found: figures.Numbers) -> dict[str, str]:
    names = {one.name for one in found.portals} | {one.portal for one in found.responses}
    return {name: call.ctx.portal(name).title for name in names}


def _money(name: str, title: Words, lines: Sequence[figures.Money4], words: Callable[[str], str]) -> object:
    """Months upright, in their order; what has longer names lying, the most money first."""
    series = _series()
    if name != "month":
        return plots.stacks(name, str(title), [(words(one.name), one.parts) for one in lines[:12]], series)
    values = zip(*(one.parts for one in lines), strict=True)
    told = [(kind, said, list(column)) for (kind, said), column in zip(series, values, strict=True)]
    return plots.bars(name, str(title), plots.Bars([one.name[2:] for one in lines], told))


def _series() -> tuple[tuple[str, Words], ...]:
    return ("open", say("open")), ("won", say("won")), ("lost", say("lost"))


def _responses(lines: Sequence[figures.Response]) -> object:
    names = [f"< {span} h" for span in figures.SPANS_H] + [f"≥ {figures.SPANS_H[-1]} h"]
    sums = [Decimal(sum(one.classes[n] for one in lines)) for n in range(len(names))]
    return plots.bars(
        "response", str(say("How quickly we answer")), plots.Bars(names, [("open", say("answers"), sums)])
    )


def _rates(name: str, title: Words, lines: Sequence[figures.Rate], words: Callable[[str], Words]) -> object:
    told = [
        (str(words(one.name)), one.percent, f"{one.percent:.0f} % ({one.won}/{one.won + one.lost})") for one in lines
    ]
    return plots.across(name, str(title), told, Decimal(100)) if told else None


def _trend(call: Call, number: int, one: figures.Trend) -> object:
    first, last = one.points[0][0].astimezone(call.ctx.zone), one.points[-1][0].astimezone(call.ctx.zone)
    bounds = [
        (
            bound.value,
            str(
                say("not below {value}", value=f"{bound.value:f}")
                if bound.bad == "below"
                else say("not above {value}", value=f"{bound.value:f}")
            )
            + (f" · {terms.flag(bound.meaning)}" if bound.meaning else ""),
        )
        for bound in one.bounds
    ]
    title = say("{name} of {store}", name=terms.metric(one.name), store=f"{one.portal}:{one.account}")
    return plots.line(
        f"trend-{number}", str(title), one.points, bounds, first=f"{first:%Y-%m-%d}", last=f"{last:%Y-%m-%d}"
    )
