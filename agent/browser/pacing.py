"""Pages are paced like a person's on real hosts, unpaced on loopback."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Is the host of `url` this machine itself?"""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass
class Pacing:
    """At least `seconds` between two page visits of one host, whichever of its accounts visits it."""

    seconds: float = 2.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _next: float = 0.0

    async def wait(self, url: str) -> None:
        """Wait until the next visit may start; who comes meanwhile waits for the turn after it."""
        if is_loopback(url):
            return
        now = self.clock()
        turn = max(now, self._next)
        self._next = turn + self.seconds
        if turn > now:
            await self.sleep(turn - now)
