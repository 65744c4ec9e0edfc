"""From draft to receipt: packets, approvals, and the ledger of every try to send one."""

from agent.sending.difference import difference
from agent.sending.ledger import Ledger, Settled
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

__all__ = [
    "Approval", "Attempt", "Draft", "DraftFile", "FieldKind", "Ledger", "Packet", "PacketField", "PacketFile",
    "Receipt", "Settled", "difference", "nfc",
]
