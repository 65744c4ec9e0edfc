"""What an answer to a message must say, must not mistranslate, and must not repeat (CM6, CM7, CM8), as a portal's data.

A portal's `answers.toml` lists the phrases that its reviewers look for and the terms that machines translate wrongly.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from agent.evidence.data import Data, load_data
from agent.evidence.files import FileFacts
from agent.evidence.finding import Finding, finding
from agent.evidence.tone import first_phrase
from agent.policy import ActionRule
from agent.records import Action, Case, ReasonIs
from agent.sending.packet import Draft, nfc
from agent.words import say


class Expected(Data):
    """One thing that an answer must say: at least one of the phrases (matched as in `agent.evidence.tone`)."""

    channel: str
    actions: tuple[Action, ...] = ("reply",)
    reasons: tuple[ReasonIs, ...] = ()
    """Only for these reasons; none means all."""
    rule: str
    ko: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class Term(Data):
    """One term of the trade: how the portal writes it, and what a machine makes of it."""

    rule: str
    ko: str
    en: str
    zh: str
    wrong: tuple[str, ...]


class Answers(Data):
    """A portal's answers.toml."""

    expected: tuple[Expected, ...] = ()
    glossary: tuple[Term, ...] = ()
    once: dict[str, str] = {}
    """Channel to the requirement that forbids repeating text or evidence there."""


class Earlier(Data):
    """What was given before in the matter: texts of the seller, and hashes of files."""

    texts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def load_answers(package: Path, own: Path | None = None) -> Answers:
    """The answer rules of the portal package in folder `package` (none without a file), the operator's over them."""
    file = package / "answers.toml"
    return load_data(Answers, file, own) if file.exists() else Answers()


def earlier_in(case: Case) -> Earlier:
    """What the thread itself shows: all files of either side, and the seller's own texts; auto-replies too, since
    sending one as an answer changes nothing."""
    return Earlier(
        texts=tuple(message.text for message in case.messages if message.from_ == "seller"),
        files=tuple(file.sha256 for message in case.messages for file in message.attachments if file.sha256),
    )


def lint_answer(
    draft: Draft,
    case: Case,
    rule: ActionRule,
    facts: list[FileFacts],
    answers: Answers,
    earlier: Iterable[Earlier] = (),
) -> list[Finding]:
    """Findings on the draft's texts and files; `earlier` is what was given before beside the thread itself."""
    texts = {
        key: nfc(draft.values.get(key, "")).strip()
        for key, field in rule.fields.items()
        if field.kind == "text" and draft.values.get(key, "").strip()
    }
    found: list[Finding] = []
    if texts:
        found += _expected(draft, case, texts, answers)
        found += _terms(texts, answers)
    if case.channel in answers.once:
        found += _repeated(case, texts, facts, answers.once[case.channel], [earlier_in(case), *earlier])
    return found


def _expected(draft: Draft, case: Case, texts: dict[str, str], answers: Answers) -> list[Finding]:
    """The phrases that the portal's reviewers look for (CM6)."""
    said = "\n".join(texts.values())
    reason = case.reason.is_ if case.reason else None
    return [
        finding(
            one.rule,
            "phrase",
            "block",
            say(
                "The answer must say one of these, or it counts as none: {phrases}.",
                phrases=", ".join(f"“{phrase}”" for phrase in (*one.ko, *one.en)),
            ),
            next(iter(texts)),
        )
        for one in answers.expected
        if one.channel == case.channel
        and draft.action in one.actions
        and (not one.reasons or reason in one.reasons)
        and first_phrase(said, one.ko, one.en) is None
    ]


def _terms(texts: dict[str, str], answers: Answers) -> list[Finding]:
    """Korean that a machine made of a term of the trade (CM8)."""
    found = []
    for key, text in texts.items():
        for term in answers.glossary:
            stands = first_phrase(text, term.wrong, ())
            if stands is not None:
                found.append(
                    finding(
                        term.rule,
                        "term",
                        "block",
                        say(
                            "“{stands}” is not how the portal says “{zh}” ({en}): write “{ko}”, or override with a"
                            " reason.",
                            stands=stands,
                            zh=term.zh,
                            en=term.en,
                            ko=term.ko,
                        ),
                        key,
                        overridable=True,
                    )
                )
    return found


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split()).casefold()


def _repeated(
    case: Case, texts: dict[str, str], facts: list[FileFacts], rule: str, earlier: list[Earlier]
) -> list[Finding]:
    """Text or evidence that was given before counts as no answer (CM7)."""
    known_texts = {_plain(text) for one in earlier for text in one.texts}
    known_files = {sha256 for one in earlier for sha256 in one.files}
    found = [
        finding(
            rule,
            "text_again",
            "block",
            say("“{key}” repeats an earlier answer word for word, which counts as none. Say what is new.", key=key),
            key,
        )
        for key, text in texts.items()
        if _plain(text) in known_texts
    ]
    found += [
        finding(
            rule,
            "file_again",
            "block",
            say(
                "{name} was shown in this matter before; repeating evidence counts as no answer. Take it out, or use"
                " another picture.",
                name=one.name,
            ),
            one.name,
        )
        for one in facts
        if one.sha256 in known_files
    ]
    return found
