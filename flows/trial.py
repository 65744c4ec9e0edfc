"""Trying a text as a label on pages that were seen: what would be read with it, and what would be harmed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from agent.errors import Mismatch, PageDrift, UsageFault
from agent.policy import Policy
from agent.portal import Portal
from agent.reading.beside import unknown_labels
from agent.reading.labels import WORDS, Labels, norm
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from agent.store import Store, StoredPage
from agent.words import Words, say
from flows.contract import Held, hold, taught
from flows.fields import Difference, differences, fields

MOST_DRIFTED = 50
MOST_SOUND = 100
"""How many of the newest stored pages a text is tried on."""

MOST_TEXT = 80
"""A longer text is no label but a part of the page."""


class Page(NamedTuple):
    """One page to try on, and what is known of it."""

    stored: StoredPage
    seen: SeenPage

    @property
    def name(self) -> str:
        """As a person knows it: the page, and the case where it is one's own."""
        return f"{self.stored.page} {self.stored.subject}".strip()


class Tried(NamedTuple):
    """One page, read without and with the text."""

    page: Page
    before: Held
    after: Held


@dataclass(frozen=True)
class Trial:
    """What a text does: `better` are pages that read, or read further, with it; the newest first."""

    key: str
    text: str
    tried: int
    better: tuple[Tried, ...]

    @property
    def whole(self) -> tuple[Tried, ...]:
        """Those that read to their end."""
        return tuple(t for t in self.better if t.after.error is None)

    @property
    def best(self) -> Tried:
        """The one that is shown as the preview."""
        return (self.whole or self.better)[0]

    @property
    def shown(self) -> tuple[str, ...]:
        """The texts that would be read under the key."""
        place = self.key if not self.key.startswith(WORDS) else self.best.before.key
        return tuple(dict.fromkeys(p.text for p in self.best.after.found if p.key == place))

    @property
    def preview(self) -> dict[str, str]:
        """What would be read of the best page: its record, or as far as the reading comes."""
        record = self.best.after.record
        if record is not None:
            return fields(record)
        return {place.key: place.text for place in self.best.after.found}

    @property
    def changes(self) -> tuple[Difference, ...]:
        """On a page that was readable before: what is added to it."""
        before, after = self.best.before.record, self.best.after.record
        return differences(before, after) if before is not None and after is not None else ()


def pages_to_try(store: Store, portal: Portal, page: str | None = None) -> list[Page]:
    """The newest stored pages of a portal: those in quarantine first, then sound ones; `page`: only of that name."""
    stored = sorted(store.pages.iterate(portal.name, page), key=lambda p: (p.at, p.id), reverse=True)
    drifted = [p for p in stored if p.verdict == "drifted"][:MOST_DRIFTED]
    sound = [p for p in stored if p.verdict == "read"][:MOST_SOUND]
    return [Page(p, SeenPage.from_stored(store.pages.get(p.sha256))) for p in (*drifted, *sound)]


def try_text(
    portal: Portal,
    labels: Labels,
    key: str,
    text: str,
    language: str,
    pages: Iterable[Page],
    *,
    policy: Policy | None = None,
) -> Trial:
    """`text` as a label `key`, on `pages`. Raises `UsageFault` where it is known, unclear, harmful or reads nothing."""
    _new_and_clear(labels, key, text)
    with_it = taught(labels, key, text, language)
    tried: list[Tried] = []
    for page in pages:
        before = hold(portal, page.stored, page.seen, labels, policy=policy)
        after = hold(portal, page.stored, page.seen, with_it, policy=policy)
        if before is not None and after is not None:
            tried.append(Tried(page, before, after))
    for one in tried:
        _harmless(one, key, text)
    better = tuple(one for one in tried if _better(one, key))
    if not better:
        raise _nothing(tried, key, text)
    for one in better:
        _its_own(one, labels, key, text)
    return Trial(key, text, len(tried), better)


