"""Each rule of the appeal bites, and lets go when its reason is gone: an unfit appeal would spend the only try."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image, ImageFilter

from agent.evidence import ToneList, blocking, lint_draft, load_playbooks, portal_length
from agent.records import Appeals, Item, Money, Reason
from agent.sending.packet import DraftFile
from tests.evidence.made import (
    COUPANG,
    NOTE,
    NOW,
    POLICY,
    TONE,
    Desk,
    a_case,
    a_draft,
    appeal_rule,
    by_code,
    pdf,
    picture,
)


def files_rule(**changes: Any) -> Any:
    """The appeal's rule with its file rule changed."""
    rule = appeal_rule()
    assert rule.files is not None
    return rule.model_copy(update={"files": rule.files.model_copy(update=changes)})


def test_a_fit_draft_has_nothing_but_notes(desk: Desk) -> None:
    found = desk.evidence(
        desk.file(), desk.file("b.pdf", pdf(), "TrackingProof"), desk.file("c.png", picture("PNG"), "Email")
    )
    assert {(one.code, one.level) for one in found.values()} == {("CP19.reship", "note")}


FILES: list[tuple[str, str, bytes, str, str, bool]] = [
    ("empty", "a.jpg", b"", "CP6.empty", "empty", False),
    ("program inside", "a.jpg", b"MZ\x90\0" + b"\0" * 99, "CP6.type", "EXE file", False),
    ("picture renamed .exe", "a.exe", picture(), "CP6.program", "called a program", False),
    ("program", "a.exe", b"MZ\x90\0" + b"\0" * 99, "CP6.program", "called a program", False),
    ("no PDF", "a.pdf", b"hello", "CP6.type", "called PDF, but is none", False),
    ("broken PDF", "a.pdf", b"%PDF-1.7\nhello", "CP6.damaged", "no PDF that can be opened", False),
    ("cut picture", "a.jpg", picture()[:3000], "CP6.damaged", "can't be opened", False),
    ("webp", "a.webp", picture("WEBP"), "CP6.type", "takes only PDF, JPG, PNG", False),
    ("text", "a.txt", b"hello there", "CP6.type", "neither a picture nor", False),
    ("video", "a.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 99, "CP5.video", "is a video", False),
    ("other ending", "a.png", picture(), "CP9.extension", "is really a jpg", True),
    ("other order", "COO987654321_proof.jpg", picture(), "CP8.other_order", "COO987654321", True),
    ("carrier", "yanwen_tracking.jpg", picture(), "CP11.carrier", "Yanwen", True),
]


@pytest.mark.parametrize(
    ("name", "data", "code", "says", "overridable"), [row[1:] for row in FILES], ids=[row[0] for row in FILES]
)
def test_bad_evidence_is_blocked_with_a_sentence(
    desk: Desk, name: str, data: bytes, code: str, says: str, overridable: bool
) -> None:
    found = desk.evidence(desk.file(name, data))
    assert found[code].level == "block" and found[code].overridable is overridable
    assert (
        found[code].concerns == name and says in str(found[code].words) and str(found[code].words).endswith((".", ")"))
    )
    assert bool(blocking(list(found.values()), {code: "seen"})) is not overridable
    assert code not in desk.evidence(desk.file())


def test_eleven_megabytes_are_too_much_and_ten_are_not(desk: Desk) -> None:
    jpg = picture()
    for size, refused in ((11 * 1048576, True), (10485761, True), (10485760, False)):
        found = desk.evidence(desk.file(data=jpg + b"\0" * (size - len(jpg))))
        assert ("CP6.size" in found) is refused
        if refused:
            assert not found["CP6.size"].overridable and f"{size:,} bytes" in str(found["CP6.size"].words)


def test_count_total_and_duplicates(desk: Desk) -> None:
    many = [desk.file(f"{n}.jpg", picture(seed=n)) for n in range(11)]
    assert "CP6.count" in desk.evidence(*many) and "CP6.count" not in desk.evidence(*many[:10])
    assert "CP6.too_few" in desk.evidence() and "CP6.too_few" not in desk.evidence(many[0])
    two = [desk.file("a.jpg", picture(seed=1)), desk.file("b.jpg", picture(seed=2))]
    size = sum(facts.size for facts in desk.facts(a_draft(a_case(), tuple(two))))
    assert "CP6.total" in desk.evidence(*two, rule=files_rule(max_bytes_total=size - 1))
    assert "CP6.total" not in desk.evidence(*two, rule=files_rule(max_bytes_total=size))
    assert "CP6.duplicate" not in desk.evidence(*two)
    same = desk.evidence(desk.file("a.jpg"), desk.file("b.jpg"))
    assert "a.jpg" in str(same["CP6.duplicate"].words) and same["CP6.duplicate"].concerns == "b.jpg"


def test_the_kind_of_evidence_must_be_known(desk: Desk) -> None:
    assert "DeliveryProof" in str(desk.evidence(desk.file(kind="Selfie"))["CP6.kind"].words)
    assert "CP6.kind" not in desk.evidence(desk.file(kind="Selfie"), rule=files_rule(kinds=()))


def test_a_form_without_files_takes_none(desk: Desk) -> None:
    rule = appeal_rule().model_copy(update={"files": None})
    assert "form.no_files" in desk.evidence(desk.file(), rule=rule)
    assert "form.no_files" not in desk.evidence(rule=rule)


def test_doubtful_pictures_warn(desk: Desk) -> None:
    with Image.open(io.BytesIO(picture())) as image:
        out = io.BytesIO()
        image.filter(ImageFilter.GaussianBlur(6)).save(out, "JPEG")
    exif = Image.Exif()
    exif[0x0131] = "Adobe Photoshop 25.1"
    exif.get_ifd(0x8769)[0x9003] = "2026:05:01 10:00:00"
    small = desk.evidence(desk.file(data=picture(size=(300, 400))))
    blurred = desk.evidence(desk.file(data=out.getvalue(), kind="ShipmentPhoto"))
    edited = desk.evidence(desk.file(data=picture(exif=exif), kind="ShipmentPhoto"))
    assert {c for c, f in small.items() if f.level == "warn"} == {"CP12.resolution"}
    assert {c for c, f in blurred.items() if f.level == "warn"} == {"CP12.blurred", "CP12.time_mark"}
    assert {c for c, f in edited.items() if f.level == "warn"} == {"CP12.edited"}
    assert blocking([*small.values(), *blurred.values(), *edited.values()], {}) == []
    least = desk.evidence(desk.file(), rule=files_rule(min_width=1200, min_height=1600))
    assert least["CP6.pixels"].level == "block"
    assert "CP6.pixels" not in desk.evidence(desk.file(), rule=files_rule(min_width=900, min_height=1200))


NOTES: list[tuple[str, str, bool, str]] = [
    ("   ", "CP6.missing", False, "empty"),
    ("짧은 글", "CP6.short", False, "at least 10"),
    ("가" * 501, "CP6.length", False, "501 of 500"),
    ("本商品已经妥投,请重新审核退款决定。", "CP6.language", False, "ko, en"),
    ("Посылка доставлена покупателю.", "CP6.language", False, "ko, en"),
    ("배송 완료되었습니다 燕文 확인 부탁드립니다", "CP6.language", False, "燕文"),
    ("1234567890123 !!!", "CP6.language", False, "no words"),
    ("배송 완료\x07되었습니다. 확인 부탁드립니다.", "CP6.characters", False, "U+0007"),
    ("배송 완료되었습니다\ud800. 확인 부탁드립니다.", "CP6.characters", False, "U+D800"),
    ("배송 완료: {delivered_on}. 확인 부탁드립니다.", "CP6.placeholder", False, "{delivered_on}"),
    ("주문 COO123456789 및 COO555666777 건입니다.", "CP8.other_order", True, "COO555666777"),
    ("고객이 거짓말을 하고 있습니다.", "CP10.tone.buyer", True, "거짓말을"),
    ("쿠팡의 잘못된 결정입니다. 확인 바랍니다.", "CP10.tone.platform", True, "쿠팡의 잘못"),
    ("We will take legal action about this.", "CP10.tone.threat", True, "legal action"),
    ("Sent with China  Post, please check it.", "CP11.carrier", True, "China Post"),
]


@pytest.mark.parametrize(
    ("text", "code", "overridable", "says"), NOTES, ids=[f"{row[1]}-{n}" for n, row in enumerate(NOTES)]
)
def test_a_bad_note_is_blocked_with_a_sentence(desk: Desk, text: str, code: str, overridable: bool, says: str) -> None:
    found = desk.note(text)
    assert found[code].level == "block" and found[code].concerns == "note" and says in str(found[code].words)
    assert found[code].overridable is overridable
    assert code not in desk.note(NOTE)
    left = {one.code for one in blocking(list(found.values()), {code: "the buyer's own words"})}
    assert (code in left) is not overridable
    assert code in {one.code for one in blocking(list(found.values()), {code: "  "})}


def test_a_note_is_counted_as_the_portal_counts(desk: Desk) -> None:
    assert "CP6.length" not in desk.note("가" * 500)
    assert "CP6.length" not in desk.note("\u1100\u1161" * 500), "NFD counts as its NFC form"
    assert "CP6.length" not in desk.note("가\r\n" * 249 + "가"), "a line end is one"
    assert portal_length("가\r\n나") == 3 and portal_length("🙂") == 2


def test_the_own_order_and_item_ids_may_be_named(desk: Desk) -> None:
    case = a_case(items=(Item(id="COO22222222", name="이어폰", quantity=1),))
    assert "CP8.other_order" not in desk.note("주문 coo123456789, 상품 COO22222222 건입니다.", case)
    bare = a_case(order_id="12345678901234", case_id="12345678901234")
    found = desk.note("운송장번호 99999999999999 확인 부탁드립니다.", bare)
    assert found["CP8.other_order"].level == "warn", "a bare number may be a waybill"
    assert "CP8.other_order" not in desk.note("운송장번호 123456789012 확인 부탁드립니다.", bare)


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("COO123456789", "COO12345678"),
        ("CP-1234567890", "CP-1234567899"),
        ("123-1234567-1234567", "123-1234567-7654321"),
        ("260501ABC1DE23", "260502XYZ9PQ45"),
    ],
)
def test_another_order_is_known_by_the_shape_of_the_own_one(desk: Desk, own: str, other: str) -> None:
    case = a_case(order_id=own, case_id="D-1")
    found = desk.note(f"Orders {own} and {other}, please check both.", case)["CP8.other_order"]
    assert found.level == "block" and other in str(found.words)
    assert "CP8.other_order" not in desk.note(f"Order {own}: parcel 2026-05-01 delivered, 12345-67.", case)


