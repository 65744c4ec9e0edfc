"""`python -m tests.torture --runs N --seed S [--fast]`: torture, judge, print one table; exit 1 when anything is wrong.

`--only RUN` plays one run of that seed again and tells step by step what happened in it.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from loguru import logger

from tests.portals.main import portals
from tests.torture.judge import Verdict, table

SHOWN = 20
"""How many findings are printed one by one."""
SHARE = 10
"""Runs without a browser that one process takes at a time."""
INTERRUPTED = 130

Runs = Generator[tuple[int, Verdict], None, None]


def main() -> int:
    """Torture as asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fast", action="store_true", help="against a portal in memory")
    parser.add_argument("--portal", default="coupang", choices=portals(), help="whose main answer, in the browser")
    parser.add_argument("--only", type=int, metavar="RUN", help="play this run again, and tell what happens in it")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="for --fast; default: one a core"
    )
    chosen = parser.parse_args()
    numbers = [chosen.only] if chosen.only is not None else list(range(chosen.runs))
    told = chosen.only is not None
    if chosen.fast:
        found = _fast(chosen.seed, numbers, 1 if told else chosen.processes, told=told)
    else:
        from tests.torture import chromium

        found = chromium.runs(chosen.seed, numbers, portal=chosen.portal, told=told)
    how = "--fast" if chosen.fast else f"--portal {chosen.portal}"
    again = f"python -m tests.torture {how} --seed {chosen.seed} --only"
    total, begun, shown, stopped = Verdict(), time.monotonic(), 0, False
    said_at = begun
    try:
        for number, verdict in found:
            total.add(verdict)
            for note in verdict.notes[: max(0, SHOWN - shown)]:
                print(f"run {number}: {note}", flush=True)
            if verdict.notes and shown < SHOWN:
                print(f"  again: {again} {number}", flush=True)
            shown += len(verdict.notes)
            if time.monotonic() - said_at > (0.5 if sys.stderr.isatty() else 30) or total.runs == len(numbers):
                said_at = time.monotonic()
                _say(total, len(numbers), said_at - begun)
    except KeyboardInterrupt:
        stopped = True
        found.close()
    print(f"{again.removesuffix(' --only')} --runs {len(numbers)}{' (interrupted)' if stopped else ''}")
    for name, value in table(total, time.monotonic() - begun):
        print(f"{name:24} {value}")
    print("met on the way: " + ", ".join(f"{name} {count}" for name, count in total.faults.most_common()))
    if stopped:
        return INTERRUPTED
    return 1 if total.bad or not total.runs else 0


def _say(total: Verdict, of: int, seconds: float) -> None:
    """How far it is, on standard error: one line that is written over, or on a file one now and then."""
    left = seconds / total.runs * (of - total.runs) if total.runs else 0
    line = f"{total.runs:,}/{of:,} runs, {total.bad} wrong, {total.left_unknown} unknown, {left / 60:.0f} min left"
    end = "\n" if not sys.stderr.isatty() or total.runs == of else ""
    print(f"\r{line}    " if sys.stderr.isatty() else line, end=end, file=sys.stderr, flush=True)


def _fast(seed: int, numbers: list[int], processes: int, *, told: bool) -> Runs:
    """Runs without a browser, in several processes; each run depends on its seed and number alone."""
    memory = Path("/dev/shm")  # where there is one: what is lost with the power is simulated
    folder = Path(tempfile.mkdtemp(prefix="rebuttal-torture-", dir=memory if memory.is_dir() else None))
    stop = multiprocessing.Event()
    try:
        if processes == 1:
            _settle(folder, stop)
            yield from _share(seed, numbers, told)
            return
        shares = [numbers[at : at + SHARE] for at in range(0, len(numbers), SHARE)]
        with ProcessPoolExecutor(processes, initializer=_settle, initargs=(folder, stop, True)) as pool:
            try:
                for share in pool.map(_list, [seed] * len(shares), shares):
                    yield from share
            finally:
                stop.set()
                pool.shutdown(cancel_futures=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_HERE: list[Any] = []
"""This process's folder, its empty database, and the event that ends its work."""


def _settle(folder: Path, stop: Any, worker: bool = False) -> None:
    """Make this process ready for runs. Ctrl-C is the first process's to hear."""
    from tests.torture import fast

    if worker:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    logger.remove()
    own = folder / str(os.getpid())
    own.mkdir()
    _HERE[:] = [own, fast.empty_database(own), stop]
    gc.freeze()


def _list(seed: int, numbers: list[int]) -> list[tuple[int, Verdict]]:
    return list(_share(seed, numbers))


def _share(seed: int, numbers: list[int], told: bool = False) -> Runs:
    """Some of the runs."""
    from tests.torture import fast

    folder, template, stop = _HERE
    with fast.in_memory():
        for number in numbers:
            if stop.is_set():
                return
            verdict, trail = fast.run(seed, number, folder, template)
            if told:
                print("\n".join(trail))
            yield number, verdict


if __name__ == "__main__":
    sys.exit(main())
