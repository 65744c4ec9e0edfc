"""What came of reading a mutant: right, refused loudly, or silently wrong, held against the truth of the untouched page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from agent.errors import Mismatch, RebuttalError
from agent.reading.labels import Labels, norm
from agent.reading.moments import read_moment
from agent.reading.page import SeenPage
from agent.reading.pdf import pdf_text
from agent.reading.seen import Seen
from agent.reading.unreadable import Unreadable
from agent.records import Case
from portals.coupang import PORTAL, read, read_decision
from portals.coupang.shown import money
from tests.mutants import anywhere
from tests.mutants.anywhere import labels_of
from tests.mutants.corpus import CHANNEL, Sample

_MORE = re.compile(r"(?:…|\.\.\.|더보기|펼치기|Showmore)+$")
Verdict = Literal["right", "refused", "wrong"]
_TICK = timedelta(seconds=3)
"""How far the ticking countdown and the Date header that it is counted from may lie apart."""
_LAG = timedelta(seconds=60)
_CUT_TO_MINUTE = timedelta(seconds=60)


@dataclass(frozen=True)
class Judged:
    """`said`: the refusal, or the fields that were read wrongly."""

    verdict: Verdict
    said: str = ""


_ACTIVE: list[str] = [PORTAL.name]


def use(portal: str) -> None:
    """Whose pages are changed from now on."""
    _ACTIVE[0] = portal


def used() -> str:
    """The portal whose pages are changed."""
    return _ACTIVE[0]


def known_labels() -> Labels:
    """The labels that the product reads that portal with, loaded once."""
    return labels_of(_ACTIVE[0])


read_decision.pdf_text = lru_cache(maxsize=512)(pdf_text)  # type: ignore[attr-defined]


def judge(sample: Sample, page: SeenPage, *, foreign: bool = False) -> Judged:
    """Read `page`, which was made from `sample`, as a sync would. `foreign`: in another language than its list was."""
    try:
        if sample.truth is None:
            wrong = anywhere.differences(sample, page)
        elif sample.kind == "list":
            wrong = _list(sample, Seen(page, known_labels()))
        elif sample.kind == "detail":
            wrong = _detail(sample, Seen(page, known_labels()), foreign)
        else:
            wrong = _receipt(sample, Seen(page, known_labels()))
    except RebuttalError as error:
        return Judged("refused", f"{error.name}: {error.said.in_language('en')} {error.facts.get('found', '')}")
    except Exception as fault:  # a reader that breaks is no refusal: nobody is told which field
        return Judged("wrong", f"the reader broke: {type(fault).__name__}: {fault}")
    return Judged("wrong", "; ".join(wrong)) if wrong else Judged("right")


def _detail(sample: Sample, seen: Seen, foreign: bool) -> list[str]:
    case_id = sample.truth["case_id"]
    case = CHANNEL.read(seen, sample.documents or {})
    if case.case_id != case_id:
        CHANNEL.read_subject(seen, sample.documents or {}, case_id)  # raises WrongSubject
    if sample.listed is not None and not foreign:
        differs = CHANNEL.agrees(sample.listed, case)
        if differs:
            raise seen.mismatch("", "list", differs) if differs else Mismatch
    truth = sample.truth
    if foreign:  # controls are there in the portal's own language only (CP1)
        truth = truth | {"actions": []}
    return differences(case, truth)


def differences(case: Case, truth: dict[str, Any]) -> list[str]:
    """Fields of a record that are not the truth. A text that the record says is incomplete may be its beginning."""
    got = case.public()
    wrong = [
        f"{name}: {got[name]!r} is {truth[name]!r}"
        for name in ("case_id", "order_id", "decided_at", "opened_at", "actions", "appeals", "flags")
        if not (_same_moment(got[name], truth[name]) if name.endswith("_at") else got[name] == truth[name])
    ]
    wrong += [
        f"{n}: {got[n]['is']} is {truth[n]['is']}" for n in ("status", "reason") if got[n]["is"] != truth[n]["is"]
    ]
    wrong += _money("amount", got["amount"], truth["amount"])
    wrong += _deadlines(case, truth["deadlines"])
    wrong += _decision(got["decision"], truth["decision"], case.missing)
    wrong += _each("items", got["items"], truth["items"], lambda n, a, b: _item(n, a, b, case.missing))
    if "messages" not in case.missing:
        wrong += _each("messages", got["messages"], truth["messages"], lambda n, a, b: _message(n, a, b, case.missing))
    wrong += _outcome(got["outcome"], truth["outcome"])
    return wrong


def _each(name: str, got: list[Any], truth: list[Any], compare: Any) -> list[str]:
    if len(got) != len(truth):
        return [f"{name}: {len(got)} of {len(truth)}"]
    return [w for n, (a, b) in enumerate(zip(got, truth, strict=True)) for w in compare(f"{name}.{n}", a, b)]


def _same_moment(got: str | None, truth: str | None) -> bool:
    """The same instant; where only minutes were shown, the same minute."""
    if got is None or truth is None:
        return got == truth
    a, b = datetime.fromisoformat(got), datetime.fromisoformat(truth)
    return a == b or (a <= b < a + _CUT_TO_MINUTE and a.second == 0)


def _same_text(got: str | None, truth: str | None) -> bool:
    return "".join((got or "").split()) == "".join((truth or "").split())


def _text(name: str, got: str | None, truth: str | None, missing: dict[str, str]) -> list[str]:
    if _same_text(got, truth):
        return []
    start = _MORE.sub("", "".join((got or "").split()))
    if name in missing and start and "".join((truth or "").split()).startswith(start):
        return []
    return [f"{name}: {got!r} is {truth!r}"]


def _money(name: str, got: Any, truth: Any) -> list[str]:
    if got is None or truth is None:
        return [] if got == truth else [f"{name}: {got} is {truth}"]
    same = got["currency"] == truth["currency"] and Decimal(got["value"]) == Decimal(truth["value"])
    return [] if same else [f"{name}: {got} is {truth}"]


def _deadlines(case: Case, truth: list[Any]) -> list[str]:
    if len(case.deadlines) != len(truth):
        return [f"deadlines: {len(case.deadlines)} of {len(truth)}"]
    wrong = []
    for mine, true in zip(case.deadlines, truth, strict=True):
        at = datetime.fromisoformat(true["at"])
        earliest = at - timedelta(seconds=mine.precision_s) - _LAG
        if mine.kind != true["kind"] or not earliest <= mine.at <= at + _TICK:
            wrong.append(f"deadline: {mine.at} (±{mine.precision_s}) is {at}")
    return wrong


def _decision(got: Any, truth: Any, missing: dict[str, str]) -> list[str]:
    if got is None or truth is None:
        return (
            [] if got == truth else [f"decision: {'none' if got is None else 'one'} where there is {truth and 'one'}"]
        )
    wrong = []
    if got["responsible"]["is"] != truth["responsible"]["is"]:
        wrong.append(f"responsible: {got['responsible']['is']} is {truth['responsible']['is']}")
    if got["clauses"] != truth["clauses"]:
        wrong.append(f"clauses: {got['clauses']} is {truth['clauses']}")
    wrong += _text("decision.text", got["text"], truth["text"], missing)
    flagged = "decision.requested_evidence" in missing
    if not flagged and not _same_text("".join(got["requested_evidence"]), "".join(truth["requested_evidence"])):
        wrong.append(f"requested: {got['requested_evidence']} is {truth['requested_evidence']}")
    wrong += _each(
        "decision.deductions",
        got["deductions"],
        truth["deductions"],
        lambda n, a, b: _text(f"{n}.label", a["label"], b["label"], missing) + _money(n, a["amount"], b["amount"]),
    )
    if got["document"] != truth["document"]:
        wrong.append("document")
    return wrong


def _item(name: str, got: Any, truth: Any, missing: dict[str, str]) -> list[str]:
    wrong = [f"{name}.{f}: {got[f]!r} is {truth[f]!r}" for f in ("id", "quantity") if got[f] != truth[f]]
    return (
        wrong
        + _text(f"{name}.name", got["name"], truth["name"], missing)
        + _money(name, got["amount"], truth["amount"])
    )


def _message(name: str, got: Any, truth: Any, missing: dict[str, str]) -> list[str]:
    wrong = [] if got["from"] == truth["from"] else [f"{name}: from {got['from']} is {truth['from']}"]
    if not _same_moment(got["at"], truth["at"]):
        wrong.append(f"{name}: at {got['at']} is {truth['at']}")
    if [a["name"] for a in got["attachments"]] != [a["name"] for a in truth["attachments"]]:
        wrong.append(f"{name}: files {got['attachments']} is {truth['attachments']}")
    return wrong + _text(f"{name}.text", got["text"], truth["text"], missing)


def _outcome(got: Any, truth: Any) -> list[str]:
    if got is None or truth is None:
        return [] if got == truth else [f"outcome: {got} is {truth}"]
    wrong = [f"outcome.{f}: {got[f]} is {truth[f]}" for f in ("result", "settled_on") if got[f] != truth[f]]
    if not _same_moment(got["at"], truth["at"]):
        wrong.append(f"outcome.at: {got['at']} is {truth['at']}")
    return wrong + _money("outcome.recovered", got["recovered"], truth["recovered"])


# -- lists and receipts ----------------------------------------------------------------------------------------------


def _list(sample: Sample, seen: Seen) -> list[str]:
    listing = CHANNEL.read_listing(seen, sample.filter, 1)
    if listing.total is None or len(listing.rows) != listing.total:
        raise seen.mismatch("orders.total", listing.total, len(listing.rows))  # the sync says: incomplete
    true = {case["case_id"]: case for case in sample.truth}
    if {row.case_id for row in listing.rows} != set(true):
        return [f"rows: {len(listing.rows)} of {len(true)}"]
    before = _untouched(sample.name, sample.page, sample.filter)
    wrong = []
    for row in listing.rows:
        case, old = true[row.case_id], before[row.case_id]
        facts = {name: _fact(name, row.facts[name], seen) for name in row.facts}
        for name, is_ in (("status", case["status"]["is"]), ("reason", case["reason"]["is"])):
            if facts[name] != is_:
                wrong.append(f"{row.case_id}.{name}: {facts[name]} is {is_}")
        if not row.url.endswith(f"/orders/{row.case_id}"):
            wrong.append(f"{row.case_id}.url: {row.url}")
        if facts["amount"] != str(Decimal(case["amount"]["value"])):
            wrong.append(f"{row.case_id}.amount: {facts['amount']} is {case['amount']['value']}")
        if not _same_moment(facts["opened_at"], case["opened_at"]):
            wrong.append(f"{row.case_id}.opened_at: {facts['opened_at']} is {case['opened_at']}")
        if not _same_moment(facts["changed_at"], old["changed_at"]):
            wrong.append(f"{row.case_id}.changed_at: {facts['changed_at']} is {old['changed_at']}")
        if facts["order_status"] != old["order_status"]:
            wrong.append(f"{row.case_id}.order_status: {facts['order_status']} is {old['order_status']}")
    return wrong


@lru_cache(maxsize=64)
def _untouched(name: str, page: SeenPage, filter: str) -> dict[str, dict[str, str]]:
    """What the untouched list says of the columns that no case's own record has."""
    seen = Seen(page, known_labels())
    rows = CHANNEL.read_listing(seen, filter, 1).rows
    return {row.case_id: {f: _fact(f, text, seen) for f, text in row.facts.items()} for row in rows}


_ORDER_STATUS = {"배송완료": "delivered", "delivered": "delivered"}


def _fact(name: str, text: str, seen: Seen) -> str:
    """A shown text as what it means, so that another wording of the same is the same."""
    if name in ("status", "reason"):
        return seen.labels.word(name, text) or text
    if name == "order_status":
        return seen.labels.word(name, text) or _ORDER_STATUS.get(norm(text), norm(text))
    if name == "amount":
        return str(money(text).value)
    try:
        moment = read_moment(text, zone=seen.page.zone, languages=("ko", "en"))
    except Unreadable:
        return text
    return moment.at.isoformat()


def _receipt(sample: Sample, seen: Seen) -> list[str]:
    receipt = read.read_receipt(seen, sample.truth["order_id"])
    wrong = [] if receipt.number == sample.truth["number"] else [f"number: {receipt.number}"]
    if receipt.at is None or not _same_moment(receipt.at.isoformat(), sample.truth["at"].isoformat()):
        wrong.append(f"at: {receipt.at} is {sample.truth['at']}")
    return wrong
