"""Playbooks (CP17): for each typical situation what to choose, what to show and what to write, as data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from agent.errors import UsageFault
from agent.evidence.data import Both, Data, load_data
from agent.evidence.naming import kind_of
from agent.records import Case, ReasonIs
from agent.sending.packet import DraftFile, nfc
from agent.words import say

PLACEHOLDER = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")
"""A place in a note that is still to be filled."""


class Evidence(Data):
    """One line of a checklist: which kind, and what it must show."""

    kind: str
    why: Both
    required: bool
    note: str = ""


class Playbook(Data):
    """One situation. `values` are answers by field key, `notes` templates by language."""

    key: str
    title: Both
    advice: Both
    reasons: tuple[ReasonIs, ...]
    channels: tuple[str, ...] = ()
    """Only for cases of these channels; none means all."""
    values: dict[str, str] = {}
    evidence: tuple[Evidence, ...]
    notes: dict[str, str]

    def note(self, language: str) -> str:
        """The note template in `language`; a language without one is a `UsageFault`."""
        try:
            return self.notes[language]
        except KeyError:
            raise UsageFault(
                say("The playbook {key} has no note in “{language}”.", key=self.key, language=language),
                say("Choose one of: {languages}.", languages=", ".join(self.notes)),
            ) from None

    def placeholders(self, language: str) -> tuple[str, ...]:
        """The places to fill in the note of `language`, each once, in order."""
        return tuple(dict.fromkeys(PLACEHOLDER.findall(self.note(language))))


class _Entry(Data):
    title: Both
    advice: Both
    reasons: tuple[ReasonIs, ...]
    channels: tuple[str, ...] = ()
    """Only for cases of these channels; none means all."""
    values: dict[str, str] = {}
    evidence: tuple[Evidence, ...]
    notes: dict[str, str]


class _File(Data):
    playbook: dict[str, _Entry] = {}


def load_playbooks(package: Path, own: Path | None = None) -> tuple[Playbook, ...]:
    """The playbooks of the portal package in folder `package` (none without a file), the operator's file over them."""
    file = package / "playbooks.toml"
    if not file.exists():
        return ()
    entries = load_data(_File, file, own).playbook
    return tuple(Playbook(key=key, **dict(entry)) for key, entry in entries.items())


def playbook_for(case: Case, playbooks: Sequence[Playbook]) -> Playbook | None:
    """The first playbook for the channel and the buyer's reason, or None where no one can say."""
    if case.reason is None:
        return None
    fitting = (book for book in playbooks if not book.channels or case.channel in book.channels)
    return next((book for book in fitting if case.reason.is_ in book.reasons), None)


def known_values(case: Case) -> dict[str, str]:
    """What the case itself fills into a note; what it does not know is left out."""
    values = {"order_id": case.order_id, "case_id": case.case_id}
    if case.items:
        values["item"] = ", ".join(item.name for item in case.items)
        values["quantity"] = str(sum(item.quantity for item in case.items))
    if case.amount is not None:
        values["amount"] = str(case.amount)
    return values


def fill_template(template: str, case: Case, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """`template` with the case's own values and `values` (these win) put in, and the names of what is missing.

    A missing place stays visible as `{name}`; lint blocks a text that has one. Values are put in once, so that a brace
    in a buyer's or item's text can't pull in another value.
    """
    have = {k: v for k, v in (known_values(case) | dict(values)).items() if v.strip()}
    text = PLACEHOLDER.sub(lambda place: have.get(place[1], place[0]), template)
    missing = tuple(dict.fromkeys(name for name in PLACEHOLDER.findall(template) if name not in have))
    return nfc(text).strip(), missing


def sufficient(playbook: Playbook, files: Iterable[DraftFile]) -> tuple[bool, tuple[Evidence, ...]]:
    """Whether all required evidence is there by kind, and which is not."""
    kinds = {kind_of(file)[0] for file in files}
    missing = tuple(want for want in playbook.evidence if want.required and want.kind not in kinds)
    return not missing, missing
