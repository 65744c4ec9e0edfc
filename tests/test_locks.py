"""Two runs on one account at once, or an account locked for ever by a crash: what the lock prevents."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import Busy
from agent.home import Home
from agent.locks import account_lock

HOLDER = """
import sys
from agent.home import Home
from agent.locks import account_lock
with account_lock(Home(sys.argv[1]), "coupang:main"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create()


def holder_of(home: Home) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_one_is_refused_at_once_and_told_who_holds_it(home: Home) -> None:
    with holder_of(home) as process:
        try:
            with pytest.raises(Busy, match=f"Process {process.pid} on ") as fault, account_lock(home, "coupang:main"):
                pass
            assert fault.value.facts["pid"] == process.pid
            with account_lock(home, "coupang:second"):
                pass
        finally:
            process.kill()


def test_a_killed_holder_leaves_nothing_locked(home: Home) -> None:
    with holder_of(home) as process:
        process.kill()
        process.wait()
    with account_lock(home, "coupang:main"):
        pass


def test_it_is_free_after_use_and_after_a_fault(home: Home) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), account_lock(home, "coupang:main"):
            raise ZeroDivisionError
    assert not (home.locks / "coupang-main.holder").exists()


def test_the_same_process_does_not_get_it_twice(home: Home) -> None:
    with (
        account_lock(home, "coupang:main"),
        pytest.raises(Busy, match=str(os.getpid())),
        account_lock(home, "coupang:main"),
    ):
        pass


def test_a_holder_that_left_no_word_is_still_refused_clearly(home: Home) -> None:
    with account_lock(home, "coupang:main"):
        (home.locks / "coupang-main.holder").write_text("{", encoding="utf-8")
        with pytest.raises(Busy, match="Another process works on coupang:main"), account_lock(home, "coupang:main"):
            pass


def test_two_homes_do_not_lock_each_other(tmp_path: Path) -> None:
    one, two = Home(tmp_path / "one").create(), Home(tmp_path / "two").create()
    with account_lock(one, "coupang:main"), account_lock(two, "coupang:main"):
        pass
