"""Words that harm an answer: a portal's lists of them, and how they are found in whatever form they stand."""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path
from typing import Literal

from agent.evidence.data import Both, Data, load_data
from agent.records import Action

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


class Blame(Data):
    """Phrases of one language that attack someone.

    A phrase starts at a word's start. A space in it is any white space (in Korean also none), `…` is up to 60 letters
    of the same sentence. Korean phrases are stems: any ending or particle may follow, also one that grows into the last
    syllable (`속이` finds 속입니다). Russian words are stems too, and Chinese phrases stand anywhere. English words may
    take their usual endings; `*` takes any. A leading `*` lets a phrase start inside a word.
    """

    target: Literal["platform", "buyer", "threat"]
    language: Literal["ko", "en", "ru", "zh"]
    phrases: tuple[str, ...]


class Reminder(Data):
    """What a seller should know before this action: a note on the draft, a warning where its phrases stand in it."""

    rule: str
    code: str
    actions: tuple[Action, ...]
    text: Both
    ko: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class FlagNote(Data):
    """What a flag on the case means for the answer."""

    rule: str
    text: Both


class PictureRule(Data):
    """What makes a picture doubtful (CP12). `min_sharpness` as `FileFacts.sharpness`, `min_short_side` in pixels."""

    rule: str = "picture"
    min_sharpness: float = 0.0
    min_short_side: int = 0
    time_mark_kinds: tuple[str, ...] = ()
    """Evidence kinds that must show when they were taken."""


class ToneList(Data):
    """A portal's tone.toml: harmful words, words that only look harmful, reminders, and the rule each check serves."""

    rules: dict[str, str] = {}
    """Check to requirement id: tone, one_order, name, video, carriers, evidence."""
    blame: tuple[Blame, ...] = ()
    harmless: tuple[str, ...] = ()
    """Phrases that are taken out before looking."""
    reminders: tuple[Reminder, ...] = ()
    flags: dict[str, FlagNote] = {}
    picture: PictureRule = PictureRule()

    def rule(self, check: str, default: str) -> str:
        """The requirement that `check` serves on this portal."""
        return self.rules.get(check, default)


class Found(Data):
    """One harmful phrase as it stands in the text."""

    target: Literal["platform", "buyer", "threat"]
    text: str


def load_tone(package: Path, own: Path | None = None) -> ToneList:
    """The word lists of the portal package in folder `package` (none: empty lists), the operator's file over it."""
    file = package / "tone.toml"
    return load_data(ToneList, file, own) if file.exists() else ToneList()


def harmful(text: str, tone: ToneList) -> list[Found]:
    """Every blaming or threatening phrase in `text`, in the order of the lists, each once."""
    plain = _plain(text)
    for phrase in tone.harmless:
        plain = _pattern(phrase, "ko").sub(" ", plain)
    found: dict[tuple[str, str], Found] = {}
    for blame in tone.blame:
        for phrase in blame.phrases:
            for match in _pattern(phrase, blame.language).finditer(plain):
                shown = unicodedata.normalize("NFC", match.group()).strip()
                found.setdefault((blame.target, shown), Found(target=blame.target, text=shown))
    return list(found.values())


def first_phrase(text: str, ko: tuple[str, ...], en: tuple[str, ...]) -> str | None:
    """The first of these phrases that stands in `text`, as it stands there."""
    plain = _plain(text)
    for language, phrases in (("ko", ko), ("en", en)):
        for phrase in phrases:
            if match := _pattern(phrase, language).search(plain):
                return unicodedata.normalize("NFC", match.group()).strip()
    return None


def _plain(text: str) -> str:
    """`text` for matching: compatible letters made plain, Hangul taken apart into its letters, lower case."""
    text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).casefold()
    return unicodedata.normalize("NFD", text.replace("’", "'"))


@functools.cache
def _pattern(phrase: str, language: str) -> re.Pattern[str]:
    """`phrase` as a regular expression over `_plain` text."""
    inside = phrase.startswith("*") or language == "zh"
    korean = language == "ko"
    parts: list[str] = []
    for piece in re.split(r"(\s*…\s*|\s+)", phrase.removeprefix("*").strip()):
        if "…" in piece:
            parts.append(r"[^.!?。\n]{0,60}?")
        elif not piece.strip():
            parts.append(r"\s*" if korean or language == "zh" else r"[\s\-]+")
        elif korean or language == "zh":
            parts.append(re.escape(_plain(piece)))
        elif language == "ru":
            parts.append(r"(?<!\w)" + re.escape(_plain(piece.removesuffix("*"))) + r"\w*")
        else:
            word = re.escape(_plain(piece.removesuffix("*")))
            parts.append(rf"(?<!\w){word}" + (r"\w*" if piece.endswith("*") else r"(?:'?s|es|d|ed|ing|ly)?(?!\w)"))
    body = "".join(parts)
    if korean:
        body = ("" if inside else r"(?<!\w)") + body + r"\w*"
    return re.compile(body)
