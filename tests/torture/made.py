"""Appeals made without lint, so that any bytes can be sent as evidence."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from agent.records import Case
from agent.sending.packet import Draft, DraftFile, Packet, PacketField, PacketFile
from flows.context import Context
from flows.visit import labels_of, policy_of

JPEG = b"\xff\xd8\xff\xe0"
"""How a JPEG begins: all that the mock looks at."""
KINDS = ("DeliveryProof", "ShipmentPhoto", "PackingPhoto", "Email")


def appeal(ctx: Context, case: Case, files: list[Path], kind: str, note: str) -> tuple[Draft, Packet]:
    """A draft and the packet it freezes into: the files under the portal's names, in that order."""
    portal = ctx.portal("coupang")
    policy, labels = policy_of(ctx, portal), labels_of(ctx, portal)
    rule = policy.action("refund_disputes", "appeal")
    assert rule is not None
    packed = [_file(file, f"{case.order_id}_{name}.jpg", name) for file, name in zip(files, KINDS, strict=False)]
    shown = labels.in_language(rule.fields["appeal_type"].options[kind], "ko")
    draft = Draft(
        case=case.key,
        action="appeal",
        values={"appeal_type": kind, "note": note},
        files=tuple(DraftFile(kind=f.kind, path=f.path) for f in packed),
        by="li",
        at=datetime.now(UTC),
        case_revision=case.revision,
    )
    packet = Packet(
        case=case.key,
        order_id=case.order_id,
        case_revision=case.revision,
        action="appeal",
        fields=(
            PacketField(key="appeal_type", kind="choice", value=kind, shown=shown),
            PacketField(key="note", kind="text", value=note),
        ),
        files=tuple(packed),
        policy_version=policy.version,
        by="li",
    )
    return draft, packet


def _file(path: Path, name: str, kind: str) -> PacketFile:
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    return PacketFile(
        kind=kind, upload_name=name, size=len(data), sha256=sha256, media_type="image/jpeg", path=str(path)
    )