def _new_and_clear(labels: Labels, key: str, text: str) -> None:
    """The text must be new for the key, and no other key's of the same part of the portal."""
    form = norm(text)
    if form in labels.of(key):
        raise UsageFault(
            say("“{text}” is known for {key} already.", text=text, key=key),
            say("If it still can't be read, something else has changed: look with `rebuttal check`."),
        )
    scope = key.rpartition(".")[0] if key.startswith(WORDS) else key.partition(".")[0]
    others = [k for k, forms in labels.forms.items() if form in forms and k.startswith(f"{scope}.")]
    if others:
        raise UsageFault(
            say("“{text}” means {other} already; one text can't say two things.", text=text, other=", ".join(others)),
            say("Point at another text, or take it from there first: `rebuttal teach {portal} {other} --remove`.",
                portal=labels.portal, other=others[0]),
        )  # fmt: skip


def _concerns(held: Held, labels: Labels, key: str) -> bool:
    """Is it this key that could not be read?"""
    error = held.error
    if not isinstance(error, PageDrift) or isinstance(error, Mismatch):
        return False
    if not key.startswith(WORDS):
        return error.field == key
    group = key.removeprefix(WORDS).rpartition(".")[0]
    return error.looked_for == labels.words(group)


def _better(one: Tried, key: str) -> bool:
    """Does the page read with the text, or at least further than before?"""
    labels = one.before.seen.labels
    if one.before.error is None:
        return one.after.record is not None and bool(differences(one.before.record, one.after.record))
    if one.after.error is None:
        return True
    concerned = _concerns(one.before, labels, key)
    return concerned and not isinstance(one.after.error, Mismatch) and not _same_place(one, key)


def _same_place(one: Tried, key: str) -> bool:
    """Did the reading stop again where it stopped before?"""
    return one.after.key == one.before.key or _concerns(one.after, one.after.seen.labels, key)


def _harmless(one: Tried, key: str, text: str) -> None:
    """What reads well without the text must read the same with it; only something new may come."""
    if one.before.error is not None:
        return
    lost: Words | None = None
    if one.after.error is not None:
        lost = one.after.error.said
    elif one.after.record is not None:
        changed = [d for d in differences(one.before.record, one.after.record) if d.old is not None]
        if changed:
            field, old, new = changed[0]
            lost = say("{field}: {old} → {new}", field=field, old=old, new=new or "-")
    if lost is not None:
        raise UsageFault(
            say(
                "“{text}” would change what is read well now: {page}: {what}", text=text, page=one.page.name, what=lost
            ),
            say("Nothing was saved. Point at the label itself, not at a value or a whole part of the page."),
        )


def _its_own(one: Tried, labels: Labels, key: str, text: str) -> None:
    """The value found under the key must not be another key's value: two labels for one place are a mistake."""
    mine = {p.element for p in one.after.found if p.key == key}
    other = next((p for p in one.before.found if p.key != key and p.element in mine), None)
    if other is not None:
        raise UsageFault(
            say("Under “{text}” stands “{value}”, which is read as {other} already.", text=text, value=other.text[:60],
                other=other.key),
            say("Nothing was saved. Point at another text."),
        )  # fmt: skip


def _nothing(tried: list[Tried], key: str, text: str) -> UsageFault:
    """Why the text is of no use, with what might be."""
    shows = [one for one in tried if _shows(one.after.seen, text)]
    concerned = [one for one in tried if _concerns(one.before, one.before.seen.labels, key)]
    near = list(dict.fromkeys(s for one in concerned[:5] for s in unknown_labels(one.before.seen)))[:12]
    todo = (
        say("Standing where labels stand, and unknown: {texts}", texts=" · ".join(near))
        if near
        else say("Look with `rebuttal check`, which shows the page and what was found on it.")
    )
    if not tried:
        return UsageFault(
            say("No page is stored on which “{text}” could be tried.", text=text),
            say("Run `rebuttal sync` or `rebuttal check` first; what can't be read is kept for this."),
        )
    if not shows:
        return UsageFault(say("“{text}” stands on none of {count} stored pages.", text=text, count=len(tried)), todo)
    why = next((one.after.error.said for one in shows if one.after.error is not None), None)
    if why is None:
        return UsageFault(say("{key} is read everywhere; “{text}” would add nothing.", key=key, text=text), todo)
    return UsageFault(say("With “{text}” nothing more can be read: {why}", text=text, why=why), todo)


def _shows(seen: Seen, text: str) -> bool:
    form = norm(text)
    return form in seen.tree.forms or any(form in norm(t) for t in seen.tree.texts)
