"""What the desk keeps while it runs: the home it works on, templates, links, notices, work under way."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar, cast

from starlette.requests import Request

from agent.store.people import Session
from agent.words import LANGUAGES, Words
from flows.context import Context
from flows.desk.limits import Bucket
from flows.desk.render import Templates
from flows.desk.work import Works

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

T = TypeVar("T")
_FRESH = timedelta(minutes=1)
LANGUAGE_COOKIE = "rebuttal_desk_language"


@dataclass(frozen=True)
class Asset:
    """A file of the desk's own; its address changes with its content, so that browsers may keep it for good."""

    address: str
    data: bytes
    media_type: str


@dataclass
class Desk:
    """One desk over one home."""

    ctx: Context
    port: int
    works: Works
    notices: dict[str, list[tuple[str, Words]]] = field(default_factory=dict)
    """Session to what its next page says."""
    guesses: Bucket = field(default_factory=lambda: Bucket(size=5, every_s=30))
    """Wrong passwords: of one name from one address."""
    guesses_by_name: Bucket = field(default_factory=lambda: Bucket(size=20, every_s=30))
    guesses_by_place: Bucket = field(default_factory=lambda: Bucket(size=20, every_s=10))
    _kept: dict[str, tuple[datetime, Any]] = field(default_factory=dict)

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gave within the last minute."""
        now = self.ctx.clock()
        at, value = self._kept.get(name, (now - _FRESH, None))
        if not timedelta() <= now - at < _FRESH:
            value = make()
            self._kept[name] = (now, value)
        return cast(T, value)

    @property
    def cookie(self) -> str:
        """The name of the session's cookie: browsers keep cookies of two desks on one machine in one place."""
        return f"rebuttal_desk_{self.port}"

    @cached_property
    def assets(self) -> dict[str, Asset]:
        """The desk's own files by name."""
        return {file.name: _asset(file) for file in files("flows.desk").joinpath("static").iterdir() if file.is_file()}

    @cached_property
    def templates(self) -> Templates:
        """The pages."""
        return Templates(self)

    def language(self, request: Request, session: Session | None) -> str:
        """The language of a page: the person's, else the one chosen here, the settings', the browser's."""
        chosen = (session.person.tastes.get("language") if session is not None else None) or request.cookies.get(
            LANGUAGE_COOKIE
        )
        if chosen in LANGUAGES:
            return str(chosen)
        if self.ctx.settings.language:
            return self.ctx.settings.language
        return "zh-CN" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"


def _asset(file: Traversable) -> Asset:
    data = file.read_bytes()
    stem, _, ending = file.name.rpartition(".")
    kind = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}.get(
        ending, mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    )
    return Asset(f"/static/{stem}-{hashlib.sha256(data).hexdigest()[:12]}.{ending}", data, kind)
