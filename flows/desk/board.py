"""The board: every open case by urgency, what is loud on top, filters in the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.responses import Response

from agent.records import CaseKey, StatusIs
from agent.words import Words, say
from flows import terms
from flows.accounts import AccountState
from flows.accounts import listing as accounts
from flows.board import NEW, Wanted, board, counts
from flows.desk.call import Call, at

SIZE = 100
"""Rows of one page: with that a page stays under 300 KB."""

_DUE = {"over": 0, "2h": 2, "24h": 24, "48h": 48, "7d": 168}
_LOUD = ("unknown", "needs_person", "session", "drift", "incomplete", "unpaid", "missed")
"""Kinds of alarms, the loudest first."""
_OF_A_CASE = ("unpaid", "missed")
_SHOWN = 5


@dataclass(frozen=True)
class Notice:
    """One alarm as the board shows it."""

    kind: str
    words: Words | str
    todo: Words | None
    address: str | None
    count: int = 1


def show(call: Call) -> Response:
    """One page of the list."""
    query = call.request.query_params
    wanted = _wanted(query)
    number = int(query["page"]) if query.get("page", "").isdigit() else 1
    found = board(call.ctx, wanted, number=number, size=SIZE)
    notices = alarms(call)
    return call.page(
        "board.html",
        found=found,
        counts=counts(call.ctx),
        tabs=_tabs(query),
        alarms=notices[:_SHOWN],
        more_alarms=notices[_SHOWN:],
        query=query,
        filtered=any(query.get(name) for name in ("q", "portal", "account", "channel", "status", "reason", "due")),
        choices=_choices(call, wanted),
        zones={name: call.zones(*name) for name in dict.fromkeys((row.portal, row.account) for row in found.rows)},
        languages={name: call.ctx.portal(name).language for name in {row.portal for row in found.rows}},
        titles={name: call.ctx.portal(name).title for name in {row.portal for row in found.rows}},
        since=call.now - NEW,
        accounts=_accounts(call),
        works=[work for work in call.desk.works.under_way()],
        page_at=lambda page: _with(query, page=str(page)),
    )


def _wanted(query: QueryParams) -> Wanted:
    due = query.get("due", "")
    tab = query.get("tab", "")
    statuses = tuple(s for s in query.getlist("status") if s in get_args(StatusIs))
    return Wanted(
        portals=_given(query, "portal"),
        accounts=_given(query, "account"),
        channels=_given(query, "channel"),
        statuses=("action_needed", "unknown") if tab == "action" and not statuses else statuses,
        reasons=_given(query, "reason"),
        answers={"ready": ("ready",), "approved": ("approved",), "unknown": ("unknown", "armed")}.get(tab, ()),
        text=query.get("q", "").strip()[:100],
        due=timedelta(hours=_DUE["24h" if tab == "due" else due]) if tab == "due" or due in _DUE else None,
        new=tab == "new",
        closed=query.get("closed") == "1",
    )


def _given(query: QueryParams, name: str) -> tuple[str, ...]:
    return tuple(value for value in query.getlist(name) if value)


def _tabs(query: QueryParams) -> list[tuple[str, Words, str, str]]:
    """Tab, its name, the count that belongs to it, its address."""
    names: list[tuple[str, Words, str]] = [
        ("", say("All open"), "open"),
        ("action", say("Action needed"), "needs_action"),
        ("due", say("Due in 24 h"), "due_soon"),
        ("new", say("New since yesterday"), "new"),
        ("ready", say("To approve"), "to_approve"),
        ("approved", say("Approved"), "approved"),
        ("unknown", say("Outcome unknown"), "unknown"),
    ]
    return [(tab, words, count, _with(query, tab=tab, page="")) for tab, words, count in names]


def _with(query: QueryParams, **changes: str) -> str:
    """The board's address with some of its query changed."""
    kept = [(name, value) for name, value in query.multi_items() if name not in changes and value]
    asked = urlencode([*kept, *((name, value) for name, value in changes.items() if value)])
    return f"/?{asked}" if asked else "/"


def _choices(call: Call, wanted: Wanted) -> dict[str, list[tuple[str, str, int]]]:
    """What the filters offer: value, words, how many cases there are of it."""
    tally: Any = call.ctx.store.cases.tally
    asked = {"open_only": not wanted.closed}
    return {
        "portal": [(v, call.ctx.portal(v).title, n) for v, n in tally("portal", **asked).items()],
        "account": [(v, v, n) for v, n in tally("account", **asked).items()],
        "channel": [(v, str(terms.channel(v)), n) for v, n in tally("channel", **asked).items()],
        "status": [(v, str(terms.status(v)), n) for v, n in tally("status", **asked).items()],
        "reason": [(v, str(terms.reason(v)), n) for v, n in tally("reason", **asked).items()],
    }


def alarms(call: Call) -> list[Notice]:
    """What a person should know first: unknown outcomes, then what is open among the alarms."""
    ctx = call.ctx
    found = [
        Notice(
            "unknown",
            say("{ref}: a click was made and its outcome is unknown. Never send it by hand.", ref=attempt.case.ref),
            say("Settle it by reading the portal."),
            at("packet", attempt.case),
        )
        for attempt in ctx.store.ledger.unknown()
    ]
    for one in ctx.store.alarms.open():
        key = _case_of(one.scope) if one.kind in _OF_A_CASE else None
        found.append(Notice(one.kind, one.words, None, at("case", key) if key else None, one.times))
    for state in _accounts(call):
        if state.session in ("none", "ended", "unreadable"):
            found.append(
                Notice(
                    "session",
                    say("{store}: {state}.", store=state.account, state=terms.session(state.session)),
                    say("On this machine: rebuttal login {store}", store=state.account),
                    None,
                )
            )
    return sorted(found, key=lambda one: _LOUD.index(one.kind) if one.kind in _LOUD else len(_LOUD))


def _case_of(scope: str) -> CaseKey | None:
    """The case that an alarm is about, where it is about one."""
    store, _, rest = scope.partition("/")
    portal, sign, account = store.partition(":")
    channel, _, case_id = rest.partition("/")
    if not sign or not case_id or "/" in case_id:
        return None
    return CaseKey(portal=portal, account=account, channel=channel, case_id=case_id)


def _accounts(call: Call) -> tuple[AccountState, ...]:
    """How the sessions stand; looked at once a minute, for the files lie encrypted."""
    return call.desk.kept("accounts", lambda: accounts(call.ctx))
