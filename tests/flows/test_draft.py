"""A seller has one appeal: a draft that would waste it must say so before anybody approves it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.errors import LintBlocked, UsageFault
from agent.policy import load_policy
from agent.records import Action, Appeals, Reason, Status
from flows.draft import draft, text_field
from flows.readiness import DraftReport
from tests.evidence.made import NOTE, NOW, a_case, pdf, picture
from tests.flows.conftest import Clock, Desk

FILLED = {"carrier": "CJ대한통운", "waybill": "123456789012", "delivered_on": "2026-05-01 14:05", "signer": "본인"}


def codes(report: DraftReport) -> set[str]:
    """What blocks."""
    return {one.code for one in report.blocked}


def test_without_a_text_the_playbook_for_the_reason_writes_it(desk: Desk) -> None:
    report = desk.draft(desk.case(), values=FILLED, text=None)
    assert report.draft.values["appeal_type"] == "delivery_proof"
    assert "CJ대한통운(운송장번호 123456789012)" in report.draft.values["note"]
    assert set(report.draft.values) == {"appeal_type", "note"}
    assert report.playbook is not None
    assert report.playbook.key == "delivered_but_refused"
    assert report.missing == ()
    assert report.packet is not None
    assert [file.upload_name for file in report.packet.files] == [
        "COO123456789_DeliveryProof.jpg", "COO123456789_ShipmentPhoto.pdf",
    ]  # fmt: skip


def test_a_place_that_nobody_filled_blocks_and_is_named(desk: Desk) -> None:
    report = desk.draft(desk.case(), values={"carrier": "CJ대한통운"}, text=None)
    assert report.missing == ("waybill", "delivered_on", "signer")
    assert codes(report) == {"CP6.placeholder"}
    assert report.packet is None
    assert report.public()["missing"] == ["waybill", "delivered_on", "signer"]


def test_a_misspelt_place_is_named_and_not_swallowed(desk: Desk) -> None:
    report = desk.draft(desk.case(), values=FILLED | {"wayvill": "1"}, text=None)
    assert codes(report) == {"form.unknown_field"}


def test_the_note_is_english_when_asked_for(desk: Desk) -> None:
    report = desk.draft(desk.case(), values=FILLED, text=None, note_language="en")
    assert report.draft.values["note"].startswith("Hello. We kindly ask")
    with pytest.raises(UsageFault, match="no note in"):
        desk.draft(desk.case(), values=FILLED, text=None, note_language="fr")


def test_a_named_playbook_is_taken_and_an_unknown_one_is_a_fault(desk: Desk) -> None:
    case = desk.case(reason=Reason(shown="기타", is_="other"))
    report = desk.draft(case, values=FILLED, text=None, playbook="delivered_but_refused")
    assert report.packet is not None
    with pytest.raises(UsageFault, match="There is no playbook “nonsense”"):
        desk.draft(case, playbook="nonsense")
    with pytest.raises(UsageFault, match="No playbook fits"):
        desk.draft(case, playbook="-")


def test_ones_own_text_is_never_mixed_with_a_playbooks(desk: Desk) -> None:
    report = desk.draft(desk.case(), values={"appeal_type": "delivery_proof"}, text=NOTE)
    assert report.draft.values == {"appeal_type": "delivery_proof", "note": NOTE}
    with pytest.raises(UsageFault, match="given twice"):
        desk.draft(desk.case(), values={"note": "a"}, text="b")


def test_a_draft_with_findings_is_saved_and_nothing_is_frozen(desk: Desk) -> None:
    case = desk.case()
    report = desk.draft(case, files=())
    assert codes(report) == {"CP6.too_few"}
    assert desk.ctx.store.ledger.draft(case.key, "appeal") == report.draft
    assert desk.ctx.store.ledger.current(case.key, "appeal") is None
    assert desk.ctx.store.cases.rows()[0].sending == "drafted"


def test_a_good_draft_is_ready_at_once(desk: Desk) -> None:
    case = desk.case()
    report = desk.draft(case)
    assert report.packet == desk.ctx.store.ledger.current(case.key, "appeal")
    assert desk.ctx.store.cases.rows()[0].sending == "ready"


def test_a_blocked_draft_takes_the_packet_before_out_of_force(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    desk.draft(case, text="x" * 501)
    assert desk.ctx.store.ledger.current(case.key, "appeal") is None


def test_what_is_not_given_stays_as_the_draft_before_had_it(desk: Desk) -> None:
    case = desk.case()
    first = desk.draft(case, files=())
    with_files = desk.draft(case, values={}, text=None)
    assert with_files.draft.values == first.draft.values
    assert len(with_files.draft.files) == 2
    other_text = desk.draft(case, values={}, text=NOTE + " 감사합니다.", files=())
    assert other_text.draft.files == with_files.draft.files
    assert other_text.draft.values["appeal_type"] == "delivery_proof"


def test_nothing_given_writes_the_draft_anew_against_the_case_as_it_is(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    moved = desk.case(flags=("senior_review",))
    assert moved.revision != case.revision
    again = desk.draft(moved, values={}, text=None, files=())
    assert again.draft.case_revision == moved.revision
    assert again.packet is not None


@pytest.mark.parametrize(("name", "data", "code"), [
    ("empty.jpg", b"", "CP6.empty"),
    ("large.jpg", picture() + b"\0" * (11 * 1024 * 1024), "CP6.size"),
    ("proof.exe", b"MZ" + b"\0" * 500, "CP6.program"),
    ("picture.exe", picture(), "CP6.program"),
    ("proof.pdf", b"this is no PDF at all", "CP6.type"),
    ("cut.pdf", b"%PDF-1.7\nnothing more", "CP6.damaged"),
    ("cut.jpg", picture()[:4000], "CP6.damaged"),
    ("film.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 400, "CP5.video"),
    ("proof.pdf", picture(), "CP9.extension"),
])  # fmt: skip
def test_a_file_that_the_portal_would_refuse_never_gets_into_a_packet(
    desk: Desk, name: str, data: bytes, code: str
) -> None:
    report = desk.draft(desk.case(), files=(desk.file(name, data),))
    assert code in codes(report)
    assert report.packet is None


def test_a_missing_file_is_named_and_the_draft_before_stays(desk: Desk, tmp_path: Path) -> None:
    case = desk.case()
    before = desk.draft(case).draft
    with pytest.raises(UsageFault, match=r"There is no file .*gone\.jpg"):
        desk.draft(case, files=(("DeliveryProof", tmp_path / "gone.jpg"),))
    assert desk.ctx.store.ledger.draft(case.key, "appeal") == before


def test_a_folder_given_as_evidence_is_a_fault(desk: Desk) -> None:
    with pytest.raises(UsageFault, match="is not a file"):
        desk.draft(desk.case(), files=(("DeliveryProof", desk.folder),))


@pytest.mark.parametrize(("given", "code"), [
    ({"text": NOTE * 12}, "CP6.length"),
    ({"text": ""}, "CP6.missing"),
    ({"text": "订单已签收，请查看附件中的证明材料。"}, "CP6.language"),
    ({"text": NOTE + " 구매자가 거짓말을 했습니다."}, "CP10.tone.buyer"),
    ({"text": NOTE + " COO987654321"}, "CP8.other_order"),
    ({"values": {"appeal_type": "nonsense"}}, "CP6.option"),
    ({"values": {}}, "CP6.missing"),
])  # fmt: skip
def test_a_text_that_would_waste_the_appeal_blocks(desk: Desk, given: dict[str, Any], code: str) -> None:
    assert code in codes(desk.draft(desk.case(), **given))


def test_a_person_may_let_a_finding_stand_with_a_reason(desk: Desk) -> None:
    case = desk.case()
    blunt = NOTE + " 구매자가 거짓말을 했습니다."
    assert desk.draft(case, text=blunt).packet is None
    stands = desk.draft(case, values={}, text=None, files=(), overrides={"CP10.tone.buyer": "quoted from the chat"})
    assert stands.packet is not None
    assert stands.packet.overrides == {"CP10.tone.buyer": "quoted from the chat"}
    # A later text was not looked at when the reason was given.
    assert desk.draft(case, text=blunt + " 정말입니다.", files=()).packet is None


@pytest.mark.parametrize(("overrides", "why"), [
    ({"CP10.tone.buyr": "typo"}, "There is no finding"),
    ({"CP6.too_few": "I want to"}, "can't be let stand"),
])  # fmt: skip
def test_an_override_of_nothing_or_of_a_hard_rule_is_a_fault(desk: Desk, overrides: dict[str, str], why: str) -> None:
    with pytest.raises(UsageFault, match=why):
        desk.draft(desk.case(), files=(), overrides=overrides)


def test_an_override_without_a_reason_is_a_fault(desk: Desk) -> None:
    with pytest.raises(UsageFault, match="without a reason"):
        desk.draft(desk.case(), text=NOTE + " 구매자가 거짓말을 했습니다.", overrides={"CP10.tone.buyer": " "})


def expired() -> dict[str, Any]:
    """Facts of a case whose window closed an hour ago."""
    [due] = a_case().deadlines
    return {"deadlines": (due.model_copy(update={"at": NOW - timedelta(hours=1)}),)}


@pytest.mark.parametrize("facts", [
    expired(),
    {"appeals": Appeals(used=1, allowed=1)},
    {"status": Status(shown="분쟁 종결", is_="closed"), "actions": (), "deadlines": ()},
])  # fmt: skip
def test_a_case_that_is_over_takes_no_draft(desk: Desk, facts: dict[str, Any]) -> None:
    case = desk.case(**facts)
    with pytest.raises(LintBlocked) as fault:
        desk.draft(case)
    assert fault.value.exit_code == 14
    assert "Nothing was saved" in str(fault.value.todo)
    assert desk.ctx.store.ledger.drafts(case.key) == []


def test_the_deadline_is_looked_at_on_the_clock_of_the_moment(desk: Desk, clock: Clock) -> None:
    case = desk.case()
    desk.draft(case)
    clock.move(days=2, seconds=1)
    with pytest.raises(LintBlocked, match="deadline passed"):
        desk.packet(case)


def test_an_answer_may_be_prepared_before_the_portal_offers_it(desk: Desk) -> None:
    case = desk.case(status=Status(shown="판정 대기", is_="waiting"), actions=(), deadlines=())
    assert "CP4.not_offered" in codes(desk.draft(case))
    assert len(desk.ctx.store.ledger.drafts(case.key)) == 1


def test_an_action_that_the_channel_does_not_have_is_a_fault(desk: Desk) -> None:
    with pytest.raises(UsageFault, match="has no action “escalate”"):
        desk.draft(desk.case(), action="escalate")


def test_a_draft_is_for_one_case(desk: Desk) -> None:
    one, two = desk.case(), desk.case(case_id="COO123456780", order_id="COO123456780")
    desk.draft(one)
    assert desk.ctx.store.ledger.drafts(two.key) == []
    with pytest.raises(UsageFault, match="names 2 cases"):
        draft(desk.ctx, "COO12345678", action="appeal", values={}, text=None, files=(), overrides={}, by="li")


def test_the_report_says_all_in_json(desk: Desk) -> None:
    told = desk.draft(desk.case(), files=(desk.file("x.pdf", pdf(), "Unheard"),)).public()
    assert told["ready"] is False
    assert told["digest"] is None
    assert {one["code"] for one in told["findings"] if one["level"] == "block"} == {"CP6.kind"}
    assert all(isinstance(one["words"], str) for one in told["findings"])
    good = desk.draft(desk.case(), files=desk.good_files()).public()
    assert (good["ready"], len(good["digest"])) == (True, 64)


@pytest.mark.parametrize(
    ("portal", "channel", "action", "field"),
    [
        ("amazon", "chargebacks", "appeal", "comments"),
        ("amazon", "case_log", "open_ticket", "body"),
        ("ebay", "payment_disputes", "appeal", "statement"),
        ("shopee", "returns", "appeal", "text"),
        ("wish", "refund_disputes", "appeal", "notes"),
    ],
)  # fmt: skip
def test_the_seller_s_own_words_go_where_the_case_is_argued(
    portal: str, channel: str, action: Action, field: str
) -> None:
    """Not into the tracking number, the e-mail or the carrier's link that the form asks for first."""
    policy = load_policy(Path(__file__).parents[2] / "portals" / portal)
    assert text_field(policy.channels[channel].actions[action]) == field
