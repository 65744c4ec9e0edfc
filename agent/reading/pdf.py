"""The text of a PDF document."""

from __future__ import annotations

from agent.reading.unreadable import Unreadable


def pdf_text(data: bytes) -> str:
    """All text of a PDF, page after page; raises `Unreadable` for bytes that are none."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        raise Unreadable(repr(data[:12]), "a PDF document") from None
    try:
        texts = []
        for number in range(len(document)):
            page = document[number]
            text_page = page.get_textpage()
            texts.append(text_page.get_text_bounded())
            text_page.close()
            page.close()
        return "\n".join(texts)
    finally:
        document.close()
