"""A seller without a browser is told so at set-up, and one with a browser is not given another."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from agent.browser import provide

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stands scripts in for browsers")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """A machine with no browser at all, and its environment: an empty PATH folder, an empty Playwright cache."""
    for places in ("_LINUX_PLACES", "_LINUX_SHELL_PLACES", "_MACOS_APPLICATIONS"):
        monkeypatch.setattr(provide, places, ())
    monkeypatch.setattr(provide, "_SNAP_CHROMIUM", tmp_path / "no-snap")
    monkeypatch.setattr(provide, "_as_root", lambda: None)
    monkeypatch.setattr(provide, "_driver_starts", lambda: True)
    for variable in (provide.BROWSER_VARIABLE, provide.HEADLESS_SHELL_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    environ = {"PATH": str(tmp_path / "bin"), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "cache")}
    for name, value in environ.items():
        Path(value).mkdir()
        monkeypatch.setenv(name, value)
    return environ


def script(path: Path, body: str = "echo Chromium 1.2.3") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def downloaded(environ: dict[str, str], build: int, *, complete: bool = True) -> Path:
    folder = Path(environ["PLAYWRIGHT_BROWSERS_PATH"]) / f"chromium-{build}"
    program = script(folder / "chrome-linux64" / "chrome")
    if complete:
        (folder / "INSTALLATION_COMPLETE").touch()
    return program


def running(monkeypatch: pytest.MonkeyPatch, effect: Callable[[Sequence[str]], object]) -> list[str]:
    """Stands in for every command that would change the machine; gives the list of those asked for."""
    asked: list[str] = []

    def run(command: Sequence[str], limit_s: float) -> bool:
        asked.append(" ".join(command))
        return bool(effect(command))

    monkeypatch.setattr(provide, "_run", run)
    return asked


def test_nothing_is_found_on_a_bare_machine(bare: dict[str, str]) -> None:
    assert provide.find_browser(bare) is None
    assert provide.find_headless_shell(bare) is None


def test_a_browser_on_the_path_is_found(bare: dict[str, str]) -> None:
    chromium = script(Path(bare["PATH"]) / "chromium")
    assert provide.find_browser(bare) == chromium


def test_the_named_browser_decides_alone(bare: dict[str, str], tmp_path: Path) -> None:
    chromium = script(Path(bare["PATH"]) / "chromium")
    mine = script(tmp_path / "mine")
    assert provide.find_browser(bare | {"REBUTTAL_BROWSER": str(mine)}) == mine
    assert provide.find_browser(bare | {"REBUTTAL_BROWSER": "chromium"}) == chromium
    assert provide.find_browser(bare | {"REBUTTAL_BROWSER": str(tmp_path / "absent")}) is None


def test_the_named_headless_shell_decides_alone(bare: dict[str, str], tmp_path: Path) -> None:
    shell = script(Path(bare["PATH"]) / "chromium-headless-shell")
    assert provide.find_headless_shell(bare) == shell
    assert provide.find_headless_shell(bare | {"REBUTTAL_HEADLESS_SHELL": str(tmp_path / "absent")}) is None


def test_ubuntus_script_without_its_snap_is_no_browser(bare: dict[str, str]) -> None:
    script(Path(bare["PATH"]) / "chromium-browser", "[ -x /snap/bin/chromium ] || exit 1")
    assert provide.find_browser(bare) is None


def test_a_snap_comes_after_every_other_browser(
    bare: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    snap = script(Path(bare["PATH"]) / "chromium", "exec /snap/bin/chromium")
    monkeypatch.setattr(provide, "_SNAP_CHROMIUM", script(tmp_path / "snap-chromium"))
    assert provide.find_browser(bare) == snap
    if sys.platform.startswith("linux"):
        assert provide.find_browser(bare) != downloaded(bare, 1) == provide.find_browser(bare)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the folder is named after the system")
def test_the_newest_complete_download_is_taken(bare: dict[str, str]) -> None:
    downloaded(bare, 999)
    newest = downloaded(bare, 1200)
    downloaded(bare, 1300, complete=False)
    assert provide.find_browser(bare) == newest


def test_a_browser_that_fails_or_hangs_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert provide.answers(script(tmp_path / "good")) == "Chromium 1.2.3"
    assert provide.answers(script(tmp_path / "broken", "exit 127")) is None
    assert provide.answers(tmp_path / "absent") is None
    monkeypatch.setattr(provide, "ANSWER_LIMIT_S", 0.2)
    assert provide.answers(script(tmp_path / "hung", "exec sleep 60")) is None


def test_a_browser_that_answers_is_not_replaced(
    bare: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = running(monkeypatch, lambda command: True)
    script(Path(bare["PATH"]) / "google-chrome", "exit 1")
    chromium = script(Path(bare["PATH"]) / "chromium")
    assert provide.main() == 0
    assert asked == []
    assert capsys.readouterr().out == f"Browser: {chromium} (Chromium 1.2.3)\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the folder is named after the system")
def test_a_missing_browser_is_downloaded(bare: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = running(monkeypatch, lambda command: downloaded(bare, 1))
    assert provide.main() == 0
    assert len(asked) == 1
    assert asked[0].endswith("playwright install chromium")


def test_the_systems_package_is_the_last_resort(bare: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def effect(command: Sequence[str]) -> bool:
        return "install" in command and "-y" in command and script(Path(bare["PATH"]) / "chromium").is_file()

    script(Path(bare["PATH"]) / "apt-get")
    monkeypatch.setattr(provide, "_as_root", lambda: ["sudo", "-n"])
    asked = running(monkeypatch, effect)
    assert provide.main() == 0
    assert [command.split()[-1] for command in asked] == ["chromium", "update", "fonts-liberation"]
    assert all(command.startswith("sudo -n") for command in asked[1:])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="packages of Debian: apt-cache is missing")
def test_the_windowless_build_is_added_where_the_system_has_it_and_never_needed(
    bare: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Path(bare["PATH"])
    asked = running(monkeypatch, lambda command: False)
    monkeypatch.setattr(provide, "_as_root", lambda: [])
    for name in ("chromium", "apt-get"):
        script(places / name)
    assert provide.main() == 0
    assert asked == [], "no package of that name is known"
    script(places / "apt-cache")
    assert provide.main() == 0, "the browser that is there does"
    assert [command.split()[-1] for command in asked] == ["update", "chromium-headless-shell"]
    script(places / "chromium-headless-shell")
    assert provide.main() == 0
    assert len(asked) == 2


def test_without_any_browser_one_sentence_says_what_to_do(
    bare: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = running(monkeypatch, lambda command: False)
    assert provide.main() == 1
    assert len(asked) == 1
    sentence = capsys.readouterr().err
    assert sentence.count("\n") == 1
    assert "install Google Chrome" in sentence


def test_a_driver_that_lacks_its_library_is_mended(bare: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = running(monkeypatch, lambda command: True)
    script(Path(bare["PATH"]) / "apt-get")
    script(Path(bare["PATH"]) / "chromium")
    monkeypatch.setattr(provide, "_as_root", lambda: [])
    monkeypatch.setattr(provide, "_driver_starts", lambda: any("libatomic1" in command for command in asked))
    assert provide.main() == 0
    assert [command.split()[-1] for command in asked] == ["update", "libatomic1"]


def test_a_driver_that_cannot_be_mended_is_told_of(
    bare: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script(Path(bare["PATH"]) / "chromium")
    monkeypatch.setattr(provide, "_driver_starts", lambda: False)
    assert provide.main() == 1
    sentence = capsys.readouterr().err
    assert sentence.count("\n") == 1
    assert "libatomic1" in sentence


def test_a_wrong_setting_is_named_and_nothing_is_installed(
    bare: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = running(monkeypatch, lambda command: True)
    script(Path(bare["PATH"]) / "chromium")
    monkeypatch.setenv("REBUTTAL_BROWSER", "/absent/chrome")
    assert provide.main() == 1
    assert asked == []
    assert "REBUTTAL_BROWSER names /absent/chrome" in capsys.readouterr().err


def test_a_command_that_outlives_its_time_is_ended_with_its_children(tmp_path: Path) -> None:
    written = tmp_path / "pid"
    hung = script(tmp_path / "hung", f"sleep 600 & echo $! > {written}; wait")
    assert provide._run([str(hung)], 2) is False
    child = int(written.read_text())
    # Where nobody reaps orphans, an ended one stays as a zombie.
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_command_is_judged_by_how_it_ends(tmp_path: Path) -> None:
    assert provide._run([str(script(tmp_path / "good"))], 5) is True
    assert provide._run([str(script(tmp_path / "bad", "exit 3"))], 5) is False
    assert provide._run([str(tmp_path / "absent")], 5) is False
