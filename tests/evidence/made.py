"""Files, cases and drafts made for these tests at run time."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from agent.evidence import FileFacts, Finding, ToneList, lint_draft, load_tone, look_at
from agent.policy import ActionRule, Policy, load_policy
from agent.records import Appeals, Case, Deadline, Item, Money, Reason, Status
from agent.sending.packet import Draft, DraftFile

COUPANG = Path(__file__).parents[2] / "portals" / "coupang"
NOW = datetime(2026, 5, 4, 3, tzinfo=UTC)
POLICY: Policy = load_policy(COUPANG)
TONE: ToneList = load_tone(COUPANG)
NOTE = "안녕하세요. 운송사 조회 결과 배송 완료로 확인됩니다. 첨부 자료를 확인 부탁드립니다."


def appeal_rule() -> ActionRule:
    """Coupang's appeal."""
    rule = POLICY.action("refund_disputes", "appeal")
    assert rule is not None
    return rule


def picture(format_: str = "JPEG", size: tuple[int, int] = (900, 1200), seed: int = 0, **options: Any) -> bytes:
    """A sharp picture with text on it."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for line in range(10):
        draw.text(
            (20, 20 + line * size[1] // 12),
            f"Waybill 123456789{seed} 2026-05-01 12:0{line}",
            fill="black",
            font_size=max(10, size[0] // 30),
        )
    out = io.BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def pdf(pages: int = 2, **options: Any) -> bytes:
    """A PDF of so many pages."""
    out = io.BytesIO()
    canvas = Canvas(out, **options)
    for page in range(pages):
        canvas.drawString(72, 720, f"Delivery record {page}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def a_case(**changes: Any) -> Case:
    """An open dispute that may be appealed."""
    facts: dict[str, Any] = {
        "portal": "coupang",
        "account": "main",
        "channel": "refund_disputes",
        "case_id": "COO123456789",
        "order_id": "COO123456789",
        "url": "https://portal.example/orders/COO123456789",
        "status": Status(shown="분쟁", is_="action_needed"),
        "reason": Reason(shown="미수령", is_="not_received"),
        "amount": Money(value=Decimal(37900), currency="KRW"),
        "deadlines": (
            Deadline(
                kind="appeal",
                at=NOW + timedelta(days=2),
                shown="2일 남음",
                basis="countdown",
                zone="Asia/Seoul",
                zone_basis="page",
                precision_s=60,
                rule="CP4",
            ),
        ),
        "actions": ("appeal",),
        "appeals": Appeals(used=0, allowed=1),
        "items": (Item(id="SKU-1", name="무선 이어폰", quantity=1),),
    }
    return Case(**(facts | changes))


def a_draft(case: Case, files: tuple[DraftFile, ...] = (), **changes: Any) -> Draft:
    """A draft that is fit to be sent, but for the given changes."""
    facts: dict[str, Any] = {
        "case": case.key,
        "action": "appeal",
        "values": {"appeal_type": "delivery_proof", "note": NOTE},
        "files": files,
        "by": "li",
        "at": NOW,
        "case_revision": case.revision,
    }
    return Draft(**(facts | changes))


class Desk:
    """Writes evidence into a folder and lints drafts over it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str = "proof.jpg", data: bytes | None = None, kind: str = "DeliveryProof") -> DraftFile:
        """An evidence file on the disk, a good picture unless told otherwise."""
        path = self.folder / name
        path.write_bytes(picture() if data is None else data)
        return DraftFile(kind=kind, path=str(path))

    def facts(self, draft: Draft) -> list[FileFacts]:
        """The facts of the draft's files."""
        return [look_at(Path(file.path)) for file in draft.files]

    def lint(self, draft: Draft, case: Case, **changes: Any) -> list[Finding]:
        """All findings."""
        given: dict[str, Any] = {"tone": TONE, "now": NOW, "policy": POLICY}
        rule = changes.pop("rule", None) or appeal_rule()
        return lint_draft(draft, case, rule, self.facts(draft), **(given | changes))

    def note(self, text: str, case: Case | None = None, **changes: Any) -> dict[str, Finding]:
        """Findings on a draft whose note is `text`."""
        case = case or a_case()
        draft = a_draft(case, (self.file(),), values={"appeal_type": "delivery_proof", "note": text})
        return by_code(self.lint(draft, case, **changes))

    def evidence(self, *files: DraftFile, **changes: Any) -> dict[str, Finding]:
        """Findings on a draft with these files."""
        case = changes.pop("case", None) or a_case()
        return by_code(self.lint(a_draft(case, files), case, **changes))


def by_code(findings: list[Finding]) -> dict[str, Finding]:
    """Findings by code."""
    return {one.code: one for one in findings}
