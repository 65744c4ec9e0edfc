"""`rebuttal teach`: a text that a portal shows now becomes a label that Rebuttal knows, without code.

The operator points at it in a window, or gives it; it is tried on the pages that were seen, shown with all that would
be read, and kept in the operator's own file after a yes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.errors import UsageFault
from agent.portal import Portal
from agent.reading.labels import Labels, load_labels, norm
from agent.words import Words, say
from flows import registry
from flows.context import Context
from flows.own_labels import add_text, remove_text, texts_in
from flows.pointing import Ready
from flows.teach_window import pointed_at
from flows.trial import MOST_TEXT, Trial, pages_to_try, try_text
from flows.visit import labels_of, policy_of

Confirm = Callable[["Taught"], bool]
"""Shown the preview; says whether to keep the text."""


@dataclass
class Taught:
    """What was, or would be, taught; `said` is the preview, or what was done."""

    portal: str
    key: str
    text: str
    language: str
    trial: Trial | None = None
    removed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    saved: Path | None = None
    exit_code: int = 0

    @property
    def preview(self) -> tuple[Words, ...]:
        """What would be read with the text."""
        if self.trial is None:
            texts = " · ".join(t for texts in self.removed.values() for t in texts)
            return (say("{portal} {key}: forget {texts}", portal=self.portal, key=self.key, texts=texts),)
        trial = self.trial
        lines = [
            say(
                "{portal} {key} = “{text}” ({language})",
                portal=self.portal,
                key=self.key,
                text=self.text,
                language=self.language,
            ),
            say(
                "Of {count} pages tried, {better} read better with it, {whole} to the end. On {page} it would be:",
                count=trial.tried,
                better=len(trial.better),
                whole=len(trial.whole),
                page=trial.best.page.name,
            ),
        ]
        lines += [say("  {field}: {value}", field=self.key, value=value) for value in trial.shown]
        lines += [say("  {field}: {value}", field=name, value=value) for name, value in trial.preview.items()]
        after = trial.best.after.error
        if after is not None:
            lines.append(say("Still to mend there: {why}", why=after.said))
        return tuple(lines)

    @property
    def said(self) -> tuple[Words, ...]:
        """What came of it."""
        if self.saved is None:
            return (*self.preview, say("Nothing was saved."))
        if self.trial is None:
            return (*self.preview, say("Taken out of {path}.", path=self.saved))
        return (
            *self.preview,
            say("Saved in {path}.", path=self.saved),
            say("Now correct the stored cases: rebuttal reread {portal}", portal=self.portal),
        )

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        trial = self.trial
        told: dict[str, Any] = {
            "portal": self.portal,
            "key": self.key,
            "text": self.text,
            "language": self.language,
            "saved": str(self.saved) if self.saved else None,
        }
        if trial is not None:
            error = trial.best.after.error
            told |= {
                "pages": {"tried": trial.tried, "better": len(trial.better), "whole": len(trial.whole)},
                "shown": list(trial.shown),
                "preview": trial.preview,
                "still": str(error.said) if error else None,
            }
        else:
            told["removed"] = {name: list(texts) for name, texts in self.removed.items()}
        return told


def keys_near(labels: Labels, key: str) -> tuple[str, ...]:
    """Keys that may have been meant: by their name, or by a text they have."""
    named = difflib.get_close_matches(key, labels.texts, n=4, cutoff=0.5)
    last = key.rpartition(".")[2]
    same = [k for k in labels.texts if last and k.rpartition(".")[2] == last]
    shown = [k for k, forms in labels.forms.items() if norm(key) in forms]
    return tuple(dict.fromkeys((*shown, *named, *same)))[:6]


async def teach(
    ctx: Context,
    portal: str,
    key: str,
    *,
    text: str | None = None,
    language: str | None = None,
    page: str | None = None,
    remove: bool = False,
    account: str | None = None,
    headed: bool = True,
    confirm: Confirm | None = None,
    ready: Ready | None = None,
) -> Taught:
    """Teach `portal` a text for the label `key`, or with `remove` forget the operator's own.

    Without `text` the portal is opened in a window, in which a person points at the label, or at the value beside it.
    With it, the text is tried on the stored pages: those in quarantine first. `page` keeps to pages of that name. Where
    `confirm` is given, it is shown the preview and must say yes. `ready` is told when the window waits for the person.
    Raises `UsageFault` for an unknown key and for a text that must not, or need not, be taught.
    """
    known = registry.get(portal)
    labels = labels_of(ctx, known)
    if key not in labels.texts:
        near = keys_near(labels, key)
        raise UsageFault(
            say("{portal} has no label “{key}”.", portal=portal, key=key),
            say("Near to it: {names}", names=", ".join(near)) if near else None,
        )
    if remove:
        return _forget(ctx, known, key, text, language, confirm)
    text = text.strip() if text is not None else None
    if text == "" or (text is not None and len(text) > MOST_TEXT):
        raise UsageFault(
            say("A label has between 1 and {most} characters.", most=MOST_TEXT),
            say("Give the text of the label alone."),
        )
    if text is not None:
        pages = pages_to_try(ctx.store, known, page)
        spoken = language or (pages[0].seen.language if pages else "") or known.language
        trial = try_text(known, labels, key, text, spoken, pages, policy=policy_of(ctx, known))
        return _kept(ctx, known, Taught(portal, key, text, spoken, trial), confirm)
    trial, spoken = await pointed_at(
        ctx, known, labels, key, language=language, page=page, account=account, headed=headed, ready=ready
    )
    return _kept(ctx, known, Taught(portal, key, trial.text, spoken, trial), confirm)


def _kept(ctx: Context, portal: Portal, taught: Taught, confirm: Confirm | None) -> Taught:
    """Save it after a yes, and prove that it is read back."""
    if confirm is not None and not confirm(taught):
        return taught
    path = ctx.home.own_labels(portal.name)
    remark = f"{ctx.clock().astimezone(ctx.zone):%Y-%m-%d} {ctx.settings.operator}"
    add_text(path, taught.key, taught.language, taught.text, remark)
    again = load_labels(portal.name, portal.folder, path)
    assert norm(taught.text) in again.of(taught.key)
    _record(ctx, "taught", taught)
    taught.saved = path
    return taught


def _forget(
    ctx: Context, portal: Portal, key: str, text: str | None, language: str | None, confirm: Confirm | None
) -> Taught:
    """Take the operator's own texts of a key out again."""
    path = ctx.home.own_labels(portal.name)
    own = {name: texts for name, texts in texts_in(path, key).items() if language in (None, name)}
    removed = {name: tuple(t for t in texts if text in (None, t)) for name, texts in own.items()}
    removed = {name: texts for name, texts in removed.items() if texts}
    if not removed:
        raise UsageFault(
            say("{path} holds no such text of {key}.", path=path, key=key),
            say("It holds: {texts}", texts=" · ".join(t for texts in own.values() for t in texts)) if own else None,
        )
    taught = Taught(portal.name, key, text or "", language or "", removed=removed)
    if confirm is not None and not confirm(taught):
        return taught
    remove_text(path, key, language, text)
    _record(ctx, "forgot", taught)
    taught.saved = path
    return taught


def _record(ctx: Context, what: str, taught: Taught) -> None:
    """How pages are read is part of what was done: a link in the chain."""
    data = {
        "key": taught.key,
        "language": taught.language,
        "text": taught.text,
        "removed": taught.public().get("removed"),
    }
    with ctx.store.writing(durable=True) as conn:
        ctx.store.audit.append(conn, ctx.settings.operator, what, f"{taught.portal} {taught.key}", data)
