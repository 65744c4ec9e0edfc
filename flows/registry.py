"""Which portals there are: every package in `portals`, found by walking the folder and imported only when asked for."""

from __future__ import annotations

import difflib
import functools
import importlib
import pkgutil
from typing import TYPE_CHECKING

import portals
from agent.errors import UsageFault
from agent.words import learn, say

if TYPE_CHECKING:
    from agent.portal import Portal


@functools.cache
def names() -> tuple[str, ...]:
    """The portals' names in alphabetical order; none is imported."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(portals.__path__) if m.ispkg))


@functools.cache
def get(name: str) -> Portal:
    """The `PORTAL` of the portal `name`; an unknown name is a `UsageFault`."""
    if name not in names():
        near = next(iter(difflib.get_close_matches(name, names(), n=1)), None)
        raise UsageFault(
            say("There is no portal “{given}”.", given=name),
            say("Did you mean {near}?", near=near)
            if near
            else say("Known portals: {names}.", names=", ".join(names())),
        )
    found: Portal = importlib.import_module(f"portals.{name}").PORTAL
    learn(found.folder)
    return found
