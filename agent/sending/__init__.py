"""From draft to receipt: packets, approvals, and the ledger of every try to send one."""

from typing import TYPE_CHECKING, Any

from agent.sending.difference import difference
from agent.sending.packet import (
    Approval,
    Attempt,
    Draft,
    DraftFile,
    FieldKind,
    Packet,
    PacketField,
    PacketFile,
    Receipt,
    nfc,
)

if TYPE_CHECKING:
    from agent.sending.ledger import Ledger, Settled

__all__ = [
    "Approval",
    "Attempt",
    "Draft",
    "DraftFile",
    "FieldKind",
    "Ledger",
    "Packet",
    "PacketField",
    "PacketFile",
    "Receipt",
    "Settled",
    "difference",
    "nfc",
]


def __getattr__(name: str) -> Any:
    """`Ledger` on first use: it loads the database library, which a command that only drafts does not need."""
    if name in ("Ledger", "Settled"):
        from agent.sending import ledger

        return getattr(ledger, name)
    raise AttributeError(name)
