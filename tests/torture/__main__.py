"""`python -m tests.torture --runs N --seed S [--fast]`: torture, judge, print one table; exit 1 when anything is wrong.

`--only RUN` plays one run of that seed again and tells step by step what happened in it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from loguru import logger

from tests.torture.judge import Verdict, table

SHOWN = 20
"""How many findings are printed one by one."""


def main() -> int:
    """Torture as asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fast", action="store_true", help="against a portal in memory")
    parser.add_argument("--only", type=int, metavar="RUN", help="play this run again, and tell what happens in it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes, for --fast")
    chosen = parser.parse_args()
    numbers = [chosen.only] if chosen.only is not None else list(range(chosen.runs))
    begun = time.monotonic()
    total = Verdict()
    if chosen.fast:
        found = _fast(chosen.seed, numbers, chosen.jobs if chosen.only is None else 1, told=chosen.only is not None)
    else:
        parser.error("the run against a real Chromium is not written yet: add --fast")
    shown = 0
    for number, verdict in found:
        total.add(verdict)
        for note in verdict.notes[: max(0, SHOWN - shown)]:
            print(f"run {number}: {note}", flush=True)
        if verdict.notes and shown < SHOWN:
            depth = " --fast" if chosen.fast else ""
            print(f"  again: python -m tests.torture{depth} --seed {chosen.seed} --only {number}", flush=True)
        shown += len(verdict.notes)
        if sys.stderr.isatty() and total.runs % 10 == 0:
            print(f"\r{total.runs}/{len(numbers)}", end="", file=sys.stderr)
    for name, value in table(total, time.monotonic() - begun):
        print(f"{name:24} {value}")
    print("met on the way: " + ", ".join(f"{name} {count}" for name, count in total.faults.most_common()))
    return 1 if total.bad or not total.runs else 0


def _fast(seed: int, numbers: list[int], jobs: int, *, told: bool) -> Iterator[tuple[int, Verdict]]:
    """Runs without a browser, in several processes; each run depends on its seed and number alone."""
    if jobs == 1:
        yield from _share(seed, numbers, told)
        return
    size = 50
    shares = [numbers[at : at + size] for at in range(0, len(numbers), size)]
    with ProcessPoolExecutor(jobs) as pool:
        for share in pool.map(_share, [seed] * len(shares), shares):
            yield from share


def _share(seed: int, numbers: list[int], told: bool = False) -> list[tuple[int, Verdict]]:
    """Some of the runs, in a folder in memory where the system has one: what is lost with the power is simulated."""
    from tests.torture import fast

    logger.remove()
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="rebuttal-torture-", dir=memory if memory.is_dir() else None))
    try:
        template, done = fast.empty_database(folder), []
        for number in numbers:
            verdict, trail = fast.run(seed, number, folder, template)
            done.append((number, verdict))
            if told:
                print("\n".join(trail))
        return done
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
