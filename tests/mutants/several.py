"""Many mutants at once, in processes of their own.

A module beside `__main__`: a new process can't find what stands in a package's `__main__`.
"""

from __future__ import annotations

import multiprocessing
import pickle
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.mutants.corpus import Sample
from tests.mutants.run import Counted, Table, Workshop, count, schedule

_PIECE = 250
_workshop: Workshop | None = None


def run(samples: list[Sample], seed: int, n: int, processes: int) -> Table:
    """`n` mutants, in that many processes."""
    workshop = Workshop(samples, seed)
    places = list(schedule(n, workshop.kinds))
    table: Table = {}
    if processes < 2:
        return count(workshop, places)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "pages"
        kept.write_bytes(pickle.dumps(samples))
        pieces = [places[at : at + _PIECE] for at in range(0, len(places), _PIECE)]
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, spawn, _ready, (kept, seed)) as pool:
            for done, part in enumerate(pool.map(_piece, pieces), 1):
                for name, counted in part.items():
                    table.setdefault(name, Counted(counted.readable)).add(counted)
                print(f"\r… {min(done * _PIECE, n)} of {n}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return table


def _ready(kept: Path, seed: int) -> None:
    global _workshop
    _workshop = Workshop(pickle.loads(kept.read_bytes()), seed)


def _piece(places: list[tuple[str, int]]) -> Table:
    assert _workshop is not None
    return count(_workshop, places)
