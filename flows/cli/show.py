"""How records look on a terminal: the list by urgency, one case, findings, a packet, progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.words import Words, say
from flows import terms
from flows.times import SOON, URGENT, clock, left

if TYPE_CHECKING:
    from agent.audit import Link
    from agent.evidence.finding import Finding
    from agent.records import Case
    from agent.sending.packet import Packet
    from agent.store import CaseRow

_PIPE_WIDTH = 160
"""Columns when nobody's window limits them."""


def console(*, stderr: bool = False) -> Console:
    """A console on standard output or standard error; plain letters only where the code page has no others."""
    stream = sys.stderr if stderr else sys.stdout
    made = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=False)
    return (
        made
        if made.is_terminal
        else Console(file=stream, highlight=False, markup=False, emoji=False, width=_PIPE_WIDTH, color_system=None)
    )


def plain_letters(stream: Any = None) -> bool:
    """Whether `stream` can't take line drawing and dashes, as on Windows with a code page of long ago."""
    try:
        "─│…–“”→".encode(getattr(stream or sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def table(*headings: Words | str, right: Iterable[int] = ()) -> Table:
    """An empty table with these headings; the columns in `right` hold numbers."""
    made = Table(box=box.ASCII if plain_letters() else box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for index, heading in enumerate(headings):
        made.add_column(str(heading), justify="right" if index in set(right) else "left", overflow="fold")
    return made


def cases(
    rows: Sequence[CaseRow],
    *,
    now: datetime,
    zone: ZoneInfo,
    portal_zone: Callable[[str, str], ZoneInfo],
    total: int | None = None,
) -> None:
    """The list by urgency, as given; `portal_zone(portal, account)` is that store's clock. Both clocks are shown.

    `total`: how many there are, where not all are given; what is left out is counted.
    """
    out = console()
    if not rows:
        out.print(str(say("No cases.")))
        return
    shown = table(say("Left"), say("Your clock, the portal's clock"), say("Case"), say("Amount, answer"), right=(3,))
    shown.columns[0].no_wrap = shown.columns[1].no_wrap = True
    unsure = False
    for row in rows:
        due = row.next_deadline_at
        unsure = unsure or (due is not None and not row.next_deadline_sure)
        facts = [_both(terms.status(row.status), row.status_shown)]
        if row.reason:
            facts.append(_both(terms.reason(row.reason), row.reason_shown or ""))
        shown.add_row(
            Text(f"{left(due, now)}{'' if row.next_deadline_sure else '?'}", style=_urgency(due, now)) if due else "",
            f"{clock(due, zone)[5:]}\n{clock(due, portal_zone(row.portal, row.account))[5:]}" if due else "",
            f"{row.ref}\n{' · '.join(facts)}",
            f"{row.amount or ''}\n{terms.sending(row.sending) if row.sending else ''}",
        )
    out.print(shown)
    total = len(rows) if total is None else total
    out.print(str(say("{count} cases.", count=total)))
    if len(rows) < total:
        out.print(
            str(
                say(
                    "{count} more are not printed: `--limit 0` prints all, `--due 48h` what is urgent.",
                    count=total - len(rows),
                )
            )
        )
    if unsure:
        out.print(str(say("? The zone or the calendar behind it is assumed; the earliest reading is shown.")))


def case(found: Case, *, now: datetime, zone: ZoneInfo) -> None:
    """One case with all that the portal said; texts of the portal in the portal's words."""
    out = console()
    out.print(Text(found.key.ref, style="bold"))
    facts = _facts()
    facts.add_row(str(say("Order")), found.order_id)
    facts.add_row(str(say("Status")), _both(terms.status(found.status.is_), found.status.shown))
    if found.reason:
        facts.add_row(str(say("Reason")), _both(terms.reason(found.reason.is_), found.reason.shown))
    if found.amount:
        facts.add_row(str(say("Amount")), str(found.amount))
    for name, at in ((say("Opened"), found.opened_at), (say("Decided"), found.decided_at)):
        if at:
            facts.add_row(str(name), clock(at, zone))
    for due in found.deadlines:
        facts.add_row(
            Text(str(say("Until: {kind}", kind=terms.deadline(due.kind)))),
            Text(
                f"{left(due.at, now)} · {clock(due.at, zone)} · {clock(due.at, ZoneInfo(due.zone))} · “{due.shown}”",
                style=_urgency(due.at, now),
            ),
        )
        if due.zone_basis == "assumed" or due.provisional:
            facts.add_row("", str(say("The zone or the calendar behind it is assumed; the earliest reading is shown.")))
    if found.decision:
        _decision(facts, found)
    if found.actions:
        facts.add_row(str(say("You may")), ", ".join(str(terms.action(name)) for name in found.actions))
    if found.appeals:
        facts.add_row(
            str(say("Appeals")),
            str(say("{used} of {allowed} used", used=found.appeals.used, allowed=found.appeals.allowed)),
        )
    for item in found.items:
        facts.add_row(str(say("Item")), f"{item.quantity} × {item.name} ({item.id})")
    if found.flags:
        facts.add_row(str(say("Marks")), ", ".join(str(terms.flag(one)) for one in found.flags))
    if found.outcome:
        facts.add_row(
            str(say("Outcome")),
            " · ".join(
                filter(
                    None,
                    (
                        str(terms.outcome(found.outcome.result, found.portal)),
                        clock(found.outcome.at, zone) if found.outcome.at else "",
                        str(found.outcome.recovered) if found.outcome.recovered else "",
                        str(say("settled on {day}", day=found.outcome.settled_on)) if found.outcome.settled_on else "",
                    ),
                )
            ),
        )
    for field, why in found.missing.items():
        facts.add_row(str(say("Missing")), str(terms.missing(field, why)))
    facts.add_row(str(say("Address")), found.url)
    out.print(facts)
    for message in found.messages:
        out.print(Text(f"{clock(message.at, zone)}  {terms.party(message.from_)}", style="dim"))
        out.print(message.text)


def case_view(view: Any, *, now: datetime, zone: ZoneInfo) -> None:
    """One case (`view.case`), with its findings, earlier readings, attempts and steps where the view has them."""
    case(view.case, now=now, zone=zone)
    out = console()
    if expected := getattr(view, "expected", None):
        first = f"{clock(expected.first, zone)} – " if expected.first else ""
        out.print(str(say("Answer expected: {when}", when=first + clock(expected.last, zone))))
    if history := tuple(getattr(view, "history", ())):
        shown = table(say("Read"), say("Status"), say("Revision"))
        for seen in history:
            shown.add_row(
                clock(seen.at, zone),
                _both(terms.status(seen.case.status.is_), seen.case.status.shown),
                seen.revision[:12],
            )
        out.print(shown)
    if attempts := tuple(getattr(view, "attempts", ())):
        shown = table(say("Sent"), say("Action"), say("Outcome"), say("The portal's words"))
        for one in attempts:
            told = one.words or (f"{one.receipt.number} {one.receipt.shown}".strip() if one.receipt else "")
            shown.add_row(clock(one.armed_at, zone), str(terms.action(one.action)), str(terms.sending(one.state)), told)
        out.print(shown)
    if story := tuple(getattr(view, "story", ())):
        links(story, zone)


def links(found: Sequence[Link], zone: ZoneInfo) -> None:
    """Steps of the audit record."""
    if not found:
        said(say("No steps yet."))
        return
    shown = table(say("No."), say("When"), say("Who"), say("What"), say("Case"), say("Link"), right=(0,))
    for link in found:
        shown.add_row(
            str(link.seq), clock(link.at, zone), link.who, str(terms.event(link.what)), link.ref, link.hash[:12]
        )
    console().print(shown)


def findings(found: Sequence[Finding], overrides: Mapping[str, str] | None = None) -> None:
    """What lint has to say, the worst first."""
    out = console()
    if not found:
        out.print(str(say("Nothing to remark.")))
        return
    names = {"block": say("blocks"), "warn": say("warning"), "note": say("note")}
    styles = {"block": "bold red", "warn": "yellow", "note": ""}
    shown = table(say("Weight"), say("Code"), say("Concerns"), say("What"))
    for one in sorted(found, key=lambda f: list(names).index(f.level)):
        why = (overrides or {}).get(one.code)
        shown.add_row(
            Text(str(names[one.level]), style=styles[one.level]),
            one.code,
            one.concerns,
            f"{one.words} " + (str(say("(let stand: {why})", why=why)) if why and one.overridable else ""),
        )
    out.print(shown)


def packet(sent: Packet) -> None:
    """Exactly what would be sent, with the digest an approval is given to."""
    out = console()
    out.print(Text(sent.case.ref, style="bold"))
    facts = _facts()
    facts.add_row(str(say("Order")), sent.order_id)
    facts.add_row(str(say("Action")), str(terms.action(sent.action)))
    facts.add_row(str(say("Written by")), sent.by)
    for field in sent.fields:
        facts.add_row(field.key, _value(field.kind, field.value, field.shown))
    for file in sent.files:
        facts.add_row(
            str(say("File")), f"{file.upload_name}  {file.size:,} B  sha256 {file.sha256[:16]}…  ({file.path})"
        )
    for code, why in sent.overrides.items():
        facts.add_row(str(say("Let stand")), f"{code}: {why}")
    out.print(facts)
    out.print(Text(str(say("Digest {digest}", digest=sent.digest)), style="bold"))
    out.print(
        str(say("Approve with: rebuttal approve {ref} --digest {digest}", ref=sent.case.ref, digest=sent.digest[:12]))
    )


def lines(pairs: Iterable[tuple[Words | str, Any]]) -> None:
    """Names and values, one a line."""
    facts = _facts()
    for name, value in pairs:
        facts.add_row(str(name), "" if value is None else str(value))
    console().print(facts)


def said(words: Words | str, *, stderr: bool = False) -> None:
    """One sentence."""
    console(stderr=stderr).print(str(words))


def yes(is_so: bool) -> str:
    """Yes or no."""
    return str(say("yes") if is_so else say("no"))


def _facts() -> Table:
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    return made


def _decision(facts: Table, found: Case) -> None:
    decision = found.decision
    if decision is None:
        return
    if decision.responsible:
        facts.add_row(str(say("Responsible")), _both(terms.party(decision.responsible.is_), decision.responsible.shown))
    for deduction in decision.deductions:
        facts.add_row(str(say("Deducted")), f"{deduction.amount}  {deduction.label}")
    if decision.clauses:
        facts.add_row(str(say("Clauses")), ", ".join(decision.clauses))
    if decision.text:
        facts.add_row(str(say("Decision")), decision.text)
    for wanted in decision.requested_evidence:
        facts.add_row(str(say("Evidence asked for")), wanted)
    if decision.document:
        facts.add_row(str(say("Document")), f"{decision.document.name}  {decision.document.size:,} B")


def _value(kind: str, value: str, shown: str) -> str:
    if kind == "tick":
        return str(say("ticked")) if value == "yes" else str(say("not ticked"))
    return f"{shown} ({value})" if shown and shown != value else value


def _both(ours: Words, theirs: str) -> str:
    """Our word, and the portal's own beside it."""
    return f"{ours} ({theirs})" if theirs and theirs.casefold() != str(ours).casefold() else str(ours)


def _urgency(due: datetime | None, now: datetime) -> str:
    if due is None:
        return ""
    if due - now < URGENT:
        return "bold red"
    return "yellow" if due - now < SOON else ""
