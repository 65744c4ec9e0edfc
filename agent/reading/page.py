"""The stored form of a seen page: what a person saw at one moment, and where and when."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

from agent.records import Instant, Record


class PageFile(Record):
    """A file that was fetched with a page, under the name its reader asks for it by; its bytes are kept elsewhere."""

    key: str
    name: str
    sha256: str
    size: int


class SeenPage(Record):
    """One page as seen (DESIGN §3). `server_at` is the portal's own clock at that moment, None where it sent none."""

    portal: str
    account: str
    page: str
    url: str
    title: str
    language: str
    seen_at: Instant
    server_at: Instant | None
    zone: str
    zone_basis: Literal["page", "account", "assumed"] = "account"
    subject: str | None = None
    html: str
    landmarks: tuple[str, ...] = ()
    """Label keys of what had to be on the page before it was read."""
    files: tuple[PageFile, ...] = ()

    @property
    def now(self) -> datetime:
        """The portal's clock, or ours where it sent none."""
        return self.server_at or self.seen_at

    def stored(self) -> bytes:
        """The bytes that are kept and hashed."""
        return self.__pydantic_serializer__.to_json(self)  # as `model_dump_json`, without a text in between

    @property
    def sha256(self) -> str:
        """Content hash of the stored bytes."""
        return hashlib.sha256(self.stored()).hexdigest()

    @classmethod
    def from_stored(cls, data: bytes) -> SeenPage:
        """A page back from its stored bytes."""
        return cls.model_validate_json(data)
