"""Two stores' records mixed up, or a home that others can read: what the home prevents."""

import os
import stat
import sys
from pathlib import Path

import pytest

from agent.errors import UsageFault
from agent.home import Home, file_name, write_private


def test_the_option_wins_over_the_variable_and_that_over_the_system(tmp_path: Path) -> None:
    environ = {"REBUTTAL_HOME": str(tmp_path / "named")}
    assert Home.chosen(tmp_path / "given", environ).path == tmp_path / "given"
    assert Home.chosen(None, environ).path == tmp_path / "named"
    assert Home.chosen(None, {}).path.name == "rebuttal"


def test_nothing_is_made_until_asked(tmp_path: Path) -> None:
    Home(tmp_path / "home")
    assert not (tmp_path / "home").exists()


@pytest.mark.skipif(os.name != "posix", reason="rights of this kind are POSIX")
def test_nobody_else_can_look_into_a_new_home(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home").create()
    for folder in (home.path, *home.folders):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    write_private(home.env_file, b"A=1\n")
    assert stat.S_IMODE(home.env_file.stat().st_mode) == 0o600


def test_making_a_home_twice_changes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    home.settings_file.write_text("operator = 'li'\n", encoding="utf-8")
    home.create()
    assert home.settings_file.read_text(encoding="utf-8") == "operator = 'li'\n"


def test_a_file_in_the_place_of_a_home_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("", encoding="utf-8")
    with pytest.raises(UsageFault, match="is a file") as fault:
        Home(tmp_path / "home").create()
    assert fault.value.exit_code == 2
    assert fault.value.todo is not None


def test_a_home_below_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageFault, match="can't be written"):
        Home(tmp_path / "file" / "home").create()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
def test_a_home_that_can_not_be_written_is_named() -> None:
    with pytest.raises(UsageFault, match=r"The home /proc/rebuttal can't be written"):
        Home("/proc/rebuttal").create()


def test_two_homes_share_no_path(tmp_path: Path) -> None:
    one, two = Home(tmp_path / "one"), Home(tmp_path / "two")
    assert one != two
    places = [
        {
            h.settings_file,
            h.env_file,
            h.key_file,
            h.database,
            *h.folders,
            h.own_labels("x"),
            h.own_policy("x"),
            h.profile("x:main"),
        }
        for h in (one, two)
    ]
    assert not places[0] & places[1]


def test_an_account_makes_a_name_that_windows_takes() -> None:
    assert file_name("coupang:main") == "coupang-main"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    write_private(file, b"old")

    def fails(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="no space"):
        write_private(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
