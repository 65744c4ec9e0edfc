"""A trace and a film of a visit that a person watches, with every secret masked before anything is left on the disk.

Playwright's trace holds headers, cookies and bodies. It is written into a private folder that is gone at the end, and
only its masked copy is kept. The film is made of the window's own frames, as an animated picture that every browser
shows, so that no video program is needed.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Error, Page

from agent.errors import NeedsPerson
from agent.log import MASK, hide, redact, redact_value

_SHORTEST = 10
"""Of a cookie or stored value that is masked wherever it stands; shorter ones are settings, not secrets."""
_MOST_FRAMES, _FRAME_GAP_S, _FRAME_MS = 240, 0.4, 500
_FRAME_SIZE = (960, 600)
_TEXTS = (".trace", ".network", ".stacks")


class Recorder:
    """Records visits into `folder`: `trace-1.zip`, `film-1.webp`, … ; open a trace with `playwright show-trace`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[Path] = []
        self._count = 0

    @contextlib.asynccontextmanager
    async def of(self, context: BrowserContext, page: Page) -> AsyncIterator[None]:
        """Record until the block ends. A visit that ends at a sign-in or a challenge leaves nothing behind."""
        self._count += 1
        film = _Film()
        keep = True
        with contextlib.suppress(Error):
            await page.screencast.start(on_frame=film.frame, size={"width": _FRAME_SIZE[0], "height": _FRAME_SIZE[1]})
        await context.tracing.start(screenshots=True, snapshots=True)
        try:
            yield
        except NeedsPerson:
            keep = False
            raise
        finally:
            with contextlib.suppress(Error):
                await page.screencast.stop()
            await self._keep(context, page, film, keep)

    async def _keep(self, context: BrowserContext, page: Page, film: _Film, keep: bool) -> None:
        secrets = await secrets_of(context, page) if keep else set()
        with tempfile.TemporaryDirectory(prefix="rebuttal-") as private:
            raw = Path(private) / "trace.zip"
            with contextlib.suppress(Error):
                await context.tracing.stop(path=raw)
            if not keep:
                return
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if raw.exists():
                target = self.folder / f"trace-{self._count}.zip"
                target.write_bytes(masked_trace(raw.read_bytes(), secrets))
                self.files.append(target)
        if (data := film.made()) is not None:
            target = self.folder / f"film-{self._count}.webp"
            target.write_bytes(data)
            self.files.append(target)


async def secrets_of(context: BrowserContext, page: Page) -> set[str]:
    """The values of the session: cookies, local and session storage. From here on no log shows them either."""
    found: set[str] = set()
    with contextlib.suppress(Error):
        state = await context.storage_state()
        found |= {cookie["value"] for cookie in state.get("cookies", ())}
        found |= {one["value"] for origin in state.get("origins", ()) for one in origin.get("localStorage", ())}
    with contextlib.suppress(Error):
        found |= set(await page.evaluate("() => Object.values(sessionStorage)"))
    found = {value for value in found if len(value) >= _SHORTEST}
    for value in found:
        hide(value)
    return found


def masked_trace(raw: bytes, secrets: Iterable[str]) -> bytes:
    """A copy of a trace without secrets: its lines redacted value by value, its bodies text by text, cookies left out."""
    values = sorted(set(secrets), key=len, reverse=True)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kept:
        for entry in given.infolist():
            data = given.read(entry)
            if entry.filename.endswith(_TEXTS):
                data = b"\n".join(_line(line, values) for line in data.splitlines())
            elif not entry.filename.endswith((".jpeg", ".png")):
                data = _body(data, values)
            kept.writestr(entry.filename, data)
    return out.getvalue()


def _line(line: bytes, secrets: list[str]) -> bytes:
    try:
        event = json.loads(line)
    except ValueError:
        return _body(line, secrets)
    _without_cookies(event)
    text = json.dumps(_masked(event), ensure_ascii=False)
    for value in secrets:
        text = text.replace(value, MASK).replace(json.dumps(value)[1:-1], MASK)
    return text.encode()


def _masked(value: Any) -> Any:
    """Like `redact_value`, but numbers and names of a trace stay what its viewer needs."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _masked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner) for inner in value]
    return value


def _without_cookies(value: Any) -> None:
    """Take cookies, and headers that carry them, out of the requests and answers of a trace."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "cookies" and isinstance(inner, list):
                value[name] = []
            elif name == "headers" and isinstance(inner, list):
                value[name] = [
                    one | {"value": MASK}
                    if isinstance(one, dict) and redact_value({one.get("name"): ""}).get(str(one.get("name"))) == MASK
                    else one
                    for one in inner
                ]
            else:
                _without_cookies(inner)
    elif isinstance(value, list):
        for inner in value:
            _without_cookies(inner)


def _body(data: bytes, secrets: list[str]) -> bytes:
    """A body with its secrets masked; what is no text keeps its bytes but for the secrets."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        for value in secrets:
            data = data.replace(value.encode(), MASK.encode())
        return data
    for value in secrets:
        text = text.replace(value, MASK)
    return redact(text).encode()


class _Film:
    """Frames of a window, a few a second at most."""

    def __init__(self) -> None:
        self._frames: list[bytes] = []
        self._last = 0.0

    def frame(self, frame: Any) -> None:
        at = float(frame["timestamp"])
        at = at / 1000 if at > 1e11 else at
        if len(self._frames) < _MOST_FRAMES and at - self._last >= _FRAME_GAP_S:
            self._frames.append(frame["data"])
            self._last = at

    def made(self) -> bytes | None:
        from PIL import Image

        pictures = []
        for data in self._frames:
            with contextlib.suppress(OSError):
                pictures.append(Image.open(io.BytesIO(data)).convert("RGB").resize(_FRAME_SIZE))
        if not pictures:
            return None
        out = io.BytesIO()
        pictures[0].save(
            out, "WEBP", save_all=True, append_images=pictures[1:], duration=_FRAME_MS, quality=60, method=2
        )
        return out.getvalue()
