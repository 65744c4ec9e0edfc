"""`rebuttal schedule`: have the system run the night, and the hourly look, and take both away again."""

from __future__ import annotations

import getpass
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from agent.errors import UsageFault
from agent.home import Home, write_private
from agent.timetable import at_clock
from agent.words import Words, say
from flows import schedule_forms as forms
from flows import schedule_state
from flows.context import Context

Kind = Literal["systemd", "launchd", "task", "cron"]
KINDS: tuple[Kind, ...] = ("systemd", "launchd", "task", "cron")
_SPARE_S = 1800
_ANSWER_LIMIT_S = 60


@dataclass(frozen=True)
class Answer:
    """What a system's command said."""

    code: int
    out: str = ""
    err: str = ""


def run_command(argv: Sequence[str], given: bytes | None = None) -> Answer:
    """Run a command of the system; one that is missing answers 127."""
    try:
        done = subprocess.run(argv, input=given, capture_output=True, timeout=_ANSWER_LIMIT_S)
    except FileNotFoundError:
        return Answer(127, "", f"{argv[0]}: not found")
    except (OSError, subprocess.TimeoutExpired) as fault:
        return Answer(126, "", str(fault))
    return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


@dataclass
class Machine:
    """The system that runs the schedule: its kind, the user's folder, and how its commands are asked."""

    platform: str = sys.platform
    user_home: Path = field(default_factory=Path.home)
    run: Callable[[Sequence[str], bytes | None], Answer] = run_command
    user: str = field(default_factory=getpass.getuser)
    python: str = sys.executable

    def kind(self) -> Kind:
        """What this system has."""
        if self.platform == "win32":
            return "task"
        if self.platform == "darwin":
            return "launchd"
        return "systemd" if self.run(["systemctl", "--user", "show-environment"], None).code == 0 else "cron"


@dataclass
class ScheduleReport:
    """What stands, or was done. `changed`: something was written or taken away."""

    kind: str
    changed: bool
    files: list[str]
    said: tuple[Words, ...]
    installed: bool = True

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {
            "kind": self.kind,
            "installed": self.installed,
            "changed": self.changed,
            "files": self.files,
            "said": [str(one) for one in self.said],
        }


def mark(home: Home) -> str:
    """What tells the schedules of two homes on one machine apart."""
    return hashlib.sha256(str(home.path).encode()).hexdigest()[:8]


def jobs(ctx: Context, machine: Machine) -> tuple[forms.Job, ...]:
    """The night, and where the settings want it the hourly look at channels with short windows."""
    night = ctx.settings.night
    hour, minute = (int(part) for part in night.at.split(":"))
    base = (machine.python, "-m", "flows.cli", "--home", str(ctx.home.path), "night")
    name = f"rebuttal-{mark(ctx.home)}"
    made = [
        forms.Job(
            f"{name}-night",
            f"Rebuttal: the night of {ctx.home.path.name}",
            base,
            hour,
            minute,
            int(night.hours * 3600) + _SPARE_S,
            ctx.home.path,
        )
    ]
    if night.hourly:
        made.append(
            forms.Job(
                f"{name}-hourly",
                f"Rebuttal: the hourly look of {ctx.home.path.name}",
                (*base, "--hourly"),
                None,
                forms.MINUTE,
                3300,
                ctx.home.path,
            )
        )
    return tuple(made)


def install(ctx: Context, *, kind: Kind | None = None, machine: Machine | None = None) -> ScheduleReport:
    """Install or renew the schedule; nothing is changed where it stands already, and nothing half done is left."""
    machine = machine or Machine()
    chosen = kind or machine.kind()
    wanted = jobs(ctx, machine)
    work = _INSTALLERS[chosen](ctx, machine, wanted)
    work.check()
    changed = work.install()
    told = schedule_state.installed(ctx.home)
    if changed or told is None:
        at = told["installed_at"] if told and told.get("kind") == chosen else ctx.clock().isoformat()
        schedule_state.note(ctx.home, {"kind": chosen, "installed_at": at, "jobs": [job.name for job in wanted]})
    said = [
        say("The schedule is installed: {kind}.", kind=chosen)
        if changed
        else say("The schedule stands already: {kind}. Nothing was changed.", kind=chosen),
        *_when(ctx, chosen),
        *work.remarks(),
    ]
    return ScheduleReport(chosen, changed, work.names(), tuple(said))


