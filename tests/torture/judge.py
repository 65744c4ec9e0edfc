"""The judge of both depths: what reached the portal, held against what was approved and what the records say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from agent.sending.packet import Attempt, Packet, nfc

Content = tuple[str, str, str, tuple[tuple[str, int, str], ...]]
"""Order, chosen type, note and files (name, size, SHA-256) of one appeal."""


@dataclass
class Arrival:
    """One sending request at the portal. `attempt`: the id under which it left, as far as the torturer can tell."""

    content: Content
    accepted: bool
    number: str | None = None
    attempt: str | None = None
    pending_before: bool = False
    """An earlier request on this case was still being worked on when it came."""
    objection: str | None = None
    """Why it should not have been sent at all at that moment, by the torturer's own books."""


@dataclass
class Story:
    """One run, as told by the portal (`arrivals`) and by the records (`attempts`), with the torturer's own books.

    `approved` holds the content of every packet that a person said yes to, by digest. `said` are reports of the
    commands: attempt or None, the outcome that was told, whether a request of that very run reached the portal.
    """

    arrivals: list[Arrival]
    attempts: list[Attempt]
    approved: Mapping[str, Content]
    armed: set[str]
    """Attempts that the torturer saw on the disk: none may be forgotten."""
    said: list[tuple[str, bool, bool]] = field(default_factory=list)
    """Outcome told, and whether that command's request arrived, and was accepted."""
    chain: str | None = None
    """What is wrong with the audit chain."""
    stuck: list[str] = field(default_factory=list)
    """Approved answers that nothing keeps from being sent, and that were not sent."""
    crashed: list[str] = field(default_factory=list)
    """Last words of programs that ended by a fault of their own instead of a report."""
    why_unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Verdict:
    """Counts over one run or many; `notes` name what was found."""

    runs: int = 0
    submissions: int = 0
    confirmed: int = 0
    refused: int = 0
    cleared: int = 0
    duplicates: int = 0
    unapproved: int = 0
    altered: int = 0
    lost: int = 0
    wrongly_confirmed: int = 0
    wrongly_refused: int = 0
    left_unknown: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def bad(self) -> int:
        """How much of it must never be."""
        return (
            self.duplicates + self.unapproved + self.altered + self.lost + self.wrongly_confirmed + self.wrongly_refused
        )

    def add(self, other: Verdict) -> None:
        """Add another one's counts."""
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            if isinstance(mine, Counter | list):
                mine += theirs
            else:
                setattr(self, one.name, mine + theirs)


def content_of(packet: Packet) -> Content:
    """What of a packet must reach the portal."""
    choice, note = packet.field("appeal_type"), packet.field("note")
    files = tuple((f.upload_name, f.size, f.sha256) for f in packet.files)
    return packet.order_id, choice.value if choice else "", nfc(note.value) if note else "", files


def judge(story: Story) -> Verdict:
    """Count everything that is not as it should be."""
    verdict = Verdict(runs=1)
    by_id = {attempt.id: attempt for attempt in story.attempts}
    _judge_arrivals(story, by_id, verdict)
    for attempt in story.attempts:
        _judge_attempt(story, attempt, verdict)
    for vanished in story.armed - set(by_id):
        _count(verdict, "lost", f"attempt {vanished} is gone from the records")
    if story.chain:
        _count(verdict, "lost", f"audit chain: {story.chain}")
    for stuck in story.stuck:
        _count(verdict, "lost", f"approved and never sent: {stuck}")
    for words in story.crashed:
        _count(verdict, "lost", f"a program crashed: {words}")
    for told, arrived, accepted in story.said:
        if told in ("refused", "cleared") and accepted:
            _count(verdict, "wrongly_refused", f"told “{told}”, and the portal had accepted it")
        if told in ("not_sent", "cleared") and arrived:
            _count(verdict, "wrongly_refused", f"told “{told}”, and the request had left")
        if told == "confirmed" and not accepted:
            _count(verdict, "wrongly_confirmed", "told “confirmed”, and the portal had accepted nothing")
    return verdict


def _judge_arrivals(story: Story, by_id: Mapping[str, Attempt], verdict: Verdict) -> None:
    taken: dict[str, str] = {}
    seen: Counter[str | None] = Counter()
    for arrival in story.arrivals:
        verdict.submissions += 1
        order = arrival.content[0]
        seen[arrival.attempt] += 1
        if seen[arrival.attempt] > 1 or order in taken or arrival.pending_before:
            _count(verdict, "duplicates", f"{order}: a further request after {taken.get(order, 'an earlier one')}")
        if arrival.accepted:
            taken[order] = arrival.number or "?"
        attempt = by_id.get(arrival.attempt or "")
        if attempt is None:
            _count(verdict, "lost", f"{order}: a request without an attempt in the records")
        elif attempt.digest not in story.approved:
            _count(verdict, "unapproved", f"{order}: sent under a packet that nobody approved")
        elif arrival.content != story.approved[attempt.digest]:
            _count(verdict, "altered", f"{order}: {arrival.content} is not {story.approved[attempt.digest]}")
        if arrival.objection:
            _count(verdict, "unapproved", f"{order}: {arrival.objection}")


def _judge_attempt(story: Story, attempt: Attempt, verdict: Verdict) -> None:
    accepted = [a for a in story.arrivals if a.attempt == attempt.id and a.accepted]
    if attempt.state == "confirmed":
        verdict.confirmed += 1
        number = attempt.receipt.number if attempt.receipt else None
        if not accepted or number not in [a.number for a in accepted]:
            _count(verdict, "wrongly_confirmed", f"{attempt.case.case_id}: receipt {number}, at the portal {accepted}")
    elif attempt.state in ("refused", "cleared"):
        setattr(verdict, attempt.state, getattr(verdict, attempt.state) + 1)
        if accepted:
            _count(verdict, "wrongly_refused", f"{attempt.case.case_id}: {attempt.state}, accepted at the portal")
    else:
        verdict.left_unknown += 1
        verdict.reasons[story.why_unknown.get(attempt.id, f"{attempt.state}: {attempt.words}")] += 1


def _count(verdict: Verdict, what: str, note: str) -> None:
    setattr(verdict, what, getattr(verdict, what) + 1)
    verdict.notes.append(f"{what}: {note}")


def table(verdict: Verdict, seconds: float) -> Iterable[tuple[str, str]]:
    """The lines that are printed and documented."""
    yield "runs", f"{verdict.runs:,}"
    yield "submissions", f"{verdict.submissions:,}"
    for name in ("confirmed", "refused", "cleared"):
        yield f"  attempts {name}", f"{getattr(verdict, name):,}"
    for name in ("duplicates", "unapproved", "altered", "lost", "wrongly_confirmed", "wrongly_refused"):
        yield name.replace("_", " "), f"{getattr(verdict, name):,}"
    yield "left unknown", f"{verdict.left_unknown:,}"
    for reason, count in verdict.reasons.most_common():
        yield f"  {count:,} ×", reason
    yield "runs a second", f"{verdict.runs / seconds:.1f}"
