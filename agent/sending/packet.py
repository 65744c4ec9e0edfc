"""Draft and packet: what an operator wrote, and the exact thing that is approved and sent."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any, Literal

from agent.records import Action, CaseKey, Instant, Record, canonical

FieldKind = Literal["text", "choice", "tick", "amount", "date", "message"]


class DraftFile(Record):
    """One evidence file as the operator named it; `path` is absolute, the file itself is never touched (CP9)."""

    kind: str
    path: str


class Draft(Record):
    """The answers and files for one action on one case (CP8: one case, by type)."""

    case: CaseKey
    action: Action
    values: dict[str, str]
    """Field key to value; a tick is "yes" or "no", a choice is the option's key."""
    files: tuple[DraftFile, ...] = ()
    by: str
    at: Instant
    case_revision: str
    overrides: dict[str, str] = {}
    """Lint finding code to the operator's reason for overriding it."""


class PacketField(Record):
    """One thing typed, chosen or ticked. For a choice `value` is the option's key, `shown` the text to be chosen.

    A `message` is typed nowhere: `value` is the number of the buyer's message that allows it, `shown` its text.
    """

    key: str
    kind: FieldKind
    value: str
    shown: str = ""


class PacketFile(Record):
    """One file to upload, under the name the portal wants."""

    kind: str
    upload_name: str
    size: int
    sha256: str
    media_type: str
    path: str
    """Where the original lies; not part of the digest, but its bytes are compared again before sending."""


class Packet(Record):
    """A draft frozen for approval: exactly what will be typed, chosen, ticked and uploaded."""

    case: CaseKey
    order_id: str
    case_revision: str
    action: Action
    fields: tuple[PacketField, ...]
    files: tuple[PacketFile, ...]
    policy_version: str
    by: str
    overrides: dict[str, str] = {}

    def bound(self) -> dict[str, Any]:
        """All that the digest binds (DESIGN §6), texts in NFC, files in order."""
        return {
            "portal": self.case.portal,
            "account": self.case.account,
            "channel": self.case.channel,
            "case_id": self.case.case_id,
            "order_id": self.order_id,
            "case_revision": self.case_revision,
            "action": self.action,
            "fields": [
                {"key": f.key, "kind": f.kind, "value": nfc(f.value), "shown": nfc(f.shown)} for f in self.fields
            ],
            "files": [
                {
                    "name": nfc(f.upload_name),
                    "size": f.size,
                    "sha256": f.sha256,
                    "kind": f.kind,
                    "media_type": f.media_type,
                }
                for f in self.files
            ],
            "overrides": {code: nfc(why) for code, why in self.overrides.items()},
            "policy_version": self.policy_version,
        }

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of `bound()`; what an approval is given to."""
        return hashlib.sha256(canonical(self.bound())).hexdigest()

    def field(self, key: str) -> PacketField | None:
        """The field with that key, if the packet has one."""
        return next((f for f in self.fields if f.key == key), None)


class Approval(Record):
    """A named operator's yes to one packet digest, with an expiry, spent once."""

    id: str
    digest: str
    case: CaseKey
    action: Action
    by: str
    machine: str
    at: Instant
    expires_at: Instant
    spent_at: Instant | None = None
    withdrawn_at: Instant | None = None
    withdrawn_why: str | None = None


class Receipt(Record):
    """The portal's own word that it took the packet."""

    number: str
    at: Instant | None = None
    shown: str = ""


class Attempt(Record):
    """One try to send one packet. `armed` in a record that no process works on any more means: outcome unknown."""

    id: str
    digest: str
    approval_id: str
    case: CaseKey
    action: Action
    state: Literal["armed", "confirmed", "refused", "unknown", "cleared"]
    armed_at: Instant
    fence: int
    settled_at: Instant | None = None
    receipt: Receipt | None = None
    words: str | None = None
    """The portal's own words of a refusal, or what a person should look at while unknown."""


def nfc(text: str) -> str:
    """`text` in Unicode NFC with unix line ends, the form in which it is hashed, typed and compared."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