def remove(ctx: Context, *, machine: Machine | None = None) -> ScheduleReport:
    """Take away what `install` made for this home, and nothing else."""
    machine = machine or Machine()
    told = schedule_state.installed(ctx.home)
    chosen: Kind = told["kind"] if told and told.get("kind") in KINDS else machine.kind()
    work = _INSTALLERS[chosen](ctx, machine, _all_jobs(ctx, machine))
    changed = work.remove()
    schedule_state.note(ctx.home, None)
    said = say("The schedule is removed.") if changed else say("No schedule was installed for this home.")
    return ScheduleReport(chosen, changed, work.names(), (said,), installed=False)


def show(ctx: Context, *, kind: Kind | None = None, machine: Machine | None = None) -> ScheduleReport:
    """What is installed; with `kind` the files as they would be written."""
    machine = machine or Machine()
    told = schedule_state.installed(ctx.home)
    if kind is not None:
        work = _INSTALLERS[kind](ctx, machine, jobs(ctx, machine))
        texts = [say("{text}", text=f"{name}\n{text}") for name, text in work.texts().items()]
        return ScheduleReport(kind, False, work.names(), tuple(texts), installed=told is not None)
    if told is None:
        return ScheduleReport(
            machine.kind(),
            False,
            [],
            (say("No schedule is installed. Install one with `rebuttal schedule install`."),),
            installed=False,
        )
    chosen: Kind = told["kind"]
    work = _INSTALLERS[chosen](ctx, machine, jobs(ctx, machine))
    state = (
        say("It stands as the settings want it.")
        if work.stands()
        else say("It is not as the settings want it: run `rebuttal schedule install` again.")
    )
    said = (say("The schedule is installed: {kind}.", kind=chosen), *_when(ctx, chosen), state)
    return ScheduleReport(chosen, False, work.names(), said)


def _all_jobs(ctx: Context, machine: Machine) -> tuple[forms.Job, ...]:
    """Also the hourly one, where the settings no longer want it."""
    hourly = ctx.settings.model_copy(update={"night": ctx.settings.night.model_copy(update={"hourly": True})})
    return jobs(Context(ctx.home, hourly, ctx.clock), machine)


def _when(ctx: Context, kind: Kind) -> list[Words]:
    night = ctx.settings.night
    said = [
        say("Every night at {time} by the clock of {zone}.", time=night.at, zone=ctx.settings.zone)
        if kind == "systemd"
        else say("Every night at {time} by the clock of this machine.", time="{:02d}:{:02d}".format(*local_clock(ctx)))
    ]
    if night.hourly:
        said.append(
            say("Every hour at minute {minute}: channels whose windows are a day or shorter.", minute=forms.MINUTE)
        )
    return said


def local_clock(ctx: Context) -> tuple[int, int]:
    """Hour and minute of the night's begin on the machine's own clock, for systems that know no other."""
    begins: datetime = at_clock(ctx.clock(), ctx.settings.night.at, ctx.zone).astimezone()
    return begins.hour, begins.minute


