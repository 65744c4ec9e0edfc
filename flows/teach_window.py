"""Teaching in a window: go where the label is wanted, let a person point, find the text that reads."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from agent.browser.tab import Tab, Wanted
from agent.errors import PageDrift, UsageFault
from agent.policy import Policy
from agent.portal import Channel, Portal
from agent.reading.labels import WORDS, Labels, norm
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from agent.settings import AccountSettings
from agent.store import StoredPage
from agent.words import say
from flows.context import Context
from flows.contract import hold
from flows.pointing import Ready, point
from flows.trial import MOST_TEXT, Page, Trial, pages_to_try, try_text
from flows.visit import browsers, policy_of, visiting


async def pointed_at(
    ctx: Context,
    portal: Portal,
    labels: Labels,
    key: str,
    *,
    language: str | None,
    page: str | None,
    account: str | None,
    headed: bool,
    ready: Ready | None,
) -> tuple[Trial, str]:
    """The text a person pointed at, tried, and its language. Raises `UsageFault` when they end it without one."""
    settings = _account(ctx, portal, account)
    stored, policy = pages_to_try(ctx.store, portal, page), policy_of(ctx, portal)
    async with browsers(headed=headed, pictures=True) as shared, visiting(ctx, shared, settings, "reading") as visit:
        here, landmarks = await _go(ctx, visit.tab, portal, labels, key, stored)
        words = say("Point at the label of {key} and click. Escape ends it.", key=key)
        while True:
            text = await point(visit.tab.page, words, ready)
            if text is None:
                raise UsageFault(say("Nothing was pointed at, and nothing was saved."))
            seen = await visit.tab.see(Wanted(here.page, (), busy=()), wait_ms=0)
            now = Page(here, seen.page.model_copy(update={"subject": here.subject or None, "landmarks": landmarks}))
            spoken = language or seen.page.language or portal.language
            try:
                trial = _first_that_reads(portal, labels, policy, key, text, spoken, [now, *stored], seen)
            except UsageFault as fault:
                words = say("{why} Point again, or press Escape.", why=fault.said)
                ctx.console.print(str(words))
                continue
            return trial, spoken


def _account(ctx: Context, portal: Portal, name: str | None) -> AccountSettings:
    if name:
        return ctx.settings.named(name)
    found = next((a for a in ctx.settings.account if a.portal == portal.name), None)
    if found is None:
        raise UsageFault(
            say("There is no account on {portal}.", portal=portal.name), say("Add one with `rebuttal init`.")
        )
    return found


async def _go(
    ctx: Context, tab: Tab, portal: Portal, labels: Labels, key: str, stored: list[Page]
) -> tuple[StoredPage, tuple[str, ...]]:
    """Open the page on which `key` is wanted: where it was missed last, else where it was read last, else a list.

    Gives what page it is, and the landmarks it must have.
    """
    held = [(page, hold(portal, page.stored, page.seen, labels)) for page in stored]
    missed = (page for page, one in held if one is not None and one.key == key)
    read = (page for page, one in held if one is not None and any(place.key == key for place in one.found))
    best = next(missed, None) or next(read, None) or next(iter(stored), None)
    channel = next((c for c in portal.channels if best is not None and c.name == best.stored.channel), None)
    if best is not None and channel is None:
        await tab.goto(best.seen.url)
        return best.stored.model_copy(update={"account": tab.account, "verdict": "drifted"}), best.seen.landmarks
    channel = channel or portal.channels[0]
    subject = best.stored.subject if best is not None else ""
    page = await _arrived(channel.detail(tab, subject, best.seen.url) if best and subject else _list(tab, channel))
    here = StoredPage(
        id=0,
        portal=portal.name,
        account=tab.account,
        page=page.page,
        channel=channel.name,
        subject=subject,
        sha256="",
        at=ctx.clock(),
        verdict="drifted",
    )
    return here, page.landmarks


async def _list(tab: Tab, channel: Channel) -> Seen:
    return await channel.listing(tab, channel.filters[0], 1)


async def _arrived(going: Coroutine[Any, Any, Seen]) -> SeenPage:
    """The page arrived at; one that is not as known is what we came for."""
    try:
        return (await going).page
    except PageDrift as error:
        if not isinstance(error.seen, SeenPage):
            raise
        return error.seen


def _first_that_reads(
    portal: Portal,
    labels: Labels,
    policy: Policy,
    key: str,
    text: str,
    language: str,
    pages: list[Page],
    seen: Seen,
) -> Trial:
    """The text pointed at as the label; where it is a value, the label beside it."""
    candidates = [one for one in _candidates(text, seen, key) if 0 < len(one) <= MOST_TEXT]
    if not candidates:
        raise UsageFault(say("That is a whole part of the page."))
    faults: list[UsageFault] = []
    for one in candidates:
        try:
            return try_text(portal, labels, key, one, language, pages, policy=policy)
        except UsageFault as fault:
            faults.append(fault)
    raise faults[0]


def _candidates(text: str, seen: Seen, key: str) -> list[str]:
    """What was pointed at, the part of it before a colon, and for a label the texts that stand before it."""
    line = " ".join(text.split())
    found = [line, *(line.partition(colon)[0].strip() for colon in (":", "：") if colon in line)]
    if not key.startswith(WORDS):
        tree = seen.tree
        for spot in tree.forms.get(norm(line), ()):
            at = spot
            while tree.parent[at] >= 0 and _span(seen, tree.parent[at]) == _span(seen, at):
                at = tree.parent[at]
            row = tree.kids[tree.parent[at]] if tree.parent[at] >= 0 else []
            before = [k for k in row if k < at and tree.last[k] > tree.first[k]]
            found += [tree.text(tree.first[k], tree.last[k]) for k in before[-1:]]
    return list(dict.fromkeys(found))


def _span(seen: Seen, me: int) -> tuple[int, int]:
    return seen.tree.first[me], seen.tree.last[me]
