"""The `rebuttal` command: what stands before every command, and how every fault is said."""

import contextlib
import io
import json
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperCommand, TyperGroup

from agent.errors import DONE, FAULT, USAGE, RebuttalError, UsageFault
from agent.home import Home
from agent.words import Words, say, speak
from flows.cli import desk, keeping, reading, sending, starting, watching
from flows.cli.call import Call, current, start_log
from flows.cli.language import decide

STOPPED = 130


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code (DESIGN §7); never raises."""
    _utf8()
    given = list(sys.argv[1:] if argv is None else argv)
    call, rest, wrong = _peek(given)
    speak(decide(call.home))
    token = current.set(call)
    answers = sys.stdout
    try:
        with contextlib.redirect_stdout(sys.stderr) if call.json else contextlib.nullcontext():
            code = _serve(call, rest, wrong)
        if call.json and call.answered:
            _print_json(call.answer, answers)
        answers.flush()
        return code
    except BrokenPipeError:
        # Whoever read our output has gone; nothing is left to say, not even while Python closes the stream.
        sys.stdout = io.StringIO()
        return DONE
    finally:
        current.reset(token)


def build() -> typer.Typer:
    """The commands, their help in the language in force."""
    app = typer.Typer(
        name="rebuttal",
        cls=_Group,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help=str(say("Reads every dispute of your stores, and sends what you approved, once.")),
    )

    @app.callback(cls=_Group)
    def everything(
        home: Annotated[
            str,
            typer.Option(
                "--home",
                metavar="DIR",
                show_default=False,
                help=str(
                    say("Folder with settings and records; else REBUTTAL_HOME, else the system's place for data.")
                ),
            ),
        ] = "",
        as_json: Annotated[
            bool,
            typer.Option(
                "--json", help=str(say("Print one JSON value on standard output, everything else on standard error."))
            ),
        ] = False,
        verbose: Annotated[
            bool, typer.Option("--verbose", "-v", help=str(say("Say every step on standard error.")))
        ] = False,
        version: Annotated[
            bool, typer.Option("--version", is_eager=True, callback=_version, help=str(say("Say the version and end.")))
        ] = False,
    ) -> None:
        # --home, --json and -v are read by `_peek`, so that they may stand before and after the command.
        pass

    for group in (starting, reading, sending, watching, keeping, desk):
        group.register(app)
    inner = [group.typer_instance for group in app.registered_groups if group.typer_instance is not None]
    for group_info in app.registered_groups:
        group_info.cls = _Group
    for command in (command for typed in (app, *inner) for command in typed.registered_commands):
        command.cls = _Command
        command.epilog = str(say("Also everywhere: --home DIR, --json, -v"))
    return app


def _serve(call: Call, rest: list[str], wrong: RebuttalError | None) -> int:
    try:
        if wrong is not None:
            raise wrong
        start_log(call)
        code = build()(rest, prog_name="rebuttal", standalone_mode=False)
        if code == STOPPED:
            raise KeyboardInterrupt
        return code if isinstance(code, int) and code else call.exit_code
    except typer.Abort:
        return _told(call, "Stopped", say("Stopped."), None, FAULT)
    except KeyboardInterrupt:
        if rest[:1] == ["submit"]:
            # The click may have been made: only the portal knows.
            return _told(
                call,
                "Stopped",
                say("Stopped."),
                say("If a packet was just being sent, run `rebuttal reconcile`."),
                STOPPED,
            )
        return _told(call, "Stopped", say("Stopped; nothing is half done."), None, STOPPED)
    except RebuttalError as fault:
        return _fault(call, fault)
    except typer.TyperException as fault:
        if type(fault).__name__ == "NoArgsIsHelpError":
            print(fault.format_message(), file=sys.stderr)
            return USAGE
        return _fault(call, _usage(fault))
    except BrokenPipeError:
        raise
    except Exception as fault:
        return _unexpected(call, fault)


def _peek(given: list[str]) -> tuple[Call, list[str], RebuttalError | None]:
    """Take --home, --json and -v from wherever they stand, up to `--`; the rest is the command."""
    rest: list[str] = []
    named: str | None = None
    wrong: RebuttalError | None = None
    as_json = verbose = False
    words: Iterator[str] = iter(given)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--home":
            named = next(words, None)
            if not named:
                wrong = UsageFault(
                    say("The option {option} needs a value.", option="--home"), say("Write --home and a folder.")
                )
        elif word.startswith("--home="):
            named = word.partition("=")[2]
        elif word == "--json":
            as_json = True
        elif word in ("-v", "--verbose"):
            verbose = True
        else:
            rest.append(word)
    return Call(Home.chosen(named), as_json, verbose), rest, wrong


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        call = current.get()
        call.answer = {"version": version("rebuttal")}
        if not call.json:
            print(f"rebuttal {call.answer['version']}")
        raise typer.Exit


def _fault(call: Call, fault: RebuttalError) -> int:
    return _told(call, fault.name, fault.said, fault.todo, fault.exit_code, fault.bundle)


def _told(call: Call, name: str, said: Words, todo: Words | None, code: int, bundle: str | None = None) -> int:
    """Say a fault: a sentence, the next step and the folder with what was seen; in JSON too when asked for."""
    from agent.log import redact

    print(redact(str(said)), file=sys.stderr)
    if todo is not None:
        print(redact(str(todo)), file=sys.stderr)
    if bundle:
        print(say("What was seen is kept in {folder}.", folder=bundle), file=sys.stderr)
    call.answer = {
        "error": {
            "name": name,
            "said": redact(str(said)),
            "todo": redact(str(todo)) if todo is not None else None,
            "exit_code": code,
        }
        | ({"bundle": bundle} if bundle else {})
    }
    return code


def _unexpected(call: Call, fault: Exception) -> int:
    """A fault that nobody foresaw: one sentence, and where the details are."""
    from agent.log import log_file, redact

    said = say("Something went wrong that should not: {what}.", what=type(fault).__name__)
    try:
        if call.home.logs.is_dir():
            from loguru import logger

            logger.bind(file_only=True).opt(exception=fault).error("{}", type(fault).__name__)
            where = log_file(call.home)
        else:
            handle, name = tempfile.mkstemp(prefix="rebuttal-", suffix=".log", text=True)
            os.close(handle)
            where = Path(name)
            where.write_text(redact("".join(traceback.format_exception(fault))), encoding="utf-8")
    except OSError:
        return _told(call, "Unexpected", said, None, FAULT)
    return _told(call, "Unexpected", said, say("The details are in {path}; report them.", path=where), FAULT)


def _usage(fault: typer.TyperException) -> UsageFault:
    """Typer's complaint about the command line, in the person's language."""
    context: Any = getattr(fault, "ctx", None)
    command = context.command_path if context is not None else "rebuttal"
    todo = say("See: {command} --help", command=command)
    kind = type(fault).__name__
    param = getattr(fault, "param", None)
    name = (
        param.opts[-1]
        if param is not None and param.param_type_name == "option"
        else (param.display_name_raw if param is not None else "")
    )
    if kind == "NoSuchOption":
        option = getattr(fault, "option_name", "")
        near = next(iter(getattr(fault, "possibilities", None) or ()), None)
        return UsageFault(
            say("There is no option {option}.", option=option), say("Did you mean {near}?", near=near) if near else todo
        )
    if kind == "MissingParameter":
        return UsageFault(say("{name} is missing.", name=name), todo)
    if kind == "BadParameter":
        return UsageFault(say("{name} does not fit: {why}", name=name, why=fault.message), todo)
    if kind == "BadOptionUsage":
        return UsageFault(say("The option {option} needs a value.", option=getattr(fault, "option_name", "")), todo)
    if found := re.match(r"Got unexpected extra argument\S* \((.*)\)", fault.message):
        return UsageFault(
            say("There is more on the line than {command} takes: {rest}", command=command, rest=found[1]), todo
        )
    return UsageFault(say("The command line is not right: {why}", why=fault.format_message()), todo)


class _Spoken:
    """What Typer writes into a help page by itself, in the language in force."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = str(say("Show this page and end."))
        return option

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from flows.cli.help import page

        formatter.write(page(self, ctx))


class _Command(_Spoken, TyperCommand):
    """A command that speaks the person's language."""


class _Group(_Spoken, TyperGroup):
    """A group that names the nearest command when there is none of that name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            seen = [name for name in self.list_commands(ctx) if not getattr(self.commands[name], "hidden", False)]
            near = next(iter(get_close_matches(args[0], seen, n=1)), None)
            raise UsageFault(
                say("There is no command “{given}”.", given=args[0]),
                say("Did you mean {near}?", near=near)
                if near
                else say("See: {command} --help", command=ctx.command_path),
            )
        return super().resolve_command(ctx, args)


def _print_json(value: Any, stream: TextIO) -> None:
    ascii_only = (stream.encoding or "ascii").lower().replace("-", "") not in ("utf8", "utf8sig")
    stream.write(json.dumps(value, ensure_ascii=ascii_only, indent=2) + "\n")


def _utf8() -> None:
    """Windows gives a pipe the code page of long ago: no Korean name could pass it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if sys.platform == "win32":
                stream.reconfigure(encoding="utf-8", errors="replace")
            else:
                stream.reconfigure(errors="replace")
