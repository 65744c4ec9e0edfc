"""Runs: what was started when by whom, how far each account came, and which runs never ended."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import delete, insert, select, update

from agent.records import Instant, Record
from agent.store import schema

if TYPE_CHECKING:
    from agent.store.store import Store

_RUNS, _ACCOUNTS = schema.runs, schema.run_accounts


class Run(Record):
    """One run. `interrupted`: it has no end, and its process is gone; `running` on another machine is its own word."""

    id: str
    kind: str
    accounts: tuple[str, ...]
    by: str
    machine: str
    started_at: Instant
    finished_at: Instant | None
    exit_code: int | None
    state: Literal["running", "finished", "interrupted"]
    options: dict[str, Any] = {}
    """What was asked for (`full`)."""
    results: dict[str, dict[str, dict[str, Any]]]
    """Account, then channel, to what was counted."""


class Runs:
    """Notes runs."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def start(self, kind: str, accounts: Iterable[str], by: str, machine: str, **options: Any) -> str:
        """Note the start of a run and what was asked for, give its id."""
        run_id = secrets.token_hex(8)
        with self._store.writing() as conn:
            conn.execute(
                insert(_RUNS).values(
                    id=run_id,
                    kind=kind,
                    accounts=json.dumps(list(accounts)),
                    by=by,
                    machine=machine,
                    process=_this_process(),
                    started_at=self._store.clock(),
                    options=json.dumps(options) if options else None,
                )
            )
        return run_id

    def account_result(self, run_id: str, account: str, channel: str, data: dict[str, Any]) -> None:
        """Note what came of one account and channel (`listed`, `complete`, `new`, …); replaces an earlier note."""
        key = {"run_id": run_id, "account": account, "channel": channel}
        with self._store.writing() as conn:
            conn.execute(delete(_ACCOUNTS).where(*[_ACCOUNTS.c[k] == v for k, v in key.items()]))
            conn.execute(insert(_ACCOUNTS).values(**key, at=self._store.clock(), data=json.dumps(data)))

    def finish(self, run_id: str, exit_code: int) -> None:
        """Note the end of a run."""
        with self._store.writing() as conn:
            conn.execute(
                update(_RUNS).where(_RUNS.c.id == run_id).values(finished_at=self._store.clock(), exit_code=exit_code)
            )

    def recent(self, limit: int = 20, *, kind: str | None = None, machine: str = "") -> list[Run]:
        """The last runs, newest first. `machine`: this computer's name, on which a lost process can be told."""
        query = select(_RUNS).order_by(_RUNS.c.started_at.desc(), _RUNS.c.id).limit(limit)
        if kind is not None:
            query = query.where(_RUNS.c.kind == kind)
        with self._store.reading() as conn:
            rows = conn.execute(query).mappings().all()
            results: dict[str, dict[str, dict[str, dict[str, Any]]]] = {row["id"]: {} for row in rows}
            for part in conn.execute(select(_ACCOUNTS).where(_ACCOUNTS.c.run_id.in_(list(results)))):
                results[part.run_id].setdefault(part.account, {})[part.channel] = json.loads(part.data)
        return [
            Run(
                id=row["id"],
                kind=row["kind"],
                accounts=tuple(json.loads(row["accounts"])),
                by=row["by"],
                machine=row["machine"],
                started_at=row["started_at"],
                finished_at=row["finished_at"],
                exit_code=row["exit_code"],
                options=json.loads(row["options"] or "{}"),
                results=results[row["id"]],
                state="finished"
                if row["finished_at"]
                else "interrupted"
                if row["machine"] == machine and not _lives(row["process"])
                else "running",
            )
            for row in rows
        ]


def _this_process() -> str:
    """Number and birth of this process: a number alone is soon given to another one."""
    import psutil

    return f"{os.getpid()} {psutil.Process().create_time():.2f}"


def _lives(process: str) -> bool:
    """Is the process noted as `process` still there?"""
    import psutil

    number, _, born = process.partition(" ")
    try:
        return f"{psutil.Process(int(number)).create_time():.2f}" == born
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
