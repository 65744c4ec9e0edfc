"""Progress bars of long work, for those who look."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flows.cli.show import console
from flows.context import Progress, Quiet

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


@contextlib.contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Progress]:
    """Progress bars on standard error; none when `quiet` or when nobody looks."""

    out = console(stderr=True)
    if quiet or not out.is_terminal:
        yield Quiet()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    with Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        console=out,
        transient=True,
    ) as bars:
        yield _Shown(bars)


class _Shown:
    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    def task(self, label: str, total: int | None = None) -> _Bar:
        return _Bar(self._bars, self._bars.add_task(label, total=total, said=""))


class _Bar:
    def __init__(self, bars: Bars, name: TaskID) -> None:
        self._bars = bars
        self._name = name

    def total(self, total: int) -> None:
        self._bars.update(self._name, total=total)

    def step(self, said: str = "", count: int = 1) -> None:
        self._bars.update(self._name, advance=count, said=said)

    def end(self) -> None:
        done = self._bars.tasks[self._bars.task_ids.index(self._name)].completed
        self._bars.update(self._name, total=done, said="")
