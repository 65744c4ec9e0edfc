"""A schedule as each system writes it: systemd units, launchd plists, Task Scheduler XML, lines of a crontab; pure."""

from __future__ import annotations

import plistlib
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePath
from xml.sax.saxutils import escape

MINUTE = 20
"""Of the hourly run; not a full hour, at which the whole world's robots come (Feishu refuses then)."""
_CRON_MARK = "# rebuttal"


@dataclass(frozen=True)
class Job:
    """One thing that is run. `hour`: when, on the operator's clock; None: every hour. `seconds`: its longest time."""

    name: str
    about: str
    argv: tuple[str, ...]
    hour: int | None
    minute: int
    seconds: int
    folder: PurePath


def systemd(jobs: tuple[Job, ...], zone: str) -> dict[str, str]:
    """A service and a timer per job. `Persistent`: what was missed while the machine was off is made up for."""
    files = {}
    for job in jobs:
        when = (
            f"*-*-* {job.hour:02d}:{job.minute:02d}:00 {zone}"
            if job.hour is not None
            else f"*-*-* *:{job.minute:02d}:00"
        )
        command = " ".join(_systemd_word(word) for word in job.argv)
        files[f"{job.name}.service"] = (
            f"[Unit]\nDescription={job.about}\n\n"
            f"[Service]\nType=oneshot\nWorkingDirectory={_systemd_path(job.folder)}\nExecStart={command}\n"
            f"TimeoutStartSec={job.seconds}\nNice=5\n"
            # 10-13: a person is needed, drift, a portal is down: told in the digest, and no failure of the job.
            "SuccessExitStatus=10 11 12 13\n"
        )
        files[f"{job.name}.timer"] = (
            f"[Unit]\nDescription={job.about}\n\n"
            f"[Timer]\nOnCalendar={when}\nPersistent=true\nAccuracySec=1min\nUnit={job.name}.service\n\n"
            "[Install]\nWantedBy=timers.target\n"
        )
    return files


def _systemd_word(word: str) -> str:
    """A word of a command, quoted, with `%` and `$` taken literally."""
    told = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{told}"'


def _systemd_path(path: PurePath) -> str:
    return str(path).replace("%", "%%")


def launchd(job: Job, hour: int | None, minute: int, log: Path) -> bytes:
    """A launch agent; `hour` and `minute` on the machine's own clock. What a sleeping Mac missed runs when it wakes."""
    when = {"Minute": minute} if hour is None else {"Hour": hour, "Minute": minute}
    return plistlib.dumps(
        {
            "Label": job.name,
            "ProgramArguments": list(job.argv),
            "WorkingDirectory": str(job.folder),
            "StartCalendarInterval": when,
            "RunAtLoad": False,
            "ProcessType": "Background",
            "LowPriorityIO": True,
            "StandardErrorPath": str(log),
            "EnvironmentVariables": {"PYTHONUTF8": "1"},
        },
        sort_keys=False,
    )


def task(job: Job, hour: int | None, minute: int, user: str) -> bytes:
    """A task in UTF-16, as `schtasks /Create /XML` wants it. `StartWhenAvailable`: what was missed is made up for."""
    start = f"2026-01-01T{hour if hour is not None else 0:02d}:{minute:02d}:00"
    repeat = (
        ""
        if hour is not None
        else "<Repetition><Interval>PT1H</Interval><Duration>P1D</Duration><StopAtDurationEnd>false</StopAtDurationEnd></Repetition>"
    )
    command, *rest = job.argv
    text = f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>{escape(job.about)}</Description>
    <URI>\\Rebuttal\\{escape(job.name)}</URI>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      {repeat}
      <StartBoundary>{start}</StartBoundary>
      <Enabled>true</Enabled>
      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{escape(user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <WakeToRun>{"true" if hour is not None else "false"}</WakeToRun>
    <ExecutionTimeLimit>PT{job.seconds}S</ExecutionTimeLimit>
    <Priority>7</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(command)}</Command>
      <Arguments>{escape(windows_line(rest))}</Arguments>
      <WorkingDirectory>{escape(str(job.folder))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""
    return "\n".join(line for line in text.splitlines() if line.strip()).encode("utf-16")


def windows_line(words: list[str]) -> str:
    """Words as one Windows command line."""
    import subprocess

    return subprocess.list2cmdline(words)


def cron_lines(jobs: tuple[Job, ...], clocks: dict[str, tuple[int | None, int]]) -> list[str]:
    """A line per job, with our mark and its name at the end; cron makes up for nothing that was missed."""
    lines = []
    for job in jobs:
        hour, minute = clocks[job.name]
        command = shlex.join(job.argv).replace("%", r"\%")  # a bare % ends a command of a crontab
        lines.append(
            f"{minute} {'*' if hour is None else hour} * * * {command} >/dev/null 2>&1 {_CRON_MARK} {job.name}"
        )
    return lines


def without_ours(crontab: str, home_mark: str) -> str:
    """A crontab without the lines of the home whose jobs are named with `home_mark`; all else letter by letter."""
    kept = [line for line in crontab.splitlines(keepends=True) if not is_ours(line, home_mark)]
    return "".join(kept)


def is_ours(line: str, home_mark: str) -> bool:
    """Is it a line that we wrote for the home of `home_mark`?"""
    _, mark, name = line.rstrip("\r\n").rpartition(f"{_CRON_MARK} ")
    return bool(mark) and name.startswith(f"rebuttal-{home_mark}-")
