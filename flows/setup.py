"""Makes a home, or adds an account to one; what is there is never overwritten, comments included."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import tomlkit
from tomlkit.items import AoT

from agent.errors import UsageFault
from agent.home import Home, write_private
from agent.settings import AccountSettings, Settings, check_settings, load_settings, secret
from agent.words import Words, say
from flows import registry


@dataclass(frozen=True)
class Wanted:
    """What is to be set; None: the default, or as it is."""

    operator: str | None = None
    zone: str | None = None
    language: str | None = None
    four_eyes: bool | None = None
    portal: str | None = None
    name: str | None = None
    base_url: str | None = None
    browser: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Made:
    """What was done."""

    home: Path
    settings: Path
    created: bool
    account: str | None
    said: tuple[Words, ...]


def set_up(home: Home, wanted: Wanted) -> Made:
    """Make the home and its settings, and add the account of `wanted.portal` when one is named.

    Raises `UsageFault` when a value is wrong or the account is there already; then nothing is written.
    """
    said: list[Words] = []
    created = not home.settings_file.exists()
    if created:
        text = _fresh(wanted)
        said.append(say("The home is {path}.", path=home.path))
    else:
        load_settings(home, registry.names())
        text = home.settings_file.read_bytes().decode("utf-8")
        if any(value is not None for value in (wanted.operator, wanted.zone, wanted.language, wanted.four_eyes)):
            raise UsageFault(
                say("There are settings already: {path}.", path=home.settings_file),
                say("Change operator, zone and language in that file; nothing was written."),
            )
        if wanted.portal is None:
            said.append(say("There are settings already, left as they are: {path}.", path=home.settings_file))
    if wanted.portal is not None:
        text = _with_account(text, wanted)
    settings = check_settings(text.removeprefix("\ufeff"), home.settings_file, registry.names())
    home.create()
    account = settings.account[-1] if wanted.portal is not None else None
    if created or account:
        write_private(home.settings_file, text.encode())
    if account:
        said += _keep_secrets(home, account, wanted)
    said += _next(settings, account)
    return Made(home.path, home.settings_file, created, account.store_name if account else None, tuple(said))


def system_zone() -> str | None:
    """The IANA zone of this machine where it tells one; a server's UTC is nobody's clock."""
    candidates = [os.environ.get("TZ", "").lstrip(":")]
    try:
        candidates.append(str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2])
        candidates.append(Path("/etc/timezone").read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        pass
    if datetime.now().astimezone().utcoffset() == datetime.now(ZoneInfo("Asia/Shanghai")).utcoffset():
        candidates.append("Asia/Shanghai")
    for name in candidates:
        try:
            if name and ZoneInfo(name).key.rpartition("/")[2] not in ("UTC", "UCT", "GMT", "Universal", "Zulu"):
                return name
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None


def _fresh(wanted: Wanted) -> str:
    """New settings, with what each line is for."""
    document = tomlkit.document()
    document.add(tomlkit.comment(str(say("Settings of Rebuttal. Secrets do not belong here but into .env beside it."))))
    given = {name: getattr(wanted, name) for name in ("operator", "zone", "language", "four_eyes")}
    defaults = Settings.model_validate({"zone": system_zone()} if system_zone() else {})
    for name, comment in (
        ("operator", say("stands under drafts and approvals")),
        ("zone", say("your clock")),
        ("language", say("zh-CN or en; without this line the system's")),
        ("four_eyes", say("true: who wrote a draft may not approve it")),
    ):
        value = given[name] if given[name] is not None else getattr(defaults, name)
        if value is not None:
            document.add(name, tomlkit.item(value).comment(str(comment)))
    return tomlkit.dumps(document)


def _with_account(text: str, wanted: Wanted) -> str:
    """`text` with one [[account]] more at its end; all else stays letter by letter."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    line_end = "\r\n" if "\r\n" in text else "\n"
    document = tomlkit.parse(text.removeprefix("\ufeff"))
    table = tomlkit.table()
    for name in ("portal", "name", "base_url", "browser"):
        value = getattr(wanted, name) or ("main" if name == "name" else None)
        if value is not None:
            table.add(name, value)
    there = document.get("account")
    if isinstance(there, AoT):
        there.append(table)
    else:
        if "account" in document:  # an empty list written in line
            del document["account"]
        document.add(tomlkit.nl())
        accounts = tomlkit.aot()
        accounts.append(table)
        document.add("account", accounts)
    made = tomlkit.dumps(document)
    return mark + (made.replace("\r\n", "\n").replace("\n", "\r\n") if line_end == "\r\n" else made)


def _keep_secrets(home: Home, account: AccountSettings, wanted: Wanted) -> list[Words]:
    """Name and password into `.env`, unless they are known already; empty lines for what is still to be filled in."""
    names = {f"{account.secret_prefix}_USERNAME": wanted.username, f"{account.secret_prefix}_PASSWORD": wanted.password}
    missing = {name: value for name, value in names.items() if secret(home, name) is None}
    there = home.env_file.read_bytes().decode("utf-8-sig") if home.env_file.exists() else ""
    lines = [
        f"{name}={_quoted(value) if value else ''}"
        for name, value in missing.items()
        if value or f"{name}=" not in there
    ]
    if lines:
        start = there if not there or there.endswith("\n") else there + "\n"
        write_private(home.env_file, (start + "\n".join(lines) + "\n").encode())
    open_ones = [name for name, value in missing.items() if not value]
    said = [say("Added the account {account}.", account=account.store_name)]
    if open_ones:
        said.append(
            say(
                "If name and password are to be typed for you, fill in {names} in {path}.",
                names=", ".join(open_ones),
                path=home.env_file,
            )
        )
    return said


def _quoted(value: str) -> str:
    """`value` so that `.env` gives it back letter by letter."""
    if "\n" in value or "\r" in value:
        raise UsageFault(say("A name or password can't hold a line break."), say("Type it again."))
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _next(settings: Settings, account: AccountSettings | None) -> list[Words]:
    if account is not None:
        checks = registry.get(account.portal).checklist
        return [
            *(say("Check at the portal: {what}", what=what) for what in checks),
            say("Next: rebuttal login {account}", account=account.store_name),
        ]
    if not settings.account:
        return [
            say(
                "Next: add an account with rebuttal init --portal {portal} --name main",
                portal=next(iter(registry.names()), "PORTAL"),
            )
        ]
    return []
