"""What others made, shown without power: seen pages, documents, evidence, pictures. Each only where its case has it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
from functools import cache
from importlib.resources import files
from pathlib import Path

from starlette.responses import HTMLResponse, Response

from agent.errors import StoreFault
from agent.evidence.files import media_type
from agent.records import Case
from agent.words import say, spoken
from flows.desk.call import Call, NotThere, at
from flows.desk.guarding import POWERLESS
from flows.report import powerless
from flows.trace import trace

_SHA = re.compile(r"[0-9a-f]{64}")
_SHOWN = ("image/jpeg", "image/png", "image/gif", "image/webp")
_FILMS = ("video/mp4", "video/webm", "video/quicktime")
_WIDTH, _MOST_PAGES = 1000, 30
_pdf_lock = threading.Lock()  # PDFium is one machine for the whole process


def seen(call: Call) -> Response:
    """A page as it was seen when the case was read, the asked value marked; the page itself stands in a frame."""
    case = call.case
    sha256 = _page_of(call, case)
    found = trace(call.ctx, case, sha256)
    if found is None:
        raise NotThere
    here = call.request.query_params.get("at", "")
    field = next((path for path, element in found.at.items() if str(element) == here), "")
    return call.page(
        "seen.html",
        case=case,
        trace=found,
        here=here,
        field=field,
        zones=call.zones(case.portal, case.account),
        frame=at(f"frame/{sha256}", case.key, **({"at": here} if here else {})) + "#here",
        portal=call.ctx.portal(case.portal),
    )


def frame(call: Call) -> Response:
    """The seen page itself: rebuilt from its texts, and forbidden by its policy to do anything at all."""
    case = call.case
    found = trace(call.ctx, case, _page_of(call, case))
    if found is None:
        raise NotThere
    here = call.request.query_params.get("at", "")
    style, digest = _style()
    body = powerless(found.seen.tree, found.marks, here=int(here) if here.isdigit() else None)
    html = (
        f'<!doctype html><html lang="{_language(found.page.language)}"><head><meta charset="utf-8">'
        f"<title>{say('The page as seen')}</title><style>{style}</style></head>"
        f'<body><main class="seen">{body}</main></body></html>'
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": f"{POWERLESS}; style-src '{digest}'"})


def _language(language: str) -> str:
    return language if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language) else spoken()


def document(call: Call) -> Response:
    """A file that the portal gave with the case, to be kept elsewhere: always as a download."""
    name, data = _document(call)
    return Response(
        data,
        media_type="application/octet-stream",
        headers={"Content-Disposition": _attachment(name), "Content-Security-Policy": POWERLESS},
    )


def document_page(call: Call) -> Response:
    """One page of a document as a picture: no reader of PDF runs in the browser."""
    _, data = _document(call)
    return _pdf_page(data, int(call.request.path_params["number"]))


def evidence(call: Call) -> Response:
    """A file of the draft: a picture as it is, the first page of a PDF, a film; only what the draft names."""
    action, number = call.request.path_params["action"], int(call.request.path_params["number"])
    draft = next((d for d in call.ctx.store.ledger.drafts(call.key) if d.action == action), None)
    if draft is None or number >= len(draft.files):
        raise NotThere
    try:
        data = Path(draft.files[number].path).read_bytes()
    except OSError:
        raise NotThere from None
    return _preview(data)


def picture(call: Call) -> Response:
    """The picture that was taken of the portal's answer, where the case's record names it."""
    sha256 = call.request.path_params["sha256"]
    known = {
        link.data.get(name)
        for link in call.ctx.store.audit.story(call.key.ref)
        for name in ("screenshot", "picture")
        if link.what in ("answer seen", "archived")
    }
    if sha256 not in known:
        raise NotThere
    return _preview(_blob(call, sha256))


def pages_of(data: bytes) -> int:
    """How many pages a PDF has, 0 where it is none that can be opened."""
    import pypdfium2 as pdfium

    if media_type(data[:4096]) != "application/pdf":
        return 0
    with _pdf_lock:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError:
            return 0
        try:
            return min(len(document), _MOST_PAGES)
        finally:
            document.close()


def _document(call: Call) -> tuple[str, bytes]:
    """Name and bytes of a file that this case has, or had when it was read before."""
    sha256 = call.request.path_params["sha256"]
    name = documents(call).get(sha256)
    if name is None:
        raise NotThere
    return name, _blob(call, sha256)


def documents(call: Call) -> dict[str, str]:
    """Hash to name of every file that the portal gave with the case, the decisions of earlier readings too."""
    found: dict[str, str] = {}
    readings = [call.case, *(seen.case for seen in call.ctx.store.cases.history(call.key))]
    for case in readings:
        if case.decision and case.decision.document:
            found.setdefault(case.decision.document.sha256, case.decision.document.name)
        for message in case.messages:
            for file in message.attachments:
                if file.sha256:
                    found.setdefault(file.sha256, file.name)
    return found


def _page_of(call: Call, case: Case) -> str:
    """The hash in the address, which must be of a page that this case was read from."""
    sha256 = str(call.request.path_params["sha256"])
    known = {case.seen.sha256 if case.seen else None}
    if sha256 not in known:
        known |= {seen.seen_sha256 for seen in call.ctx.store.cases.history(case.key)}
    if not _SHA.fullmatch(sha256) or sha256 not in known:
        raise NotThere
    return sha256


def _blob(call: Call, sha256: str) -> bytes:
    if not _SHA.fullmatch(sha256):
        raise NotThere
    try:
        return call.ctx.store.blobs.get(sha256)
    except StoreFault:
        raise NotThere from None


def _preview(data: bytes) -> Response:
    """Bytes as what they are and not as what they are called; what is neither picture nor film is not shown."""
    kind = media_type(data[:4096])
    if kind == "application/pdf":
        return _pdf_page(data, 1)
    if kind not in _SHOWN + _FILMS:
        raise NotThere
    return Response(data, media_type=kind, headers={"Content-Security-Policy": POWERLESS})


def _pdf_page(data: bytes, number: int) -> Response:
    import pypdfium2 as pdfium

    with _pdf_lock:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError:
            raise NotThere from None
        try:
            if not 1 <= number <= min(len(document), _MOST_PAGES):
                raise NotThere
            page = document[number - 1]
            width, height = page.get_size()
            scale = min(_WIDTH / max(width, 1), 3 * _WIDTH / max(height, 1))
            picture = page.render(scale=scale).to_pil()
        except pdfium.PdfiumError:
            raise NotThere from None
        finally:
            document.close()
    out = io.BytesIO()
    picture.save(out, "PNG")
    return Response(out.getvalue(), media_type="image/png", headers={"Content-Security-Policy": POWERLESS})


def _attachment(name: str) -> str:
    """A name for downloading that no header or file system trips over."""
    from urllib.parse import quote

    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._") or "document"
    return f"attachment; filename=\"{plain[:80]}\"; filename*=UTF-8''{quote(name[:150], safe='')}"


@cache
def _style() -> tuple[str, str]:
    """The style of seen pages, and the hash by which alone it is allowed."""
    style = files("flows.desk").joinpath("static", "seen.css").read_text(encoding="utf-8")
    return style, "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
