"""How the demo speaks: numbered steps, results as their commands show them, and bars also where no terminal is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from agent.words import Words
from flows.cli import show
from flows.cli.bars import progress_bars
from flows.context import Context

T = TypeVar("T")
_WIDTH = 24


@dataclass
class Stage:
    """Says things, or with `quiet` nothing."""

    quiet: bool
    steps: int = 0

    def step(self, command: str, words: Words) -> None:
        """Begin a step: its number, its command, and in one line what it is for."""
        self.steps += 1
        if not self.quiet:
            print(flush=True)
            show.said(f"{self.steps}. rebuttal {command}")
            show.said(words)

    def say(self, *lines: Words) -> None:
        """Sentences, one a line."""
        if not self.quiet:
            for words in lines:
                show.said(words)

    def blank(self) -> None:
        """An empty line."""
        if not self.quiet:
            print(flush=True)

    def show(self, how: Callable[[T], None], what: T) -> None:
        """A result, as its command shows it."""
        if not self.quiet:
            how(what)

    @contextmanager
    def bars(self, ctx: Context) -> Iterator[None]:
        """Give the flows of `ctx` bars: moving ones on a terminal, elsewhere a line now and then."""
        before = ctx.progress
        try:
            if self.quiet or show.console(stderr=True).is_terminal:
                with progress_bars(quiet=self.quiet) as ctx.progress:
                    yield
            else:
                ctx.progress = Lines()
                yield
        finally:
            ctx.progress = before


class Lines:
    """Progress as plain lines: one at each fifth of the work."""

    def task(self, label: str, total: int | None = None) -> Line:
        """A new bar."""
        return Line(label, total)


class Line:
    """One bar in plain letters."""

    def __init__(self, label: str, total: int | None) -> None:
        self._label = label
        self._total = total
        self._done = 0
        self._shown = -1

    def total(self, total: int) -> None:
        """How many steps there will be."""
        self._total = total

    def step(self, said: str = "", count: int = 1) -> None:
        """`count` steps are done."""
        self._done += count
        if self._total and (fifth := self._done * 5 // self._total) > self._shown:
            self._shown = fifth
            filled = min(_WIDTH, self._done * _WIDTH // self._total)
            show.said(f"{self._label} [{'#' * filled}{'-' * (_WIDTH - filled)}] {self._done}/{self._total}")

    def end(self) -> None:
        """The work is over."""
