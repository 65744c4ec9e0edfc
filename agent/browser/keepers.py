"""Stores kept in AdsPower, BitBrowser or Ziniao: asks the program on this machine for the browser of a store.

What the seller had open stays open: a window that was there before is only attached to and let go again; one that was
opened for us is closed by the program that opened it. Source: facts/shopee-lazada-wish.md §4.3.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from agent.browser.pacing import is_loopback
from agent.errors import NeedsPerson, PortalDown, UsageFault
from agent.home import write_private
from agent.settings import KEEPERS
from agent.words import say

_OWN_NAME = "local.adspower.net"
"""AdsPower's name for this machine."""
_USUAL_PORT = {"adspower": 50325, "bitbrowser": 54345, "ziniao": 16851}
_TRIES, _PAUSE_S = 4, 1.1
"""AdsPower takes one request a second."""
_LIMIT_S = 130
"""Ziniao: a start may take two minutes."""


@dataclass(frozen=True)
class Kept:
    """A store's browser: where it answers, and whether it was opened for us."""

    address: str
    ours: bool
    keeper: Keeper


@dataclass
class Keeper:
    """One program that keeps browsers. `secret` gives what stands in `.env` under a name, `remembered` is a file."""

    base: str
    profile: str
    secret: Callable[[str], str | None]
    remembered: Path
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def open(self) -> Kept:
        """The store's browser, opened where it is not open yet."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close what `open` opened."""
        raise NotImplementedError

    async def ask(
        self, method: str, path: str, given: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """One question to the program; `PortalDown` where it does not answer."""
        import httpx

        try:
            async with httpx.AsyncClient(timeout=_LIMIT_S, trust_env=False) as client:
                answer = await client.request(
                    method,
                    self.base + path,
                    params=given if method == "GET" else None,
                    json=None if method == "GET" else given,
                    headers=headers,
                )
                told = answer.json()
        except (httpx.HTTPError, ValueError):
            raise PortalDown(
                say("The program that keeps the store's browser does not answer at {address}.", address=self.base),
                say("Start it, and switch its local interface on; then run this again."),
            ) from None
        return told if isinstance(told, dict) else {}

    def refused(self, why: object) -> NeedsPerson:
        """The program said no."""
        return NeedsPerson(
            say(
                "The program at {address} does not open “{store}”: {why}.",
                address=self.base,
                store=self.profile,
                why=why,
            ),
            say("Open the store there by hand once, then run this again."),
        )


class AdsPower(Keeper):
    """Local API v2; `REBUTTAL_ADSPOWER_KEY` where it asks for one."""

    async def open(self) -> Kept:
        """Active, or started."""
        told = await self._asked("GET", "active", {"profile_id": self.profile})
        if str(told.get("status", "")).lower() == "active":
            return Kept(_own(self, _inner(told, "ws", "puppeteer")), False, self)
        told = await self._asked("POST", "start", {"profile_id": self.profile})
        return Kept(_own(self, _inner(told, "ws", "puppeteer")), True, self)

    async def close(self) -> None:
        """Stopped."""
        await self._asked("POST", "stop", {"profile_id": self.profile})

    async def _asked(self, method: str, what: str, given: Mapping[str, Any]) -> dict[str, Any]:
        key = self.secret("REBUTTAL_ADSPOWER_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else None
        told: dict[str, Any] = {}
        for _ in range(_TRIES):
            told = await self.ask(method, f"/api/v2/browser-profile/{what}", given, headers)
            if told.get("code") == 0:
                data = told.get("data")
                return data if isinstance(data, dict) else {}
            if "too many" not in str(told.get("msg", "")).lower():
                break
            await self.sleep(_PAUSE_S)
        raise self.refused(told.get("msg") or told.get("code"))


class BitBrowser(Keeper):
    """Local API; everything is a POST."""

    async def open(self) -> Kept:
        """A window that is open already gives its address when it is opened again; `ports` tells which is."""
        ports = (await self._asked("/browser/ports", {})).get("data")
        was_open = isinstance(ports, dict) and self.profile in ports
        data = (await self._asked("/browser/open", {"id": self.profile})).get("data")
        address = data.get("ws") or f"http://{data.get('http')}" if isinstance(data, dict) else ""
        return Kept(_own(self, str(address)), not was_open, self)

    async def close(self) -> None:
        """Closed."""
        await self._asked("/browser/close", {"id": self.profile})

    async def _asked(self, path: str, given: Mapping[str, Any]) -> dict[str, Any]:
        told = await self.ask("POST", path, given)
        if told.get("success") is not True:
            raise self.refused(told.get("msg") or "?")
        return told


class Ziniao(Keeper):
    """Client started with `--run_type=web_driver --ipc_type=http`; company, name and password go with every call.

    It names the stores that run and not their ports, and a second start would restart the store under the seller: the
    port is remembered, and without it a running store is left alone.
    """

    async def open(self) -> Kept:
        """Running with a port that we remember, or started."""
        running = (await self._asked("getRunningInfo")).get("browsers") or ()
        names = {
            str(one.get(key))
            for one in running
            if isinstance(one, dict)
            for key in ("browserOauth", "browserId", "browserName")
        }
        if self.profile in names:
            port = self._ports().get(self.profile)
            if port is not None and await self._answers(port):
                return Kept(f"http://127.0.0.1:{port}", False, self)
            raise self.refused(say("it is open already, and a second start would close its pages"))
        told = await self._asked(
            "startBrowser", browserOauth=self.profile, isHeadless=False, cookieTypeLoad=0, notPromptForDownload=1
        )
        try:
            port = int(told.get("debuggingPort") or 0)
        except (TypeError, ValueError):
            port = 0
        if not 0 < port < 65536:
            raise self.refused(told.get("err") or "?")
        write_private(self.remembered, json.dumps(self._ports() | {self.profile: port}).encode())
        return Kept(f"http://127.0.0.1:{port}", True, self)

    async def close(self) -> None:
        """Stopped."""
        await self._asked("stopBrowser", browserOauth=self.profile)

    async def _asked(self, action: str, **given: Any) -> dict[str, Any]:
        names = ("company", "username", "password")
        account = {name: self.secret(f"REBUTTAL_ZINIAO_{name.upper()}") for name in names}
        missing = [f"REBUTTAL_ZINIAO_{name.upper()}" for name, value in account.items() if not value]
        if missing:
            raise UsageFault(
                say(
                    "Ziniao wants company, name and password with every call; {names} are missing.",
                    names=", ".join(missing),
                ),
                say("Put them into .env."),
            )
        told = await self.ask("POST", "", {"action": action, "requestId": str(uuid.uuid4()), **account, **given})
        if str(told.get("statusCode")) not in ("0", "200"):
            raise self.refused(told.get("err") or told.get("statusCode"))
        return told

    async def _answers(self, port: int) -> bool:
        with contextlib.suppress(PortalDown):
            other = Keeper(f"http://127.0.0.1:{port}", self.profile, self.secret, self.remembered)
            return bool((await other.ask("GET", "/json/version")).get("webSocketDebuggerUrl"))
        return False

    def _ports(self) -> dict[str, int]:
        try:
            told = json.loads(self.remembered.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}


_KINDS: dict[str, type[Keeper]] = {"adspower": AdsPower, "bitbrowser": BitBrowser, "ziniao": Ziniao}


def keeper_of(address: str, secret: Callable[[str], str | None], remembered: Path) -> Keeper | None:
    """The keeper that `adspower://127.0.0.1:50325/<profile>` names; None for another way to a browser.

    Raises `UsageFault` for a program on another machine: it would be handed the keys of the store.
    """
    parts = urlsplit(address)
    if parts.scheme not in KEEPERS:
        return None
    host, port = parts.hostname or "127.0.0.1", parts.port or _USUAL_PORT[parts.scheme]
    base = f"http://{host}:{port}"
    if host != _OWN_NAME and not is_loopback(base):
        raise UsageFault(
            say("{address} is not on this machine.", address=address), say("Correct `browser` of the account.")
        )
    return _KINDS[parts.scheme](base, unquote(parts.path.strip("/")), secret, remembered)


def _inner(told: Mapping[str, Any], *names: str) -> str:
    value: Any = told
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return str(value or "")


def _own(keeper: Keeper, address: str) -> str:
    """The address of a browser on this machine; a program that names another one is not believed."""
    if not address or not is_loopback(address.replace("ws://", "http://", 1)):
        raise keeper.refused(address or "?")
    return address
