"""A password, cookie, code or buyer's number in a log file: what the mask prevents."""

import io
import json
import logging
import os
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from loguru import logger

from agent import log
from agent.home import Home

PASSWORD = "Pf3rd&\"batterie' \\ü"
PLANTED = {
    "cookie": "sid=c00k1e-v4lue; other=s3cond-c00kie",
    "token": "tok-9f8e7d6c5b4a",
    "bearer": "Bearer abcdef0123456789",
    "jwt": "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
    "code": "code: 483920",
    "korean code": "인증번호: 729104",
    "chinese code": "验证码：550113",
    "e-mail": "buyer.name@example.co.kr",
    "korean phone": "010-2345-6789",
    "chinese phone": "13912345678",
    "russian phone": "+7 912 345-67-89",
    "address": "https://user:hunter2secret@example.com/",
}
NEVER = (
    PASSWORD,
    json.dumps(PASSWORD)[1:-1],
    "c00k1e-v4lue",
    "s3cond-c00kie",
    "tok-9f8e7d6c5b4a",
    "abcdef0123456789",
    "eyJzdWIiOiIx",
    "483920",
    "729104",
    "550113",
    "buyer.name",
    "010-2345-6789",
    "13912345678",
    "912 345",
    "hunter2secret",
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    hidden = set(log._hidden)
    handlers = logging.root.handlers[:]
    yield Home(tmp_path).create()
    logger.remove()
    logger.configure(patcher=lambda record: None, extra={})
    logging.root.handlers[:] = handlers
    log._hidden.clear()
    log._hidden.update(hidden)


def say_everything() -> None:
    logger.info("password={} and {!r}", PASSWORD, PASSWORD)
    logger.info("as JSON {}", json.dumps({"pw": PASSWORD}))
    logger.info("Set-Cookie: {}", PLANTED["cookie"])
    logger.bind(password="x-short", cookies=[{"value": "c00k1e-v4lue"}], head={"Cookie": PLANTED["cookie"]}).info("b")
    nested = {"a": [PASSWORD, {"b": PLANTED["e-mail"]}]}
    logger.info("extra", token=PLANTED["token"], nested=nested, path=Path(PASSWORD))
    logger.info(f'{{"access_token": "{PLANTED["token"]}", "n": 1}} token={PLANTED["token"]}&x=1')
    for name, value in PLANTED.items():
        if name not in ("cookie", "token"):
            logger.info("{} {}", name, value)
            logger.warning(value, extra=value)
    try:
        secret = PASSWORD
        raise ValueError(f"refused {secret} for {PLANTED['e-mail']}")
    except ValueError:
        logger.exception("failed with {}", PASSWORD)
        logging.getLogger("some.library").exception("token=%s", PLANTED["token"])
    with logger.contextualize(who=PLANTED["korean phone"]):
        logger.error("in context")


@pytest.mark.parametrize("as_json", [False, True])
def test_no_planted_secret_is_in_any_byte_that_was_written(home: Home, as_json: bool) -> None:
    stream = io.StringIO()
    log.set_up(home, verbose=True, as_json=as_json, stream=stream)
    log.hide(PASSWORD)
    say_everything()
    logger.complete()
    written = stream.getvalue() + "".join(
        file.read_text(encoding="utf-8") for file in home.path.rglob("*") if file.is_file()
    )
    assert "failed with" in written
    assert "ValueError" in written
    for secret in NEVER:
        assert secret not in written, secret


def test_without_the_mask_the_same_test_would_fail(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "redact", lambda text: text)
    stream = io.StringIO()
    log.set_up(home, verbose=True, stream=stream)
    say_everything()
    assert "c00k1e-v4lue" in stream.getvalue()
    assert PASSWORD in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "coupang:main/refund_disputes/COO1234567890123 was read in 1.25 s",
        "order 123-1234567-1234567, posting 39268230-0002-3, 12-34567-89012",
        "2026-03-01T10:15:00.000Z http://127.0.0.1:8701/orders/COO123?page=2",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "listed 1200, visited 13, new 5, exit code 12, 37900 KRW, 2일 5시간 남음",
        "2026-03-01 to 2026-03-31, 10:15:00 +08:00",
    ],
)
def test_what_is_needed_to_find_a_fault_stays(text: str) -> None:
    assert log.redact(text) == text


def test_a_short_value_does_not_blank_every_line(home: Home) -> None:
    log.hide("1")
    assert log.redact("page 1 of 11") == "page 1 of 11"


def test_steps_are_said_only_when_asked_for(home: Home) -> None:
    silent, told = io.StringIO(), io.StringIO()
    log.set_up(home, verbose=False, stream=silent)
    logger.info("a step")
    log.set_up(home, verbose=True, stream=told)
    logger.info("a step\nin two lines", case="x")
    assert silent.getvalue() == ""
    assert told.getvalue().endswith("a step in two lines\n")
    assert told.getvalue().count("\n") == 1


def test_a_traceback_goes_to_the_file_only(home: Home) -> None:
    stream = io.StringIO()
    log.set_up(home, stream=stream)
    try:
        raise KeyError("x")
    except KeyError:
        logger.exception("it failed")
    assert "Traceback" not in stream.getvalue()
    assert "Traceback" in log.log_file(home).read_text(encoding="utf-8")


def test_braces_and_marks_in_a_message_break_nothing(home: Home) -> None:
    stream = io.StringIO()
    log.set_up(home, verbose=True, stream=stream)
    logger.info("{}", "{not} a <red>template</red> {extra[x]}", why="{0}")
    assert "{not} a <red>template</red> {extra[x]}" in stream.getvalue()
    assert "{0}" in log.log_file(home).read_text(encoding="utf-8")


def test_json_holds_one_object_a_line(home: Home) -> None:
    log.set_up(home, as_json=True, stream=io.StringIO())
    logger.info("读取", case="COO1")
    logger.info("two")
    found = [json.loads(line)["record"] for line in log.log_file(home).read_text(encoding="utf-8").splitlines()]
    assert [one["message"] for one in found] == ["读取", "two"]
    assert found[0]["extra"]["case"] == "COO1"


@pytest.mark.skipif(os.name != "posix", reason="rights of this kind are POSIX")
def test_the_log_is_the_owner_s_alone(home: Home) -> None:
    log.set_up(home, stream=io.StringIO())
    logger.info("x")
    assert stat.S_IMODE(log.log_file(home).stat().st_mode) == 0o600


def test_a_library_s_warning_is_masked_too(home: Home) -> None:
    stream = io.StringIO()
    log.set_up(home, stream=stream)
    logging.getLogger("lib").warning("mail to %s", "buyer@example.com")
    assert "lib: mail to ***" in stream.getvalue()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        logging.getLogger("lib").info("not said")
    assert "not said" not in stream.getvalue()
