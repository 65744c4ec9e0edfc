"""Commands that read: login, sync, cases, show, export."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from agent.errors import UsageFault
from agent.words import say
from flows.cli.call import context, current, finish, flow

_DUE = re.compile(r"(\d{1,4})\s*([mhdw]?)")
_UNITS = {"m": "minutes", "h": "hours", "": "hours", "d": "days", "w": "weeks"}


def register(app: typer.Typer) -> None:
    """Add the commands, their help in the language in force."""

    @app.command(help=str(say("Sign in to an account's portal in a window, and keep the session.")))
    def login(
        account: Annotated[str, typer.Argument(metavar="ACCOUNT", help=str(say("Such as coupang:main.")))],
        headless: Annotated[
            bool, typer.Option("--headless", help=str(say("Without a window; name and password then come from .env.")))
        ] = False,
        code: Annotated[
            str,
            typer.Option(
                "--code", metavar="-", show_default=False, help=str(say("Take the one-time code from standard input."))
            ),
        ] = "",
    ) -> None:
        from flows.cli import reports

        if code not in ("", "-"):
            raise UsageFault(
                say("A one-time code does not belong on the command line, where others can read it."),
                say("Write --code - and type it when asked."),
            )
        with context(need_accounts=True) as ctx:
            asked = code_from_input if code or (headless and sys.stdin.isatty()) else None
            named = ctx.settings.named(account)
            finish(flow("login", "login")(ctx, named, headless=headless, code_from=asked), reports.report)

    @app.command(help=str(say("Read everything new from the portals; nothing is sent.")))
    def sync(
        accounts: Annotated[
            list[str] | None,
            typer.Argument(metavar="[ACCOUNT]...", help=str(say("Only these accounts; all without one."))),
        ] = None,
        full: Annotated[bool, typer.Option("--full", help=str(say("Visit every case, changed or not.")))] = False,
        headed: Annotated[
            bool, typer.Option("--headed", help=str(say("In a visible window, slowly, each step named on the page.")))
        ] = False,
        budget: Annotated[
            str,
            typer.Option(
                "--for", metavar="4h", show_default=False, help=str(say("Begin no page after this time: 90m, 4h."))
            ),
        ] = "",
    ) -> None:
        from flows.cli import reports

        with context(need_accounts=True, bars=not headed) as ctx:
            report = flow("sync", "sync")(
                ctx,
                ctx.accounts(accounts or ()),
                full=full,
                headed=headed,
                budget=duration(budget),
                narrator=_narrator() if headed else None,
            )
            finish(report, reports.sync_report)

    @app.command(help=str(say("List the cases, the most urgent first.")))
    def cases(
        due: Annotated[
            str,
            typer.Option(
                metavar="48h", show_default=False, help=str(say("Only what ends within this time: 90m, 48h, 3d, 1w."))
            ),
        ] = "",
        status: Annotated[
            list[str] | None, typer.Option(metavar="STATUS", help=str(say("Only this status; may be repeated.")))
        ] = None,
        portal: Annotated[
            list[str] | None, typer.Option(metavar="PORTAL", help=str(say("Only this portal; may be repeated.")))
        ] = None,
        account: Annotated[
            list[str] | None, typer.Option(metavar="ACCOUNT", help=str(say("Only this account; may be repeated.")))
        ] = None,
        everything: Annotated[bool, typer.Option("--all", help=str(say("Also what is closed.")))] = False,
        limit: Annotated[
            int,
            typer.Option(
                metavar="N",
                min=0,
                help=str(say("How many to print, the most urgent first; 0 prints all. --json has all.")),
            ),
        ] = 100,
    ) -> None:
        from flows.cli import show

        within = duration(due)
        with context() as ctx:
            found = flow("cases", "top")(
                ctx,
                limit=None if ctx.json else limit or None,
                due=within,
                statuses=tuple(status or ()),
                portals=tuple(portal or ()),
                accounts=tuple(a.store_name for a in ctx.accounts(account)) if account else (),
                everything=everything,
            )
            finish(
                found.rows,
                lambda rows: show.cases(
                    rows, now=ctx.clock(), zone=ctx.zone, portal_zone=ctx.portal_zone, total=found.total
                ),
            )

    @app.command(help=str(say("Show one case with its history.")))
    def show(
        ref: Annotated[
            str,
            typer.Argument(
                metavar="REF",
                help=str(say("The case, such as coupang:main/refund_disputes/COO123, or a part of it that is unique.")),
            ),
        ],
    ) -> None:
        from flows.cli import show as rendering

        with context() as ctx:
            finish(
                flow("cases", "one")(ctx, ref),
                lambda found: rendering.case_view(found, now=ctx.clock(), zone=ctx.zone),
            )

    @app.command(help=str(say("Write all cases as JSON, CSV, XLSX or a calendar, or one case whole.")))
    def export(
        format: Annotated[
            str, typer.Option("--format", metavar="json|csv|xlsx|ics", help=str(say("Form of the file.")))
        ] = "json",
        out: Annotated[
            Path | None,
            typer.Option(
                "--out",
                "-o",
                metavar="FILE",
                show_default=False,
                help=str(say("Write to this file, in place of standard output.")),
            ),
        ] = None,
        messages: Annotated[
            bool,
            typer.Option(
                "--messages", help=str(say("The exchange of every case with its proof, in place of the cases."))
            ),
        ] = False,
        archive: Annotated[
            str,
            typer.Option(
                "--archive",
                metavar="REF",
                show_default=False,
                help=str(say("Everything about one case in one zip file: pages, documents, pictures, audit.")),
            ),
        ] = "",
    ) -> None:
        from flows.cli import reports

        forms = ("json", "csv") if messages else ("json", "csv", "xlsx", "ics")
        if format not in forms:
            raise UsageFault(
                say("“{format}” is not a form of export.", format=format),
                say("Choose one of: {names}.", names=", ".join(forms)),
            )
        with context() as ctx:
            if archive:
                made: bytes = flow("archive", "archive")(ctx, archive)
                format = "zip"
            else:
                named = ("message_log", "message_log") if messages else ("export", "export")
                made = flow(*named)(ctx, format=format)
            finish(_given_out(made, format, out), reports.nothing if out is None else reports.report)


def _narrator() -> object:
    """Names each step on the page and on standard error."""
    from agent.browser.narrate import Narrator
    from flows.cli.watching import step

    return Narrator(told=step)


def duration(text: str) -> timedelta | None:
    """`90m`, `48h`, `3d`, `1w`, or a bare number of hours; None for nothing."""
    if not text:
        return None
    found = _DUE.fullmatch(text.strip().lower())
    if found is None:
        raise UsageFault(say("“{given}” is not a length of time.", given=text), say("Write it as 90m, 48h, 3d or 1w."))
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def code_from_input() -> str:
    """The one-time code, one line of standard input; kept out of every log."""
    from agent.log import hide

    if sys.stdin.isatty():
        print(say("One-time code:"), end=" ", file=sys.stderr, flush=True)
    code = sys.stdin.readline().strip()
    if not code:
        raise UsageFault(say("No one-time code came on standard input."), say("Start again and type the code."))
    hide(code)
    return code


def _given_out(made: bytes, format: str, out: Path | None) -> object:
    """Put the export where it was wanted: a file, the JSON answer, or standard output."""
    call = current.get()
    if out is not None:
        try:
            out.write_bytes(made)
        except OSError as fault:
            raise UsageFault(
                say("{path} can't be written: {why}.", path=out, why=fault.strerror or fault), say("Name another file.")
            ) from None
        return {"path": str(out.absolute()), "bytes": len(made)}
    if call.json:
        if format == "json":
            import json

            return json.loads(made)
        raise UsageFault(
            say("{format} and --json do not go together on standard output.", format=format.upper()),
            say("Name a file with --out."),
        )
    if format in ("xlsx", "zip") and sys.stdout.isatty():
        raise UsageFault(say("This file is not for a terminal."), say("Name a file with --out."))
    sys.stdout.flush()
    sys.stdout.buffer.write(made)
    return None
