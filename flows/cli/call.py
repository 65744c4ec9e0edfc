"""One call of the command line: its home, how it answers, and the one JSON value it may print."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
import os
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import DONE, UsageFault, worst
from agent.home import Home
from agent.words import Words, say

if TYPE_CHECKING:
    from flows.context import Context


JSON_LOG_VARIABLE = "REBUTTAL_LOG_JSON"
"""Set to 1, the log file holds one JSON object a line."""


class _Nothing:
    """No answer was given."""


@dataclasses.dataclass
class Call:
    """What was asked for before the command itself."""

    home: Home
    json: bool = False
    verbose: bool = False
    answer: Any = _Nothing
    exit_code: int = DONE
    logged: bool = False
    """The log file is open."""

    @property
    def answered(self) -> bool:
        """Whether there is a JSON value to print."""
        return self.answer is not _Nothing


current: ContextVar[Call] = ContextVar("rebuttal_call")
"""The call that is being served."""


def start_log(call: Call) -> None:
    """Log to the home once there is one; before that, to nowhere, or with `-v` to standard error."""
    if call.logged:
        return
    if call.home.logs.is_dir() or call.verbose:
        from agent.log import set_up

        call.logged = call.home.logs.is_dir()
        as_json = os.environ.get(JSON_LOG_VARIABLE, "") not in ("", "0")
        set_up(call.home if call.logged else None, verbose=call.verbose, as_json=as_json)
    else:
        from flows.cli.quiet import quiet

        quiet()


def finish(value: Any, shown: Callable[[Any], None]) -> None:
    """End a command with `value`: as JSON when that was asked for, else by `shown`.

    Its `exit_code`, where it has one, is the command's; of several commands' the worst.
    """
    call = current.get()
    call.exit_code = worst([call.exit_code, getattr(value, "exit_code", DONE)])
    if call.json:
        call.answer = plain(value)
    else:
        shown(value)


@contextlib.contextmanager
def context(*, need_accounts: bool = False, bars: bool = False) -> Iterator[Context]:
    """The context of this call; with `bars`, long work shows how far it is."""
    from flows.context import opened

    call = current.get()
    with contextlib.ExitStack() as stack:
        progress = None
        if bars:
            from flows.cli.bars import progress_bars

            progress = stack.enter_context(progress_bars(quiet=call.json))
        ctx = stack.enter_context(opened(call.home, json=call.json, need_accounts=need_accounts, progress=progress))
        start_log(call)
        yield ctx


def flow(name: str, function: str) -> Callable[..., Any]:
    """The function of the flow `flows.<name>`, loaded now; an asynchronous one is run to its end."""
    try:
        found = getattr(importlib.import_module(f"flows.{name}"), function)
    except ModuleNotFoundError as fault:
        if fault.name != f"flows.{name}":
            raise
        raise UsageFault(say("This version can't do that yet.")) from None

    def run(*given: Any, **named: Any) -> Any:
        result = found(*given, **named)
        if inspect.iscoroutine(result):
            import asyncio

            return asyncio.run(result)
        return result

    return run


def plain(value: Any) -> Any:
    """`value` as JSON can say it: records in their public form, sentences as text, instants in UTC ending in Z."""
    if value is None or isinstance(value, bool | int | float | str):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, Words | Path):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if callable(public := getattr(value, "public", None)):
        return plain(public())
    if callable(dump := getattr(value, "model_dump", None)):
        return dump(mode="json")
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if not f.name.startswith("_")}
    if callable(as_dict := getattr(value, "_asdict", None)):
        return plain(as_dict())
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return str(value)
