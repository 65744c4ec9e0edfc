"""What the Ozon tests share: a quick sign-in, an operator who drafts, approves and sends, and what reached the mock."""

from __future__ import annotations

import http.cookiejar
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from agent.records import Action, Case, CaseKey
from fixtures.kernel.serving import Served
from flows.approve import approve
from flows.context import Context
from flows.draft import draft
from flows.readiness import DraftReport
from flows.submit import Result, submit
from flows.sync import sync
from tests.conftest import Run
from tests.evidence.made import picture

TEXT = "Отправление вручено покупателю, подтверждение перевозчика и фото упаковки приложены."
WRITES = "write"


def session_cookies(mock: Served) -> list[dict[str, Any]]:
    """The cookies of a session at the Ozon mock, made by its forms and without a browser."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def ask(path: str, **fields: str) -> None:
        data = urllib.parse.urlencode(fields).encode() if fields else None
        with browser.open(mock.base_url + path, data) as answer:
            answer.read()

    ask("/ozonid/send", email=mock.username)
    ask("/ozonid/code", code=mock.otp())
    ask("/ozonid/auth/done")
    ask("/app/registration/start")
    return [
        {"name": cookie.name, "value": cookie.value, "domain": "127.0.0.1", "path": "/", "expires": -1,
         "httpOnly": False, "secure": False, "sameSite": "Lax"}
        for cookie in jar if cookie.name in ("o3-access-token", "sc_company_id")
    ]  # fmt: skip


@pytest.fixture
def signed_in(ctx: Context, mock: Served) -> Context:
    """The context, its account signed in; the session lies in the vault as a real sign-in would leave it."""
    ctx.vault.save("ozon:main", {"cookies": session_cookies(mock), "origins": []})
    return ctx


class Shop:
    """An operator at the Ozon mock, and the way from draft to receipt."""

    def __init__(self, ctx: Context, mock: Served, run: Run[Any], folder: Path) -> None:
        self.ctx = ctx
        self.mock = mock
        self.run = run
        self.folder = folder
        self._read: set[str] = set()
        folder.mkdir()

    def sync(self, channel: str, *, full: bool = False) -> None:
        """Read one channel."""
        (account,) = self.ctx.settings.account
        narrow = account.model_copy(update={"options": {"channels": [channel]}})
        report = self.run(sync(self.ctx, (narrow,), full=full))
        assert report.exit_code == 0, report.public()
        self._read.add(channel)

    def case(self, channel: str, action: Action | None = None, **wanted: Any) -> Case:
        """The first case of the channel that offers `action`; `items` is how many it has. Read when first asked for."""
        if channel not in self._read:
            self.sync(channel)
        for row in self.ctx.store.cases.rows(channels=[channel]):
            key = CaseKey(portal="ozon", account="main", channel=channel, case_id=row.case_id)
            case = self.ctx.store.cases.get(key)
            assert case is not None
            if (action is None or action in case.actions) and wanted.items() <= {"items": len(case.items)}.items():
                return case
        raise AssertionError(f"no case of {channel} offers {action} {wanted}")

    def again(self, case: Case) -> Case:
        """The case as the records have it now."""
        found = self.ctx.store.cases.get(case.key)
        assert found is not None
        return found

    def file(self, kind: str = "DeliveryProof", name: str = "proof.jpg", data: bytes | None = None) -> tuple[str, Path]:
        """An evidence file; a good picture unless told otherwise."""
        path = self.folder / name
        path.write_bytes(picture(seed=len(list(self.folder.iterdir()))) if data is None else data)
        return kind, path

    def draft(self, case: Case, action: Action, values: dict[str, str], *files: tuple[str, Path]) -> DraftReport:
        """A draft, linted."""
        return draft(
            self.ctx, case.key.ref, action=action, values=values, text=None, files=files, overrides={}, by="li"
        )

    def send(self, case: Case, report: DraftReport) -> Result:
        """Approve what was drafted, and send it."""
        assert report.packet is not None, [str(one.words) for one in report.blocked]
        approve(self.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
        results: list[Result] = self.run(submit(self.ctx, (case.key.ref,))).results
        (result,) = results
        return result

    def writes(self) -> list[dict[str, Any]]:
        """Every request that arrived and could change something."""
        return [one for one in self.mock.received() if one["kind"] == WRITES]


@pytest.fixture
def shop(signed_in: Context, mock: Served, run: Run[Any], tmp_path: Path) -> Shop:
    """The operator."""
    return Shop(signed_in, mock, run, tmp_path / "evidence")
