"""What Coupang ruled: the Dispute Information module, and the Decision Summary that must say the same (CP3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from agent.portal import Fetched
from agent.reading.labels import norm
from agent.reading.pdf import pdf_text
from agent.reading.seen import NOTHING, Part, Seen, is_cut
from agent.reading.unreadable import Unreadable
from agent.records import (
    Decision,
    Deduction,
    Money,
    Party,
)
from agent.words import say
from portals.coupang.shown import CUT, money, note_cut

_STOPS = ".!?。…)”\"'"
"""How a whole text ends; one that ends otherwise, while the document goes on, was cut short."""
_DOCUMENT = ("number", "amount", "total", "responsible", "clauses", "text")


def read_decision(seen: Seen, module: Part, missing: dict[str, str]) -> Decision:
    """What the platform ruled, from the Dispute Information module (CP3)."""
    party = module.labelled("dispute.responsible")
    text = module.labelled("dispute.text")
    deductions = read_deductions(seen, module, missing)
    requested = module.labelled("dispute.requested")
    if text.cut:
        raise seen.drift("dispute.text", say("the page shows only its beginning"), found=(text.text[:120],))
    if requested.cut or any(is_cut(item) for item in requested.items()):
        missing["decision.requested_evidence"] = CUT
    return Decision(
        responsible=Party(shown=party.text, is_=party.word("party")),  # type: ignore[arg-type]
        deductions=deductions,
        clauses=module.labelled("dispute.clauses").read(clauses),
        text=None if text.empty else text.text,
        requested_evidence=requested.items(),
    )


def clauses(text: str) -> tuple[str, ...]:
    """The numbers of the clauses relied on, e.g. 5.2."""
    found = tuple(dict.fromkeys(re.findall(r"\d+(?:\.\d+)+", text)))
    if not found:
        raise Unreadable(text, "clause numbers (5.2)")
    return found


def read_deductions(seen: Seen, module: Part, missing: dict[str, str]) -> tuple[Deduction, ...]:
    """The deductions, whose sum must be the total shown."""
    value = module.labelled("dispute.deductions")
    total = module.labelled("dispute.deduction_total")
    if value.empty or norm(value.text) in seen.labels.of("words.deductions.none"):
        lines: tuple[Deduction, ...] = ()
    else:
        rows = value.part.rows({"label": "dispute.deductions.label", "amount": "dispute.deductions.amount"})
        lines = tuple(Deduction(label=r["label"].text, amount=r["amount"].read(money)) for r in rows)
        for number, row in enumerate(rows):
            note_cut(missing, f"decision.deductions.{number}.label", row["label"])
    shown = total.read(money)
    if sum(line.amount.value for line in lines) != shown.value:
        raise seen.mismatch("dispute.deduction_total", " + ".join(str(d.amount) for d in lines) or "0", shown)
    return lines


def check_document(seen: Seen, file: Fetched, number: str, amount: Money, decision: Decision) -> None:
    """The Decision Summary must say what the page says: order, amount, party, clauses, total, text (CP3).

    What stands behind one of its known labels is compared as what it means; where a label is not there, the page's
    value must at least stand somewhere in the file.
    """
    try:
        text = pdf_text(file.data)
    except Unreadable as fault:
        raise seen.drift("dispute.document", say("the file can't be read"), found=(fault.text,)) from None
    said = _document_lines(seen, text)
    bare = "".join(text.split())
    total = Money(value=sum((d.amount.value for d in decision.deductions), Decimal(0)), currency=amount.currency)
    party = decision.responsible
    _same(seen, said, bare, "number", number, number, str)
    _same(seen, said, bare, "amount", amount, f"{amount.value:,f}", money)
    _same(seen, said, bare, "total", total, f"{total.value:,f}", money)
    if party is not None:
        _same(seen, said, bare, "responsible", party.is_, party.shown, lambda t: _party(seen, t))
    if "clauses" in said:
        _same(seen, said, bare, "clauses", decision.clauses, "", clauses)
    else:
        for clause in decision.clauses:
            _same(seen, said, bare, "clauses", clause, clause, str)
    ruled = "".join((decision.text or "").split())
    behind = _behind(seen, text)
    if not ruled and behind and behind[0] not in NOTHING:
        raise seen.mismatch("dispute.document", "-", behind[0])
    ends = {0, *(len("".join(behind[: n + 1])) for n in range(len(behind)))}
    # where the text ends on the page, a sentence and a line end in the file: else the page shows only its beginning
    whole = len(ruled) in ends and (ruled[-1:] in _STOPS or "".join(behind) == ruled)
    if behind and not ("".join(behind).startswith(ruled) and whole):
        raise seen.mismatch("dispute.document", decision.text, "".join(behind)[: len(ruled) + 40])
    if ruled not in bare:
        raise seen.mismatch("dispute.document", decision.text, say("not in the Decision Summary"))


def _document_lines(seen: Seen, text: str) -> dict[str, str]:
    """What stands behind the labels of the file's lines, by the last part of the label's key."""
    keys = {form: key for key in _DOCUMENT for form in seen.labels.of(f"document.{key}")}
    found: dict[str, str] = {}
    for line in text.splitlines():
        label, _, value = line.partition(":")
        key = keys.get(norm(label))
        if key is not None:
            if key in found and found[key] != value.strip():
                raise seen.mismatch("dispute.document", found[key], value.strip())
            found[key] = value.strip()
    return found


def _behind(seen: Seen, text: str) -> list[str]:
    """The file's lines behind the heading of the decision, each without white space."""
    lines = ["".join(line.split()) for line in text.splitlines()]
    for heading in seen.labels.texts["document.text"]:
        form = "".join(heading.split())
        at = max((n for n, line in enumerate(lines) if form in line), default=None)
        if at is not None:
            return [rest for rest in (lines[at].rpartition(form)[2], *lines[at + 1 :]) if rest]
    return []


def _same(
    seen: Seen, said: dict[str, str], bare: str, key: str, want: object, shown: str, reader: Callable[[str], object]
) -> None:
    if key not in said:
        if re.search(rf"(?<![\d.,]){re.escape(''.join(shown.split()))}(?![\d]|[.,]\d)", bare) is None:
            raise seen.mismatch("dispute.document", shown, say("not in the Decision Summary"))
        return
    try:
        held = reader(said[key])
    except Unreadable:
        held = None
    if held != want:
        raise seen.mismatch("dispute.document", shown or want, said[key])


def _party(seen: Seen, text: str) -> str | None:
    """A party as the file writes it, in one language or in two: `판매자 (Seller)`."""
    words = {seen.labels.word("party", part) for part in (text, *re.split(r"[()/]", text)) if part.strip()} - {None}
    return words.pop() if len(words) == 1 else None
