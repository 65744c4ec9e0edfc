"""`rebuttal capture`: a stored page of a case as a frozen, scrubbed case that may be shown to others."""

from __future__ import annotations

import re
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.browser.pacing import is_loopback
from agent.errors import RebuttalError, UsageFault
from agent.home import PRIVATE_FOLDER, write_private
from agent.portal import Portal
from agent.reading.page import SeenPage
from agent.reading.scrub import leaks
from agent.reading.scrub_page import PageScrubber, Unscrubbed
from agent.records import Case
from agent.store import StoredPage
from agent.words import Words, say
from flows import registry
from flows.context import Context
from flows.contract import Held
from flows.frozen import Frozen, files, hold_page, plain, reader_version, reading, save
from flows.naming import the_case
from flows.visit import labels_of


class NotHarmless(RebuttalError):
    """A page can't be proved to name nobody; nothing was written."""


@dataclass(frozen=True)
class Captured:
    """A frozen case that was made."""

    folder: Path
    portal: str
    page: str
    reads: bool

    @property
    def said(self) -> tuple[Words, ...]:
        """Where it is, and what to do before it is given away."""
        return (
            say("Frozen in {folder}.", folder=self.folder),
            say("Names, numbers and free text in it are fakes. Look at seen.html before you give it to others."),
        )

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {"folder": str(self.folder), "portal": self.portal, "page": self.page, "reads": self.reads}


def capture(
    ctx: Context, ref: str, *, page: str | None = None, name: str | None = None, out: Path | None = None
) -> Captured:
    """Freeze the newest stored page of the case `ref`, or with `page` the newest of that name of the account `ref`.

    It is written to `<out>/<portal>/<page>/<name>` (default: `captures` in the home) and never over another. Raises
    `NotHarmless` where anything is left that could name somebody, or where the scrubbed page reads otherwise.
    """
    stored = _newest(ctx, ref, page)
    portal = registry.get(stored.portal)
    seen = SeenPage.from_stored(ctx.store.pages.get(stored.sha256))
    frozen = freeze(ctx, portal, stored, seen)
    folder = out or ctx.home.path / "captures"
    if out is None:
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    made = save(frozen, folder / portal.name / seen.page / (_safe(name) if name else _name(frozen)))
    return Captured(made, portal.name, seen.page, "error" not in frozen.expected)


def freeze(ctx: Context, portal: Portal, stored: StoredPage, seen: SeenPage) -> Frozen:
    """The scrubbed case of one stored page, proved: it names nobody, and it reads as the page did."""
    labels = labels_of(ctx, portal)
    quarantined = stored.verdict == "drifted"
    held = hold_page(portal, seen, stored.channel, stored.subject, labels, quarantined=quarantined)
    account = next((a for a in ctx.settings.account if (a.portal, a.name) == (stored.portal, stored.account)), None)
    scrubber = PageScrubber(seen, labels, _salt(ctx), portal.hosts, _names(ctx, stored))
    try:
        page = scrubber.page()
        subject = scrubber.text(stored.subject) if stored.subject else ""
        again = hold_page(portal, page, stored.channel, subject, labels, quarantined=quarantined)
        frozen = Frozen(
            page=page,
            channel=stored.channel,
            subject=subject,
            expected=_expected(held, scrubber),
            origin="mock" if account is not None and is_loopback(account.base_url or portal.base_url) else "live",
            reader=reader_version(portal),
            quarantined=quarantined,
            own=_own(ctx, portal),
        )
        whole = [data.decode() for data in files(frozen).values()]
        scrubber.prove(page, *whole)
        left = [one for text in whole for one in leaks(_without_ours(text))]
    except Unscrubbed as fault:
        left = fault.left
        again = held
        frozen = None
    if left or frozen is None:
        raise NotHarmless(
            say("{count} texts on the page may name somebody: {texts}", count=len(left), texts=" · ".join(left[:5])),
            say("Nothing was written. Report the page's name and the portal, not the page."),
        )
    got = reading(again)
    if got != frozen.expected:
        fields = [key for key in {**got, **frozen.expected} if got.get(key) != frozen.expected.get(key)]
        raise NotHarmless(
            say("The scrubbed page reads otherwise than the page did: {fields}", fields=", ".join(fields)),
            say("Nothing was written. Report the page's name and the portal, not the page."),
        )
    return frozen


