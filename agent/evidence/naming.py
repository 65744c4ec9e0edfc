"""The names under which evidence is uploaded (CP9); the originals keep theirs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import PurePath

from agent.evidence.files import FileFacts
from agent.policy import FilesRule
from agent.records import Case
from agent.sending.packet import DraftFile

_LONGEST = 100
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)$")


def kind_of(file: DraftFile) -> tuple[str, str]:
    """Kind and item of a file whose kind is written `ProductPhoto@<item id>`; the item is "" where none is named."""
    kind, _, item = file.kind.partition("@")
    return kind, item


def portable(text: str) -> str:
    """`text` in characters that every system takes: Latin letters, digits, dot, hyphen, underscore."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", plain)
    return re.sub(r"\.{2,}", ".", plain).strip("._- ")


def upload_name(
    rule: FilesRule, *, order_id: str, case_id: str, kind: str, index: int, total: int, original: str, ext: str
) -> str:
    """The name of the `index`th (from 1) of `total` files of `kind`: `COO123456789_DeliveryProof2.jpg`.

    `ext` is the ending of the real type; `original` is the name on the disk, used only by rules that ask for it.
    The first file of a kind bears no number. A rule without `{n}` gets the number before the ending.
    """
    ending = portable(ext).lower() or "bin"
    number = "" if index == 1 else str(index)
    own = portable(PurePath(original).stem) or "file"
    name = rule.name.format(
        order_id=portable(order_id),
        case_id=portable(case_id),
        kind=portable(kind) or "Evidence",
        n=number,
        total=total,
        original=f"{own}.{ending}",
        ext=ending,
    )
    stem = portable(name.removesuffix(f".{ending}"))
    if "{n}" not in rule.name:
        stem += number
    if _RESERVED.match(stem):
        stem = f"{stem}_"
    return f"{stem[: _LONGEST - len(ending) - 1]}.{ending}"


def upload_names(rule: FilesRule, case: Case, files: tuple[DraftFile, ...], facts: list[FileFacts]) -> tuple[str, ...]:
    """The upload names of a draft's files in their order, no two alike."""
    totals = Counter(file.kind for file in files)
    reached: Counter[str] = Counter()
    names: list[str] = []
    for file, fact in zip(files, facts, strict=True):
        # A rule that names by the original can't collide by kind, only by name: it counts below.
        by_kind = "{kind}" in rule.name or "{n}" in rule.name
        reached[file.kind] += 1
        index = reached[file.kind] if by_kind else 1
        while True:
            name = upload_name(
                rule,
                order_id=case.order_id,
                case_id=case.case_id,
                kind=file.kind,
                index=index,
                total=totals[file.kind],
                original=fact.name,
                ext=fact.ext,
            )
            if name.lower() not in (other.lower() for other in names):
                break
            index += 1
        names.append(name)
    return tuple(names)
