"""Rules of the house and of withdrawal that hold on every portal: what can be withdrawn, and by when we answer."""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.records import Case, Deadline, DeadlineKind

HOUSE_RULE = "WD3"
ANSWERS: tuple[DeadlineKind, ...] = ("reply", "negotiate", "appeal", "evidence", "confirm_return")
_LATIN = re.compile(r"[a-zа-яё]", re.IGNORECASE)


@functools.cache
def rules() -> dict[str, Any]:
    """The data these rules and their lint are read from (`rules.toml`)."""
    return tomllib.loads((Path(__file__).parent / "rules.toml").read_text(encoding="utf-8"))


def withdrawable(reason: str, *, over: bool, flags: Iterable[str] = ()) -> str:
    """The flag that says whether the buyer can still take his claim back, and why not (WD2).

    `withdrawable:yes`, `withdrawable:no:<why>`, `withdrawable:unknown:reason`; `<why>` is the reason or flag that
    forbids it, or `ended`. It rests on facts of the case only, never on the clock: the last day to apply is a deadline
    of kind `withdraw` (WD8). A portal's reader writes it among the case's flags, so that it is part of the revision.
    """
    data = rules()["withdrawable"]
    if reason in data["never_reasons"]:
        return f"withdrawable:no:{reason}"
    forbids = next((flag for flag in flags if flag in data["never_flags"]), None)
    if forbids is not None:
        return f"withdrawable:no:{forbids}"
    if over:
        return "withdrawable:no:ended"
    return "withdrawable:unknown:reason" if reason in data["unsure_reasons"] else "withdrawable:yes"


def house_deadline(case: Case, hours: int) -> Deadline | None:
    """The house's own earlier deadline for an answer, `hours` after what is to be answered (WD3), or None.

    Of kind `reply` and rule WD3; reckoned when cases are shown and never stored, for no portal said it. What is to
    be answered is the latest word of buyer or platform, else the opening. None where nothing is wanted of the seller,
    where he had the last word, or where the portal's own deadline is earlier still.
    """
    asked = asked_at(case)
    if asked is None:
        return None
    at = asked + timedelta(hours=hours)
    theirs = min((d.at for d in case.deadlines if d.kind in ANSWERS), default=None)
    if theirs is not None and theirs <= at:
        return None
    zone = next((d.zone for d in case.deadlines), "UTC")
    return Deadline(kind="reply", at=at, shown=f"{hours} h", basis="rule", zone=zone, zone_basis="account",
                    precision_s=1, rule=HOUSE_RULE)  # fmt: skip


def asked_at(case: Case) -> datetime | None:
    """When the seller was last asked, where the house wants an answer within its own time (WD3).

    None where nothing is wanted of him, where he had the last word, and in channels whose matters no buyer can take
    back: those have their own pace. It rests on facts of the case only, so that lists can keep it.
    """
    if case.status.is_ != "action_needed" or not case.actions:
        return None
    if not any(flag.startswith("withdrawable:") for flag in case.flags):
        return None
    if not case.messages:
        return case.opened_at
    last = max(case.messages, key=lambda message: message.at)
    if last.from_ == "seller":
        return None
    return max(last.at, case.opened_at) if case.opened_at else last.at


def contact_words() -> list[str]:
    """Words that name a way to the buyer off the platform (WD10)."""
    words: list[str] = rules()["contact"]["words"]
    return words


def plain(text: str) -> str:
    """`text` as words are looked for in it: compatible letters made plain, blanks single, lower case."""
    text = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join(text.casefold().split())


@functools.cache
def _pattern(word: str) -> re.Pattern[str]:
    body = re.escape(plain(word)).replace(r"\ ", r"[\s\-_.]*")
    return re.compile(rf"(?<!\w){body}(?!\w)" if _LATIN.search(word) and word.isprintable() and _mostly(word) else body)


def _mostly(word: str) -> bool:
    """Whether `word` is written in letters that stand apart as words (Latin, Cyrillic) throughout."""
    return all(not c.isalpha() or _LATIN.match(c) or c.isascii() or "à" <= c.lower() <= "ÿ" for c in word)


def said(text: str, words: Iterable[str]) -> list[str]:
    """Those of `words` that stand in `text`, in whatever spacing."""
    within = plain(text)
    return [word for word in words if _pattern(word).search(within)]
