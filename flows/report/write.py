"""The report of `rebuttal check`: every page as it was seen, each value marked where it stood."""

from __future__ import annotations

import base64
import functools
import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.home import PRIVATE_FOLDER, write_private
from agent.reading.labels import norm
from agent.reading.seen import Seen
from agent.words import say, spoken
from flows.report.powerless import powerless

if TYPE_CHECKING:
    from jinja2 import Environment

    from flows.check import CheckReport, PageCheck

_HERE = Path(__file__).parent


def write_check(report: CheckReport, folder: Path, at: datetime) -> Path:
    """Write the report into `folder`, for its owner's eyes only; gives its place."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    path = folder / f"check-{at:%Y%m%dT%H%M%SZ}.html"
    count = 1
    while path.exists():
        count += 1
        path = folder / f"check-{at:%Y%m%dT%H%M%SZ}-{count}.html"
    write_private(path, render(report, at).encode())
    return path


def render(report: CheckReport, at: datetime) -> str:
    """The report as one HTML page. Its style is allowed by its hash; nothing else is allowed at all."""
    style = (_HERE / "check.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    pages = [_page(number, page) for number, page in enumerate(report.pages, 1)]
    return (
        _templates()
        .get_template("check.html")
        .render(
            language=spoken(), style=style, digest=digest, at=f"{at:%Y-%m-%d %H:%M} UTC", pages=pages, words=_words()
        )
    )


@functools.cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def _words() -> dict[str, str]:
    """The report's own texts, in the language in force."""
    return {
        "title": str(say("Pages of the portals, as they were seen")),
        "account": str(say("Account")),
        "page": str(say("Page")),
        "verdict": str(say("Verdict")),
        "said": str(say("What")),
        "todo": str(say("Next step")),
        "found": str(say("Found")),
        "key": str(say("Key")),
        "text": str(say("As shown")),
        "not_found": str(say("Not found")),
        "looked_for": str(say("Looked for")),
        "candidates": str(say("Perhaps one of these")),
        "seen": str(say("The page as seen: what was found is framed, what may have been meant is underlined")),
        "nothing_seen": str(say("No page was seen.")),
    }


def _page(number: int, page: PageCheck) -> dict[str, Any]:
    told = page.public()
    return told | {"id": f"page-{number}", "shown": _shown(page.seen, page) if page.seen is not None else ""}


def _shown(seen: Seen, page: PageCheck) -> Any:
    from markupsafe import Markup

    marks: dict[int, str] = {}
    for place in page.places:
        known = marks.get(place.element)
        if known is None or place.key not in known.split(" · "):
            marks[place.element] = f"{known} · {place.key}" if known else place.key
    forms = {norm(text) for text in page.candidates}
    hints = frozenset(me for form in forms for me in seen.tree.forms.get(form, ()))
    return Markup(powerless(seen.tree, marks, hints))
