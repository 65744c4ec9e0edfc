"""The operator's settings (`rebuttal.toml`) and secrets (`.env`), read and checked as a whole."""

from __future__ import annotations

import difflib
import getpass
import io
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from agent.errors import UsageFault
from agent.home import Home
from agent.records import DeadlineKind
from agent.timetable import NightSettings, NotifySettings
from agent.words import Words, say

Language = Literal["zh-CN", "en"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_ATTACHED = ("http", "https", "ws", "wss")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")
KEEPERS = ("adspower", "bitbrowser", "ziniao")
"""Programs that keep a browser per store, and are asked for it: `adspower://127.0.0.1:50325/<profile>`."""


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError("zone", "not a zone") from None
    return value


def _account_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise PydanticCustomError("account_name", "not a name")
    return value


def _base_url(value: str) -> str:
    if not _is_url(value, ("http", "https")):
        raise PydanticCustomError("base_url", "not an address")
    return value.rstrip("/")


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise PydanticCustomError("host", "not a host's name")
    return value


def _browser(value: str) -> str:
    kept = _is_url(value, KEEPERS) and bool(urlsplit(value).path.strip("/"))
    if value not in ("launch", "persistent") and not kept and not _is_url(value, _ATTACHED):
        raise PydanticCustomError("account_browser", "not a way to a browser")
    return value


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _path(value: Any) -> Any:
    if not isinstance(value, str | Path) or not str(value):
        raise PydanticCustomError("path_type", "not a path")
    return Path(value).expanduser()


def _operator() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "operator"


Zone = Annotated[str, AfterValidator(_zone)]
"""An IANA zone that this machine knows."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class AccountSettings(_Table):
    """One store on one portal."""

    portal: str
    name: Annotated[str, AfterValidator(_account_name)]
    base_url: Annotated[str, AfterValidator(_base_url)] | None = None
    """Only for mocks or regional hosts; default is the portal's own."""
    browser: Annotated[str, AfterValidator(_browser)] = "launch"
    """`launch`, `persistent`, the CDP address of a browser that is already open, or a store in a program that keeps
    browsers (`KEEPERS`)."""
    pace_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Seconds between two pages, where this store wants other ones than `pace_s` of the settings."""
    sign_in_hosts: Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], Field(strict=False)] = ()
    """Further hosts of the portal on whose pages name, password and code may be typed, each with all below it."""
    zone: Zone | None = None
    """The zone of the store, where the portal shows none; default is the portal's."""
    options: dict[str, Any] = {}
    """What only this portal understands."""

    @property
    def store_name(self) -> str:
        """`coupang:main`."""
        return f"{self.portal}:{self.name}"

    @property
    def secret_prefix(self) -> str:
        """`REBUTTAL_COUPANG_MAIN`, before `_USERNAME` and `_PASSWORD`."""
        return f"REBUTTAL_{self.portal}_{self.name}".upper().replace("-", "_")


class Settings(_Table):
    """All that an operator decides beforehand."""

    operator: Annotated[str, Field(min_length=1, default_factory=_operator)]
    """Default name for drafts and approvals; else the name of the system's user."""
    zone: Zone = "Asia/Shanghai"
    """The operator's clock."""
    language: Language | None = None
    """None: the system's."""
    four_eyes: bool = False
    """The drafter may not approve."""
    allow_money_actions: bool = False
    """Whether an action that pays the buyer (accepting his plan) can be approved at all."""
    approval_hours: Annotated[int, Field(ge=1)] = 24
    """How long an approval lives."""
    house_hours: Annotated[int, Field(ge=1)] = 48
    """The house's own deadline for an answer, where the portal gives more (WD3)."""
    retention_days: Annotated[int, Field(ge=180)] = 540
    """How long records are kept; never under 180 days (WD9)."""
    database: Annotated[str, Field(min_length=1)] | None = None
    """A database address for a fleet; None: SQLite in the home."""
    pace_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2.0
    """Seconds between two pages of one real host, over all its accounts."""
    at_once: Annotated[int, Field(ge=1, le=16)] = 3
    """How many accounts are read at the same time, as far as memory allows."""
    browser: Annotated[Path, BeforeValidator(_path)] | None = None
    """The browser program; None: the one that is found."""
    night: NightSettings = NightSettings()
    notify: NotifySettings = NotifySettings()
    account: Annotated[tuple[AccountSettings, ...], Field(strict=False)] = ()

    def named(self, store_name: str) -> AccountSettings:
        """The account `coupang:main`, or the only one whose name or portal is `store_name`; else `UsageFault`."""
        exact = [a for a in self.account if a.store_name == store_name]
        found = exact or [a for a in self.account if store_name in (a.name, a.portal)]
        if len(found) == 1:
            return found[0]
        names = [a.store_name for a in self.account]
        if len(found) > 1:
            raise UsageFault(
                say(
                    "“{given}” fits more than one account: {names}.",
                    given=store_name,
                    names=", ".join(a.store_name for a in found),
                ),
                say("Name one of them in full."),
            )
        near = _nearest(store_name, names)
        raise UsageFault(
            say("There is no account “{given}”.", given=store_name),
            say("Did you mean {near}?", near=near)
            if near
            else say("Known accounts: {names}.", names=", ".join(names))
            if names
            else say("Add one with `rebuttal init`."),
        )


class Credentials(NamedTuple):
    """Name and password for a sign-in page, each None where none is kept; the password hides when printed."""

    username: str | None
    password: SecretStr | None


def load_settings(home: Home, portals: Iterable[str], *, need_accounts: bool = False) -> Settings:
    """The settings of `home`, checked against the portals there are.

    Everything that is wrong is a `UsageFault` naming file, line and key.
    """
    file = home.settings_file
    return check_settings(_settings_text(file), file, portals, need_accounts=need_accounts)


def check_settings(text: str, file: Path, portals: Iterable[str], *, need_accounts: bool = False) -> Settings:
    """The settings that `text` holds; `file` is where it stands, or will stand."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise UsageFault(
            say("{path} is not valid TOML: {why}", path=file, why=fault),
            say("Correct that line and try again."),
        ) from None
    try:
        settings = Settings.model_validate(tables)
    except ValidationError as fault:
        raise _refused(fault.errors(include_url=False)[0], text, file) from None
    _check_accounts(settings, sorted(portals), text, file)
    if need_accounts and not settings.account:
        raise UsageFault(
            say("{path} names no account.", path=file),
            say("Add one with `rebuttal init`, or write an [[account]] table."),
        )
    return settings


def credentials(home: Home, account: AccountSettings, environ: Mapping[str, str] = os.environ) -> Credentials:
    """Name and password of `account` from the process environment, else from `.env`; both are kept out of every log."""
    from agent.log import hide

    username = secret(home, f"{account.secret_prefix}_USERNAME", environ)
    password = secret(home, f"{account.secret_prefix}_PASSWORD", environ)
    if password:
        hide(password)
    return Credentials(username, SecretStr(password) if password else None)


def secret(home: Home, variable: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """The value of `variable` in the process environment, else in the home's `.env`; empty is none."""
    return environ.get(variable) or _env(home.env_file).get(variable) or None


def _env(file: Path) -> dict[str, str | None]:
    """What `.env` says. Nothing is interpolated: a password may contain `${`."""
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise _not_utf8(file) from None
    except OSError as fault:
        raise _unreadable(file, fault) from None
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            raise UsageFault(
                say("{path}, line {line}: this is not NAME=value.", path=file, line=binding.original.line),
                say("Correct that line; put a value with spaces or quotes into single quotes."),
            )
    return dict(dotenv_values(stream=io.StringIO(text), interpolate=False))


def _settings_text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageFault(
            say("There are no settings: {path} does not exist.", path=file),
            say("Make them with `rebuttal init`, or name another folder with --home."),
        ) from None
    except UnicodeDecodeError:
        raise _not_utf8(file) from None
    except OSError as fault:
        raise _unreadable(file, fault) from None


def _not_utf8(file: Path) -> UsageFault:
    return UsageFault(
        say("{path} is not written in UTF-8.", path=file),
        say("Save it again in your editor with the encoding UTF-8."),
    )


def _unreadable(file: Path, fault: OSError) -> UsageFault:
    return UsageFault(
        say("{path} can't be read: {why}.", path=file, why=fault.strerror or fault),
        say("Give yourself the right to read it."),
    )


def _check_accounts(settings: Settings, portals: list[str], text: str, file: Path) -> None:
    seen: dict[str, int] = {}
    for index, account in enumerate(settings.account):
        if account.portal not in portals:
            near = _nearest(account.portal, portals)
            raise UsageFault(
                say(
                    "{where}: there is no portal “{given}”.",
                    where=_where(("account", index, "portal"), text, file),
                    given=account.portal,
                ),
                say("Did you mean {near}?", near=near)
                if near
                else say("Known portals: {names}.", names=", ".join(portals)),
            )
        # By the name of its secrets: two accounts that differ only in case or hyphen would share a password.
        if account.secret_prefix in seen:
            raise UsageFault(
                say(
                    "{where}: the account {account} is there twice.",
                    where=_where(("account", index, "name"), text, file),
                    account=account.store_name,
                ),
                say("Give each account of a portal its own name; capitals and “-” or “_” make no difference."),
            )
        seen[account.secret_prefix] = index


def _refused(error: ErrorDetails, text: str, file: Path) -> UsageFault:
    """What pydantic found first, as one sentence and a next step."""
    loc = tuple(part for part in error["loc"] if isinstance(part, int) or part not in ("str", "path"))
    key = str(loc[-1]) if loc else ""
    where = _where(loc, text, file)
    kind = error["type"]
    if kind == "extra_forbidden":
        known = list((_TABLES.get(str(loc[0]), Settings) if len(loc) > 1 else Settings).model_fields)
        near = _nearest(key, known)
        return UsageFault(
            say("{where}: the key “{key}” is unknown.", where=where, key=key),
            say("Did you mean {near}?", near=near) if near else say("Known keys: {names}.", names=", ".join(known)),
        )
    if kind == "missing":
        return UsageFault(
            say("{where}: the key “{key}” is missing.", where=where, key=key),
            say("Add it, as in: {example}", example=f'{key} = "{_EXAMPLES.get(key, "…")}"'),
        )
    if loc == ("account",) or (len(loc) == 2 and loc[0] == "account"):
        return UsageFault(
            say("{where}: accounts are written as [[account]] tables.", where=where),
            say("Write [[account]] with two brackets, and portal and name below it."),
        )
    return UsageFault(
        say(
            "{where}: “{key}” must be {wanted}, not {given}.",
            where=where,
            key=key,
            wanted=_wanted(error),
            given=_given(error["input"]),
        ),
        say("Correct that line and try again."),
    )


_TABLES: dict[str, type[BaseModel]] = {"account": AccountSettings, "night": NightSettings, "notify": NotifySettings}
_EXAMPLES = {"portal": "coupang", "name": "main"}


def _wanted(error: ErrorDetails) -> Words:
    kind = error["type"]
    bounds = error.get("ctx", {})
    plain: dict[str, Words] = {
        "bool_type": say("true or false, without quotes"),
        "int_type": say("a whole number, without quotes"),
        "float_type": say("a number, without quotes"),
        "finite_number": say("a number, without quotes"),
        "string_too_short": say("a text that is not empty"),
        "dict_type": say("a table"),
        "model_type": say("a table"),
        "tuple_type": say("a list in brackets"),
        "time_of_day": say('a time such as "02:00"'),
        "quiet_hours": say('a span such as "23:00-07:30"'),
        "target": say("up to 30 of the letters a-z, digits and “_”"),
        "path_type": say("a path in quotes"),
        "zone": say('an IANA zone such as "Asia/Shanghai"'),
        "account_name": say("up to 40 of the letters a-z, digits, “-” and “_”"),
        "base_url": say('an address such as "http://127.0.0.1:8701"'),
        "host": say('a host\'s name such as "accounts.shopee.ph"'),
        "account_browser": say(
            '"launch", "persistent" or the address of an open browser such as "http://127.0.0.1:9222"'
        ),
    }
    if kind in plain:
        return plain[kind]
    if kind == "greater_than_equal":
        return say("at least {least}", least=bounds["ge"])
    if kind == "greater_than":
        return say("more than {least}", least=bounds["gt"])
    if kind == "less_than_equal":
        return say("at most {most}", most=bounds["le"])
    if kind == "literal_error":
        known = get_args(DeadlineKind) if _inner(error) == "ladder" else get_args(Language)
        return say("one of {names}", names=", ".join(f'"{name}"' for name in known))
    return say("a text in quotes")


def _inner(error: ErrorDetails) -> str:
    """The table of a table in which an error lies, such as `ladder`; "" where it lies in none."""
    return str(error["loc"][1]) if len(error["loc"]) > 2 else ""


def _given(value: Any) -> str:
    shown = str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"


def _nearest(given: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(given, list(known), n=1, cutoff=0.6)), None)


