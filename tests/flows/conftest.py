"""A desk for flows that need no portal: a home, a clock that stands still, cases as a sync would have left them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.home import Home
from agent.records import Case
from agent.sending.packet import Approval, Packet
from flows import approve, draft, packet
from flows.context import Context, opened
from flows.readiness import DraftReport
from tests.evidence.made import NOTE, NOW, a_case, pdf, picture


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def move(self, **parts: float) -> None:
        """Forward."""
        self.at += timedelta(**parts)


class Desk:
    """An operator at work: cases in the records, a folder of evidence, and the flows in between."""

    def __init__(self, ctx: Context, clock: Clock, folder: Path) -> None:
        self.ctx = ctx
        self.clock = clock
        self.folder = folder
        folder.mkdir()

    def case(self, **changes: Any) -> Case:
        """A case, as a sync would save it."""
        made = a_case(**changes)
        self.ctx.store.cases.save(made, "sync")
        return made

    def file(self, name: str = "proof.jpg", data: bytes | None = None, kind: str = "DeliveryProof") -> tuple[str, Path]:
        """An evidence file with its kind; a good picture unless told otherwise."""
        path = self.folder / name
        path.write_bytes(picture() if data is None else data)
        return kind, path

    def good_files(self) -> tuple[tuple[str, Path], ...]:
        """All that the playbook for `not_received` requires."""
        return self.file(), self.file("shipment.pdf", pdf(), "ShipmentPhoto")

    def draft(self, case: Case, **given: Any) -> DraftReport:
        """A draft that is fit to be sent, but for what is given."""
        wanted: dict[str, Any] = {
            "action": "appeal",
            "values": {"appeal_type": "delivery_proof"},
            "text": NOTE,
            "files": self.good_files(),
            "overrides": {},
            "by": "li",
        }
        return draft.draft(self.ctx, case.key.ref, **(wanted | given))

    def packet(self, case: Case) -> Packet:
        """What would be sent."""
        return packet.packet(self.ctx, case.key.ref)

    def approve(self, case: Case, digest: str = "", by: str = "wang") -> Approval:
        """A yes, to the packet as it is unless another digest is given."""
        return approve.approve(self.ctx, case.key.ref, digest=digest or self.packet(case).digest[:8], by=by)


@pytest.fixture
def clock() -> Clock:
    """The desk's clock."""
    return Clock()


@pytest.fixture
def desk_home(tmp_path: Path) -> Home:
    """A home with one account at an address where nobody is."""
    made = Home(tmp_path / "home").create()
    made.settings_file.write_text(
        'operator = "li"\n[[account]]\nportal = "coupang"\nname = "main"\nbase_url = "http://127.0.0.1:9"\n',
        encoding="utf-8",
    )
    return made


@pytest.fixture
def desk(desk_home: Home, clock: Clock, tmp_path: Path) -> Iterator[Desk]:
    """The desk."""
    with opened(desk_home, clock=clock) as ctx:
        yield Desk(ctx, clock, tmp_path / "evidence")
