"""What the Shopee tests share: an operator with fit answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.records import Action, Case
from fixtures.kernel.serving import Served
from fixtures.shopee.rules import REASONS
from flows.context import Context
from portals.shopee.pages import modules, reasons
from portals.shopee.read import EVIDENCE_WANTED
from tests.conftest import Run
from tests.portals.main import Main
from tests.portals.shop import Shop as AnyShop

MAIN = Main(
    "returns",
    "answer",
    {"reason": "dispute_reason_id", "email": "email", "text": "dispute_text_reason"},
    {"reason": {name: str(number) for name, number in REASONS.items()}},
)


class Shop(AnyShop):
    """An operator at the Shopee mock, whose one channel is `returns`."""

    def first(self, action: Action, status: str = "action_needed", *, evidence: bool = False) -> Case:
        """The first request that offers `action`; with `evidence`, one for which Shopee wants evidence."""
        if not self.cases():
            assert self.sync().exit_code == 0
        return next(
            case for case in self.cases()
            if action in case.actions and case.status.is_ == status and (EVIDENCE_WANTED in case.flags) == evidence
        )  # fmt: skip

    def answer(self, case: Case, action: Action) -> tuple[dict[str, str], tuple[tuple[str, Path], ...]]:
        """A fit answer: values and files."""
        if action == "reply":
            text = (
                f"About order {case.order_id}: we ask the courier today.\nPlease keep the parcel until we answer here."
            )
            return {"text": text}, ()
        made = len(list(self.folder.iterdir()))
        said = {"text": "The courier's page shows who signed, and the packing can be seen."}
        if EVIDENCE_WANTED in case.flags:
            return said, (
                self.file("PackingProof", f"{made}e.jpg"),
                self.file("LabelPhoto", f"{made}f.jpg"),
            )
        reason = reasons(case)[0]
        kinds = dict.fromkeys((*modules(reason)[1], "ChatHistory"))
        if reason == "return_missing":
            kinds = dict.fromkeys(("ShippingProof", "ChatHistory"))
        files = [self.file(kind, f"{made}{kind}.jpg") for kind in kinds]
        return {"reason": reason, "email": "claims@example.com"} | said, tuple(files)


@pytest.fixture
def shop(signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path) -> Shop:
    """The operator; nothing is read yet."""
    return Shop(signed_in, mock, run, tmp_path / "evidence")
