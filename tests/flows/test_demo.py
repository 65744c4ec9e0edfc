"""The first five minutes decide: the demo must reach its end by itself, and leave nothing behind, also when stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.words import speak
from flows.demo import demo
from flows.demo_stage import Lines


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_the_whole_way_ends_well_in_the_persons_language_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    speak("zh-CN")
    report = demo(seed=1, cases=2)
    told: dict[str, Any] = report.public()
    assert report.exit_code == 0
    assert (told["received"], told["outcome"]["result"]) == (1, "approved")
    assert told["audit"]["whole"] is True
    assert list(tmp_path.iterdir()) == []
    shown = capsys.readouterr().out
    for number, command in enumerate(
        ("init", "login", "sync", "cases", "draft", "packet", "approve", "submit", "sync", "audit verify"), start=1
    ):
        assert f"\n{number}. rebuttal {command}" in shown
    assert told["digest"] in shown
    assert "这里的一切都是虚构的" in shown
    assert "Every" not in shown
    assert "README.zh-CN.md" in shown or "README.md" in shown


@pytest.mark.long
def test_as_json_it_says_nothing_but_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    report = demo(seed=3, cases=2, quiet=True)
    out = capsys.readouterr()
    assert out.out == ""
    assert json.loads(json.dumps(report.public()))["exit_code"] == 0


def test_bars_are_seen_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Lines().task("cases", 10)
    for _ in range(10):
        bar.step()
    bar.end()
    assert [line.split("] ")[1] for line in capsys.readouterr().out.splitlines()] == [
        "1/10", "2/10", "4/10", "6/10", "8/10", "10/10",
    ]  # fmt: skip


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a short name: Chromium puts a socket into it, and the name of a socket has 107 characters at most."""
    before, tempfile.tempdir = tempfile.tempdir, None
    with tempfile.TemporaryDirectory(prefix="r-") as folder:
        tempfile.tempdir = before
        yield Path(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
@pytest.mark.parametrize("at", [pytest.param("cases [", marks=pytest.mark.long), "8. rebuttal submit"])
def test_stopping_it_leaves_no_folder_and_no_process(short_folder: Path, at: str) -> None:
    environment = os.environ | {"TMPDIR": str(short_folder), "REBUTTAL_LANGUAGE": "en", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "flows.cli", "demo", "--cases", "6"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, encoding="utf-8"
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if at in line:
                break
        children = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
        code = running.wait(timeout=60)
    assert code == 130, rest
    assert "Stopped" in rest
    assert "Traceback" not in rest
    psutil.wait_procs(children, timeout=20)
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    assert list(short_folder.glob("rebuttal-demo-*")) == []