class _Installer:
    """One system's way. Files are written beside their place, checked, moved in, and put back if the system refuses."""

    def __init__(self, ctx: Context, machine: Machine, wanted: tuple[forms.Job, ...]) -> None:
        self.ctx = ctx
        self.machine = machine
        self.jobs = wanted

    def folder(self) -> Path:
        raise NotImplementedError

    def texts(self) -> dict[str, str]:
        return {name: data.decode(errors="replace") for name, data in self.files().items()}

    def files(self) -> dict[str, bytes]:
        raise NotImplementedError

    def names(self) -> list[str]:
        return [str(self.folder() / name) for name in self.files()]

    def remarks(self) -> list[Words]:
        return []

    def check(self) -> None:
        """Have the system's own tool look at the files, where there is one."""

    def activate(self) -> None:
        """Tell the system; raises `UsageFault` where it refuses."""

    def deactivate(self) -> None:
        """Tell the system that they are gone."""

    def active(self) -> bool:
        return True

    def stands(self) -> bool:
        ours = self.files()
        extra = [path for path in self._ours() if path.name not in ours]
        same = all(_read(self.folder() / name) == data for name, data in ours.items())
        return same and not extra and self.active()

    def _ours(self) -> list[Path]:
        folder = self.folder()
        return sorted(folder.glob(f"*rebuttal-{mark(self.ctx.home)}-*")) if folder.is_dir() else []

    def install(self) -> bool:
        if self.stands():
            return False
        folder, ours = self.folder(), self.files()
        before = {path: path.read_bytes() for path in self._ours()}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path in before:
                if path.name not in ours:
                    path.unlink()
            for name, data in ours.items():
                write_private(folder / name, data)
            self.activate()
        except (OSError, UsageFault) as fault:
            for path in self._ours():
                if path not in before:
                    path.unlink(missing_ok=True)
            for path, data in before.items():
                write_private(path, data)
            if isinstance(fault, UsageFault):
                raise
            raise UsageFault(
                say("{path} can't be written: {why}.", path=folder, why=fault.strerror or fault),
                say("Nothing was changed. Give yourself the right to write there."),
            ) from None
        return True

    def remove(self) -> bool:
        found = self._ours()
        if not found:
            return False
        self.deactivate()
        for path in found:
            path.unlink(missing_ok=True)
        return True

    def _asked(self, *argv: str, given: bytes | None = None) -> Answer:
        answer = self.machine.run(argv, given)
        if answer.code != 0:
            raise UsageFault(
                say("The system refuses: {command}: {why}", command=" ".join(argv[:3]), why=_first(answer)),
                say(
                    "Nothing was changed. `rebuttal schedule show --kind {kind}` shows the files.", kind=_kind_of(self)
                ),
            )
        return answer


class _Systemd(_Installer):
    def folder(self) -> Path:
        chosen = os.environ.get("XDG_CONFIG_HOME")
        return (Path(chosen) if chosen else self.machine.user_home / ".config") / "systemd" / "user"

    def files(self) -> dict[str, bytes]:
        return {name: text.encode() for name, text in forms.systemd(self.jobs, self.ctx.settings.zone).items()}

    def check(self) -> None:
        if shutil.which("systemd-analyze") is None:
            return
        with tempfile.TemporaryDirectory() as folder:
            for name, data in self.files().items():
                (Path(folder) / name).write_bytes(data)
            paths = [str(Path(folder) / name) for name in self.files()]
            answer = run_command(["systemd-analyze", "verify", "--user", *paths])
            if answer.code != 0 and any(Path(path).name in answer.err for path in paths):
                raise UsageFault(
                    say("systemd finds a fault in the units: {why}", why=_first(answer)), say("Report this.")
                )

    def _timers(self) -> list[str]:
        return [f"{job.name}.timer" for job in self.jobs]

    def activate(self) -> None:
        self._asked("systemctl", "--user", "daemon-reload")
        self._asked("systemctl", "--user", "enable", "--now", *self._timers())

    def deactivate(self) -> None:
        self.machine.run(
            ["systemctl", "--user", "disable", "--now", *[p.name for p in self._ours() if p.suffix == ".timer"]], None
        )

    def remove(self) -> bool:
        gone = super().remove()
        if gone:
            self.machine.run(["systemctl", "--user", "daemon-reload"], None)
        return gone

    def active(self) -> bool:
        return self.machine.run(["systemctl", "--user", "is-enabled", *self._timers()], None).code == 0

    def remarks(self) -> list[Words]:
        lingers = self.machine.run(["loginctl", "show-user", self.machine.user, "--property=Linger"], None)
        if lingers.code == 0 and "yes" in lingers.out:
            return []
        return [say("So that it also runs while you are signed out: loginctl enable-linger")]


