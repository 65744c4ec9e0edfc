"""The torturer's own books: who said yes to what, kept beside the records and never read from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from agent.sending.packet import Approval, Attempt, Packet
from tests.torture.judge import Content, content_of


@dataclass
class Books:
    """What a careful person would remember. Keys of `current` are case ids, those of `content` digests."""

    content: dict[str, Content] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    current: dict[str, str] = field(default_factory=dict)
    policy: str = ""
    armed: set[str] = field(default_factory=set)

    def yes(self, packet: Packet, approval: Approval, content: Content | None = None) -> None:
        """Somebody approved the packet, which holds `content`; an earlier approval of the case is replaced."""
        for other in self.approvals.values():
            if other.case == approval.case and other.id != approval.id:
                self.withdrawn.add(other.id)
        self.content[packet.digest] = content or content_of(packet)
        self.approvals[approval.id] = approval
        self.current[packet.case.case_id] = packet.digest

    def no(self, case_id: str) -> None:
        """The approvals of a case are taken back."""
        self.withdrawn |= {a.id for a in self.approvals.values() if a.case.case_id == case_id}

    def redrafted(self, case_id: str) -> None:
        """The draft is another one: no packet is in force."""
        self.current.pop(case_id, None)

    def saw(self, attempts: Iterable[str]) -> None:
        """Attempts that are on the disk, by their ids."""
        self.armed |= set(attempts)

    def objection(self, packet: Packet | None, revision: str, attempt: Attempt | None) -> str | None:
        """Why `packet` may not be sent under `attempt`, the case having been seen in `revision` right before."""
        if packet is None or attempt is None:
            return "there is no attempt on the disk"
        if attempt.digest != packet.digest or self.current.get(packet.case.case_id) != packet.digest:
            return "it is not the packet in force"
        approval = self.approvals.get(attempt.approval_id)
        if approval is None or approval.id in self.withdrawn or approval.digest != packet.digest:
            return "nobody's approval stands behind it"
        if attempt.armed_at >= approval.expires_at + timedelta(minutes=1):
            return "the approval had expired"
        if revision != packet.case_revision:
            return "the case had moved before it was opened"
        return None if packet.policy_version == self.policy else "the rules had changed"