def test_unknown_fields_options_and_ticks(desk: Desk) -> None:
    case = a_case()
    rule = appeal_rule()
    tick = rule.fields["note"].model_copy(update={"kind": "tick", "languages": ()})
    date = rule.fields["note"].model_copy(update={"kind": "date", "required": False})
    amount = date.model_copy(update={"kind": "amount"})
    off = tick.model_copy(update={"disabled": True})
    rule = rule.model_copy(update={"fields": {**rule.fields, "agree": tick, "on": date, "sum": amount, "off": off}})

    def codes(**values: str) -> set[str]:
        good = {"appeal_type": "delivery_proof", "note": NOTE, "agree": "yes"}
        draft = a_draft(case, (desk.file(),), values=good | values)
        return {one.code for one in desk.lint(draft, case, rule=rule) if one.level == "block"}

    assert codes() == set()
    assert codes(colour="red") == {"form.unknown_field"}
    assert codes(appeal_type="nonsense") == {"CP6.option"}
    assert codes(appeal_type="") == {"CP6.missing"}
    assert codes(agree="no") == codes(agree="") == codes(agree="true") == {"CP6.tick"}
    assert codes(on="2026-05-01", sum="10.50") == set()
    assert codes(on="1.5.2026") == codes(sum="1,000") == codes(sum="NaN") == codes(on="20260501") == {"CP6.value"}
    assert codes(off="yes") == {"CP6.disabled"}


