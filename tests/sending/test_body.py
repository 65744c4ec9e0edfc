"""The last look at what leaves: without it a page's script could send another text, file, choice or case."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urlencode

import pytest

from agent.records import CaseKey
from agent.sending.body import PacketCheck
from agent.sending.packet import Packet, PacketField, PacketFile

ORDER = "COO123456789"
URL = f"https://portal.example/orders/{ORDER}/appeal"
NOTE = "배송 완료되었습니다.\n확인 부탁드립니다."
FILES = (("a.jpg", b"one picture"), ("b.jpg", b"another picture"))


def packed(name: str, data: bytes) -> PacketFile:
    return PacketFile(
        kind="DeliveryProof", upload_name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest(),
        media_type="image/jpeg", path="/nowhere",
    )  # fmt: skip


def check(*more: PacketField, files: tuple[tuple[str, bytes], ...] = FILES) -> PacketCheck:
    packet = Packet(
        case=CaseKey(portal="coupang", account="main", channel="refund_disputes", case_id=ORDER),
        order_id=ORDER,
        case_revision="r",
        action="appeal",
        fields=(PacketField(key="note", kind="text", value=NOTE), *more),
        files=tuple(packed(name, data) for name, data in files),
        policy_version="p",
        by="li",
    )
    return PacketCheck(packet, held={"appealType": ("DELIVERY_PROOF",)})


def multipart(fields: dict[str, str], files: tuple[tuple[str, bytes], ...] = FILES) -> tuple[bytes, str]:
    parts = [f'name="{k}"\r\n\r\n{v}'.encode() for k, v in fields.items()]
    parts += [f'name="files"; filename="{n}"\r\nContent-Type: image/jpeg\r\n\r\n'.encode() + d for n, d in files]
    body = b"".join(b"--xx\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--xx--\r\n"
    return body, "multipart/form-data; boundary=xx"


def form(**changes: str) -> dict[str, str]:
    return {"orderId": ORDER, "appealType": "DELIVERY_PROOF", "note": NOTE.replace("\n", "\r\n")} | changes


def test_the_approved_packet_may_leave() -> None:
    assert check().sending(URL, *multipart(form())) is None


@pytest.mark.parametrize(
    ("fields", "files", "said"),
    [
        (form(note=NOTE + "!"), FILES, "not the approved text"),
        (form(note=NOTE[:-1]), FILES, "not the approved text"),
        (form(appealType="WRONG_ITEM"), FILES, "not what the form held"),
        (form(appealType=""), FILES, "not what the form held"),
        (form(), FILES[:1], "not the approved files"),
        (form(), (*FILES, ("c.jpg", b"a third")), "not the approved files"),
        (form(), FILES[::-1], "not the approved files"),
        (form(), (("a.jpg", b"one picturE"), FILES[1]), "not the approved files"),
        (form(), (("c.jpg", FILES[0][1]), FILES[1]), "not the approved files"),
    ],
)  # fmt: skip
def test_whatever_a_script_changes_on_the_way_stays_here(
    fields: dict[str, str], files: tuple[tuple[str, bytes], ...], said: str
) -> None:
    why = check().sending(URL, *multipart(fields, files))
    assert why is not None and said in why


def test_an_appeal_addressed_to_another_order_stays_here() -> None:
    other = "https://portal.example/orders/COO987654321/appeal"
    why = check().sending(other, *multipart(form(orderId="COO987654321")))
    assert why is not None and "does not name the approved case" in why
    torn = check().sending(other, *multipart(form()))
    assert torn is not None and "names another case" in torn, "although its fields name the approved one"
    longer = check().sending("https://portal.example/appeal", *multipart(form(orderId=ORDER + "0")))
    assert longer is not None and "does not name the approved case" in longer


def test_a_note_may_tell_of_another_order() -> None:
    one = check()
    told = NOTE + " COO987654321"
    packet = one.packet.model_copy(update={"fields": (PacketField(key="note", kind="text", value=told),)})
    one.packet, one.held = packet, {}
    assert one.sending(URL, *multipart(form(note=told))) is None
    inside = PacketCheck(packet.model_copy(update={"files": ()}))
    body = urlencode({"payload": json.dumps({"id": ORDER, "note": told})}).encode()
    assert inside.sending(URL, body, "application/x-www-form-urlencoded") is None


def test_where_a_portals_request_never_names_its_case_that_is_no_objection() -> None:
    blind = check()
    blind.names_case = False
    assert blind.sending("https://portal.example/appeal", *multipart(form(orderId=""))) is None


def test_the_approved_note_in_one_field_does_not_excuse_another_one_in_its_place() -> None:
    one = check()
    one.held = {"note": (NOTE,)}
    assert one.sending(URL, *multipart(form())) is None
    why = one.sending(URL, *multipart(form(note="I give up.", spare=NOTE)))
    assert why is not None and "not what the form held" in why


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (None, "multipart/form-data; boundary=xx"),
        (b"anything", "text/plain"),
        (b"{", "application/json"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
    ],
)
def test_what_can_not_be_read_stays_here(body: bytes | None, kind: str) -> None:
    assert check().sending(URL, body, kind) is not None


def test_scripts_that_send_json_are_looked_at_too() -> None:
    plain = check(files=())
    good = {"case": {"id": ORDER}, "appealType": "DELIVERY_PROOF", "answer": {"note": NOTE}, "agreed": True}
    assert plain.sending(URL, json.dumps(good).encode(), "application/json") is None
    bad = good | {"answer": {"note": NOTE + " "}}
    assert plain.sending(URL, json.dumps(bad).encode(), "application/json") is not None
    inside = urlencode({"payload": json.dumps(good)}).encode()
    assert plain.sending(URL, inside, "application/x-www-form-urlencoded") is None


def test_a_tick_that_was_not_set_is_not_sent_as_set() -> None:
    one = check(files=())
    one.held = {"agree": ()}
    body = urlencode({"orderId": ORDER, "note": NOTE}).encode()
    kind = "application/x-www-form-urlencoded"
    assert one.sending(URL, body, kind) is None
    assert one.sending(URL, body + b"&agree=false", kind) is None
    assert one.sending(URL, body + b"&agree=on", kind) is not None


@pytest.mark.parametrize(("typed", "sent"), [("1250.50", "1250.5"), ("1250.50", "1,250.50"), ("7", "7.00")])
def test_an_amount_is_compared_as_a_number(typed: str, sent: str) -> None:
    one = check(PacketField(key="amount", kind="amount", value=typed), files=())
    body = urlencode({"orderId": ORDER, "note": NOTE, "amount": sent}).encode()
    assert one.sending(URL, body, "application/x-www-form-urlencoded") is None
    more = urlencode({"orderId": ORDER, "note": NOTE, "amount": "1" + sent}).encode()
    assert one.sending(URL, more, "application/x-www-form-urlencoded") is not None


def test_uploads_before_the_form_leave_once_each_and_all() -> None:
    one = check()
    first, kind = multipart({"orderId": ORDER}, FILES[:1])
    assert one.upload(first, kind) is None
    assert one.upload(first, kind) is not None, "the same file again"
    assert one.upload(*multipart({}, (("a.jpg", b"something else"),))) is not None
    unfinished = one.sending(URL, *multipart(form(), ()))
    assert unfinished is not None and "not every approved file" in unfinished
    assert one.upload(*multipart({}, FILES[1:])) is None
    assert one.sending(URL, *multipart(form(), ())) is None
    assert one.sending(URL, *multipart(form(), FILES)) is not None, "and not a second time with the form"


def test_bare_uploads_to_a_storage_service_are_compared_by_their_bytes() -> None:
    one = check()
    assert one.upload(FILES[1][1], "image/jpeg") is None
    assert one.upload(FILES[1][1], "image/jpeg") is not None
    assert one.upload(b"something else", "application/octet-stream") is not None
    assert one.upload(None, "image/jpeg") is not None
    assert one.upload(b"--xx--", "multipart/form-data; boundary=yy") is not None
