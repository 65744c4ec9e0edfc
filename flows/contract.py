"""One seen page held against its contract, offline: what its reader gives, or the first thing that is not as known."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.browser.form import FormLabels
from agent.errors import Mismatch, PageDrift, RebuttalError, WrongSubject
from agent.policy import ActionRule, Policy, load_policy
from agent.portal import Channel, Fetched, Listing, Measure, Portal
from agent.reading.beside import unknown_labels
from agent.reading.labels import Labels, norm
from agent.reading.page import SeenPage
from agent.reading.seen import Place, Seen
from agent.reading.tree import FIELDS
from agent.records import Case, Record
from agent.store import StoredPage
from agent.words import say

_READER_FAILS = (ValueError, LookupError, TypeError, ArithmeticError, AttributeError)


@dataclass(frozen=True)
class Held:
    """What came of reading one page. Either `record` or `error` is there."""

    seen: Seen
    record: Record | None = None
    error: RebuttalError | None = None
    filter: str = ""
    """Of a list: the filter that the page proves to be chosen."""

    @property
    def case(self) -> Case | None:
        """The case, where the page is one's own."""
        return self.record if isinstance(self.record, Case) else None

    @property
    def key(self) -> str:
        """The label key that is not as known; empty where the page reads, or where no field is at fault."""
        return self.error.field if isinstance(self.error, PageDrift) else ""

    @property
    def found(self) -> tuple[Place, ...]:
        """The values found, each once, in the order in which they were looked for."""
        return tuple(dict.fromkeys(self.seen.found))


class FormSeen(Record):
    """The fields of a form, as it calls them."""

    fields: dict[str, str]


class Figures(Record):
    """The figures of a page about the account."""

    measures: tuple[Measure, ...]


def hold_case(
    channel: Channel,
    page: SeenPage,
    case_id: str,
    labels: Labels,
    documents: Mapping[str, Fetched] | None = None,
    *,
    policy: Policy | None = None,
    quarantined: bool = False,
) -> Held:
    """A case's own page; with `documents` they are held against it too.

    `quarantined`: it may lie there because a landmark was missing, which no reader would notice.
    """
    seen = Seen(page, labels, policy)
    try:
        if quarantined:
            _landmarks(seen)
        return Held(seen, channel.read_subject(seen, dict(documents or {}), case_id))
    except (PageDrift, WrongSubject) as error:
        return Held(seen, error=error)


def hold_list(
    channel: Channel, page: SeenPage, labels: Labels, *, policy: Policy | None = None, quarantined: bool = False
) -> Held:
    """A page of a list. It is kept without the filter and number that were asked for, and proves both by itself."""
    if quarantined:
        seen = Seen(page, labels, policy)
        try:
            _landmarks(seen)
        except PageDrift as error:
            return Held(seen, error=error)
    held = [_as_asked(channel, Seen(page, labels, policy), name, 1) for name in channel.filters]
    return next((one for one in held if one.error is None), None) or next(
        # under a wrong filter the page contradicts what was asked, and nothing else is learned
        (one for one in held if not isinstance(one.error, Mismatch)),
        held[0],
    )


def _landmarks(seen: Seen) -> None:
    """Raises where a landmark that was waited for is not on the page."""
    for key in seen.page.landmarks:
        if key in seen.labels.texts and not seen.shows(key):
            raise seen.drift(key, say("it is not on the page"), near=seen)


def _as_asked(channel: Channel, seen: Seen, name: str, number: int) -> Held:
    try:
        listing: Listing = channel.read_listing(seen, name, number)
    except Mismatch as error:
        asked, shown = (*error.found, "", "")[:2]
        if asked == str(number) == "1" and shown.isdigit() and shown != asked:
            return _as_asked(channel, Seen(seen.page, seen.labels, seen.policy), name, int(shown))
        return Held(seen, error=error)
    except PageDrift as error:
        return Held(seen, error=error)
    except _READER_FAILS as fault:
        return Held(
            seen, error=seen.drift("", say("its reader fails: {what}", what=f"{type(fault).__name__}: {fault}"))
        )
    return Held(seen, listing, filter=name)


