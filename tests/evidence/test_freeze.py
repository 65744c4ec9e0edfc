"""The packet is exactly the draft; its digest changes with anything that is sent, and with nothing else."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.errors import UsageFault
from agent.evidence import freeze
from agent.evidence.files import facts_of
from agent.sending.packet import DraftFile, Packet, PacketField, PacketFile, nfc
from tests.evidence.made import NOTE, POLICY, Desk, a_case, a_draft, appeal_rule, pdf, picture

LABELS = {"appeal.type.delivery_proof": "배송 증빙", "appeal.type.product_accuracy": "상품 정확성"}
RULE = appeal_rule()
TICK = RULE.fields["note"].model_copy(update={"kind": "tick", "label": "appeal.agree", "required": False})
WITH_TICK = RULE.model_copy(update={"fields": {**RULE.fields, "agree": TICK}})
CASE = a_case()
FILES = (DraftFile(kind="DeliveryProof", path="/e/a.jpg"), DraftFile(kind="DeliveryProof", path="/e/b.pdf"))
FACTS = [facts_of(picture(), Path("/e/a.jpg")), facts_of(pdf(), Path("/e/b.pdf"))]
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)


def frozen(note: str = NOTE, choice: str = "delivery_proof", agree: str = "yes", **changes: Any) -> Packet:
    draft = a_draft(CASE, FILES, values={"note": note, "appeal_type": choice, "agree": agree}, **changes)
    return freeze(draft, CASE, WITH_TICK, FACTS, LABELS.__getitem__, POLICY)


def test_the_packet_is_the_draft_in_the_form_s_order() -> None:
    packet = frozen(note=f"  {unicodedata.normalize('NFD', NOTE)}\r\n끝\r\n")
    assert [(f.key, f.kind, f.value, f.shown) for f in packet.fields] == [
        ("appeal_type", "choice", "delivery_proof", "배송 증빙"),
        ("note", "text", f"{NOTE}\n끝", ""),
        ("agree", "tick", "yes", ""),
    ]
    assert [(f.upload_name, f.size, f.sha256, f.path) for f in packet.files] == [
        ("COO123456789_DeliveryProof.jpg", FACTS[0].size, FACTS[0].sha256, "/e/a.jpg"),
        ("COO123456789_DeliveryProof2.pdf", FACTS[1].size, FACTS[1].sha256, "/e/b.pdf"),
    ]
    assert packet.policy_version == POLICY.version != "" and packet.case_revision == CASE.revision
    assert (packet.order_id, packet.by, packet.action) == ("COO123456789", "li", "appeal")


def test_what_the_form_can_t_take_is_refused(desk: Desk) -> None:
    def refuse(values: dict[str, str], facts: Any = FACTS, case: Any = CASE, rule: Any = WITH_TICK) -> None:
        with pytest.raises(UsageFault):
            freeze(a_draft(CASE, FILES, values=values), case, rule, facts, LABELS.__getitem__, POLICY)

    good = {"appeal_type": "delivery_proof", "note": NOTE}
    refuse(good | {"colour": "red"})
    refuse({"note": NOTE})
    refuse(good | {"note": " "})
    refuse(good | {"appeal_type": "nonsense"})
    refuse(good | {"agree": "true"})
    refuse(good | {"note": "\ud800"})
    refuse(good, facts=FACTS[:1])
    refuse(good, case=a_case(account="second"))
    refuse(good, rule=WITH_TICK.model_copy(update={"files": None}))
    must = WITH_TICK.model_copy(update={"fields": {**RULE.fields, "agree": TICK.model_copy(update={"required": True})}})
    refuse(good | {"agree": "no"}, rule=must)
    off = WITH_TICK.model_copy(update={"fields": {**RULE.fields, "agree": TICK.model_copy(update={"disabled": True})}})
    refuse(good | {"agree": "yes"}, rule=off)
    assert (
        freeze(a_draft(CASE, FILES, values=good), CASE, off, FACTS, LABELS.__getitem__, POLICY).field("agree") is None
    )
    packet = freeze(a_draft(CASE, FILES, values=good), CASE, WITH_TICK, FACTS, LABELS.__getitem__, POLICY)
    assert packet.field("agree") == PacketField(key="agree", kind="tick", value="no"), "an empty tick is a plain no"


@given(note=texts)
def test_the_digest_stands_still_under_another_spelling_of_the_same_text(note: str) -> None:
    assume(nfc(note).strip())
    one = frozen(note=note)
    assert one.digest == frozen(note=unicodedata.normalize("NFD", note)).digest
    assert one.digest == frozen(note=unicodedata.normalize("NFC", note)).digest
    assert one.digest == Packet.model_validate_json(one.model_dump_json(), strict=False).digest


@given(note=texts, other=texts)
def test_the_digest_changes_with_the_text(note: str, other: str) -> None:
    assume(nfc(note).strip() and nfc(other).strip() and nfc(note).strip() != nfc(other).strip())
    assert frozen(note=note).digest != frozen(note=other).digest


fields = st.lists(
    st.builds(PacketField, key=texts, kind=st.sampled_from(["text", "choice", "tick"]), value=texts, shown=texts),
    min_size=1,
    max_size=3,
)
files = st.lists(
    st.builds(
        PacketFile,
        kind=texts,
        upload_name=texts,
        size=st.integers(0, 10**7),
        sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
        media_type=st.just("image/jpeg"),
        path=texts,
    ),
    min_size=1,
    max_size=3,
)
packets = st.builds(
    lambda f, g, order: frozen().model_copy(update={"fields": tuple(f), "files": tuple(g), "order_id": order}),
    fields,
    files,
    texts,
)


@settings(max_examples=60)
@given(packet=packets, data=st.data())
def test_any_single_change_of_what_is_sent_changes_the_digest(packet: Packet, data: st.DataObject) -> None:
    def swapped(text: str) -> str:
        at = data.draw(st.integers(0, len(text) - 1))
        new = text[:at] + data.draw(st.characters(codec="utf-8")) + text[at + 1 :]
        assume(nfc(new) != nfc(text))
        return new

    part = data.draw(
        st.sampled_from(["order_id", "case_revision", "policy_version", "case", "fields", "files", "order"])
    )
    change: dict[str, Any]
    if part in ("order_id", "case_revision", "policy_version"):
        change = {part: swapped(getattr(packet, part))}
    elif part == "case":
        key = data.draw(st.sampled_from(["portal", "account", "channel", "case_id"]))
        change = {"case": packet.case.model_copy(update={key: swapped(getattr(packet.case, key))})}
    elif part == "order":
        name = data.draw(st.sampled_from(["fields", "files"]))
        turned = tuple(reversed(getattr(packet, name)))
        before = packet.bound()
        change = {name: turned}
        assume(packet.model_copy(update=change).bound() != before)
    else:
        rows = list(getattr(packet, part))
        at = data.draw(st.integers(0, len(rows) - 1))
        keys = ["key", "value", "shown"] if part == "fields" else ["upload_name", "sha256", "size"]
        key = data.draw(st.sampled_from(keys))
        old = getattr(rows[at], key)
        rows[at] = rows[at].model_copy(update={key: old + 1 if isinstance(old, int) else swapped(old)})
        change = {part: tuple(rows)}
    assert packet.model_copy(update=change).digest != packet.digest


def test_one_byte_one_tick_one_choice_one_file_more(desk: Desk) -> None:
    digest = frozen().digest
    assert frozen(agree="no").digest != digest
    assert frozen(choice="product_accuracy").digest != digest
    assert frozen(case_revision="0" * 64).digest != digest
    altered = bytearray(picture())
    altered[-1] ^= 1
    draft = a_draft(CASE, FILES, values={"note": NOTE, "appeal_type": "delivery_proof", "agree": "yes"})
    facts = [facts_of(bytes(altered), Path("/e/a.jpg")), FACTS[1]]
    assert freeze(draft, CASE, WITH_TICK, facts, LABELS.__getitem__, POLICY).digest != digest
    again = draft.model_copy(update={"files": FILES[::-1]})
    assert freeze(again, CASE, WITH_TICK, FACTS[::-1], LABELS.__getitem__, POLICY).digest != digest
    dropped = draft.model_copy(update={"files": FILES[:1]})
    assert freeze(dropped, CASE, WITH_TICK, FACTS[:1], LABELS.__getitem__, POLICY).digest != digest
    assert freeze(draft, CASE, WITH_TICK, FACTS, LABELS.__getitem__, POLICY).digest == digest
