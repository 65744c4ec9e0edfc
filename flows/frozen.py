"""Frozen cases: a scrubbed seen page with what must be read from it, as a folder of three files that is never changed.

`seen.html` is the page, `record.json` what its reader gives or how it refuses, `meta.json` where, when and how it was
seen. Reading one needs no browser, no portal and no store.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agent.errors import PageDrift, UsageFault
from agent.portal import Portal
from agent.reading.labels import Labels, load_labels
from agent.reading.page import SeenPage
from agent.records import Record
from agent.store import StoredPage
from agent.words import say
from flows.contract import Held, hold, taught

_FILES = ("seen.html", "record.json", "meta.json")


@dataclass(frozen=True)
class Frozen:
    """One frozen case. `expected`: the record, or `{"error", "page", "field"}`."""

    page: SeenPage
    channel: str
    subject: str
    expected: dict[str, Any]
    origin: str
    reader: str
    quarantined: bool = False
    own: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Texts that were taught when it was read, by key and language."""

    def read(self, portal: Portal) -> dict[str, Any]:
        """What the portal's reader gives for it now, in the form of `expected`."""
        labels = load_labels(portal.name, portal.folder)
        for key, texts in self.own.items():
            for language, many in texts.items():
                for text in reversed(many):
                    labels = taught(labels, key, text, language)
        return reading(hold_page(portal, self.page, self.channel, self.subject, labels, quarantined=self.quarantined))


def hold_page(
    portal: Portal, page: SeenPage, channel: str, subject: str, labels: Labels, *, quarantined: bool = False
) -> Held:
    """A page by its own reader, without a store; one without a reader is only looked at."""
    stored = StoredPage(
        id=0,
        portal=portal.name,
        account=page.account,
        page=page.page,
        channel=channel,
        subject=subject,
        sha256="",
        at=page.seen_at,
        verdict="drifted" if quarantined else "read",
    )
    held = hold(portal, stored, page, labels)
    if held is None:
        raise UsageFault(say("No reader is known for the page {page}.", page=page.page))
    return held


def reading(held: Held) -> dict[str, Any]:
    """What was read, or how it was refused; documents and the page's own hash are no part of it."""
    error = held.error
    if error is not None:
        named = {"page": error.page, "field": error.field} if isinstance(error, PageDrift) else {}
        return {"error": error.name} | named
    return plain(held.record) | ({"filter": held.filter} if held.filter else {})


def plain(record: Record | None) -> dict[str, Any]:
    """A record as JSON, without what is not on the page."""
    data: dict[str, Any] = record.model_dump(mode="json") if record is not None else {}
    data.pop("seen", None)
    if isinstance(data.get("decision"), dict):
        data["decision"].pop("document", None)
    return data


def reader_version(portal: Portal) -> str:
    """Which reader it was: the program's version, and a hash of the portal's package."""
    digest = hashlib.sha256()
    for path in sorted((*portal.folder.glob("*.py"), *portal.folder.glob("labels.toml"))):
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return f"{version('rebuttal')}+{digest.hexdigest()[:12]}"


def files(frozen: Frozen) -> dict[str, bytes]:
    """The three files of a case."""
    page = frozen.page.model_dump(mode="json", exclude={"html", "files"})
    meta = {
        "origin": frozen.origin,
        "reader": frozen.reader,
        "channel": frozen.channel,
        "subject": frozen.subject,
        "quarantined": frozen.quarantined,
        "labels": frozen.own,
        "seen": page,
    }
    return {
        "seen.html": frozen.page.html.encode(),
        "record.json": _json(frozen.expected),
        "meta.json": _json(meta),
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def save(frozen: Frozen, folder: Path) -> Path:
    """Write a case, whole or not at all; one that is there is never overwritten."""
    if folder.exists():
        raise UsageFault(
            say("{folder} is there already; a frozen case is never overwritten.", folder=folder),
            say("Choose another name with --name."),
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for name, data in files(frozen).items():
            (temporary / name).write_bytes(data)
        temporary.chmod(0o755)
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return folder


def load(folder: Path) -> Frozen:
    """A case back from its folder."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    page = meta["seen"] | {"html": (folder / "seen.html").read_text(encoding="utf-8")}
    return Frozen(
        page=SeenPage.model_validate_json(json.dumps(page)),
        channel=meta["channel"],
        subject=meta["subject"],
        expected=json.loads((folder / "record.json").read_text(encoding="utf-8")),
        origin=meta["origin"],
        reader=meta["reader"],
        quarantined=meta["quarantined"],
        own=meta["labels"],
    )


def folders(root: Path) -> list[Path]:
    """Every frozen case below `root` (`<portal>/<page>/<case>`)."""
    return sorted(path.parent for path in root.glob("*/*/*/meta.json"))


def named(frozen: Frozen, **changes: Any) -> Frozen:
    """The case with something changed."""
    return dataclasses.replace(frozen, **changes)
