"""Upload names (CP9): a wrong name is evidence the reviewer can't match to the order."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from agent.evidence import upload_name, upload_names
from tests.evidence.made import Desk, a_case, a_draft, appeal_rule

RULE = appeal_rule().files
assert RULE is not None


def name(
    kind: str = "DeliveryProof", index: int = 1, original: str = "x.JPEG", ext: str = "jpg", template: str | None = None
) -> str:
    rule = RULE if template is None else RULE.model_copy(update={"name": template})  # type: ignore[union-attr]
    assert rule is not None
    return upload_name(
        rule, order_id="COO123456789", case_id="C-1", kind=kind, index=index, total=2, original=original, ext=ext
    )


def test_the_name_is_order_and_evidence_type() -> None:
    assert name() == "COO123456789_DeliveryProof.jpg"
    assert name(index=2, ext="pdf") == "COO123456789_DeliveryProof2.pdf"


def test_a_rule_that_keeps_the_original_s_name_makes_it_portable() -> None:
    assert name(template="{original}", original="C 1/배송 proof (2).JPEG") == "proof_2.jpg"
    assert name(template="{original}", original="배송.jpg") == "file.jpg"
    assert name(template="{original}", original="CON.jpg") == "CON_.jpg"
    assert name(template="{case_id}", index=3) == "C-13.jpg"


@given(original=st.text(max_size=200), kind=st.text(max_size=200))
def test_a_name_is_always_portable(original: str, kind: str) -> None:
    for template in ("{order_id}_{kind}{n}.{ext}", "{original}"):
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}\.jpg", name(kind, 1, original, template=template))


def test_no_two_files_share_a_name(desk: Desk) -> None:
    assert RULE is not None
    case = a_case()
    files = tuple(
        desk.file(n, kind=k)
        for n, k in (
            ("a.jpg", "DeliveryProof"),
            ("b.jpg", "Email"),
            ("c.jpg", "DeliveryProof"),
            ("배.jpg", "Email"),
            ("송.jpg", "Email"),
        )
    )
    facts = desk.facts(a_draft(case, files))
    assert upload_names(RULE, case, files, facts) == (
        "COO123456789_DeliveryProof.jpg",
        "COO123456789_Email.jpg",
        "COO123456789_DeliveryProof2.jpg",
        "COO123456789_Email2.jpg",
        "COO123456789_Email3.jpg",
    )
    own = RULE.model_copy(update={"name": "{original}"})
    assert upload_names(own, case, files, facts) == ("a.jpg", "b.jpg", "c.jpg", "file.jpg", "file2.jpg")
