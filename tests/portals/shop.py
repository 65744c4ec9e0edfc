"""An operator at a mock, for the tests of every portal: everything read, and the way from draft to receipt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent.evidence.finding import Finding
from agent.records import Action, Case, CaseKey
from agent.settings import AccountSettings
from fixtures.kernel.serving import Served
from flows.approve import approve
from flows.context import Context
from flows.draft import draft
from flows.readiness import DraftReport
from flows.submit import Result, submit
from flows.sync import SyncReport, sync
from tests.conftest import Run
from tests.evidence.made import picture


class Shop:
    """An operator at the mock of one portal; nothing is read until `sync` or `case` asks for it."""

    reads = True
    """False: `sync` asks the mock itself and opens no browser."""
    picture_size = (900, 1200)
    """Pixels of the pictures it takes; a portal that wants larger ones says so in a class of its own."""

    def __init__(self, ctx: Context, mock: Served, run: Run[Any], folder: Path) -> None:
        self.ctx = ctx
        self.mock = mock
        self.run = run
        self.folder = folder
        self._sent: set[str] = set()
        self._before = 0
        folder.mkdir(exist_ok=True)

    def begin(self) -> None:
        """A test begins in a world where others sent something before: `writes` counts from here."""
        self._before += len(self.writes())

    @property
    def account(self) -> AccountSettings:
        return self.ctx.settings.account[0]

    def sync(self, *channels: str, **how: Any) -> SyncReport:
        """Read everything, or only `channels`."""
        if not self.reads:
            return self._told(channels)
        account = self.account
        if channels:
            account = account.model_copy(update={"options": {**account.options, "channels": list(channels)}})
        report: SyncReport = self.run(sync(self.ctx, (account,), **how))
        return report

    def _told(self, channels: tuple[str, ...]) -> SyncReport:
        """The records as the mock tells them itself, without a page: enough for who only drafts."""
        zone = str(self.ctx.portal_zone(self.mock.portal, "main"))
        unsaid = {"shown": "…", "zone_basis": "account", "precision_s": 60, "zone": zone}
        for one in self.mock.truth():
            if channels and one["channel"] not in channels:
                continue
            due = [deadline | {k: v for k, v in unsaid.items() if not deadline.get(k)} for deadline in one["deadlines"]]
            self.ctx.store.cases.save(Case.model_validate_json(json.dumps(one | {"deadlines": due})), "told")
        return SyncReport("told")

    def cases(self, channel: str | None = None) -> list[Case]:
        """All cases, or those of a channel, as the records have them."""
        return [case for case in self.ctx.store.cases.export() if channel in (None, case.channel)]

    def case(self, channel: str, action: Action | None = None, items: int | None = None, **facts: str) -> Case:
        """The first case that offers `action`, with so many `items`, that `status` and `reason`; read when there is none.

        One that was answered already is none.
        """
        for _ in range(2):
            for case in self.cases(channel):
                told = {"status": case.status.is_, "reason": case.reason.is_ if case.reason else ""}
                if case.case_id in self._sent or items not in (None, len(case.items)):
                    continue
                if not facts.items() <= told.items():
                    continue
                if action is None or action in case.actions:
                    return case
            if self.cases(channel):
                break
            assert self.sync(channel).exit_code == 0
        raise AssertionError(f"no case of {channel} offers {action} with {facts}")

    def known(self, channel: str, case_id: str) -> Case:
        """A case by its id, as the records have it now."""
        key = CaseKey(portal=self.mock.portal, account="main", channel=channel, case_id=case_id)
        found = self.ctx.store.cases.get(key)
        assert found is not None, key.ref
        return found

    def fresh(self, channel: str, action: Action, items: int | None = None, **wish: Any) -> Case:
        """A case with so many `items` that the mock's event `new_case` makes for this test alone, read."""
        for _ in range(30):
            made = str(self.mock.event("new_case", **({"channel": channel} | wish))["case_id"])
            if items in (None, next(len(one["items"]) for one in self.mock.truth() if one["case_id"] == made)):
                break
        assert self.sync(channel).exit_code == 0
        case = self.known(channel, made)
        assert action in case.actions, (case.key.ref, case.actions)
        return case

    def again(self, case: Case) -> Case:
        """The case as the records have it now."""
        return self.known(case.channel, case.case_id)

    def really(self, case: Case) -> dict[str, Any]:
        """The case as it really is at the mock."""
        name = (case.channel, case.case_id)
        return next(one for one in self.mock.truth() if (one["channel"], one["case_id"]) == name)

    def file(
        self, kind: str = "DeliveryProof", name: str = "proof.jpg", data: bytes | None = None, **how: Any
    ) -> tuple[str, Path]:
        """An evidence file of a kind; a sharp picture unless `data` is given. `how` goes to the picture's maker."""
        path = self.folder / name
        how.setdefault("size", self.picture_size)
        path.write_bytes(picture(seed=len(list(self.folder.iterdir())), **how) if data is None else data)
        return kind, path

    def draft(
        self,
        case: Case,
        action: Action,
        values: dict[str, str],
        *files: tuple[str, Path],
        overrides: dict[str, str] | None = None,
    ) -> DraftReport:
        """A draft, linted."""
        return draft(
            self.ctx, case.key.ref, action=action, values=values, text=None, files=files,
            overrides=overrides or {}, by="li",
        )  # fmt: skip

    def found(self, case: Case, action: Action, values: dict[str, str], *files: tuple[str, Path]) -> dict[str, Finding]:
        """What stands in the way of a draft that has nothing of the one before it; by code."""
        for before in self.ctx.store.ledger.drafts(case.key):
            self.ctx.store.ledger.save_draft(before.model_copy(update={"files": (), "values": {}}))
        return {one.code: one for one in self.draft(case, action, values, *files).blocked}

    def send(self, case: Case, report: DraftReport) -> Result:
        """Approve what was drafted, and send it."""
        self._sent.add(case.case_id)
        assert report.packet is not None, [(one.code, str(one.words)) for one in report.blocked]
        approve(self.ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
        (result,) = self.run(submit(self.ctx, (case.key.ref,))).results
        return result  # type: ignore[no-any-return]

    def writes(self) -> list[dict[str, Any]]:
        """Every request that arrived at the mock and could change something, since this test began."""
        return self.mock.received("write")[self._before :]
