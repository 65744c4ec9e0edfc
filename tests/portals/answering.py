"""Fit answers: for every action of a portal what it takes, as `tests/portals/<portal>/answers.py` gives it.

Each of those modules has `answer(desk, case, action) -> (values, files)`: values by field key, files as kind and path,
written by the desk. What lint takes and the mock accepts stands there once, for whoever sends something.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Protocol, cast

from agent.records import Action, Case

Answer = tuple[dict[str, str], tuple[tuple[str, Path], ...]]
"""Values by field key; files as kind and path."""


class Desk(Protocol):
    """Whoever writes evidence files: `tests.portals.shop.Shop`, or a stand-in with a folder."""

    def file(self, kind: str = ..., name: str = ..., data: bytes | None = ..., **how: Any) -> tuple[str, Path]: ...


def answer(desk: Desk, case: Case, action: Action) -> Answer:
    """A fit answer to `case` by `action`; `LookupError` where the portal's tests have none for it."""
    return cast(Answer, importlib.import_module(f"tests.portals.{case.portal}.answers").answer(desk, case, action))
