"""`python -m tests.mutants --n N --seed S [--only KIND:NUMBER]`: change pages, read them, print the table.

`--portal NAME` takes another portal's pages, `--live` fills changed forms of a running mock up to the click.
Exit 1 when anything was silently wrong or broke, or when less than 95 % of what a person still reads was read right.
"""

from __future__ import annotations

import argparse
import asyncio
import pickle
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table as Printed

from portals.coupang import PORTAL
from tests.mutants import anywhere
from tests.mutants.corpus import Sample, gather
from tests.mutants.live import replay, run_live
from tests.mutants.run import Counted, Table, Workshop, titles, verdict
from tests.mutants.several import run

GOOD = 0.95
"""At least so much of what a person still reads without trouble must be read right."""
WORLDS = 2
CASES = 30
PROCESSES = 2
_MOST_SHOWN = 30


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--n", type=int, default=1000, help="how many changed pages to read")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same mutants")
    parser.add_argument("--portal", default="coupang", help="whose pages; Coupang's disputes are changed in more ways, "
                        "all others' frozen pages (coupang:frozen too) in the ways that know no portal")  # fmt: skip
    parser.add_argument("--live", action="store_true", help="fill changed live forms instead, up to the click")
    parser.add_argument("--only", help="KIND:NUMBER, one mutant again, with its page")
    parser.add_argument("--worlds", type=int, default=WORLDS, help="how many mock worlds the pages come from")
    parser.add_argument("--cases", type=int, default=CASES, help="how many cases each of them has")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--pages", type=Path, help="keep the seen pages in this file, and take them from it")
    parser.add_argument("--refusals", action="store_true", help="also name readable pages that were refused")
    parser.add_argument("--markdown", action="store_true", help="print the table as docs/mutants.md has it")
    chosen = parser.parse_args()
    failed = False
    if chosen.only and chosen.only.startswith("live:"):
        return asyncio.run(replay(chosen.seed, chosen.only))
    if chosen.live:
        return int(asyncio.run(run_live(chosen.seed, chosen.n, markdown=chosen.markdown, refusals=chosen.refusals)))
    if chosen.n or chosen.only:
        samples = kept_pages(chosen.pages, chosen.portal, chosen.seed, chosen.worlds, chosen.cases)
        if chosen.only:
            return again(samples, chosen.seed, chosen.only)
        began = time.perf_counter()
        table = run(samples, chosen.seed, chosen.n, chosen.processes)
        failed |= show(table, chosen, time.perf_counter() - began)
    return 1 if failed else 0


def kept_pages(kept: Path | None, portal: str, seed: int, worlds: int, cases: int) -> list[Sample]:
    """The untouched pages, from the file where one is kept."""
    if kept is not None and kept.exists() and portal == PORTAL.name:
        found: list[Sample] = pickle.loads(kept.read_bytes())
        return found
    samples = seen_pages(portal, seed, worlds, cases)
    if kept is not None and portal == PORTAL.name:
        kept.write_bytes(pickle.dumps(samples))
    return samples


def seen_pages(portal: str, seed: int, worlds: int, cases: int) -> list[Sample]:
    """The untouched pages: of Coupang's disputes those of some mock worlds, seen in a real browser; else frozen ones."""
    if portal != PORTAL.name:
        return anywhere.frozen(portal.removesuffix(":frozen"))
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory() as folder:
        for world in range(worlds):
            print(f"… seeing the pages of world {seed + world}", file=sys.stderr)
            samples += asyncio.run(gather(seed + world, cases, Path(folder)))
    return samples


def again(samples: list[Sample], seed: int, name: str) -> int:
    """One mutant once more."""
    kind, _, number = name.partition(":")
    mutant = Workshop(samples, seed).make(kind, int(number))
    judged = verdict(mutant)
    print(mutant.html)
    print(f"{name} of {mutant.sample.name}: {', '.join(mutant.changes)}", file=sys.stderr)
    print(f"{judged.verdict}: {judged.said}", file=sys.stderr)
    return 1 if judged.verdict == "wrong" else 0


# -- showing ---------------------------------------------------------------------------------------------------------


def show(table: Table, chosen: argparse.Namespace, seconds: float) -> bool:
    """Print the table; True when anything was wrong."""
    whole, readable = Counted(True), Counted(True)
    rows = []
    for name, (title, is_) in titles().items():
        counted = table.get(name)
        if counted is None:
            continue
        whole.add(counted)
        if is_:
            readable.add(counted)
        rows.append((name, title, "yes" if is_ else "no", counted))
    if chosen.markdown:
        print("| kind of change | a person still reads it | mutants | read right | refused loudly | silently wrong |")
        print("| --- | --- | ---: | ---: | ---: | ---: |")
        for _, title, is_readable, c in rows:
            print(f"| {title} | {is_readable} | {c.all} | {c.right} | {c.refused} | {c.wrong} |")
        print(f"| **all** | | **{whole.all}** | **{whole.right}** | **{whole.refused}** | **{whole.wrong}** |")
    else:
        printed = Printed("kind", "change", "readable", "mutants", "right", "refused", "wrong")
        for name, title, is_readable, c in rows:
            printed.add_row(name, title, is_readable, str(c.all), str(c.right), str(c.refused), str(c.wrong))
        printed.add_row("all", "", "", str(whole.all), str(whole.right), str(whole.refused), str(whole.wrong))
        Console(width=150).print(printed)
    print(
        f"silently wrong: {whole.wrong} of {whole.all}; of {readable.all} that a person still reads, "
        f"{readable.right} ({readable.right / max(readable.all, 1):.2%}) were read right. "
        f"{whole.all / seconds * 60:,.0f} a minute with {chosen.processes} processes."
    )
    for name, said in whole.failures[:_MOST_SHOWN]:
        print(f"WRONG {name} {said}\n      again: python -m tests.mutants --seed {chosen.seed} --only {name}")
    if chosen.refusals:
        for name, said in readable.refusals:
            print(f"refused {name} {said[:300]}")
    return whole.wrong > 0 or readable.right < GOOD * readable.all


if __name__ == "__main__":
    sys.exit(main())
