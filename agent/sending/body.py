"""The last look: is what is about to leave the packet, file by file and word by word?"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote

from python_multipart.multipart import MultipartParser, parse_options_header

from agent.sending.packet import Packet, nfc


@dataclass(frozen=True)
class BodyFile:
    """One file in a request body."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Body:
    """What a request carries: texts by field name, and files."""

    fields: tuple[tuple[str, str], ...]
    files: tuple[BodyFile, ...]


def read_body(data: bytes, content_type: str) -> Body | None:
    """Fields and files of a form or JSON body; None for a form of body that is not understood."""
    kind, options = parse_options_header(content_type)
    if kind == b"multipart/form-data" and options.get(b"boundary"):
        return _multipart(data, options[b"boundary"])
    if kind == b"application/x-www-form-urlencoded":
        pairs = parse_qsl(data.decode("utf-8"), keep_blank_values=True)
        return Body((*pairs, *(leaf for _, value in pairs for leaf in _inner(value))), ())
    if kind == b"application/json":
        return Body(tuple(_leaves(json.loads(data))), ())
    return None


def _leaves(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, str(key))]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner, name)]
    return [(name, "" if value is None else str(value))]


def _inner(value: str) -> list[tuple[str, str]]:
    """Fields of a JSON object that stands in a form field."""
    if not value.startswith(("{", "[")):
        return []
    try:
        return _leaves(json.loads(value))
    except ValueError:
        return []


def _multipart(data: bytes, boundary: bytes) -> Body:
    fields: list[tuple[str, str]] = []
    files: list[BodyFile] = []
    part: dict[str, Any] = {}

    def begin() -> None:
        part.update(headers={}, name=b"", value=b"", data=bytearray())

    def header_field(chunk: bytes, start: int, end: int) -> None:
        part["name"] += chunk[start:end]

    def header_value(chunk: bytes, start: int, end: int) -> None:
        part["value"] += chunk[start:end]

    def header_end() -> None:
        part["headers"][part["name"].lower()] = part["value"]
        part["name"], part["value"] = b"", b""

    def inside(chunk: bytes, start: int, end: int) -> None:
        part["data"] += chunk[start:end]

    def finish() -> None:
        _, how = parse_options_header(part["headers"].get(b"content-disposition", b""))
        name = how.get(b"name", b"").decode("utf-8")
        body = bytes(part["data"])
        if b"filename" in how:
            shown = how[b"filename"].decode("utf-8")
            if shown or body:
                files.append(BodyFile(shown, len(body), hashlib.sha256(body).hexdigest()))
        else:
            fields.append((name, body.decode("utf-8")))

    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": begin,
            "on_header_field": header_field,
            "on_header_value": header_value,
            "on_header_end": header_end,
            "on_part_data": inside,
            "on_part_end": finish,
        },
    )
    parser.write(data)
    parser.finalize()
    return Body(tuple(fields), tuple(files))


Held = Mapping[str, tuple[str, ...]]
"""What the form's own texts, choices and ticks held when they were read back, by the name under which the form sends them."""

_NO = frozenset({"", "0", "false", "no", "off"})