def _expected(held: Held, scrubber: PageScrubber) -> dict[str, Any]:
    if held.error is not None or held.record is None:
        return reading(held)
    data: dict[str, Any] = scrubber.record(plain(held.record))
    return data | ({"filter": held.filter} if held.filter else {})


def _newest(ctx: Context, ref: str, page: str | None) -> StoredPage:
    """The stored page that is meant."""
    if page is not None:
        account = ctx.settings.named(ref)
        found = [p for p in ctx.store.pages.iterate(account.portal, page) if p.account == account.name]
    else:
        case: Case | None = None
        try:
            case = the_case(ctx, ref)
        except UsageFault:
            found = [p for p in ctx.store.pages.iterate() if p.subject and p.subject == ref.rpartition("/")[2]]
            if not found:
                raise
        if case is not None:
            key = case.key
            found = [
                p
                for p in ctx.store.pages.iterate(key.portal)
                if (p.account, p.channel, p.subject) == (key.account, key.channel, key.case_id)
            ]
    if not found:
        raise UsageFault(
            say("No such page is stored."), say("Run `rebuttal sync`; `rebuttal check` keeps pages that have changed.")
        )
    return max(found, key=lambda p: (p.at, p.id))


def _salt(ctx: Context) -> bytes:
    """The home's own secret: with it the same name gets the same fake every time, and nobody else can trace it."""
    path = ctx.home.path / "capture.salt"
    if not path.exists():
        write_private(path, secrets.token_bytes(32))
    return path.read_bytes()


def _names(ctx: Context, stored: StoredPage) -> tuple[str, ...]:
    """What is known to name the store: its account, and the name that signs in."""
    account = next((a for a in ctx.settings.account if (a.portal, a.name) == (stored.portal, stored.account)), None)
    names = [stored.account] if stored.account != "main" else []
    if account is not None:
        username = ctx.credentials(account).username or ""
        names += [username, username.partition("@")[0]]
    return tuple(n for n in names if len(n) > 3)


def _own(ctx: Context, portal: Portal) -> dict[str, dict[str, list[str]]]:
    """The operator's own texts, with which the page was read."""
    path = ctx.home.own_labels(portal.name)
    found: dict[str, dict[str, list[str]]] = {}

    def walk(table: dict[str, Any], at: str) -> None:
        for name, value in table.items():
            if isinstance(value, dict):
                walk(value, f"{at}.{name}" if at else name)
            elif value:
                found.setdefault(at, {})[name] = list(value)

    if path.exists():
        walk(tomllib.loads(path.read_text(encoding="utf-8")), "")
    return found


def _name(frozen: Frozen) -> str:
    expected = frozen.expected
    kind = expected.get("field") or expected.get("error") or expected.get("filter")
    kind = kind or (expected.get("status") or {}).get("is") or "page"
    return f"{_safe(str(kind))}-{frozen.page.sha256[:8]}"


def _safe(name: str) -> str:
    """A name that every file system takes, and that leads nowhere else."""
    plain_name = re.sub(r"[^\w-]+", "-", name).strip("-")
    if not plain_name or len(plain_name) > 80:
        raise UsageFault(say("“{name}” is no name for a folder.", name=name), say("Use letters, digits and -."))
    return plain_name


def _without_ours(text: str) -> str:
    """The text of a file without what is made by us alone: the reader's version, and amounts in their plain form."""
    return re.sub(r'"reader": "[^"]*"|"value": "[\d.]+"', "", text)