class _Launchd(_Installer):
    def folder(self) -> Path:
        return self.machine.user_home / "Library" / "LaunchAgents"

    def files(self) -> dict[str, bytes]:
        found = {}
        for job in self.jobs:
            hour, minute = (None, job.minute) if job.hour is None else local_clock(self.ctx)
            found[f"{job.name}.plist"] = forms.launchd(job, hour, minute, self.ctx.home.logs / "schedule.err")
        return found

    def _domain(self) -> str:
        return f"gui/{os.getuid()}" if hasattr(os, "getuid") else "gui/501"

    def activate(self) -> None:
        for job in self.jobs:
            self.machine.run(["launchctl", "bootout", f"{self._domain()}/{job.name}"], None)
            self._asked("launchctl", "bootstrap", self._domain(), str(self.folder() / f"{job.name}.plist"))

    def deactivate(self) -> None:
        for path in self._ours():
            self.machine.run(["launchctl", "bootout", f"{self._domain()}/{path.stem}"], None)

    def active(self) -> bool:
        return all(
            self.machine.run(["launchctl", "print", f"{self._domain()}/{j.name}"], None).code == 0 for j in self.jobs
        )


class _Task(_Installer):
    """The XML files stay in the home, so that what is installed can be compared with what is wanted."""

    def folder(self) -> Path:
        return self.ctx.home.path / "schedule"

    def files(self) -> dict[str, bytes]:
        found = {}
        for job in self.jobs:
            hour, minute = (None, job.minute) if job.hour is None else local_clock(self.ctx)
            found[f"{job.name}.xml"] = forms.task(job, hour, minute, self.machine.user)
        return found

    def texts(self) -> dict[str, str]:
        return {name: data.decode("utf-16") for name, data in self.files().items()}

    def _name(self, stem: str) -> str:
        return f"\\Rebuttal\\{stem}"

    def activate(self) -> None:
        for job in self.jobs:
            file = self.folder() / f"{job.name}.xml"
            self._asked("schtasks", "/Create", "/TN", self._name(job.name), "/XML", str(file), "/F")

    def deactivate(self) -> None:
        for path in self._ours():
            self.machine.run(["schtasks", "/Delete", "/TN", self._name(path.stem), "/F"], None)

    def active(self) -> bool:
        return all(
            self.machine.run(["schtasks", "/Query", "/TN", self._name(j.name)], None).code == 0 for j in self.jobs
        )


class _Cron(_Installer):
    """The crontab is one file of the user's: our lines are marked with the home, all others are kept as they are."""

    def folder(self) -> Path:
        return Path("crontab")

    def files(self) -> dict[str, bytes]:
        return {"": "\n".join(self._lines()).encode()}

    def names(self) -> list[str]:
        return ["crontab"]

    def _lines(self) -> list[str]:
        clocks: dict[str, tuple[int | None, int]] = {
            job.name: (None, job.minute) if job.hour is None else local_clock(self.ctx) for job in self.jobs
        }
        return forms.cron_lines(self.jobs, clocks)

    def _crontab(self) -> str:
        answer = self.machine.run(["crontab", "-l"], None)
        if answer.code == 127:
            raise UsageFault(
                say("This system has neither systemd for users nor cron."),
                say("Have `rebuttal night` run every night by whatever it has."),
            )
        return answer.out if answer.code == 0 else ""

    def _there(self) -> list[str]:
        home = mark(self.ctx.home)
        return [line for line in self._crontab().splitlines() if forms.is_ours(line, home)]

    def stands(self) -> bool:
        return self._there() == self._lines()

    def install(self) -> bool:
        if self.stands():
            return False
        kept = forms.without_ours(self._crontab(), mark(self.ctx.home))
        kept += "" if not kept or kept.endswith("\n") else "\n"
        self._asked("crontab", "-", given=(kept + "\n".join(self._lines()) + "\n").encode())
        return True

    def remove(self) -> bool:
        if not self._there():
            return False
        self._asked("crontab", "-", given=forms.without_ours(self._crontab(), mark(self.ctx.home)).encode())
        return True

    def remarks(self) -> list[Words]:
        return [say("cron makes up for nothing that was missed while the machine was off; you are told of it instead.")]


_INSTALLERS: dict[Kind, type[_Installer]] = {"systemd": _Systemd, "launchd": _Launchd, "task": _Task, "cron": _Cron}


def _kind_of(installer: _Installer) -> str:
    return next(name for name, kind in _INSTALLERS.items() if type(installer) is kind)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _first(answer: Answer) -> str:
    return next(iter((answer.err or answer.out).strip().splitlines()), f"code {answer.code}")