@dataclass
class PacketCheck:
    """One packet's last look at each request that is about to leave; remembers which files went before the form."""

    packet: Packet
    names_case: bool = True
    """Must the sending request name the case, by id or order, in its address or its fields?"""
    held: Held = field(default_factory=dict)
    uploaded: Counter[tuple[str, int, str]] = field(default_factory=Counter)

    def upload(self, data: bytes | None, content_type: str) -> str | None:
        """What is wrong with an upload that goes before the form: each file of the packet may leave once."""
        if data is None:
            return "the body of the upload can't be seen"
        files, loose = _uploads(data, content_type)
        if not files and loose is None:
            return "the upload can't be read"
        left = Counter((f.upload_name, f.size, f.sha256) for f in self.packet.files) - self.uploaded
        if loose is not None:
            files = [named for named in left if named[1:] == loose][:1]
        found = Counter(files)
        if not found or found - left:
            return "a file in the upload is not an approved file, or went before"
        self.uploaded += found
        return None

    def sending(self, address: str, data: bytes | None, content_type: str) -> str | None:
        """What in the sending request is not the packet, in words for the record; None where the packet is all there.

        Every text must be there as a whole, every choice and tick as it was read back, every file with its name, size
        and hash in the approved order, and no file besides.
        """
        if data is None:
            return "the body of the request can't be seen"
        try:
            body = read_body(data, content_type)
        except Exception as fault:  # whatever is wrong with it, it does not leave
            return f"the body of the request can't be read ({type(fault).__name__})"
        if body is None:
            return f"the body of the request is of an unknown kind ({content_type.split(';')[0]})"
        return self._other_case(address, body) or self._other_fields(body) or self._other_files(body)

    def _other_case(self, address: str, body: Body) -> str | None:
        ids = [one for one in (self.packet.case.case_id, self.packet.order_id) if one]
        said = [unquote(address), *(value for _, value in body.fields)]
        if self.names_case and not any(_names(text, one) for one in ids for text in said):
            return "the request does not name the approved case"
        typed = {nfc(packed.value) for packed in self.packet.fields}
        others = others_named(self.packet, (one for one in said if nfc(one) not in typed and not _inner(one)))
        return f"the request names another case, {others[0]}" if others else None

    def _other_fields(self, body: Body) -> str | None:
        values = {nfc(value) for _, value in body.fields}
        for packed in self.packet.fields:
            if packed.kind in ("text", "date") and nfc(packed.value) not in values:
                return f"{packed.key} in the request is not the approved text"
            if packed.kind == "amount" and _number(packed.value) not in {_number(value) for value in values}:
                return f"{packed.key} in the request is not the approved amount"
        for name, held in self.held.items():
            sent = [value for key, value in body.fields if key == name]
            same = [nfc(v) for v in sent] == [nfc(v) for v in held]
            if sent and not same and not (not held and all(v.lower() in _NO for v in sent)):
                return f"{name} in the request is not what the form held"
        return None

    def _other_files(self, body: Body) -> str | None:
        want = [(f.upload_name, f.size, f.sha256) for f in self.packet.files]
        have = [(f.name, f.size, f.sha256) for f in body.files]
        if not self.uploaded:
            return None if want == have else "the files in the request are not the approved files"
        if have:
            return "files in a request that should only name them"
        return None if Counter(want) == self.uploaded else "not every approved file was uploaded"


def _names(text: str, own: str) -> bool:
    """Is the id `own` in `text`, and not as a part of a longer one?"""
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(own)}(?![A-Za-z0-9])", text) is not None


def others_named(packet: Packet, texts: Iterable[str]) -> list[str]:
    """Ids in `texts` that look like the packet's own (its letters, as many digits) and are not.

    Ids without letters look like anything: nothing is said of them.
    """
    texts, found = list(texts), set[str]()
    owns = {packet.order_id, packet.case.case_id}
    for own in owns:
        letters = own.rstrip("0123456789")
        if letters and letters != own:
            like = rf"(?<![A-Za-z0-9]){re.escape(letters)}[0-9]{{{len(own) - len(letters)}}}(?![0-9])"
            found |= {one for text in texts for one in re.findall(like, text)}
    return sorted(found - owns)


def _uploads(data: bytes, content_type: str) -> tuple[list[tuple[str, int, str]], tuple[int, str] | None]:
    """Files of an upload with their names; or size and hash of one that is sent bare, as storage services take them."""
    try:
        body = read_body(data, content_type)
    except Exception:  # a picture's bytes under a form's content type: nothing to compare
        return [], None
    if body is None:
        return [], (len(data), hashlib.sha256(data).hexdigest())
    return [(f.name, f.size, f.sha256) for f in body.files], None


def _number(text: str) -> Decimal | None:
    """An amount as a number, however it is written in the request; None for what is none."""
    try:
        return Decimal(text.replace(",", "").strip())
    except ArithmeticError:
        return None
