"""How long anything waits and how often reading is tried again: the one place for both.

Nothing here is used for sending: a click is made once and never repeated (DESIGN §6).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from agent.errors import PortalDown

T = TypeVar("T")

GOTO_MS = 30_000
"""A page's first answer."""
READY_MS = 8_000
"""A page's late content."""
ROWS_MS = 60_000
"""The portal's own row for each attached file."""
ANSWER_MS = 90_000
"""The portal's answer to a sent form."""
LOOK_MS = 5_000
"""One look for that answer; after the request is over, one more is taken."""
READ_TRIES = 3


async def read_patiently(read: Callable[[], Awaitable[T]]) -> T:
    """`read()`, tried up to `READ_TRIES` times while the portal is down; for reading only."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(PortalDown),
        stop=stop_after_attempt(READ_TRIES),
        wait=wait_exponential(multiplier=0.2, max=5),
        reraise=True,
    ):
        with attempt:
            return await read()
    raise AssertionError("tenacity returns or raises")
