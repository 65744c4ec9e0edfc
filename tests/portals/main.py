"""The main answer of a portal, as its `conftest.py` names it in `MAIN`: what a torture run sends and looks for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import cast

from agent.records import Action, Case
from fixtures.kernel.discover import portal_names
from tests.portals.answering import Answer
from tests.portals.answering import answer as answer_of
from tests.portals.shop import Shop


@dataclass(frozen=True)
class Main:
    """One channel's action, and how its request names what the packet holds."""

    channel: str
    state: str
    """The mock's name of the state in which a new case offers the action."""
    fields: Mapping[str, str]
    """The request's field by the packet's."""
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What the request says for a choice, by the packet's field and its value; else the value itself."""
    action: Action = "appeal"
    world: Mapping[str, str] = field(default_factory=dict)
    """Options of the mock."""


def portals() -> list[str]:
    """Every portal with a mock whose tests name its main answer."""
    return [name for name in portal_names() if hasattr(_tests_of(name), "MAIN")]


def main_of(portal: str) -> Main:
    """The main answer of a portal."""
    return cast(Main, _tests_of(portal).MAIN)


def shop_of(portal: str) -> type[Shop]:
    """The operator of a portal's tests."""
    return cast(type[Shop], _tests_of(portal).Shop)


def fit(shop: Shop, case: Case, action: Action) -> Answer:
    """A fit answer: from the portal's `answers.py`, or from its operator."""
    own = getattr(shop, "answer", None)
    return cast(Answer, own(case, action)) if own else answer_of(shop, case, action)


def _tests_of(portal: str) -> ModuleType:
    return importlib.import_module(f"tests.portals.{portal}.conftest")
