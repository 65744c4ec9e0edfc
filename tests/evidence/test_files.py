"""What a file really is: a wrong answer here means void evidence at the portal, or the wrong file sent."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from PIL.PngImagePlugin import PngInfo

from agent.errors import UsageFault
from agent.evidence import FileFacts, look_at
from agent.evidence import files as files_module
from tests.evidence.made import pdf, picture


def look(folder: Path, data: bytes, name: str = "x.jpg") -> FileFacts:
    path = folder / name
    path.write_bytes(data)
    return look_at(path)


@pytest.mark.parametrize(
    ("format_", "kind", "ext"),
    [
        ("JPEG", "image/jpeg", "jpg"),
        ("PNG", "image/png", "png"),
        ("GIF", "image/gif", "gif"),
        ("WEBP", "image/webp", "webp"),
    ],
)
def test_pictures_are_known_by_content_and_unpacked(tmp_path: Path, format_: str, kind: str, ext: str) -> None:
    data = picture(format_)
    facts = look(tmp_path, data, "named.exe")
    assert (facts.media_type, facts.ext, facts.decodable) == (kind, ext, True)
    assert (facts.width, facts.height, facts.size) == (900, 1200, len(data))
    assert facts.sha256 == hashlib.sha256(data).hexdigest() and facts.data == data
    assert "data" not in repr(facts).replace("media", "") and "data" not in facts.model_dump(mode="json")


def test_a_pdf_is_opened_and_counted(tmp_path: Path) -> None:
    facts = look(tmp_path, pdf(3), "x.pdf")
    assert (facts.media_type, facts.decodable, facts.pages, facts.trouble) == ("application/pdf", True, 3, None)


def test_a_locked_pdf_says_so(tmp_path: Path) -> None:
    facts = look(tmp_path, pdf(1, encrypt="secret"), "x.pdf")
    assert not facts.decodable and "password" in str(facts.trouble)


@pytest.mark.parametrize("data", [b"%PDF-1.7\nnothing follows", b"%PDF-"])
def test_a_pdf_that_is_not_one(tmp_path: Path, data: bytes) -> None:
    facts = look(tmp_path, data, "x.pdf")
    assert facts.media_type == "application/pdf" and not facts.decodable and "no PDF" in str(facts.trouble)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_picture_cut_short_is_damaged(tmp_path: Path, format_: str) -> None:
    data = picture(format_)
    assert not look(tmp_path, data[: len(data) // 2]).decodable
    assert look(tmp_path, data).decodable


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
        (b"\0\0\0\x08moov", "video/quicktime"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"MZ\x90", "application/vnd.microsoft.portable-executable"),
        (b"PK\x03\x04", "application/zip"),
        (b"hello", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_other_containers_are_told_apart(tmp_path: Path, head: bytes, kind: str) -> None:
    facts = look(tmp_path, head)
    assert facts.media_type == kind and not facts.decodable
    assert facts.is_video == kind.startswith("video/")


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims this size."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [9_500, 60_000])
def test_a_decompression_bomb_is_refused_without_unpacking(tmp_path: Path, side: int) -> None:
    facts = look(tmp_path, bomb(side, side), "x.png")
    assert not facts.decodable and "million pixels" in str(facts.trouble)


def test_the_limit_on_pixels_is_what_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(tmp_path, picture()).decodable
    monkeypatch.setattr(files_module, "MAX_PIXELS", 900 * 1200 - 1)
    assert not look(tmp_path, picture()).decodable


def test_a_huge_file_is_hashed_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MAX_READ", 100)
    data = picture()
    facts = look(tmp_path, data)
    assert facts.data is None and facts.sha256 == hashlib.sha256(data).hexdigest() and facts.size == len(data)


def test_editing_marks_are_found_and_phones_left_alone(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0131] = "Adobe Photoshop 25.1"
    assert look(tmp_path, picture(exif=exif)).edited == ("Adobe Photoshop 25.1",)
    exif[0x0131] = "S911NKSU3BWK1"
    phone = look(tmp_path, picture(exif=exif))
    assert phone.edited == () and phone.software == ("S911NKSU3BWK1",)
    text = PngInfo()
    text.add_text("Software", "GIMP 2.10")
    assert look(tmp_path, picture("PNG", pnginfo=text)).edited == ("GIMP 2.10",)
    xmp = b'<x:xmpmeta><r xmp:CreatorTool="Snapseed 2"><xmpMM:History/></r></x:xmpmeta>'
    assert look(tmp_path, picture(xmp=xmp)).edited == ("Snapseed 2", "XMP History")
    assert look(tmp_path, pdf(1)).edited == ()


def test_the_camera_s_time_is_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:05:01 10:00:00"
    assert look(tmp_path, picture(exif=exif)).taken == "2026:05:01 10:00:00"
    assert look(tmp_path, picture()).taken is None


def test_blur_lowers_sharpness(tmp_path: Path) -> None:
    sharp = look(tmp_path, picture()).sharpness
    with Image.open(io.BytesIO(picture())) as image:
        out = io.BytesIO()
        image.filter(ImageFilter.GaussianBlur(4)).save(out, "JPEG")
    blurred = look(tmp_path, out.getvalue()).sharpness
    assert sharp is not None and blurred is not None and blurred < 8 < 50 < sharp


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_colour_mode_can_be_judged(tmp_path: Path, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (64, 64)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    facts = look(tmp_path, out.getvalue())
    assert facts.decodable and facts.sharpness == 0


def test_what_can_t_be_read_is_a_usage_fault_with_a_next_step(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none.jpg", tmp_path, tmp_path / "pipe", tmp_path / "a\0b"):
        with pytest.raises(UsageFault) as caught:
            look_at(path)
        assert caught.value.todo is not None and caught.value.exit_code == 2


def test_the_file_is_never_touched(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(picture())
    os.utime(path, ns=(1, 1))
    path.chmod(0o400)
    look_at(path)
    assert path.stat().st_mtime_ns == 1 and [p.name for p in tmp_path.iterdir()] == ["x.jpg"]
