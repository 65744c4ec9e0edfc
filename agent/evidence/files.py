"""What an evidence file really is, told from its bytes; the file itself is only ever read."""

from __future__ import annotations

import hashlib
import io
import re
import stat
import threading
import warnings
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from PIL import ExifTags, Image, ImageFilter, ImageStat
from pydantic import ConfigDict, Field

from agent.errors import UsageFault
from agent.evidence.data import Spoken
from agent.records import Record
from agent.words import Words, say

MAX_PIXELS = 80_000_000
"""A picture with more is refused before it is unpacked: a few kilobytes can claim gigabytes."""

MAX_READ = 128 * 1024 * 1024
"""A file larger than this is hashed in pieces and not opened; no portal takes one."""

EXTENSIONS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
    "image/tiff": "tif",
    "image/heic": "heic",
    "image/avif": "avif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/x-msvideo": "avi",
    "video/webm": "webm",
    "application/zip": "zip",
    "application/vnd.microsoft.portable-executable": "exe",
}
"""The ending that belongs to each type we can tell."""

EDITORS = (
    "photoshop",
    "lightroom",
    "gimp",
    "paint.net",
    "affinity",
    "pixelmator",
    "snapseed",
    "meitu",
    "美图",
    "picsart",
    "facetune",
    "canva",
    "coreldraw",
    "photoscape",
    "illustrator",
    "krita",
    "acdsee",
    "capture one",
    "inkscape",
    "inpaint",
    "luminar",
    "pixlr",
    "photopea",
    "vsco",
    "b612",
    "醒图",
    "xingtu",
    "firefly",
    "midjourney",
    "dall-e",
    "stable diffusion",
)
"""Names that editing programs leave in a picture; a phone's own software name is not among them."""

_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_XMP_TOOL = re.compile(r"(?:CreatorTool|softwareAgent)(?:\s*=\s*[\"']|>)([^\"'<]{1,200})")
_pdf_lock = threading.Lock()  # PDFium is one machine for the whole process and not made for two at once


class FileFacts(Record):
    """One evidence file as it lies on the disk. `sharpness` is a variance (grey levels squared), low when blurred."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    path: str
    name: str
    size: int
    sha256: str
    media_type: str
    """Told from the first bytes; "application/octet-stream" when it is none we know."""
    decodable: bool = False
    """True when a picture was unpacked to the last row, or a PDF opened and its pages counted."""
    trouble: Spoken | None = None
    """Why it could not be opened."""
    width: int | None = None
    height: int | None = None
    pages: int | None = None
    software: tuple[str, ...] = ()
    """Every program named in the file."""
    edited: tuple[str, ...] = ()
    """Marks that editing programs left (CP12)."""
    taken: str | None = None
    """The moment of exposure as the camera wrote it, in no zone."""
    sharpness: float | None = None
    data: bytes | None = Field(default=None, repr=False, exclude=True)

    @property
    def ext(self) -> str:
        """The ending that its content asks for; of an unknown content, the ending of its name."""
        return EXTENSIONS.get(self.media_type) or Path(self.name).suffix.lstrip(".").lower() or "bin"

    @property
    def named_ext(self) -> str:
        """The ending its name has, as this product writes endings (`jpeg` is `jpg`)."""
        ending = Path(self.name).suffix.lstrip(".").lower()
        same = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "tiff": "tif", "m4v": "mp4", "qt": "mov"}
        return same.get(ending, ending)

    @property
    def is_picture(self) -> bool:
        """True for a still picture that can be unpacked here."""
        return self.media_type in _PICTURES

    @property
    def is_video(self) -> bool:
        """True for a film."""
        return self.media_type.startswith("video/")


def look_at(path: Path) -> FileFacts:
    """All facts of the file at `path`, its bytes read once; missing, unreadable or not a file: `UsageFault`."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # also a pipe or a device, which would never end
            raise UsageFault(say("{path} is not a file.", path=path), say("Name one evidence file."))
        with path.open("rb") as file:
            size = path.stat().st_size
            if size > MAX_READ:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                file.seek(0)
                kind = media_type(file.read(4096))
                return FileFacts(
                    path=str(path),
                    name=path.name,
                    size=size,
                    sha256=digest,
                    media_type=kind,
                    trouble=say("it is too large to be opened here"),
                )
            data = file.read()
    except FileNotFoundError:
        raise UsageFault(
            say("There is no file {path}.", path=path), say("Check the name, or take the file out of the draft.")
        ) from None
    except (OSError, ValueError) as fault:  # ValueError: a name with a zero byte
        why = getattr(fault, "strerror", None) or fault
        raise UsageFault(
            say("{path} can't be read: {why}", path=path, why=why), say("Check its access rights.")
        ) from None
    return facts_of(data, path)


