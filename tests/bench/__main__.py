"""`python -m tests.bench [NAME …]`: run the measures of this folder and print one table.

Each module has `run(scale) -> list[dict]` with `what`, `ratio`, `goal` and `how`; `scale` 1.0 is the full measure.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys

from loguru import logger
from rich.console import Console
from rich.table import Table

import tests.bench


def main() -> int:
    """Run what is asked for (all by default); exit 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", help="modules of tests/bench; all without names")
    parser.add_argument("--scale", type=float, default=1.0, help="1.0: as documented; smaller: quicker and noisier")
    chosen = parser.parse_args()
    logger.remove()  # steps that nobody reads here, and that would be timed too
    names = chosen.names or sorted(
        m.name for m in pkgutil.iter_modules(tests.bench.__path__) if m.name not in ("__main__", "portal", "lines")
    )
    table = Table("measure", "ratio", "goal", "how", title="ratios, each taken in one run")
    missed = False
    for name in names:
        print(f"… {name}", file=sys.stderr)
        for row in importlib.import_module(f"tests.bench.{name}").run(chosen.scale):
            goal = row.get("goal")
            print(f"{row['what']}: {row['ratio']:.3f} (goal {goal}; {row['how']})", file=sys.stderr, flush=True)
            missed |= goal is not None and row["ratio"] > goal
            table.add_row(row["what"], f"{row['ratio']:.3f}", "" if goal is None else f"≤ {goal}", row["how"])
    Console(width=160).print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
