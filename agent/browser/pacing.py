"""Pages are paced like a person's on real hosts, unpaced on loopback."""

from __future__ import annotations

import asyncio
import ipaddress
import time
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
    """At least `seconds` between two page visits of one account."""

    seconds: float = 2.0
    _last: float = 0.0

    async def wait(self, url: str) -> None:
        """Wait until the next visit may start."""
        if not is_loopback(url):
            rest = self._last + self.seconds - time.monotonic()
            if rest > 0:
                await asyncio.sleep(rest)
        self._last = time.monotonic()