def hold(
    portal: Portal, stored: StoredPage, page: SeenPage, labels: Labels, *, policy: Policy | None = None
) -> Held | None:
    """A stored page by its own reader; None for a page of which nothing is known."""
    channel = next((c for c in portal.channels if c.name == stored.channel), None)
    quarantined = stored.verdict == "drifted"
    if channel is not None:
        if stored.subject:
            return hold_case(channel, page, stored.subject, labels, policy=policy, quarantined=quarantined)
        return hold_list(channel, page, labels, policy=policy, quarantined=quarantined)
    seen = Seen(page, labels, policy)
    health = next((h for h in portal.health if h.name == stored.page), None)
    settlement = portal.settlement
    try:
        if health is not None:
            return Held(seen, Figures(measures=health.read(seen)))
        if settlement is not None and settlement.name == stored.page:
            return Held(seen, settlement.read(seen, 1))
        form = _form_of(portal, page, policy or load_policy(portal.folder))
        if form is not None:
            return hold_form(seen, *form)
        if not page.landmarks:
            return None
        _landmarks(seen)
    except PageDrift as error:
        return Held(seen, error=error)
    return Held(seen)


def hold_form(seen: Seen, rule: ActionRule, parts: FormLabels | None) -> Held:
    """A form that nothing was done to: its fields, what each choice offers, its one button."""
    try:
        _landmarks(seen)
        offered = {norm(text) for text in seen.tree.texts}
        shown: dict[str, str] = {}
        for name, field in rule.fields.items():
            if not seen.shows(field.label) and not _hinted(seen, field.label):
                raise seen.drift(field.label, say("the field is not on the form"), near=seen)
            shown[name] = next((t for t in seen.labels.texts[field.label] if norm(t) in offered), "")
            seen.found.extend(Place(field.label, spot, shown[name]) for spot in seen.places(field.label)[:1])
            missing = [label for label in field.options.values() if not offered & seen.labels.of(label)]
            if missing and len(missing) < len(field.options):  # a list that opens later shows none of them
                raise seen.drift(missing[0], say("the form does not offer it"), near=seen)
        if parts is not None:
            buttons = seen.controls(parts.submit)
            if len(buttons) != 1:
                raise seen.drift(parts.submit, say("the form has {count} such buttons", count=len(buttons)), near=seen)
    except PageDrift as error:
        return Held(seen, error=error)
    return Held(seen, FormSeen(fields=shown))


def _hinted(seen: Seen, label: str) -> bool:
    """Whether a field carries the label as its hint or name, as messengers have it, and no text beside it."""
    tree, wanted = seen.tree, seen.labels.of(label)
    return any(
        norm(tree.attrs(me).get(name, "")) in wanted
        for me, tag in enumerate(tree.tags)
        if tag in FIELDS
        for name in ("placeholder", "aria-label")
    )


def _form_of(portal: Portal, page: SeenPage, policy: Policy) -> tuple[ActionRule, FormLabels | None] | None:
    """The action whose form the page is; None where it is none."""
    for channel in portal.channels:
        rules = policy.channels.get(channel.name)
        for action, rule in rules.actions.items() if rules is not None else ():
            parts = form_labels(channel, action, rule)
            if page.page == action or (parts is not None and page.page == parts.page):
                return rule, parts
    return None


def form_labels(channel: Channel, action: Any, rule: ActionRule) -> FormLabels | None:
    """What a channel's form for an action is known by, where it tells; no page is needed for that."""
    nobody: Any = None
    try:
        parts = getattr(channel.form(nobody, nobody, action, rule), "labels", None)
    except (NotImplementedError, AttributeError):
        return None
    return parts if isinstance(parts, FormLabels) else None


def stood_near(seen: Seen, error: RebuttalError | None) -> tuple[str, ...]:
    """Texts that may be what was looked for: the error's own, then whatever stands where labels stand and is no label
    that we know."""
    named = error.found if isinstance(error, PageDrift) else ()
    return tuple(dict.fromkeys((*named, *unknown_labels(seen))))


def taught(labels: Labels, key: str, text: str, language: str) -> Labels:
    """The labels as they would be with `text` taught for `key`: in front, as the operator's own file has it."""
    texts = {**labels.texts, key: (text, *(t for t in labels.texts[key] if t != text))}
    own = labels.by_language.get(key, {})
    by_language = {**labels.by_language, key: {**own, language: (text, *own.get(language, ()))}}
    return dataclasses.replace(labels, texts=texts, by_language=by_language)
