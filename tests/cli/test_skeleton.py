"""A traceback in the face of an operator, or a script that reads half a JSON value: what the command line prevents."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from loguru import logger

from agent.errors import Challenge, PageDrift, SignedOut
from agent.home import Home
from agent.settings import credentials, load_settings
from agent.words import say, speak, spoken
from flows import registry
from flows.accounts import AccountState
from flows.cli import call as calls
from flows.cli import main
from flows.cli.language import decide, system_language

Answer = tuple[int, str, str]
Run = Callable[..., Answer]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(registry, "names", lambda: ("coupang", "ozon"))
    monkeypatch.setenv("REBUTTAL_KEY", "a passphrase")
    monkeypatch.setenv("REBUTTAL_LANGUAGE", "en")
    before = spoken()

    def once(*argv: str) -> Answer:
        code = main(["--home", str(home.path), *argv])
        out = capsys.readouterr()
        return code, out.out, out.err

    yield once
    speak(before)
    logger.remove()


@pytest.fixture
def made(run: Run, home: Home) -> Home:
    assert run("init", "--yes", "--operator", "li", "--portal", "coupang", "--name", "main")[0] == 0
    return home


def fails_with(monkeypatch: pytest.MonkeyPatch, fault: BaseException) -> None:
    """Make the command `accounts` fail."""
    import flows.accounts

    def fail(_: object) -> NoReturn:
        raise fault

    monkeypatch.setattr(flows.accounts, "listing", fail)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["frobnicate"], "There is no command “frobnicate”."),
        (["caes"], "Did you mean cases?"),
        (["audit", "verfy"], "Did you mean verify?"),
        (["cases", "--frob"], "There is no option --frob."),
        (["cases", "--due"], "The option --due needs a value."),
        (["cases", "extra"], "There is more on the line than rebuttal cases takes: extra"),
        (["cases", "--due", "soon"], "“soon” is not a length of time."),
        (["show"], "REF is missing."),
        (["approve", "x"], "--digest is missing."),
        (["approve", "x", "--digest", "1234567"], "“1234567” is not a digest"),
        (["approve", "x", "--digest", "12345xyz"], "“12345xyz” is not a digest"),
        (["draft", "x", "--action", "apeal"], "Did you mean appeal?"),
        (["submit"], "Name the cases to send, or write --all."),
        (["submit", "x", "--all"], "Name the cases to send, or write --all."),
        (["export", "--format", "pdf"], "“pdf” is not a form of export."),
        (["login", "coupang:main", "--code", "123456"], "does not belong on the command line"),
        (["audit", "show", "--last", "many"], "--last does not fit"),
        (["cases"], "There are no settings"),
        (["cases", "--home"], "The option --home needs a value."),
    ],
)
def test_a_wrong_line_is_one_sentence_and_a_next_step(run: Run, argv: list[str], said: str) -> None:
    code, out, err = run(*argv)
    assert code == 2
    assert said in err
    assert out == ""
    assert len(err.strip().splitlines()) <= 2
    assert "Traceback" not in err


@pytest.mark.parametrize("argv", [["--frob"], ["cases", "--frob"], ["frobnicate"], ["show"], ["accounts"]])
def test_a_fault_is_exactly_one_json_value_when_asked_for(run: Run, argv: list[str]) -> None:
    code, out, _ = run(*argv, "--json")
    told = json.loads(out)
    assert set(told["error"]) == {"name", "said", "todo", "exit_code"}
    assert told["error"]["exit_code"] == code == 2


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (SignedOut(say("x")), 10),
        (Challenge(say("x")), 10),
        (PageDrift(say("x")), 11),
    ],
)
def test_each_fault_has_its_exit_code(
    run: Run, made: Home, monkeypatch: pytest.MonkeyPatch, fault: Exception, code: int
) -> None:
    fails_with(monkeypatch, fault)
    assert run("accounts")[0] == code


def test_a_fault_names_the_folder_with_what_was_seen(run: Run, made: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = PageDrift(say("The page changed."), say("Teach the label."))
    fault.bundle = "/somewhere/bundle"
    fails_with(monkeypatch, fault)
    assert "/somewhere/bundle" in run("accounts")[2]
    assert json.loads(run("accounts", "--json")[1])["error"]["bundle"] == "/somewhere/bundle"


def test_what_nobody_foresaw_is_one_sentence_and_its_details_are_in_the_log(
    run: Run, made: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_with(monkeypatch, ZeroDivisionError("mail buyer@example.com"))
    code, out, err = run("accounts", "--json")
    assert code == 1
    assert json.loads(out)["error"]["name"] == "Unexpected"
    assert "Traceback" not in err
    log = (made.logs / "rebuttal.log").read_text(encoding="utf-8")
    assert str(made.logs / "rebuttal.log") in err
    assert "ZeroDivisionError" in log
    assert "Traceback" in log
    assert "buyer@example.com" not in out + err + log


def test_what_nobody_foresaw_without_a_home_is_kept_too(
    run: Run, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.doctor

    def fail(_: object) -> NoReturn:
        raise ZeroDivisionError

    monkeypatch.setattr(flows.doctor, "examine", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, _, err = run("doctor")
    [log] = tmp_path.glob("rebuttal-*.log")
    assert code == 1
    assert str(log) in err
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_stopping_is_said_and_is_no_traceback(run: Run, made: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(monkeypatch, KeyboardInterrupt())
    code, out, err = run("accounts")
    assert (code, out, err) == (130, "", "Stopped; nothing is half done.\n")


def test_stopping_while_sending_never_claims_that_nothing_happened(
    run: Run, made: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: str) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("flows.cli.sending.flow", stopped)
    code, _, err = run("submit", "--all")
    assert code == 130
    assert "nothing" not in err
    assert "rebuttal reconcile" in err


def test_a_home_written_by_hand_is_logged_to_from_the_first_command(run: Run, home: Home) -> None:
    home.path.mkdir()
    home.settings_file.write_text("", encoding="utf-8")
    assert run("accounts")[0] == 0
    logger.info("a step")
    assert "a step" in (home.logs / "rebuttal.log").read_text(encoding="utf-8")


def test_what_a_flow_prints_never_spoils_the_json(run: Run, made: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import flows.accounts

    def chatty(_: object) -> tuple[AccountState, ...]:
        print("chatter")
        return ()

    monkeypatch.setattr(flows.accounts, "listing", chatty)
    code, out, err = run("accounts", "--json")
    assert (code, json.loads(out)) == (0, [])
    assert "chatter" in err


@pytest.mark.parametrize("argv", [["--json", "accounts"], ["accounts", "--json"]])
def test_global_options_may_stand_before_and_after(run: Run, made: Home, argv: list[str]) -> None:
    code, out, _ = run(*argv)
    [account] = json.loads(out)
    assert code == 0
    assert account["account"] == "coupang:main"
    assert account["session"] == "none"


def test_the_version_is_told(run: Run) -> None:
    assert run("--version")[:2] == (0, "rebuttal 0.1.0\n")
    assert json.loads(run("--version", "--json")[1]) == {"version": "0.1.0"}


def test_help_is_given_in_both_languages(run: Run, made: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    english = run("--help")[1]
    assert "Commands" in english
    made.settings_file.write_text('language = "zh-CN"\n', encoding="utf-8")
    chinese = run("--help")[1]
    assert "命令" in chinese
    assert "Commands" not in chinese
    made.settings_file.write_text('language = "zh-CN"\n', encoding="utf-8")
    assert "选项" in run("cases", "--help")[1]
    for name in ("draft", "cases", "export"):
        page = run(name, "--help")[1]
        assert "…" not in page.replace("[REF]…", "")
    assert "没有命令“frob”" in run("frob")[2]


def test_every_command_has_its_help(run: Run) -> None:
    from typer.main import get_command

    from flows.cli.app import build

    app: Any = get_command(build())
    assert set(app.commands) >= {
        "init",
        "accounts",
        "doctor",
        "login",
        "sync",
        "cases",
        "show",
        "draft",
        "evidence",
        "packet",
        "approve",
        "reject",
        "submit",
        "reconcile",
        "export",
        "audit",
        "demo",
        "check",
        "teach",
        "capture",
        "reread",
        "pause",
        "resume",
        "night",
        "runs",
        "notify",
        "schedule",
        "debug",
        "prune",
        "backup",
        "restore",
    }
    for name, command in app.commands.items():
        assert command.help, name
        for param in command.params:
            assert param.help, (name, param.name)
        assert run(name, "--help")[0] == 0


def test_the_language_is_decided_by_settings_then_variable_then_system(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert decide(home, {"LANG": "zh_CN.UTF-8"}) == "zh_CN.UTF-8"
    assert decide(home, {"LANG": "zh_CN.UTF-8", "REBUTTAL_LANGUAGE": "en"}) == "en"
    home.settings_file.write_text('language = "zh-CN"\n[[account]]\nlanguage = "en"\n', encoding="utf-8-sig")
    assert decide(home, {"REBUTTAL_LANGUAGE": "en"}) == "zh-CN"
    home.settings_file.write_text('[[account]]\nlanguage = "zh-CN"\n', encoding="utf-8")
    assert decide(home, {"REBUTTAL_LANGUAGE": "en"}) == "en"
    assert system_language({"LC_ALL": "zh_CN"}) == "zh_CN"


def test_init_makes_what_can_be_read_again(run: Run, home: Home) -> None:
    code, out, _ = run(
        "init",
        "--yes",
        "--operator",
        "李",
        "--zone",
        "Asia/Seoul",
        "--language",
        "en",
        "--portal",
        "coupang",
        "--base-url",
        "http://127.0.0.1:1",
        "--username",
        "li@example.com",
        "--json",
    )
    assert code == 0
    assert json.loads(out)["account"] == "coupang:main"
    settings = load_settings(home, registry.names())
    assert (settings.operator, settings.zone, settings.language) == ("李", "Asia/Seoul", "en")
    assert settings.account[0].base_url == "http://127.0.0.1:1"
    assert credentials(home, settings.account[0], {}).username == "li@example.com"
    assert "REBUTTAL_COUPANG_MAIN_PASSWORD=\n" in home.env_file.read_text(encoding="utf-8")


def test_init_never_overwrites_and_keeps_every_comment(run: Run, made: Home) -> None:
    text = '﻿# mine\r\noperator = "li" # me\r\n\r\n[[account]]\r\nportal = "coupang" # first\r\nname = "main"\r\n'
    made.settings_file.write_bytes(text.encode())
    assert run("init", "--yes")[0] == 0
    assert made.settings_file.read_bytes() == text.encode()
    assert run("init", "--yes", "--operator", "wang")[0] == 2
    assert made.settings_file.read_bytes() == text.encode()
    assert run("init", "--yes", "--portal", "ozon", "--name", "two")[0] == 0
    after = made.settings_file.read_bytes().decode()
    assert after.startswith(text.rstrip())
    assert after.count("\n") == after.count("\r\n")
    assert [a.store_name for a in load_settings(made, registry.names()).account] == ["coupang:main", "ozon:two"]


def test_init_refuses_an_account_that_is_there_and_writes_nothing(run: Run, made: Home) -> None:
    before = made.settings_file.read_bytes(), made.env_file.read_bytes()
    code, _, err = run("init", "--yes", "--portal", "coupang", "--name", "MAIN")
    assert code == 2
    assert "twice" in err
    assert (made.settings_file.read_bytes(), made.env_file.read_bytes()) == before


def test_init_with_a_wrong_value_leaves_no_home(run: Run, home: Home) -> None:
    assert run("init", "--yes", "--zone", "Mars/Olympus")[0] == 2
    assert not home.path.exists()


def test_init_keeps_a_password_letter_by_letter(run: Run, made: Home) -> None:
    from flows.setup import Wanted, set_up

    awkward = "a'b\"c\\d$E{f}#g h=ü\\'"
    set_up(made, Wanted(portal="coupang", name="two", username="x", password=awkward))
    kept = credentials(made, load_settings(made, registry.names()).named("two"), {}).password
    assert kept is not None
    assert kept.get_secret_value() == awkward


def test_doctor_finds_what_is_wrong_and_says_the_next_step(run: Run, home: Home) -> None:
    code, out, _ = run("doctor", "--json")
    told = json.loads(out)
    assert code == 1
    assert told["sound"] is False
    found = {check["name"]: check for check in told["checks"]}
    looked_at = {"home", "settings", "database", "browser", "screen", "fonts", "clock", "keyring", "disk", "schedule"}
    assert set(found) == looked_at | {"notify", "own_files"}
    assert found["home"]["state"] == "fault"
    assert "rebuttal init" in found["home"]["todo"]
    assert not home.path.exists()


def test_doctor_says_what_to_do_without_a_screen(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    said = []
    for display in ("", ":1"):
        monkeypatch.setenv("DISPLAY", display)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        said += [check for check in json.loads(run("doctor", "--json")[1])["checks"] if check["name"] == "screen"]
    assert [check["state"] for check in said] == ["note", "ok"]
    assert "--headless" in said[0]["todo"]


def test_doctor_finds_a_damaged_database_and_leaves_it(run: Run, made: Home) -> None:
    made.database.write_bytes(b"SQLite format 3\x00" + b"\x01" * 500)
    before = made.database.read_bytes()
    code, out, _ = run("doctor", "--json")
    assert code == 1
    assert next(c for c in json.loads(out)["checks"] if c["name"] == "database")["state"] == "fault"
    assert made.database.read_bytes() == before


def test_an_asynchronous_flow_is_run_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    import flows.accounts

    async def later(number: int) -> int:
        return number + 1

    monkeypatch.setattr(flows.accounts, "later", later, raising=False)
    assert calls.flow("accounts", "later")(1) == 2


def test_two_homes_know_nothing_of_each_other(run: Run, made: Home, tmp_path: Path) -> None:
    code, out, _ = run("--home", str(tmp_path / "other"), "accounts", "--json")
    assert code == 2
    assert str(tmp_path / "other") in json.loads(out)["error"]["said"]


def test_the_list_of_cases_loads_no_browser_and_no_calendars() -> None:
    """It is asked for many times a day, and half of its time would go into what it does not use."""
    code = "import sys, flows.cases, flows.cli.show; print(' '.join(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(told.stdout.split()) & {"playwright", "holidays", "selectolax", "pypdf"}


def test_nothing_heavy_is_loaded_before_a_command_needs_it() -> None:
    code = "import sys, flows.cli; print(' '.join(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    assert not loaded & {
        "playwright",
        "sqlalchemy",
        "alembic",
        "rich",
        "pydantic",
        "babel",
        "loguru",
        "keyring",
        "cryptography",
        "tomlkit",
        "platformdirs",
        "asyncio",
    }