def _where(loc: tuple[int | str, ...], text: str, file: Path) -> Words:
    """File and line of a key; tomllib keeps no positions, so that the key is looked up in the text."""
    lines = text.splitlines()
    start, end = 0, len(lines)
    table: int | None = None
    headers = [n for n, line in enumerate(lines) if line.lstrip().startswith("[")]
    if len(loc) > 1 and loc[0] == "account":
        tables = [n for n in headers if re.match(r"\s*\[\[\s*account\s*\]\]", lines[n])]
        if isinstance(loc[1], int) and loc[1] < len(tables):
            start = table = tables[loc[1]]
            end = next((n for n in headers if n > start), end)
    elif len(loc) > 1 and any(_names_table(lines[n], str(loc[0])) for n in headers):
        start = table = next(n for n in headers if _names_table(lines[n], str(loc[0])))
        end = next((n for n in headers if n > start and not _names_table(lines[n], str(loc[0]))), end)
    elif headers:
        own = re.compile(r"\s*\[\[?\s*\"?" + re.escape(str(loc[0])))
        end = next((n for n in headers if own.match(lines[n])), headers[0]) + 1
    key = next((str(part) for part in reversed(loc) if isinstance(part, str)), "")
    pattern = re.compile(r"\s*(\[\[?\s*)?[\"']?" + re.escape(key) + r"[\"']?\s*[=.\]]")
    line = next((n for n in range(start, end) if pattern.match(lines[n])), table)
    if line is None:
        return say("{path}", path=file)
    return say("{path}, line {line}", path=file, line=line + 1)


def _names_table(line: str, name: str) -> bool:
    return re.match(r"\s*\[\s*" + re.escape(name) + r"\s*[.\]]", line) is not None
