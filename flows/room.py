"""How many accounts are worked on at the same time: as many as are wished, as far as memory allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

NEEDED_BYTES = 400 * 2**20
"""What one more account may take: its page is a process of the browser (about 210 MB), and half as much again for peaks."""


def free_bytes() -> int:
    """Memory that can be had without swapping."""
    import psutil

    return int(psutil.virtual_memory().available)


class Room:
    """Lets accounts in one by one. One is always let in, so that a small machine is slow and never stuck."""

    def __init__(self, most: int, free: Callable[[], int] = free_bytes) -> None:
        self._most = most
        self._free = free
        self._inside = 0
        self._left = asyncio.Condition()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for one account, waited for if need be; looked for again whenever another account is done."""
        async with self._left:
            await self._left.wait_for(self._open)
            self._inside += 1
        try:
            yield
        finally:
            async with self._left:
                self._inside -= 1
                self._left.notify_all()

    def _open(self) -> bool:
        return self._inside == 0 or (self._inside < self._most and self._free() >= NEEDED_BYTES)
