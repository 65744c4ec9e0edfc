"""What the AliExpress tests share: a quick sign-in, an operator who drafts, approves and sends, and fit answers."""

from __future__ import annotations

import http.cookiejar
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.home import Home
from agent.records import Action, Case, CaseKey
from fixtures.kernel.serving import Served
from flows.approve import approve
from flows.context import Context, opened
from flows.draft import draft
from flows.readiness import DraftReport
from flows.submit import Result, SubmitReport, submit
from flows.sync import SyncReport, sync
from tests.conftest import Run, settings_text
from tests.evidence.made import picture


def session_cookies(mock: Served) -> list[dict[str, Any]]:
    """The cookies of a session at the mock, made by its form and without a browser."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    data = urllib.parse.urlencode({"loginName": mock.username, "password": mock.password}).encode()
    with browser.open(mock.base_url + "/newlogin/login.do", data) as answer:
        answer.read()
    return [
        {"name": cookie.name, "value": cookie.value, "domain": "127.0.0.1", "path": "/", "expires": -1,
         "httpOnly": False, "secure": False, "sameSite": "Lax"}
        for cookie in jar
    ]  # fmt: skip


@pytest.fixture
def signed_in(ctx: Context, mock: Served) -> Context:
    """The context, its account signed in; the session lies in the vault as a real sign-in would leave it."""
    ctx.vault.save("aliexpress:main", {"cookies": session_cookies(mock), "origins": []})
    return ctx


class Shop:
    """An operator at the mock: everything read, and the way from draft to receipt."""

    def __init__(self, ctx: Context, mock: Served, run: Run[Any], folder: Path) -> None:
        self.ctx = ctx
        self.mock = mock
        self.run = run
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def sync(self, **how: Any) -> SyncReport:
        """Read everything."""
        report: SyncReport = self.run(sync(self.ctx, self.ctx.settings.account, **how))
        return report

    def cases(self) -> list[Case]:
        """All cases as the records have them."""
        return self.ctx.store.cases.export()

    def case(self, action: Action) -> Case:
        """The first case that offers `action`."""
        return next(case for case in self.cases() if action in case.actions)

    def by_id(self, case_id: str) -> Case:
        """One case as the records have it now."""
        key = CaseKey(portal="aliexpress", account="main", channel="disputes", case_id=case_id)
        found = self.ctx.store.cases.get(key)
        assert found is not None, case_id
        return found

    def file(self, kind: str, name: str = "proof.jpg", data: bytes | None = None) -> tuple[str, Path]:
        """An evidence file; a good picture unless told otherwise."""
        path = self.folder / name
        path.write_bytes(picture(seed=len(list(self.folder.iterdir()))) if data is None else data)
        return kind, path

    def draft(self, case: Case, action: Action, values: dict[str, str], *files: tuple[str, Path],
              overrides: dict[str, str] | None = None) -> DraftReport:  # fmt: skip
        """A draft, linted."""
        return draft(self.ctx, case.key.ref, action=action, values=values, text=None, files=files,
                     overrides=overrides or {}, by="li")  # fmt: skip

    def send(self, case: Case, report: DraftReport) -> Result:
        """Approve what was drafted, and send it."""
        assert report.packet is not None, [str(one.words) for one in report.blocked]
        approve(self.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
        told: SubmitReport = self.run(submit(self.ctx, (case.key.ref,)))
        (result,) = told.results
        return result

    def writes(self) -> list[dict[str, Any]]:
        """Every request that arrived and could change something."""
        return self.mock.received("write")

    def really(self, case_id: str) -> dict[str, Any]:
        """The case as it really is at the mock."""
        return next(case for case in self.mock.truth() if case["case_id"] == case_id)

    def answer(self, case: Case, action: Action) -> tuple[dict[str, str], tuple[tuple[str, Path], ...]]:
        """A fit answer: values and files."""
        about = f"About order {case.order_id}: "
        if action == "accept":
            return {"solution": "buyer"}, ()
        if action == "propose_solution":
            assert case.limit is not None
            amount = f"{case.limit.value // 2}"
            text = f"{about}we offer {amount} {case.limit.currency}.\nPlease accept the plan on this page."
            files = (self.file("ProductPhoto", f"{case.case_id}a.jpg"), self.file("LabelPhoto", f"{case.case_id}b.png",
                     picture("PNG", (700, 800), seed=7)))  # fmt: skip
            return {"type": "return_and_refund", "amount": amount, "text": text}, files
        if action == "apply_withdrawal":
            said = max(n for n, message in enumerate(case.messages, start=1) if message.from_ == "buyer")
            text = f"{about}thank you for telling us that it arrived. Please confirm on this page."
            return {"buyer_confirmation": str(said), "message": text}, ()
        if action == "escalate":
            return {"explanation": "物流显示退货包裹未送达仓库。"}, (self.file("WarehouseRecord", "warehouse.jpg"),)
        if action == "cancel_escalation":
            return {"cancel_reason": "退货已收到。"}, ()
        if action == "provide_tracking":
            return {"carrier": "poste", "number": "RR123456785IT"}, ()
        return (
            {"appeal_type": "new_evidence", "statement": "附上新的妥投证明，请复核责任判定。"},
            (self.file("DeliveryProof", "appeal.jpg"),),
        )


@pytest.fixture
def shop(signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path) -> Iterator[Shop]:
    """The operator, everything read."""
    made = Shop(signed_in, mock, run, tmp_path / "evidence")
    report = made.sync()
    assert report.exit_code == 0, report.public()
    yield made


@pytest.fixture
def paying(mock: Served, home: Home, run: Run[Any], tmp_path: Path) -> Iterator[Shop]:
    """The operator of a shop whose settings allow actions that pay the buyer."""
    home.settings_file.write_text(settings_text(mock, allow_money_actions="true"), encoding="utf-8")
    with opened(home) as ctx:
        ctx.vault.save("aliexpress:main", {"cookies": session_cookies(mock), "origins": []})
        made = Shop(ctx, mock, run, tmp_path / "evidence")
        assert made.sync().exit_code == 0
        yield made
