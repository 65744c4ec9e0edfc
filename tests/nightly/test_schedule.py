"""A night that does not begin, a crontab that is lost: what installing a schedule must not do."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.errors import UsageFault
from agent.home import Home
from flows import schedule, schedule_state
from flows.context import Context, opened
from flows.schedule import Answer, Kind, Machine, install, remove, show
from tests.flows.conftest import Desk

OTHERS = '# my own\n0 5 * * * /usr/bin/backup --all\nMAILTO=""\n'
NS = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}


class System:
    """A system's commands, imitated: a crontab, and what was asked of the others. `refuses`: a word in a command."""

    def __init__(self) -> None:
        self.crontab = OTHERS
        self.asked: list[str] = []
        self.active = False
        self.refuses = ""

    def __call__(self, argv: Sequence[str], given: bytes | None) -> Answer:
        line = " ".join(argv)
        self.asked.append(line)
        if self.refuses and self.refuses in line:
            return Answer(1, "", "not allowed")
        if line == "crontab -l":
            return Answer(0, self.crontab)
        if line == "crontab -":
            assert given is not None
            self.crontab = given.decode()
        elif any(word in line for word in ("enable", "bootstrap", "/Create")) and "is-enabled" not in line:
            self.active = True
        elif any(word in line for word in ("is-enabled", "launchctl print", "/Query")):
            return Answer(0 if self.active else 1)
        return Answer(0)

    @property
    def changes(self) -> list[str]:
        """What was asked that changes something."""
        ask = ("show", "print", "is-enabled", "/Query", "-l")
        return [line for line in self.asked if not any(word in line for word in ask)]


@pytest.fixture
def system() -> System:
    return System()