def facts_of(data: bytes, path: Path) -> FileFacts:
    """The facts of bytes that are already here, as the file `path`."""
    kind = media_type(data)
    more: dict[str, Any] = {}
    if kind in _PICTURES:
        more = _picture(data)
    elif kind == "application/pdf":
        more = _pdf(data)
    return FileFacts(
        path=str(path),
        name=path.name,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=kind,
        data=data,
        **more,
    )


def media_type(head: bytes) -> str:
    """The type that the first bytes tell, whatever the file is called."""
    for magic, kind in (
        (b"MZ", "application/vnd.microsoft.portable-executable"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"BM", "image/bmp"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b"PK\x03\x04", "application/zip"),
    ):
        if head.startswith(magic):
            return kind
    if head.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}.get(head[8:12], "application/octet-stream")
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis"):
            return "image/heic"
        return {b"avif": "image/avif", b"avis": "image/avif", b"qt  ": "video/quicktime"}.get(brand, "video/mp4")
    if head[4:8] in (b"moov", b"mdat", b"wide", b"pnot"):
        return "video/quicktime"
    return "application/pdf" if b"%PDF-" in head[:1024] else "application/octet-stream"


def _picture(data: bytes) -> dict[str, Any]:
    """What a picture tells when it is unpacked whole."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata is not our matter, and a large picture is asked about below
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    return _bomb(width, height)
                picture.verify()
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                picture.load()
                software = _software(picture)
                return {
                    "decodable": True,
                    "width": width,
                    "height": height,
                    "software": software,
                    "edited": _edited(picture, software),
                    "taken": _taken(picture),
                    "sharpness": _sharpness(picture),
                }
    except Image.DecompressionBombError:
        return _bomb(None, None)
    except Exception as fault:  # a damaged file makes a decoder raise anything at all
        return {"trouble": say("the picture is damaged ({why})", why=_short(fault))}


def _bomb(width: int | None, height: int | None) -> dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "trouble": say("it claims to have more than {limit} million pixels", limit=MAX_PIXELS // 1_000_000),
    }


def _pdf(data: bytes) -> dict[str, Any]:
    """Pages and programs of a PDF; the first and last page are opened."""
    with _pdf_lock:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as fault:
            return {"trouble": _pdf_trouble(fault)}
        try:
            pages = len(document)
            if pages < 1:
                return {"trouble": say("the PDF has no page"), "pages": 0}
            for index in {0, pages - 1}:
                document[index].close()
            told = document.get_metadata_dict(skip_empty=True)
        except pdfium.PdfiumError as fault:
            return {"trouble": _pdf_trouble(fault)}
        finally:
            document.close()
    software = tuple(dict.fromkeys(told[key] for key in ("Creator", "Producer") if key in told))
    return {"decodable": True, "pages": pages, "software": software, "edited": _named_editors(software)}


def _pdf_trouble(fault: Exception) -> Words:
    if "password" in str(fault).lower():
        return say("the PDF is locked with a password")
    return say("it is no PDF that can be opened ({why})", why=_short(fault))


def _software(picture: Image.Image) -> tuple[str, ...]:
    """Every program named in EXIF, PNG text or XMP, in that order, each once."""
    named: list[str] = []
    exif = picture.getexif()
    for tag in (ExifTags.Base.Software, ExifTags.Base.ProcessingSoftware):
        if exif.get(tag):
            named.append(str(exif[tag]))
    for key, value in picture.info.items():
        if isinstance(key, str) and isinstance(value, str) and key.lower() in ("software", "creator", "creatortool"):
            named.append(value)
    named.extend(_XMP_TOOL.findall(_xmp(picture)))
    return tuple(dict.fromkeys(text.strip("\0 ") for text in named if text.strip("\0 ")))


def _edited(picture: Image.Image, software: tuple[str, ...]) -> tuple[str, ...]:
    marks = list(_named_editors(software))
    if "photoshop" in picture.info:
        marks.append("Photoshop (8BIM)")
    if "xmpMM:History" in _xmp(picture):
        marks.append("XMP History")
    return tuple(dict.fromkeys(marks))


def _named_editors(software: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for text in software if any(editor in text.lower() for editor in EDITORS))


def _xmp(picture: Image.Image) -> str:
    told = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)


def _taken(picture: Image.Image) -> str | None:
    exif = picture.getexif()
    at = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    return str(at).strip("\0 ") or None if at else None


def _sharpness(picture: Image.Image) -> float | None:
    """Variance of the Laplacian at no more than 1024 pixels a side; None for a picture too small to judge."""
    grey = picture.convert("RGB").convert("L") if picture.mode in ("P", "PA") else picture.convert("L")
    grey.thumbnail((1024, 1024))
    if min(grey.size) < 16:
        return None
    edges = grey.filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128))
    # Pillow leaves the outermost pixels unfiltered: they would count as edges.
    inner = edges.crop((1, 1, edges.width - 1, edges.height - 1))
    return round(ImageStat.Stat(inner).var[0], 2)


def _short(fault: Exception) -> str:
    return (str(fault) or type(fault).__name__)[:120]
