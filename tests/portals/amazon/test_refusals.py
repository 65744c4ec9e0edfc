"""Whatever Amazon refuses costs time that nobody has: lint says it before a browser opens.

Each row is a draft with one fault. The mock is asked first, with the very fields and files, and must refuse them; then the
same draft must be blocked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from agent.errors import LintBlocked
from agent.evidence import upload_names
from agent.evidence.files import look_at
from agent.records import Action, Case
from agent.sending.packet import DraftFile
from flows.readiness import rules_for
from tests.evidence.made import picture
from tests.portals.amazon.conftest import SENDS, Shop
from tests.portals.amazon.signing import session_cookies
from tests.portals.amazon.test_sending import name_of

pytestmark = pytest.mark.sends
LONG = "The delivery is proved. " * 200
Files = tuple[tuple[str, str, bytes], ...]
PATHS = {(channel, action): path for channel, action, _, path in SENDS}
CARRIES = {"claims": "claimId", "chargebacks": "chargebackId", "safe_t": "safetClaimId", "case_log": "caseId"}
TWELVE: Files = tuple(("ProductPhoto", f"{n}.jpg", picture(seed=n, size=(500, 500))) for n in range(12))
BIG: Files = (("DeliveryProof", "big.jpg", picture() + bytes(10 * 1024 * 1024)),)
EMPTY: Files = (("DeliveryProof", "proof.jpg", b""),)
FALSE: Files = (("DeliveryProof", "proof.pdf", b"no pdf at all"),)
FILM: Files = (("DeliveryProof", "pack.mp4", b"\0\0\0\x18ftypmp42" + bytes(99)),)

ROWS: tuple[tuple[str, Action, dict[str, str], Files | None, str, str], ...] = (
    ("claims", "reply", {"comment": ""}, None, "Enter a comment", "AZ-C1.missing"),
    ("claims", "reply", {"comment": LONG}, None, "no more than 2000", "AZ-C1.length"),
    ("claims", "appeal", {"reason": ""}, None, "Select an appeal reason", "AZ-C2.missing"),
    ("claims", "appeal", {"reason": "because"}, None, "Select an appeal reason", "AZ-C2.option"),
    ("claims", "appeal", {"information": " "}, None, "Enter additional information", "AZ-C2.missing"),
    ("claims", "appeal", {"information": LONG}, None, "no more than 2000", "AZ-C2.length"),
    ("claims", "appeal", {}, (), "at least one document", "WD4.too_few"),
    ("claims", "appeal", {}, TWELVE, "up to 10 files", "WD4.count"),
    ("claims", "appeal", {}, BIG, "larger than 10 MB", "WD4.size"),
    ("claims", "appeal", {}, EMPTY, "is blank", "WD4.empty"),
    ("claims", "appeal", {}, FALSE, "can't be read", "WD4.type"),
    ("claims", "appeal", {}, FILM, "not supported", "WD4.video"),
    ("claims", "accept", {"confirm": "no"}, None, "Confirm that you want to refund", "WD5.tick"),
    ("claims", "request_close", {"message": ""}, None, "Enter a message", "WD6.missing"),
    ("chargebacks", "appeal", {"ship_date": "05.03.2026"}, None, "Enter a ship date", "AZ-B1.value"),
    ("chargebacks", "appeal", {"ship_date": "2026-02-31"}, None, "Enter a ship date", "AZ-B1.value"),
    ("chargebacks", "appeal", {"ship_date": "2031-01-05"}, None, "in the future", "AZ-B1.day"),
    ("chargebacks", "appeal", {"method": "pigeon"}, None, "Select a shipping method", "AZ-B1.option"),
    ("chargebacks", "appeal", {"speed": ""}, None, "Select a shipping speed", "AZ-B1.missing"),
    ("chargebacks", "appeal", {"tracking": "?"}, None, "valid tracking ID", "AZ-B1.form"),
    ("chargebacks", "appeal", {"comments": LONG}, None, "no more than 1000", "AZ-B1.length"),
    ("safe_t", "reply", {"text": ""}, None, "Enter a message", "AZ-S1.missing"),
    ("safe_t", "appeal", {"text": LONG}, None, "no more than 1500", "AZ-S2.length"),
    ("safe_t", "open_ticket", {"include@": "no", "quantity@": ""}, None, "Select at least one item", "AZ-S3.no_item"),
    ("safe_t", "open_ticket", {"quantity@": ""}, None, "Enter a quantity from 1", "AZ-S3.missing"),
    ("safe_t", "open_ticket", {"quantity@": "0"}, None, "Enter a quantity from 1", "AZ-S3.form"),
    ("safe_t", "open_ticket", {"quantity@": "7"}, None, "Enter a quantity from 1", "AZ-S3.quantity"),
    ("safe_t", "open_ticket", {"claim_reason": ""}, None, "Select a claim reason", "AZ-S3.missing"),
    ("safe_t", "open_ticket", {"sub_reason": ""}, None, "Select a claim sub-reason", "AZ-S3.missing"),
    ("safe_t", "open_ticket", {"sub_reason": "empty"}, None, "Select a claim sub-reason", "AZ-S3.option"),
    ("safe_t", "open_ticket", {}, (), "at least one image", "AZ-S4.no_image"),
    ("safe_t", "open_ticket", {}, TWELVE[:6], "up to 5 files", "AZ-S4.count"),
    ("safe_t", "open_ticket", {}, BIG, "larger than 5 MB", "AZ-S4.size"),
    ("safe_t", "open_ticket", {}, EMPTY, "is blank", "AZ-S4.empty"),
    ("safe_t", "open_ticket", {}, FALSE, "not supported", "AZ-S4.type"),
    ("safe_t", "open_ticket", {}, FILM, "not supported", "WD4.video"),
    ("safe_t", "open_ticket", {"text": " "}, None, "Enter a description", "AZ-S3.missing"),
    ("safe_t", "open_ticket", {"text": LONG}, None, "no more than 1000", "AZ-S3.length"),
    ("safe_t", "open_ticket", {"policy": "no"}, None, "Accept the SAFE-T policy", "AZ-S3.tick"),
    ("case_log", "reply", {"message": ""}, None, "Enter a message", "AZ-L1.missing"),
    ("case_log", "reply", {}, BIG, "larger than 10 MB", "AZ-L1.size"),
    ("case_log", "open_ticket", {"subject": ""}, None, "Enter a short description", "AZ-L3.missing"),
    ("case_log", "request_close", {"resolved": ""}, None, "Select whether", "AZ-L2.missing"),
)  # fmt: skip


def test_whatever_amazon_would_refuse_is_blocked_before_a_browser_opens(
    shared: Shop, page: tuple[httpx.Client, str]
) -> None:
    made: dict[tuple[str, str], Case] = {}
    for channel, action, changes, files, said, code in ROWS:
        if (channel, action) not in made:
            state = next(one[2] for one in SENDS if one[:2] == (channel, action))
            made[channel, action] = shared.one_for(channel, action, state)
        case = made[channel, action]
        values, usual = shared.answer(case, action)
        changes = {key + case.items[0].id if key.endswith("@") else key: value for key, value in changes.items()}
        given = usual if files is None else tuple(shared.file(kind, name, data) for kind, name, data in files)
        answer = asked(shared, case, action, values | changes, given, page)
        assert said in answer, (channel, action, changes, answer)
        assert not any(one["accepted"] for one in shared.writes())
        codes = shared.found(case, action, values | changes, *given).keys()
        assert code in codes, (channel, action, changes, codes)


def test_after_thirty_days_no_appeal_is_begun(shared: Shop, page: tuple[httpx.Client, str]) -> None:
    case = shared.one_for("claims", "appeal", "granted_seller")
    values, files = shared.answer(case, "appeal")
    shared.mock.event("elapse", case_id=case.case_id)
    assert "can no longer be appealed" in asked(shared, case, "appeal", values, files, page)
    shared.sync("claims")
    with pytest.raises(LintBlocked):
        shared.draft(shared.again(case), "appeal", values, *files)


def test_an_order_that_amazon_takes_no_claim_for_is_no_draft(shared: Shop, page: tuple[httpx.Client, str]) -> None:
    """Refunded by the seller, an A-to-z claim granted, filed already, more than thirty days ago …"""
    open_ = shared.one_for("safe_t", "open_ticket", "eligible")
    values, files = shared.answer(open_, "open_ticket")
    ends = {"ineligible": 6, "filed": 1, "over": 1}
    made = [one for state, count in ends.items() for one in shared.made("safe_t", state, count)]
    shared.mock.event("elapse", case_id=open_.case_id)
    assert shared.sync("safe_t").exit_code == 0
    said = set()
    for case in (shared.known("safe_t", one) for one in (*made, open_.case_id)):
        assert case.actions == () and case.deadlines == () and case.status.is_ in ("closed", "expired")
        mine = {key.partition("@")[0] + f"@{case.items[0].id}" if "@" in key else key: v for key, v in values.items()}
        said.add(asked(shared, case, "open_ticket", mine, files, page))
        with pytest.raises(LintBlocked):
            shared.draft(case, "open_ticket", mine, *files)
    for words in ("exceeded 30 days", "already exists", "issued this refund yourself"):
        assert any(words in answer for answer in said), (words, said)
    assert not any(one["accepted"] for one in shared.writes())


@pytest.fixture
def page(shared: Shop) -> Iterator[tuple[httpx.Client, str]]:
    """Somebody who sends what the portal's own page would send, and the page's token."""
    cookies = {cookie["name"]: cookie["value"] for cookie in session_cookies(shared.mock)}
    with httpx.Client(base_url=shared.mock.base_url, cookies=cookies) as client:
        found = re.search(r'anti-csrftoken-a2z" content="(\w+)"', client.get("/home").text)
        assert found is not None
        yield client, found[1]


def asked(
    shop: Shop, case: Case, action: Action, values: Mapping[str, str], files: tuple[tuple[str, Path], ...],
    by: tuple[httpx.Client, str],
) -> str:  # fmt: skip
    """What the mock answers to the form as the portal's own page would send it."""
    rule = rules_for(shop.ctx, case, action).action
    drafted = tuple(DraftFile(kind=kind, path=str(path)) for kind, path in files)
    facts = [look_at(Path(file.path)) for file in drafted]
    names = upload_names(rule.files, case, drafted, facts) if rule.files and drafted else ()
    sent = [
        ("proof", (f"{name.rpartition('.')[0]}.{fact.named_ext}", Path(file.path).read_bytes()))
        for name, fact, file in zip(names, facts, drafted, strict=True)
    ]
    key = case.url.rpartition("=")[2] if "=" in case.url else case.case_id
    fields = {name_of(name, action): value for name, value in values.items() if name != "buyer_confirmation"}
    carries = "orderId" if (case.channel, action) == ("safe_t", "open_ticket") else CARRIES[case.channel]
    client, token = by
    answer = client.post(
        PATHS[case.channel, action], data=fields | {carries: key}, files=sent or {"none": ("", b"")},
        headers={"anti-csrftoken-a2z": token},
    )  # fmt: skip
    assert answer.status_code in (200, 422), answer.status_code
    return answer.text
