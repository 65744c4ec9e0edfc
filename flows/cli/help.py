"""How a help page looks: Typer's own breaks Chinese lines off and keeps its English words."""

from __future__ import annotations

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from agent.words import Words, say
from flows.cli.show import console


def page(command: Any, ctx: Any) -> str:
    """The help page of `command`: usage, what it does, arguments, options, commands."""
    out = console()
    parts: list[Any] = [Text(usage(command, ctx), style="bold"), "", Text(command.help or "", overflow="fold")]
    params = [param for param in command.get_params(ctx) if not getattr(param, "hidden", False)]
    parts += _section(
        say("Arguments"),
        [(param.display_name_raw, _told(param)) for param in params if param.param_type_name == "argument"],
    )
    parts += _section(
        say("Options"), [(_option(param), _told(param)) for param in params if param.param_type_name == "option"]
    )
    commands = getattr(command, "commands", {})
    parts += _section(
        say("Commands"),
        [(name, Text(one.help or "", overflow="fold")) for name, one in commands.items() if not one.hidden],
    )
    if command.epilog:
        parts += ["", Text(command.epilog, style="dim", overflow="fold")]
    with out.capture() as held:
        out.print(Group(*parts))
    return held.get().rstrip("\n")


def usage(command: Any, ctx: Any) -> str:
    """`Usage: rebuttal cases [OPTIONS]`."""
    pieces = [param.display_name_raw for param in command.get_params(ctx) if param.param_type_name == "argument"]
    if getattr(command, "commands", None):
        pieces.append(str(say("COMMAND …")))
    return " ".join([str(say("Usage:")), ctx.command_path, str(say("[OPTIONS]")), *pieces])


def _section(title: Words, rows: list[tuple[str, Text]]) -> list[Any]:
    if not rows:
        return []
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, told in rows:
        table.add_row(Text("  " + name), told)
    return ["", Text(str(title), style="bold"), table]


def _option(param: Any) -> str:
    names = ", ".join(sorted(param.opts, key=len, reverse=True))
    return names if param.is_flag else f"{names} {param.metavar or ''}".rstrip()


def _told(param: Any) -> Text:
    told = Text(param.help or "", overflow="fold")
    if param.required:
        told.append(f" {say('(needed)')}", style="yellow")
    elif not getattr(param, "is_flag", False) and param.default not in (None, "", False) and not param.multiple:
        told.append(f" {say('(without it: {value})', value=param.default)}", style="dim")
    return told
