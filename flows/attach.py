"""Evidence handed in at the desk: kept in the home byte for byte as it came, under its own name, beside its case."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path

from agent.errors import StoreFault, UsageFault
from agent.home import PRIVATE_FOLDER, write_private
from agent.records import CaseKey
from agent.words import say
from flows.context import Context

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
"""What some system refuses in a name, and marks that turn a name around (`gpj.exe` shown as `exe.jpg`)."""
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)")
_LONGEST = 80


def keep(ctx: Context, case: CaseKey, name: str, data: bytes) -> Path:
    """Keep a file for a case; gives where. The same bytes under the same name are kept once."""
    if not data:
        raise UsageFault(say("The file {name} is empty.", name=file_name(name)), say("Choose another."))
    folder = folder_of(ctx, case) / hashlib.sha256(data).hexdigest()[:16]
    path = folder / file_name(name)
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            write_private(path, data)
    except OSError as fault:
        raise StoreFault(
            say("{where} can't be written: {why}", where=folder, why=fault.strerror or fault),
            say("Check the rights of the folder, or choose another home."),
        ) from fault
    return path


def folder_of(ctx: Context, case: CaseKey) -> Path:
    """Where a case's files lie: named by a hash, for ids may hold what no folder takes."""
    return ctx.home.path / "evidence" / hashlib.sha256(case.ref.encode()).hexdigest()[:24]


def file_name(given: str) -> str:
    """A name that every system takes, as near to the given one as can be; never a path."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    name = " ".join(_FORBIDDEN.sub("_", name).split()).strip(". ")
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, ending) if dot else (name, "")
    if not stem or _RESERVED.fullmatch(stem):
        stem = f"{stem}_file"
    cut = stem[: _LONGEST - len(ending) - 1].rstrip(". ")
    return f"{cut}.{ending[:12]}" if ending else cut
