"""Work that takes longer than a page may: sending, reading, settling; each in a thread of its own, told step by step."""

from __future__ import annotations

import asyncio
import contextvars
import secrets
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from loguru import logger

from agent.errors import FAULT, Busy, RebuttalError
from agent.words import Words, say
from flows.context import Context, opened

Kind = Literal["send", "rehearse", "sync", "reconcile"]
Job = Callable[[Context, Callable[[str], None]], Awaitable[Any]]
"""What is done: given a context of its own and where to tell its steps, gives a report."""

_KEPT = 200


@dataclass
class Step:
    """One thing that was done, or is under way."""

    words: Words
    at: datetime


@dataclass
class Work:
    """One piece of work. `scope`: the case or account it is about; no second one about it runs at the same time."""

    id: str
    kind: Kind
    scope: str
    by: str
    begun_at: datetime
    steps: list[Step] = field(default_factory=list)
    done: int = 0
    total: int | None = None
    ended_at: datetime | None = None
    report: Any = None
    fault: RebuttalError | None = None
    code: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    @property
    def version(self) -> int:
        """Grows with every change, so that who watches knows whether there is news."""
        return len(self.steps) * 100_000 + self.done + (50_000 if self.ended_at else 0)


class Works:
    """Starts work and remembers it until the desk ends; what came of it stands in the records."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._lock = threading.Lock()
        self._works: dict[str, Work] = {}
        self._threads: dict[str, threading.Thread] = {}

    def get(self, work_id: str) -> Work | None:
        """Work by its id."""
        return self._works.get(work_id)

    def under_way(self) -> list[Work]:
        """What is not done yet."""
        return [work for work in self._works.values() if work.ended_at is None]

    def start(self, kind: Kind, scope: str, by: str, job: Job) -> Work:
        """Begin `job` in the name of `by`. `Busy` while other work on the same scope is under way."""
        with self._lock:
            other = next((w for w in self.under_way() if w.scope == scope), None)
            if other is not None:
                raise Busy(
                    say("{scope} is being worked on by {by} since {at} UTC.", scope=scope, by=other.by,
                        at=f"{other.begun_at:%H:%M:%S}"),
                    say("Wait until that is done."),
                )  # fmt: skip
            for old in list(self._works)[: max(0, len(self._works) - _KEPT)]:
                if self._works[old].ended_at is not None:
                    del self._works[old]
            work = Work(secrets.token_urlsafe(12), kind, scope, by, self._ctx.clock())
            self._works[work.id] = work
        said = contextvars.copy_context()
        thread = threading.Thread(target=said.run, args=(self._run, work, job), name=f"{kind} {scope}", daemon=True)
        self._threads[work.id] = thread
        thread.start()
        return work

    def wait(self, timeout_s: float | None = None) -> bool:
        """Until everything that was begun is done; False where it took longer."""
        for thread in list(self._threads.values()):
            thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads.values())

    def _run(self, work: Work, job: Job) -> None:
        try:
            with opened(self._ctx.home, clock=self._ctx.clock) as ctx:
                # What is noted of the work bears the name of who began it, whatever the settings say.
                ctx.settings = ctx.settings.model_copy(update={"operator": work.by})
                ctx = replace(ctx, progress=_Told(work, ctx.clock))
                report = asyncio.run(_awaited(job(ctx, lambda name: self._step(work, name))))
            code = getattr(report, "exit_code", 0)
            self._end(work, report=report, code=code if isinstance(code, int) else 0)
        except RebuttalError as fault:
            self._end(work, fault=fault, code=fault.exit_code)
        except Exception as fault:  # a fault of one piece of work never takes the desk with it
            logger.opt(exception=fault).error("work failed at the desk")
            what = type(fault).__name__
            self._end(work, fault=RebuttalError(say("A fault of Rebuttal's own: {what}", what=what)), code=FAULT)

    def _step(self, work: Work, name: str) -> None:
        words = _STEPS.get(name)
        if words is not None:
            with work.changed:
                work.steps.append(Step(words, self._ctx.clock()))
                work.changed.notify_all()

    def _end(self, work: Work, *, report: Any = None, fault: RebuttalError | None = None, code: int) -> None:
        with work.changed:
            work.report, work.fault, work.code = report, fault, code
            work.ended_at = self._ctx.clock()
            work.changed.notify_all()


async def _awaited(job: Awaitable[Any]) -> Any:
    return await job


class _Told:
    """A progress display that tells a piece of work."""

    def __init__(self, work: Work, clock: Callable[[], datetime]) -> None:
        self._work = work
        self._clock = clock

    def task(self, label: str, total: int | None = None) -> _Told:
        """A new bar: the newest is the one shown."""
        with self._work.changed:
            self._work.total, self._work.done = total, 0
            self._work.steps.append(Step(Words("{label}", {"label": label}), self._clock()))
            self._work.changed.notify_all()
        return self

    def total(self, total: int) -> None:
        """How many steps there will be."""
        self._work.total = total

    def step(self, said: str = "", count: int = 1) -> None:
        """`count` steps are done."""
        with self._work.changed:
            self._work.done += count
            self._work.changed.notify_all()

    def end(self) -> None:
        """The bar is full."""


_STEPS: dict[str, Words] = {
    "open case": say("The case is opened anew at the portal and compared with what was approved."),
    "open form": say("The form is opened."),
    "fill": say("The form is filled in."),
    "attach": say("The files are attached."),
    "read back": say("Every value is read back and compared with the packet."),
    "arm": say("The attempt is written down; the approval is spent."),
    "click": say("The one click."),
    "answer": say("The portal's answer is awaited."),
    "settle": say("The answer is written down."),
}
"""The names that sending gives its steps, as far as a person watches them."""
