"""What the tests of all portals share: shops that were read once, for every test that leaves the world's clock alone.

The `WORLD` of a test module, or else of its portal's conftest, says which world (as `@pytest.mark.mock` takes it); its
tests take `shared`. Equal worlds are one: signed in and read once in a process, and its tests stay in that process.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.browser import form
from agent.home import Home
from fixtures import serving
from flows.context import opened
from tests.conftest import KEY, Workshop, settings_text, sign_in
from tests.portals.shop import Shop


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a world run in one process, or each process would read it."""
    for item in items:
        module = getattr(item, "module", None)
        if module and module.__name__.startswith("tests.portals.") and "shared" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(_portal(module.__name__)))


def _portal(module: str) -> str:
    """The portal that a test module is about: `tests.portals.ozon.test_lists` is about `ozon`."""
    return module.split(".")[2]


@contextmanager
def opened_shop(
    portal: str,
    workshop: Workshop,
    folder: Path,
    *,
    account: dict[str, Any] | None = None,
    settings: dict[str, str] | None = None,
    **world: Any,
) -> Iterator[Shop]:
    """An operator at a mock of his own, signed in, nothing read; the test that works there has `run` and the key.

    `account`: options of the account; `settings`: lines of the first table, as TOML writes them.
    """
    with serving((portal,), **({"seed": 1} | world)) as served:
        mock = served[portal]
        home = Home(folder / "home").create()
        lines = "".join(f"options.{name} = {json.dumps(value)}\n" for name, value in (account or {}).items())
        home.settings_file.write_text(settings_text(mock, **(settings or {})) + lines, encoding="utf-8")
        with opened(home) as ctx:
            sign_in(ctx, mock, workshop.runner.run)
            kind: type[Shop] = importlib.import_module(f"tests.portals.{portal}.conftest").Shop
            yield kind(ctx, mock, workshop.runner.run, folder / "evidence")


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no answer will come, nobody waits long for one."""
    monkeypatch.setattr(form, "LOOK_MS", 1_500)


class Pool:
    """The shops of this process, by portal and world."""

    def __init__(self, workshop: Workshop, folder: pytest.TempPathFactory) -> None:
        self._workshop, self._folder, self._open = workshop, folder, ExitStack()
        self._shops: dict[str, Shop] = {}

    def shop(self, portal: str, world: dict[str, Any], *, reads: bool = True) -> Shop:
        """The shop of that world; opened and read (without `reads`: told) when it is asked for first."""
        name = f"{portal}:{json.dumps(world, sort_keys=True, default=str)}:{reads}"
        if name not in self._shops:
            folder = self._folder.mktemp(portal)
            made = self._open.enter_context(opened_shop(portal, self._workshop, folder, **world))
            made.reads = reads
            report = made.sync()
            assert report.exit_code == 0, report.public()
            self._shops[name] = made
        return self._shops[name]

    def close(self) -> None:
        """End all worlds."""
        self._open.close()


@pytest.fixture(scope="session")
def pool(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """The shops that were read already."""
    made = Pool(workshop, tmp_path_factory)
    yield made
    made.close()


@pytest.fixture
def shared(request: pytest.FixtureRequest, pool: Pool, monkeypatch: pytest.MonkeyPatch, run: Any) -> Iterator[Shop]:
    """The operator, everything read; faults of the test end with it.

    What the test sends is its own affair when it is marked `sends`; else nothing may arrive.
    """
    yield from _at_work(request, pool, monkeypatch, reads=True)


@pytest.fixture
def told(request: pytest.FixtureRequest, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The same, for tests about drafts alone: the mock tells the cases itself, and no browser is opened."""
    yield from _at_work(request, pool, monkeypatch, reads=False)


def _at_work(
    request: pytest.FixtureRequest, pool: Pool, monkeypatch: pytest.MonkeyPatch, *, reads: bool
) -> Iterator[Shop]:
    monkeypatch.setenv("REBUTTAL_KEY", KEY)
    name = _portal(request.module.__name__)
    usual = importlib.import_module(f"tests.portals.{name}.conftest").WORLD
    shop = pool.shop(name, getattr(request.module, "WORLD", usual), reads=reads)
    shop.begin()
    yield shop
    shop.mock.clear_faults()
    if request.node.get_closest_marker("sends") is None:
        assert shop.writes() == [], "reading changed something at the portal"
