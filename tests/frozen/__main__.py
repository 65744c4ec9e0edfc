"""`python -m tests.frozen`: make the frozen Coupang cases that are not there yet, from the imitated portal.

A case that is there is left alone: to make one anew, delete its folder first and look at the difference.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from agent.home import Home, write_private
from agent.settings import AccountSettings
from agent.store import StoredPage
from fixtures import serving
from fixtures.kernel.serving import Served
from flows.capture import capture, freeze
from flows.context import Context, opened
from flows.frozen import save
from flows.login import login
from flows.sync import sync
from flows.visit import browsers, visiting

PAGES = Path(__file__).parents[2] / "fixtures" / "pages"
NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
SALT = b"the frozen cases of this project"
DRIFTED = {
    "drifted-label-unknown": ("rename_label", {"from": "책임 주체", "to": "귀책 대상"}),
    "drifted-status-unknown": ("rename_label", {"from": "이의 제기 가능", "to": "소명 접수 가능"}),
    "drifted-heading-unknown": ("rename_label", {"from": ">분쟁 정보<", "to": ">클레임 현황<"}),
    "drifted-amount-unreadable": ("rename_label", {"from": "원</dd>", "to": "원 상당</dd>"}),
    "drifted-other-case": ("wrong_case", {}),
}


@contextmanager
def portal(folder: Path) -> Iterator[tuple[Context, AccountSettings, Served]]:
    """An imitated portal and a home that is signed in there."""
    with serving(("coupang",), seed=7, cases=24, now=NOW) as served:
        mock = served["coupang"]
        os.environ["REBUTTAL_COUPANG_MAIN_USERNAME"] = mock.username
        os.environ["REBUTTAL_COUPANG_MAIN_PASSWORD"] = mock.password
        home = Home(folder).create()
        write_private(home.path / "capture.salt", SALT)
        home.settings_file.write_text(
            f'operator = "li"\n[[account]]\nportal = "coupang"\nname = "main"\nbase_url = "{mock.base_url}"\n'
            'options = { channels = ["refund_disputes"] }\n',
            encoding="utf-8",
        )
        with opened(home) as ctx:
            account = ctx.settings.account[0]
            asyncio.run(login(ctx, account, headless=True, code_from=mock.otp))
            yield ctx, account, mock


def cases(ctx: Context) -> dict[str, str]:
    """Which case to freeze under which name: one of each status, and each form of a deadline."""
    chosen: dict[str, str] = {}
    for case in ctx.store.cases.export():
        status = case.status.is_.replace("_", "-")
        if case.deadlines:
            shown, basis = case.deadlines[0].shown, case.deadlines[0].basis
            both = basis == "instant" and "남음" in shown
            status = f"{status}-{'both' if both else basis}"
        elif case.messages:
            status = f"{status}-with-messages"
        chosen.setdefault(status, case.case_id)
    return chosen


async def lists(ctx: Context, account: AccountSettings) -> None:
    """The list under each filter, which a sync does not keep when it reads it."""
    async with browsers() as shared, visiting(ctx, shared, account, "reading") as visit:
        channel = visit.portal.channels[0]
        for name in channel.filters:
            folder = PAGES / "coupang" / "orders" / name
            if folder.exists():
                continue
            page = (await channel.listing(visit.tab, name, 1)).page
            stored = StoredPage(
                id=0,
                portal="coupang",
                account="main",
                page=page.page,
                channel=channel.name,
                subject="",
                sha256="",
                at=page.seen_at,
                verdict="read",
            )
            print(save(freeze(ctx, visit.portal, stored, page), folder))


def main() -> int:
    """Make what is missing."""
    os.environ.setdefault("REBUTTAL_KEY", "only for this run")
    with tempfile.TemporaryDirectory() as folder, portal(Path(folder) / "home") as (ctx, account, mock):
        asyncio.run(sync(ctx, (account,)))
        asyncio.run(lists(ctx, account))
        chosen = cases(ctx)
        for name, case_id in chosen.items():
            if not (PAGES / "coupang" / "order" / name).exists():
                print(capture(ctx, case_id, name=name, out=PAGES).folder)
        appealable = next(case_id for name, case_id in chosen.items() if name.startswith("action-needed"))
        for name, (kind, options) in DRIFTED.items():
            if (PAGES / "coupang" / "order" / name).exists():
                continue
            mock.fault(kind, f"/orders/{appealable}", count="all", **options)
            asyncio.run(sync(ctx, (account,), full=True))
            mock.clear_faults()
            print(capture(ctx, appealable, name=name, out=PAGES).folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
