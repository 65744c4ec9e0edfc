"""`rebuttal export --archive REF`: everything there is about one case in one zip file, for a dispute or an audit.

Inside lie the record with its history, every page as it was seen, documents, pictures, the exchange, what was approved
and sent, and the links of the audit chain; `manifest.json` holds the hash of each file. It is full of the buyer's data
by its nature: it goes to whom it concerns, and into no chat.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from agent.errors import StoreFault
from agent.records import Case, iso
from agent.words import say
from flows.context import Context
from flows.message_log import message_log
from flows.naming import the_case

_MOMENT = (2026, 1, 1, 0, 0, 0)
"""Of every file in the zip: the same case gives the same bytes. True instants stand in the files."""
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
_ENDINGS = {b"%PDF": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG": "png"}


def archive(ctx: Context, ref: str) -> bytes:
    """The whole case as a zip file. What is stored and can't be read any more is named in the manifest, not left out
    silently."""
    case = the_case(ctx, ref)
    missing: list[str] = []
    files: dict[str, bytes] = {}
    for name, data in _parts(ctx, case, missing):
        files.setdefault(name, data)
    number, head = ctx.store.audit.head()
    manifest = {
        "ref": case.key.ref,
        "made_at": iso(case.seen.at) if case.seen else None,
        "audit_head": {"seq": number, "hash": head},
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
        "missing": missing,
    }
    files["manifest.json"] = _json(manifest)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            packed.writestr(entry, data)
    return out.getvalue()


def _parts(ctx: Context, case: Case, missing: list[str]) -> Iterator[tuple[str, bytes]]:
    key = case.key
    history = ctx.store.cases.history(key)
    links = ctx.store.audit.story(key.ref)
    yield "README.txt", _readme(case).encode()
    yield "case.json", _json(case.public())
    yield "history.json", _json([{"at": iso(one.at), "run": one.run_id, "case": one.case.public()} for one in history])
    yield "messages.csv", message_log(ctx, format="csv", ref=key.ref)
    yield "audit.json", _json([link.model_dump(mode="json") for link in links])
    for number, page in enumerate(_pages(ctx, case), 1):
        data = _blob(ctx, page.sha256, missing)
        if data is None:
            continue
        name = f"pages/{number:03d}-{page.at:%Y%m%dT%H%M%SZ}-{page.page}"
        yield f"{name}.json", data
        yield f"{name}.html", str(json.loads(data).get("html", "")).encode()
    named = {sha256 for link in links for sha256 in _SHA256.findall(json.dumps(link.data))}
    for one in history:
        named |= set(_SHA256.findall(one.case.model_dump_json()))
    for packet in _packets(ctx, case):
        yield f"sent/{packet['digest'][:12]}.json", _json(packet)
        named |= set(_SHA256.findall(json.dumps(packet)))
    pages = {page.sha256 for page in _pages(ctx, case)}
    for sha256 in sorted(named - pages):
        if not ctx.store.blobs.path(sha256).exists():
            continue  # hashes of links, of packets and of revisions are no files
        data = _blob(ctx, sha256, missing)
        if data is not None:
            yield f"files/{sha256[:16]}.{_ending(data)}", data


def _pages(ctx: Context, case: Case) -> list[Any]:
    return [
        page
        for page in ctx.store.pages.iterate(case.portal, latest_only=False)
        if (page.account, page.channel, page.subject) == (case.account, case.channel, case.case_id)
    ]


def _packets(ctx: Context, case: Case) -> Iterator[dict[str, Any]]:
    """What was approved on this case, with the attempts to send it."""
    attempts = ctx.store.ledger.attempts(case.key)
    for approval in ctx.store.ledger.approvals(case.key):
        packet = ctx.store.ledger.packet(approval.digest, case.key)
        yield {
            "digest": approval.digest,
            "packet": packet.model_dump(mode="json"),
            "approval": approval.model_dump(mode="json"),
            "attempts": [one.model_dump(mode="json") for one in attempts if one.digest == approval.digest],
        }


def _blob(ctx: Context, sha256: str, missing: list[str]) -> bytes | None:
    try:
        return ctx.store.blobs.get(sha256)
    except StoreFault:
        missing.append(sha256)
        return None


def _ending(data: bytes) -> str:
    return next((ending for start, ending in _ENDINGS.items() if data.startswith(start)), "bin")


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _readme(case: Case) -> str:
    """What is what, in both languages: who opens it may speak either."""
    told = say(
        "The whole case {ref}.\n\n"
        "case.json: the record; history.json: every revision; messages.csv: the exchange.\n"
        "pages/: each page as it was seen (.html to look at, .json with address and time, whose SHA-256 is in the record).\n"
        "files/: documents, pictures and evidence, named by their SHA-256; sent/: what was approved and sent.\n"
        "audit.json: the links of the audit chain about this case; manifest.json: the SHA-256 of every file here.",
        ref=case.key.ref,
    )
    return told.in_language("en") + "\n\n" + told.in_language("zh-CN") + "\n"
