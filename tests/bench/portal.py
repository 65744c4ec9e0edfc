"""What measures share: a mock in its own process, a signed-in home, and the memory of a process tree."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import psutil

from agent.home import Home
from flows import registry
from flows.context import Context, opened
from flows.login import login

KEY = "bench"


@dataclass(frozen=True)
class Mock:
    """One served portal."""

    base_url: str
    username: str
    password: str

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask or tell the mock's control."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base_url}/__mock__/{path}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


@contextlib.contextmanager
def served(cases: int, portals: str = "coupang", latency_ms: int = 0) -> Iterator[dict[str, Mock]]:
    """Mocks in a process of their own, as a real portal would be."""
    with subprocess.Popen(
        [sys.executable, "-m", "fixtures", "--seed", "1", "--cases", str(cases), "--portals", portals,
         "--latency-ms", str(latency_ms)],
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            yield {
                name: Mock(**{k: one[k] for k in ("base_url", "username", "password")}) for name, one in told.items()
            }
        finally:
            process.terminate()


@contextlib.contextmanager
def signed_in(mocks: dict[str, Mock], state: dict[str, dict[str, Any]] | None = None) -> Iterator[Context]:
    """A fresh home with one account per mock, signed in (or given kept sessions)."""
    os.environ["REBUTTAL_KEY"] = KEY
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").create()
        lines = ['operator = "bench"']
        for name, mock in mocks.items():
            lines += ["[[account]]", f'portal = "{name}"', 'name = "main"', f'base_url = "{mock.base_url}"']
            os.environ[f"REBUTTAL_{name.upper()}_MAIN_USERNAME"] = mock.username
            os.environ[f"REBUTTAL_{name.upper()}_MAIN_PASSWORD"] = mock.password
        home.settings_file.write_text("\n".join(lines), encoding="utf-8")
        with opened(home) as ctx:
            for account in ctx.settings.account:
                if state and account.store_name in state:
                    ctx.vault.save(account.store_name, state[account.store_name])
                    continue
                mock = mocks[account.portal]
                asyncio.run(login(ctx, account, headless=True, code_from=lambda m=mock: m.control("otp")["code"]))  # type: ignore[misc]
            yield ctx


@contextlib.contextmanager
def disputes_only() -> Iterator[None]:
    """Coupang with its refund disputes alone, for comparisons with scripts that read nothing else."""
    portal = registry.get("coupang")
    one = replace(portal, channels=portal.channels[:1], health=(), settlement=None)
    with mock.patch.object(Context, "portal", lambda self, name: one):
        yield


class Memory:
    """The largest memory (bytes) of this process and all below it while the block runs, sampled twice a second."""

    def __init__(self) -> None:
        self.peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._done.wait(0.5):
            total = 0
            for process in [me, *me.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    if "fixtures" not in process.cmdline():
                        total += process.memory_full_info().uss
            self.peak = max(self.peak, total)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._done.set()
        self._thread.join()
