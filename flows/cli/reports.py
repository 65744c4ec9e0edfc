"""How the results of commands look on a terminal, from the same public form that JSON gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from agent.words import Words, say
from flows.cli import show, terms
from flows.cli.call import plain

if TYPE_CHECKING:
    from agent.sending.packet import Approval
    from flows.accounts import AccountState
    from flows.doctor import Diagnosis
    from flows.setup import Made


def sync_report(report: Any) -> None:
    """What was read, account by account and channel by channel (DESIGN §8), from the report's public form."""
    out = show.console()
    told = plain(report)
    shown = show.table(
        say("Account"),
        say("Channel"),
        say("Listed"),
        say("Portal says"),
        say("Complete"),
        say("Visited"),
        say("New"),
        say("Changed"),
        say("Unchanged"),
        say("Drifted"),
        say("Errors"),
        right=(2, 3, 5, 6, 7, 8, 9, 10),
    )
    remarks: list[str] = []
    for channel in told["channels"]:
        errors = channel.get("errors") or []
        complete = bool(channel.get("complete"))
        shown.add_row(
            channel["account"],
            channel["channel"],
            _count(channel.get("listed")),
            _count(channel.get("portal_total")),
            Text(show.yes(complete), style="" if complete else "bold red"),
            *(_count(channel.get(name)) for name in ("visited", "new", "changed", "unchanged", "drifted")),
            str(len(errors)),
        )
        remarks += [f"{channel['account']}/{channel['channel']}: {_sentence(error)}" for error in errors]
    out.print(shown)
    for remark in remarks:
        out.print(remark)


def submit_report(report: Any) -> None:
    """What became of each packet, from the report's public form."""
    told = plain(report)
    results = told.get("results", told) if isinstance(told, dict) else told
    if not results:
        show.said(say("There was nothing to do."))
        return
    shown = show.table(say("Case"), say("Outcome"), say("What"))
    for one in results:
        told = (one.get("said") or one.get("receipt"), one.get("todo"))
        shown.add_row(one["ref"], str(terms.sending(one["outcome"])), "\n".join(filter(None, told)))
    show.console().print(shown)


def draft_report(report: Any) -> None:
    """A draft's findings, and whether it is ready; `report` has `findings`, and perhaps `draft` and `packet`."""
    draft = getattr(report, "draft", None)
    show.findings(tuple(report.findings), draft.overrides if draft is not None else None)
    if (frozen := getattr(report, "packet", None)) is not None:
        show.said(say("The draft is ready. Look at it with: rebuttal packet {ref}", ref=frozen.case.ref))


def approval(given: Approval) -> None:
    """A yes, and how long it lives."""
    show.said(
        say(
            "{by} approved {ref}, digest {digest}, until {until} UTC.",
            by=given.by,
            ref=given.case.ref,
            digest=given.digest[:12],
            until=f"{given.expires_at:%Y-%m-%d %H:%M}",
        )
    )
    show.said(say("Send it with: rebuttal submit {ref}", ref=given.case.ref))


def audit_report(report: Any) -> None:
    """Whether the chain holds, from the report's public form: `whole`, `links`, `head`, and `said` where it breaks."""
    told = plain(report)
    if told.get("whole"):
        show.said(say("The record is whole: {count} links, head {head}.", count=told["links"], head=told["head"]))
    else:
        show.said(say("The record is broken: {why}", why=told["said"]))


def made(what: Made) -> None:
    """What `init` did."""
    for words in what.said:
        show.said(words)


def accounts(found: Sequence[AccountState]) -> None:
    """The accounts and their sessions."""
    if not found:
        show.said(say("There is no account yet: add one with `rebuttal init`."))
        return
    shown = show.table(
        say("Account"),
        say("Session"),
        say("Ends"),
        say("Name kept"),
        say("Password kept"),
        say("Browser"),
        say("Address"),
    )
    for one in found:
        shown.add_row(
            one.account,
            str(terms.session(one.session)),
            f"{one.expires_at:%Y-%m-%d %H:%M} UTC" if one.expires_at else "",
            show.yes(one.username_kept),
            show.yes(one.password_kept),
            one.browser,
            one.base_url or "",
        )
    show.console().print(shown)


def diagnosis(found: Diagnosis) -> None:
    """What `doctor` saw."""
    words = {"ok": say("good"), "note": say("note"), "fault": say("fault")}
    styles = {"ok": "green", "note": "yellow", "fault": "bold red"}
    shown = show.table(say("State"), say("What"), say("Found"), say("Next step"))
    for check in found.checks:
        shown.add_row(
            Text(str(words[check.state]), style=styles[check.state]),
            str(check.title),
            str(check.said),
            str(check.todo) if check.todo else "",
        )
    show.console().print(shown)


def nothing(_: object) -> None:
    """Print nothing: the command said all itself."""


def report(what: Any) -> None:
    """Sentences, or names and values, of a result that has no picture of its own."""
    if what is None:
        return
    if isinstance(sentences := getattr(what, "said", None), Words | tuple | list):
        for words in (sentences,) if isinstance(sentences, Words) else sentences:
            show.said(words)
        return

    told = plain(what)
    if isinstance(told, dict):
        show.lines(told.items())
    elif isinstance(told, list):
        for one in told:
            report(one)
    else:
        show.said(str(told))


def _count(value: Any) -> str:
    return "" if value is None else str(value)


def _sentence(error: dict[str, Any]) -> str:
    """An error of a report: on which case, what, and the next step."""
    said, todo = error.get("said") or "", error.get("todo") or ""
    told = f"{said}{' ' if said.endswith(('.', '。')) else ' – '}{todo}" if said and todo else said or todo
    return f"{error['case_id']}: {told}" if error.get("case_id") else told
