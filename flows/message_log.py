"""`rebuttal export --messages`: the whole exchange of every case, with the proof of where it was read (CM12)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Literal

from agent.records import Case, Message, iso
from flows.context import Context
from flows.export import guarded, guarded_id

COLUMNS = (
    "ref", "channel", "case_id", "order_id", "number", "at", "at_portal", "at_operator", "from", "auto", "text",
    "attachments", "attachment_sha256", "url", "page_sha256", "picture_sha256", "archived_at", "audit_link",
)  # fmt: skip
"""The columns of the CSV, a public contract: new ones are added at the end."""


def message_log(ctx: Context, *, format: Literal["json", "csv"] = "json", ref: str | None = None) -> bytes:
    """Every message of every case (or of `ref` alone), oldest first within its case.

    `page_sha256`, `picture_sha256`: the stored page and its picture, bound into the audit chain under `audit_link` (the
    number of the link), so that a log handed over later can be checked against the chain.
    """
    lines = [line for case in ctx.store.cases.export([ref] if ref else None) for line in _lines(ctx, case)]
    if format == "json":
        return (json.dumps(lines, ensure_ascii=False, indent=2) + "\n").encode()
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([_cell(name, line[name]) for name in COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def _lines(ctx: Context, case: Case) -> Iterator[dict[str, Any]]:
    if not case.messages:
        return
    proof = _proof(ctx, case)
    zones = (ctx.portal_zone(case.portal, case.account), ctx.zone)
    for number, message in enumerate(case.messages, 1):
        at_portal, at_operator = (message.at.astimezone(zone).isoformat(sep=" ") for zone in zones)
        yield {
            "ref": case.key.ref,
            "channel": case.channel,
            "case_id": case.case_id,
            "order_id": case.order_shown or case.order_id,
            "number": number,
            "at": iso(message.at),
            "at_portal": at_portal,
            "at_operator": at_operator,
            "from": message.from_,
            "auto": message.auto,
            "text": message.text,
            **_files(message),
            "url": case.url,
            **proof,
        }


def _files(message: Message) -> dict[str, list[str]]:
    return {
        "attachments": [file.name for file in message.attachments],
        "attachment_sha256": [file.sha256 or "" for file in message.attachments],
    }


def _proof(ctx: Context, case: Case) -> dict[str, Any]:
    """The latest archived look at the case; without one, the page that the record came from."""
    archived = [link for link in ctx.store.audit.story(case.key.ref) if link.what == "archived"]
    if not archived:
        return {
            "page_sha256": case.seen.sha256 if case.seen else None,
            "picture_sha256": None,
            "archived_at": iso(case.seen.at) if case.seen else None,
            "audit_link": None,
        }
    last = archived[-1]
    return {
        "page_sha256": last.data["page"],
        "picture_sha256": last.data.get("picture"),
        "archived_at": iso(last.at),
        "audit_link": last.seq,
    }


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list):
        return guarded("; ".join(value))
    return guarded_id(str(value)) if name in ("case_id", "order_id") else guarded(str(value))
