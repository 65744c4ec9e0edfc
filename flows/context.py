"""What every flow is given: home, settings, store, portals, clock, vault, and where to say things."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from agent.home import Home
from agent.settings import AccountSettings, Credentials, Settings, credentials, load_settings
from flows import registry

if TYPE_CHECKING:
    from rich.console import Console

    from agent.portal import Portal
    from agent.store import Store
    from agent.vault import Vault


def now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class Task(Protocol):
    """One bar of a progress display."""

    def total(self, total: int) -> None:
        """How many steps there will be, once known."""

    def step(self, said: str = "", count: int = 1) -> None:
        """`count` steps are done; `said` is what is worked on."""

    def end(self) -> None:
        """The work is over, whatever its count."""


class Progress(Protocol):
    """Where long work tells how far it is."""

    def task(self, label: str, total: int | None = None) -> Task:
        """A new bar, named `label`, of `total` steps (None: not known yet)."""


class Quiet:
    """A progress display, and a task of it, that shows nothing."""

    def task(self, label: str, total: int | None = None) -> Quiet:
        """Itself."""
        return self

    def total(self, total: int) -> None:
        """Nothing."""

    def step(self, said: str = "", count: int = 1) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


@dataclass
class Context:
    """All that a flow needs; the store is opened when it is first asked for."""

    home: Home
    settings: Settings
    clock: Callable[[], datetime] = now
    json: bool = False
    """One JSON value on standard output was asked for: whatever else is said goes to standard error."""
    progress: Progress = field(default_factory=Quiet)
    _closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    @functools.cached_property
    def store(self) -> Store:
        """The records."""
        from agent.store import Store

        store = Store.open(self.settings.database or self.home.database, self.home.blobs, clock=self.clock)
        self._closing.callback(store.close)
        return store

    @functools.cached_property
    def vault(self) -> Vault:
        """The kept sessions."""
        from agent.vault import Vault

        return Vault(self.home)

    @functools.cached_property
    def console(self) -> Console:
        """Where a flow may print: standard output, or standard error while JSON was asked for."""
        from flows.cli.show import console

        return console(stderr=self.json)

    @property
    def zone(self) -> ZoneInfo:
        """The operator's clock."""
        return ZoneInfo(self.settings.zone)

    def portal(self, name: str) -> Portal:
        """The portal's `PORTAL`."""
        return registry.get(name)

    def portal_zone(self, portal: str, account: str) -> ZoneInfo:
        """The clock of a store: as set for the account, else the portal's."""
        own = next((a.zone for a in self.settings.account if (a.portal, a.name) == (portal, account)), None)
        return ZoneInfo(own or self.portal(portal).zone)

    def accounts(self, names: list[str] | tuple[str, ...] = ()) -> tuple[AccountSettings, ...]:
        """The accounts named (`coupang:main`, or `main` where that is clear), each once; all without names."""
        if not names:
            return self.settings.account
        return tuple({account.store_name: account for account in map(self.settings.named, names)}.values())

    def credentials(self, account: AccountSettings) -> Credentials:
        """Name and password, where they are kept."""
        return credentials(self.home, account)


@contextlib.contextmanager
def opened(
    home: Home,
    *,
    json: bool = False,
    need_accounts: bool = False,
    clock: Callable[[], datetime] = now,
    progress: Progress | None = None,
) -> Iterator[Context]:
    """The context of one command: settings checked, folders there; the store is closed at the end.

    Raises `UsageFault` for whatever is wrong with home or settings.
    """
    settings = load_settings(home, registry.names(), need_accounts=need_accounts)
    home.create()
    context = Context(home, settings, clock, json, progress or Quiet())
    with context._closing:
        yield context
