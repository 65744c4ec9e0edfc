"""Pictures for the demo, drawn while it runs: what an operator's folder of evidence would hold."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PIL import ExifTags, Image, ImageDraw

_SIZE = (1200, 1600)
_INK, _PAPER, _FRAME = (28, 32, 38), (250, 249, 245), (96, 110, 130)


def picture(folder: Path, kind: str, order_id: str, waybill: str, at: datetime) -> Path:
    """A sharp picture with kind, order number, waybill and time mark in it, and the same time in its EXIF (CP12)."""
    image = Image.new("RGB", _SIZE, _PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((40, 40, _SIZE[0] - 40, _SIZE[1] - 40), outline=_FRAME, width=6)
    pen.rectangle((40, 40, _SIZE[0] - 40, 200), fill=_FRAME)
    pen.text((80, 80), kind, fill="white", font_size=72)
    lines = ("INVENTED FOR THE DEMO", f"Order {order_id}", f"Waybill {waybill}", f"{at:%Y-%m-%d %H:%M:%S} KST")
    for number, line in enumerate(lines):
        pen.text((80, 280 + number * 90), line, fill=_INK, font_size=54)
    for row in range(8):
        top = 720 + row * 96
        pen.line((80, top, _SIZE[0] - 80, top), fill=_FRAME, width=3)
        pen.text((80, top + 22), f"{at:%m-%d} {8 + row:02d}:{row * 7:02d}  scan {row + 1}", fill=_INK, font_size=40)
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"{at:%Y:%m:%d %H:%M:%S}"
    path = folder / f"{kind}.jpg"
    image.save(path, "JPEG", quality=90, exif=exif)
    return path
