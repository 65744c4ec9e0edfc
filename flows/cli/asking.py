"""The questions of `init`, each with the answer that is taken when one just presses Enter."""

from __future__ import annotations

import dataclasses
import getpass

import typer

from agent.home import Home
from agent.words import Words, say, spoken
from flows import registry
from flows.setup import Wanted, system_zone


def ask(home: Home, wanted: Wanted) -> Wanted:
    """`wanted` with what was not given on the command line asked for on the terminal."""
    answers: dict[str, str | None] = {}
    if not home.settings_file.exists():
        answers["operator"] = wanted.operator or _ask(
            say("Your name, to stand under drafts and approvals"), getpass.getuser()
        )
        answers["zone"] = wanted.zone or _ask(say("Your clock"), system_zone() or "Asia/Shanghai")
        answers["language"] = wanted.language or _ask(say("Language, zh-CN or en"), spoken())
    if wanted.portal is None:
        names = registry.names()
        given = _ask(say("Portal of an account to add ({names}), or Enter for none", names=", ".join(names)), "")
        answers["portal"] = given or None
    if wanted.portal or answers.get("portal"):
        answers["name"] = wanted.name or _ask(say("Name of the account"), "main")
        answers["username"] = (
            wanted.username or _ask(say("Name for the sign-in page, or Enter to type it there yourself"), "") or None
        )
        if answers["username"]:
            answers["password"] = (
                typer.prompt(
                    str(say("Password, kept in .env, or Enter to type it there yourself")),
                    default="",
                    hide_input=True,
                    show_default=False,
                    err=True,
                )
                or None
            )
    return dataclasses.replace(wanted, **answers)  # type: ignore[arg-type]


def _ask(question: Words, default: str) -> str:
    return str(typer.prompt(str(question), default=default, show_default=bool(default), err=True)).strip()