def subject(**changes: Any) -> Callable[[Desk], set[str]]:
    def codes(desk: Desk) -> set[str]:
        case = a_case(**changes)
        return set(by_code(desk.lint(a_draft(case, (desk.file(),)), case)))

    return codes


def test_the_case_must_still_take_the_appeal(desk: Desk) -> None:
    late = (a_case().deadlines[0].model_copy(update={"at": NOW}),)
    just = (a_case().deadlines[0].model_copy(update={"at": NOW + timedelta(seconds=1)}),)
    assert "CP4.deadline" in subject(deadlines=late)(desk) and "CP4.deadline" not in subject(deadlines=just)(desk)
    assert "CP4.no_deadline" in subject(deadlines=())(desk)
    assert "CP4.not_offered" in subject(actions=())(desk) and "CP4.not_offered" not in subject()(desk)
    assert "CP7.spent" in subject(appeals=Appeals(used=1, allowed=1))(desk)
    assert "CP7.spent" in subject(appeals=Appeals(used=1, allowed=2))(desk), "the policy's one is the smaller"
    assert "CP7.spent" not in subject()(desk)
    hard = ("CP4.deadline", "CP4.not_offered", "CP7.spent")
    case = a_case(deadlines=late, actions=(), appeals=Appeals(used=1, allowed=1))
    found = desk.lint(a_draft(case, (desk.file(),)), case)
    assert {one.code for one in blocking(found, dict.fromkeys(hard, "please"))} == set(hard)