@pytest.fixture
def machine(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return Machine("linux", tmp_path / "user", system, "li", "/opt/py thon/bin/python3")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("kind", schedule.KINDS)
def test_installed_once_shown_and_taken_away_without_a_trace(
    desk: Desk, machine: Machine, system: System, kind: Kind
) -> None:
    machine.user_home.mkdir()
    theirs = machine.user_home / ".config/systemd/user/rebuttal-00000000-night.timer"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("another home's", encoding="utf-8")
    before, home_before = files(machine.user_home), files(desk.ctx.home.path)
    assert install(desk.ctx, kind=kind, machine=machine).changed
    state, asked = (files(machine.user_home), system.crontab), len(system.changes)
    again = install(desk.ctx, kind=kind, machine=machine)
    assert not again.changed
    assert (files(machine.user_home), system.crontab) == state
    assert len(system.changes) == asked, "a second run changes nothing"
    assert show(desk.ctx, machine=machine).installed
    assert remove(desk.ctx, machine=machine).changed
    assert files(machine.user_home) == before
    assert files(desk.ctx.home.path).keys() == home_before.keys() | set()
    assert system.crontab == OTHERS
    assert not remove(desk.ctx, machine=machine).changed


@pytest.mark.parametrize(("kind", "word"), [("systemd", "enable --now"), ("launchd", "bootstrap"), ("task", "/Create")])
def test_a_system_that_refuses_leaves_nothing_half_done(
    desk: Desk, machine: Machine, system: System, kind: Kind, word: str
) -> None:
    system.refuses = word
    with pytest.raises(UsageFault):
        install(desk.ctx, kind=kind, machine=machine)
    assert not machine.user_home.exists() or files(machine.user_home) == {}
    assert not [name for name in files(desk.ctx.home.path) if name.endswith(".xml")]
    assert schedule_state.installed(desk.ctx.home) is None


def test_a_renewal_that_is_refused_keeps_the_old_schedule(desk: Desk, machine: Machine, system: System) -> None:
    install(desk.ctx, kind="systemd", machine=machine)
    before = files(machine.user_home)
    later = desk.ctx.settings.model_copy(update={"night": desk.ctx.settings.night.model_copy(update={"at": "03:30"})})
    system.refuses = "enable --now"
    with pytest.raises(UsageFault):
        install(Context(desk.ctx.home, later, desk.clock), kind="systemd", machine=machine)
    assert files(machine.user_home) == before


def test_systemd_itself_takes_the_units(desk: Desk, machine: Machine, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    install(desk.ctx, kind="systemd", machine=machine)
    units = sorted((machine.user_home / ".config/systemd/user").iterdir())
    copies = []
    for unit in units:  # the program of a unit must be there for it to be good
        copy = tmp_path / unit.name
        copy.write_text(
            unit.read_text(encoding="utf-8").replace("/opt/py thon/bin/python3", "/bin/true"), encoding="utf-8"
        )
        copies.append(str(copy))
    checked = subprocess.run(["systemd-analyze", "verify", "--user", *copies], capture_output=True, text=True)
    assert not [line for line in checked.stderr.splitlines() if "rebuttal-" in line], checked.stderr
    timer = next(unit for unit in units if unit.name.endswith("night.timer")).read_text(encoding="utf-8")
    assert "Persistent=true" in timer
    [when] = [line.partition("=")[2] for line in timer.splitlines() if line.startswith("OnCalendar")]
    told = subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr


def test_launchd_gets_what_its_manual_asks(desk: Desk, machine: Machine) -> None:
    install(desk.ctx, kind="launchd", machine=machine)
    found = sorted((machine.user_home / "Library/LaunchAgents").glob("*.plist"))
    assert len(found) == 2
    for path in found:
        told = plistlib.loads(path.read_bytes())
        assert told["Label"] == path.stem
        assert told["ProgramArguments"][0] == machine.python
        assert all(isinstance(word, str) for word in told["ProgramArguments"])
        assert set(told["StartCalendarInterval"]) <= {"Hour", "Minute"}
        assert told["RunAtLoad"] is False


def test_the_task_scheduler_gets_what_its_schema_asks(desk: Desk, machine: Machine) -> None:
    install(desk.ctx, kind="task", machine=machine)
    found = sorted((desk.ctx.home.path / "schedule").glob("*.xml"))
    assert len(found) == 2
    for path in found:
        data = path.read_bytes()
        assert data.startswith(b"\xff\xfe"), "UTF-16 with its mark, as schtasks wants it"
        root = ET.fromstring(data.decode("utf-16").partition("?>")[2])
        order = [child.tag.partition("}")[2] for child in root]
        assert order == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
        assert root.findtext("t:Settings/t:StartWhenAvailable", namespaces=NS) == "true"
        assert root.findtext("t:Settings/t:MultipleInstancesPolicy", namespaces=NS) == "IgnoreNew"
        assert root.findtext("t:Actions/t:Exec/t:Command", namespaces=NS) == machine.python
        trigger = root.find("t:Triggers/t:CalendarTrigger", NS)
        assert trigger is not None
        names = [child.tag.partition("}")[2] for child in trigger]
        assert names == [n for n in ("Repetition", "StartBoundary", "Enabled", "ScheduleByDay") if n in names]
        hourly = "hourly" in path.name
        assert (trigger.findtext("t:Repetition/t:Interval", namespaces=NS) == "PT1H") is hourly


def test_cron_lines_keep_a_percent_sign_and_a_blank_in_a_path(
    told_home: Home, machine: Machine, system: System, tmp_path: Path
) -> None:
    home = Home(tmp_path / "a 100% home").create()
    home.settings_file.write_bytes(told_home.settings_file.read_bytes())
    with opened(home) as ctx:
        install(ctx, kind="cron", machine=machine)
    ours = [line for line in system.crontab.splitlines() if "rebuttal" in line]
    assert len(ours) == 2
    assert all(r"a 100\% home" in line for line in ours)
    assert system.crontab.startswith(OTHERS)


def test_two_homes_on_one_machine_have_two_schedules(
    desk: Desk, told_home: Home, machine: Machine, system: System, tmp_path: Path
) -> None:
    other = Home(tmp_path / "other").create()
    other.settings_file.write_bytes(told_home.settings_file.read_bytes())
    with opened(other) as second:
        for ctx in (desk.ctx, second):
            install(ctx, kind="cron", machine=machine)
        assert system.crontab.count("# rebuttal rebuttal-") == 4
        remove(desk.ctx, machine=machine)
        assert system.crontab.count("# rebuttal rebuttal-") == 2
        assert str(other.path) in system.crontab
        remove(second, machine=machine)
    assert system.crontab == OTHERS
