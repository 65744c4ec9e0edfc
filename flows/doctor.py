"""Looks over a machine and a home, says what is wrong and the next step; changes nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from agent.browser.provide import NO_SCREEN, answers, find_browser, find_headless_shell, has_screen
from agent.errors import DONE, FAULT, RebuttalError
from agent.evidence.answers import load_answers
from agent.evidence.playbooks import load_playbooks
from agent.evidence.tone import load_tone
from agent.home import Home
from agent.policy import load_policy
from agent.portal import Portal
from agent.reading.labels import load_labels
from agent.settings import Settings, load_settings
from agent.vault import KEY_VARIABLE, Vault
from agent.words import Words, say
from flows import registry
from flows.context import now
from flows.schedule_state import installed
from flows.telling import address

State = Literal["ok", "note", "fault"]
_SCRIPTS = {"ko": "한국어", "zh": "中文", "ja": "日本語"}
_NEEDED_BYTES, _WISHED_BYTES = 500 * 2**20, 5 * 2**30
_BUILT = datetime(2026, 1, 1, tzinfo=UTC)
"""No true clock shows an earlier day."""
_ANSWER_LIMIT_S = 10


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    title: Words
    said: Words
    todo: Words | None = None


@dataclass(frozen=True)
class Diagnosis:
    """All that was looked at; the exit code is 1 when something does not work."""

    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """0 or 1."""
        return FAULT if any(check.state == "fault" for check in self.checks) else DONE

    def public(self) -> dict[str, object]:
        """For JSON."""
        return {
            "sound": self.exit_code == DONE,
            "checks": [
                {"name": c.name, "state": c.state, "said": str(c.said), "todo": str(c.todo) if c.todo else None}
                for c in self.checks
            ],
        }


def examine(home: Home, clock: Callable[[], datetime] = now) -> Diagnosis:
    """Look at everything; one thing that is broken never hides another."""
    settings: Settings | None = None
    with contextlib.suppress(RebuttalError):
        settings = load_settings(home, registry.names())
    return Diagnosis(
        tuple(
            [
                *_looked_at("home", say("Home"), lambda: _home(home)),
                *_looked_at("settings", say("Settings"), lambda: _settings(home)),
                *_looked_at("own_files", say("Your own labels and rules"), lambda: _own_files(home)),
                *_looked_at("database", say("Database"), lambda: _database(home, settings)),
                *_looked_at("browser", say("Browser"), lambda: _browser(settings)),
                *_looked_at("screen", say("Screen"), _screen),
                *_looked_at("fonts", say("Fonts"), _fonts),
                *_looked_at("clock", say("Clock"), lambda: _clock(settings, clock())),
                *_looked_at("keyring", say("Key of the sessions"), lambda: _key(home)),
                *_looked_at("disk", say("Disk"), lambda: _disk(home)),
                *_looked_at("schedule", say("Schedule"), lambda: _schedule(home)),
                *_looked_at("notify", say("Who is told"), lambda: _notify(home, settings)),
            ]
        )
    )


_Found = tuple[State, Words, Words | None]


def _looked_at(name: str, title: Words, look: Callable[[], Iterator[_Found]]) -> Iterator[Check]:
    try:
        for state, said, todo in look():
            yield Check(name, state, title, said, todo)
    except RebuttalError as fault:
        yield Check(name, "fault", title, fault.said, fault.todo)
    except Exception as fault:
        yield Check(name, "fault", title, say("This could not be looked at: {why}", why=fault))


def _home(home: Home) -> Iterator[_Found]:
    if not home.path.exists():
        yield "fault", say("There is no home at {path}.", path=home.path), say("Make one with `rebuttal init`.")
        return
    home.create()
    yield "ok", say("{path} can be written.", path=home.path), None
    if os.name != "posix":
        return
    for path in (home.path, home.env_file, home.key_file):
        if path.exists() and path.stat().st_mode & 0o077:
            wanted = "700" if path.is_dir() else "600"
            yield (
                "note",
                say("Others on this machine may look into {path}.", path=path),
                say("Close it: chmod {rights} {path}", rights=wanted, path=path),
            )


def _settings(home: Home) -> Iterator[_Found]:
    settings = load_settings(home, registry.names())
    if settings.account:
        yield "ok", say("Valid; accounts: {names}.", names=", ".join(a.store_name for a in settings.account)), None
    else:
        yield "note", say("Valid, without an account."), say("Add one with `rebuttal init`.")


def _own_files(home: Home) -> Iterator[_Found]:
    found = [file for folder in sorted(home.portals.glob("*/")) for file in sorted(folder.iterdir())]
    amiss = False
    for file in found:
        portal, load = file.parent.name, _OWN_FILES.get(file.name)
        if load is None or portal not in registry.names():
            amiss = True
            yield (
                "note",
                say("{file} is not read by anything.", file=file),
                say("In the folder of a portal are read: {names}.", names=", ".join(_OWN_FILES)),
            )
            continue
        try:
            load(registry.get(portal), file)
        except RebuttalError as fault:
            amiss = True
            yield "fault", fault.said, fault.todo
    if found and not amiss:
        yield "ok", say("Valid: {names}.", names=", ".join(f"{one.parent.name}/{one.name}" for one in found)), None
    elif not found:
        yield "ok", say("None: what is shipped applies."), None


_OWN_FILES: dict[str, Callable[[Portal, Path], object]] = {
    "labels.toml": lambda portal, own: load_labels(portal.name, portal.folder, own),
    "policy.toml": lambda portal, own: load_policy(portal.folder, own),
    "playbooks.toml": lambda portal, own: load_playbooks(portal.folder, own),
    "tone.toml": lambda portal, own: load_tone(portal.folder, own),
    "answers.toml": lambda portal, own: load_answers(portal.folder, own),
}


def _database(home: Home, settings: Settings | None) -> Iterator[_Found]:
    named = settings.database if settings and settings.database else None
    if named and "://" in named:
        from agent.store.engine import connect, locate, reading

        engine = connect(locate(named), durable=False)
        try:
            with reading(engine):
                yield "ok", say("The database of the settings answers."), None
        finally:
            engine.dispose()
        return
    file = Path(named) if named else home.database
    if not file.exists():
        yield "note", say("There is none yet."), say("The first sync makes it.")
        return
    try:
        # Opened to read only: a diagnosis must not migrate or mend.
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            found = [row[0] for row in opened.execute("PRAGMA quick_check(1)")]
            version = opened.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as fault:
        found = [str(fault)]
    if found != ["ok"]:
        yield (
            "fault",
            say("{path} is damaged: {why}", path=file, why=found[0] if found else "?"),
            say("Keep a copy of it and bring the last backup back: `rebuttal restore`."),
        )
        return
    from agent.store.schema import HEAD

    if version and version[0] > HEAD:
        yield "fault", say("{path} was made by a newer Rebuttal.", path=file), say("Install the newer Rebuttal again.")
    elif version != (HEAD,):
        yield (
            "note",
            say("{path} is whole, and of an older version.", path=file),
            say("The next command that needs it makes a copy and brings it up to date."),
        )
    else:
        yield "ok", say("{path} is whole.", path=file), None


def _browser(settings: Settings | None) -> Iterator[_Found]:
    browser = settings.browser if settings and settings.browser else find_browser()
    todo = say("Install Google Chrome, Microsoft Edge or Chromium, or name one as `browser` in the settings.")
    if browser is None:
        yield "fault", say("No browser was found."), todo
        return
    version = answers(browser)
    if version is None:
        yield "fault", say("{path} does not start.", path=browser), todo
    else:
        yield "ok", say("{version} at {path}.", version=version, path=browser), None
    if find_headless_shell() is None:
        yield (
            "note",
            say("The windowless build of Chromium is missing; a night that reads in it costs far less."),
            say(
                "Add it: `python -m playwright install chromium-headless-shell`, or the system's package of that name."
            ),
        )


def _screen() -> Iterator[_Found]:
    if has_screen():
        yield "ok", say("Windows can be opened."), None
    else:
        yield "note", *NO_SCREEN


def _fonts() -> Iterator[_Found]:
    if not sys.platform.startswith("linux"):
        yield "ok", say("The system brings its own for Korean and Chinese."), None
        return
    lister = shutil.which("fc-list")
    if lister is None:
        yield "note", say("It can't be seen whether there are Korean and Chinese ones: fc-list is missing."), None
        return
    missing = [
        name
        for code, name in _SCRIPTS.items()
        if not subprocess.run([lister, f":lang={code}"], capture_output=True, timeout=_ANSWER_LIMIT_S).stdout.strip()
    ]
    if missing:
        yield (
            "note",
            say("None for {names}: pictures of pages will show boxes.", names=", ".join(missing)),
            say("Install a font such as Noto Sans CJK."),
        )
    else:
        yield "ok", say("There are some for {names}.", names=", ".join(_SCRIPTS.values())), None


def _clock(settings: Settings | None, at: datetime) -> Iterator[_Found]:
    if at < _BUILT:
        yield (
            "fault",
            say("This machine believes it is {day}.", day=f"{at:%Y-%m-%d}"),
            say("Set its clock: deadlines can't be told by a wrong one."),
        )
        return
    zone = ZoneInfo(settings.zone if settings else "UTC")
    yield (
        "ok",
        say(
            "{time} in {zone}; each sync compares it with the portal's clock.",
            time=f"{at.astimezone(zone):%Y-%m-%d %H:%M}",
            zone=zone.key,
        ),
        None,
    )


def _key(home: Home) -> Iterator[_Found]:
    place = Vault(home).key_place()
    todo = say("To keep it elsewhere, set {variable} in the environment and sign in again.", variable=KEY_VARIABLE)
    if place == "keyring":
        yield "ok", say("Kept in the keyring of the system."), None
    elif place == "environment":
        yield "ok", say("Taken from {variable}.", variable=KEY_VARIABLE), None
    elif place == "file":
        yield (
            "note",
            say(
                "Kept in {path}, because this machine has no keyring: whoever copies the whole home can open the sessions.",
                path=home.key_file,
            ),
            todo,
        )
    else:
        yield (
            "note",
            say(
                "This machine has no keyring: the first sign-in will put the key into {path}, and whoever copies the "
                "whole home can open the sessions.",
                path=home.key_file,
            ),
            todo,
        )


def _disk(home: Home) -> Iterator[_Found]:
    place = next(path for path in (home.path, *home.path.parents) if path.exists())
    free = shutil.disk_usage(place).free
    shown = f"{free / 2**30:.1f} GB"
    if free < _NEEDED_BYTES:
        yield "fault", say("Only {free} are free.", free=shown), say("Make room, or move the home.")
    elif free < _WISHED_BYTES:
        yield "note", say("{free} are free; a year of pages can need 5 GB.", free=shown), None
    else:
        yield "ok", say("{free} are free.", free=shown), None


def _schedule(home: Home) -> Iterator[_Found]:
    told = installed(home)
    if told is None:
        yield "note", say("No schedule: the night runs only when you start it."), say("rebuttal schedule install")
    else:
        yield "ok", say("The schedule is installed: {kind}.", kind=told.get("kind", "?")), None


def _notify(home: Home, settings: Settings | None) -> Iterator[_Found]:
    targets = settings.notify.to if settings else ()
    if not targets:
        yield (
            "note",
            say("Nobody is told of deadlines and faults."),
            say("Name targets under [notify] in rebuttal.toml, then try them with `rebuttal notify --test`."),
        )
        return
    for target in targets:
        address(home, target)
    yield "ok", say("Told: {names}.", names=", ".join(targets)), None
