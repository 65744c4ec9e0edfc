"""The last look: is what is about to leave the packet, file by file and word by word?"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

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
        return Body(tuple(parse_qsl(data.decode("utf-8"), keep_blank_values=True)), ())
    if kind == b"application/json":
        return Body(tuple(_leaves(json.loads(data))), ())
    return None


def _leaves(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, str(key))]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner, name)]
    return [(name, "" if value is None else str(value))]


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


def differs_from(
    packet: Packet, data: bytes | None, content_type: str, *, files_went_before: bool = False
) -> str | None:
    """What in the body is not the packet, in words for the record; None where the packet is all there.

    Every text must be there as a whole, every file with its name, size and hash, and no file besides. Choices and ticks
    travel under the portal's own codes: they were compared on the page.
    """
    if data is None:
        return "the body of the request can't be seen"
    try:
        body = read_body(data, content_type)
    except Exception as fault:  # whatever is wrong with it, it does not leave
        return f"the body of the request can't be read ({type(fault).__name__})"
    if body is None:
        return f"the body of the request is of an unknown kind ({content_type.split(';')[0]})"
    values = {nfc(value) for _, value in body.fields}
    for field in packet.fields:
        if field.kind in ("text", "amount", "date") and nfc(field.value) not in values:
            return f"{field.key} in the request is not the approved text"
    if files_went_before:
        return None if not body.files else "files in a request that should only name them"
    want = Counter((f.upload_name, f.size, f.sha256) for f in packet.files)
    have = Counter((f.name, f.size, f.sha256) for f in body.files)
    if want != have:
        return "the files in the request are not the approved files"
    return None


def upload_differs(packet: Packet, data: bytes | None, content_type: str) -> str | None:
    """The same for an upload that goes before the form: each of its files must be one of the packet's."""
    if data is None:
        return "the body of the upload can't be seen"
    body = read_body(data, content_type)
    if body is None or not body.files:
        return "the upload can't be read"
    allowed = {(f.upload_name, f.size, f.sha256) for f in packet.files}
    if any((f.name, f.size, f.sha256) not in allowed for f in body.files):
        return "a file in the upload is not an approved file"
    return None