@pytest.mark.parametrize("basis", ["instant", "rule", "countdown"])
def test_a_day_named_without_an_hour_does_not_forbid_to_send_while_it_lasts(desk: Desk, basis: str) -> None:
    """Shown as the last day, or counted from (“Notice sent: Mar 3”, “3 calendar days”): nobody knows its hour."""

    def day(began: timedelta) -> set[str]:
        whole = {"at": NOW - began, "basis": basis, "precision_s": 86_400}
        return subject(deadlines=(a_case().deadlines[0].model_copy(update=whole),))(desk)

    assert "CP4.may_be_over" in day(timedelta(hours=23)) and "CP4.deadline" not in day(timedelta(hours=23))
    assert "CP4.deadline" in day(timedelta(hours=24)) and "CP4.may_be_over" not in day(timedelta(hours=24))


@pytest.mark.parametrize(("basis", "may"), [("rule", True), ("instant", False), ("countdown", False)])
def test_only_a_deadline_that_no_page_showed_may_be_overridden(desk: Desk, basis: str, may: bool) -> None:
    over = a_case().deadlines[0].model_copy(update={"at": NOW - timedelta(hours=2), "basis": basis})
    case = a_case(deadlines=(over,))
    found = [one for one in desk.lint(a_draft(case, (desk.file(),)), case) if one.code == "CP4.deadline"]
    assert [bool(blocking([one], {"CP4.deadline": "the portal still offers it"})) for one in found] == [not may]


def test_a_draft_for_what_the_case_was_is_blocked(desk: Desk) -> None:
    case = a_case()
    draft = a_draft(case, (desk.file(),))
    assert "case.moved" in by_code(desk.lint(draft, a_case(flags=("late_content",))))
    assert "case.other" in by_code(desk.lint(draft, a_case(account="second")))
    assert not {"case.moved", "case.other"} & set(by_code(desk.lint(draft, case)))


def test_flags_and_reminders_are_notes_from_data(desk: Desk) -> None:
    assert {"CP15.senior_review", "CP15.legal_hold"} <= subject(flags=("senior_review", "legal_hold"))(desk)
    assert "CP15.senior_review" in subject(amount=Money(value=Decimal("500.01"), currency="USD"))(desk)
    assert "CP15.senior_review" not in subject(amount=Money(value=Decimal(500), currency="USD"))(desk)
    assert "CP15.senior_review" in subject(amount=Money(value=Decimal(1_500_000), currency="KRW"))(desk)
    assert "CP15.legal_hold" in subject(reason=Reason(shown="가품", is_="counterfeit"))(desk)
    assert not {"CP15.senior_review", "CP15.legal_hold"} & subject()(desk)
    assert desk.note(NOTE)["CP19.reship"].level == "note"
    assert desk.note("상품을 재발송하겠습니다. 확인 부탁드립니다.")["CP19.reship"].level == "warn"
    assert desk.note(NOTE, tone=ToneList()) == {}


def test_an_item_named_after_a_refused_carrier_warns(desk: Desk) -> None:
    assert "CP11.carrier_item" in subject(items=(Item(id="1", name="燕文 parcel", quantity=1),))(desk)
    rules = {k: v for k, v in POLICY.rules.items() if k != "refused_carriers"}
    assert "CP11.carrier" not in desk.note(
        "Sent with Yanwen, please check.", policy=POLICY.model_copy(update={"rules": rules})
    )


def test_the_playbook_s_missing_evidence_is_named(desk: Desk) -> None:
    case, book = a_case(), load_playbooks(COUPANG)[0]
    found = desk.lint(a_draft(case, (desk.file(),)), case, playbook=book)
    assert [(f.concerns, f.level) for f in found if f.code == "CP5.evidence"] == [("ShipmentPhoto", "warn")]
    both = (desk.file(), desk.file("b.jpg", picture(seed=2), "ShipmentPhoto"))
    assert "CP5.evidence" not in by_code(desk.lint(a_draft(case, both), case, playbook=book))


def test_a_finding_becomes_json_in_the_language_in_force(desk: Desk) -> None:
    found = desk.note("고객이 거짓말을 하고 있습니다.")["CP10.tone.buyer"]
    told = json.loads(found.model_dump_json())
    assert told["words"] == str(found.words) and told["rule"] == "CP10" and told["level"] == "block"


def test_blocks_come_first_and_files_must_be_looked_at(desk: Desk) -> None:
    case = a_case()
    levels = [
        f.level
        for f in desk.lint(a_draft(case, (desk.file(data=picture(size=(300, 300))), desk.file("b.jpg", b""))), case)
    ]
    assert levels == sorted(levels, key=["block", "warn", "note"].index) and len(set(levels)) == 3
    with pytest.raises(ValueError, match="facts of 0"):
        lint_draft(
            a_draft(case, (DraftFile(kind="Email", path="/x"),)),
            case,
            appeal_rule(),
            [],
            tone=TONE,
            now=NOW,
            policy=POLICY,
        )
