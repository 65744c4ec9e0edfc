"""The log: loguru set up in one place, and the mask over everything that must not be written."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import quote, quote_plus

from agent.home import PRIVATE_FILE, Home

if TYPE_CHECKING:
    from loguru import Record

MASK = "***"
LOG_FILE = "rebuttal.log"
_SHORTEST_HIDDEN = 4
"""A shorter value would blank half of every line."""

_hidden: set[str] = set()

_SECRET_NAMES = (
    r"pass(?:word|wd|phrase|code)?|pwd|secret|(?:[a-z]+[_-])?token|set-cookie|cookies?|authorization|api[_-]?key"
    r"|session(?:[_-]?id)?|sid|csrf|xsrf|credentials?|rebuttal_key|[a-z0-9_]*_password|[a-z0-9_]*_key"
    r"|密码|口令|비밀번호|пароль"
)
_CODE_NAMES = r"otp|(?:sms|one-time|verification|auth|login)[ _-]?code|code|验证码|인증번호|код"
_SECRET_NAME = re.compile(rf"(?:{_SECRET_NAMES}|{_CODE_NAMES})", re.IGNORECASE)

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A cookie or authorization header runs to the end of its line.
    (re.compile(r"\b((?:set-)?cookie|authorization)\b([\"']?\s*[:=]\s*)[^\r\n]+", re.IGNORECASE), rf"\1\2{MASK}"),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), MASK),
    (
        re.compile(
            rf"(?<![^\W_])({_SECRET_NAMES})([\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&}}\])]+)", re.IGNORECASE
        ),
        rf"\1\2{MASK}",
    ),
    (
        re.compile(
            rf"(?<![^\W_])({_CODE_NAMES})([\"']?(?:\s*[:=：]\s*|\s+(?:is\s+)?)[\"']?)\d{{4,8}}(?!\d)", re.IGNORECASE
        ),
        rf"\1\2{MASK}",
    ),
    # user:password@host
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), MASK),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), MASK),
    # Telephone numbers: with a country's prefix, Korean, Chinese, Russian, Vietnamese, Brazilian, and grouped like one.
    # What touches a letter, hyphen, slash or colon is an order or case id, a date or a port.
    (re.compile(r"(?<![\w+])\+\d[\d ()-]{6,16}\d(?![\w])"), MASK),
    (
        re.compile(
            r"(?<![\w/:.+-])(?:01[016789][ -]?\d{3,4}[ -]?\d{4}|1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0[35789]\d{8}"
            r"|8[ -]?\(?9\d{2}\)?[ -]?\d{3}[ -]?\d{2}[ -]?\d{2}|\(\d{2,3}\) ?9?\d{4}-\d{4}"
            r"|\d{3}-\d{3,4}-\d{4})(?![\w/:-])"
        ),
        MASK,
    ),
)


def hide(value: str) -> None:
    """Never write `value` from here on: not in a message, an extra or the text of an exception."""
    if len(value) < _SHORTEST_HIDDEN:
        return
    _hidden.update({value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], repr(value)[1:-1]})


def redact(text: str) -> str:
    """`text` with every registered value and everything that looks like a secret or a person's address masked."""
    for value in sorted(_hidden, key=len, reverse=True):
        text = text.replace(value, MASK)
    for pattern, mask in _PATTERNS:
        text = pattern.sub(mask, text)
    return text


def redact_value(value: Any) -> Any:
    """`value` with its texts redacted, and whatever stands under a secret's name masked whole."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {
            redact(str(key)): MASK if _SECRET_NAME.fullmatch(str(key)) else redact_value(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        text = str(value)
        return value if redact(text) == text else MASK
    return redact(str(value))


def set_up(home: Home | None, *, verbose: bool = False, as_json: bool = False, stream: TextIO | None = None) -> None:
    """Write steps to the home's log file (10 MB a file, kept 14 days) and, when `verbose`, one line each to `stream`
    (standard error); warnings are always said there. With `as_json` the file holds one JSON object a line.
    """
    from loguru import logger

    logger.remove()
    logger.configure(patcher=_mask)
    logger.add(
        stream or sys.stderr,
        level="INFO" if verbose else "WARNING",
        format=_said,
        colorize=False,
        diagnose=False,
        backtrace=False,
        filter=lambda record: not record["extra"].get("file_only"),
    )
    if home is not None:
        logger.add(
            home.logs / LOG_FILE,
            level="DEBUG",
            format=_written,
            serialize=as_json,
            colorize=False,
            diagnose=False,
            backtrace=False,
            rotation="10 MB",
            retention="14 days",
            encoding="utf-8",
            delay=True,
            opener=_private,
        )
    logging.basicConfig(handlers=[_Standard()], level=logging.WARNING, force=True)


def log_file(home: Home) -> Path:
    """Where the log of `home` lies."""
    return home.logs / LOG_FILE


def _mask(record: Record) -> None:
    """Mask a record before anything formats it. A traceback becomes masked text first: its lines name values too."""
    record["message"] = redact(record["message"])
    record["extra"] = redact_value(record["extra"])
    if (fault := record["exception"]) is not None:
        told = traceback.format_exception(fault.type, fault.value, fault.traceback)
        record["extra"]["trace"] = redact("".join(told))
        record["exception"] = None


def _said(record: Record) -> str:
    """One line a step, whatever the message holds."""
    record["extra"]["line"] = " ".join(record["message"].split())
    return "{time:HH:mm:ss} {extra[line]}\n"


def _written(record: Record) -> str:
    facts = {key: value for key, value in record["extra"].items() if key not in ("trace", "line", "facts", "file_only")}
    record["extra"]["facts"] = " ".join(f"{key}={value}" for key, value in facts.items())
    text = "{time:YYYY-MM-DDTHH:mm:ss.SSSZZ} {level: <7} {name}: {message} {extra[facts]}\n"
    return text + "{extra[trace]}\n" if "trace" in record["extra"] else text


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


class _Standard(logging.Handler):
    """Hands what libraries log in the standard way to loguru, so that it is masked too."""

    def emit(self, record: logging.LogRecord) -> None:
        from loguru import logger

        logger.opt(exception=record.exc_info).log(
            record.levelname if record.levelname in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL") else "WARNING",
            "{}: {}",
            record.name,
            record.getMessage(),
        )
