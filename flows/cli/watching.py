"""Commands for runs that nobody watches, and for one that somebody does: night, runs, notify, schedule, debug, …"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.errors import UsageFault
from agent.words import Words, say
from flows.cli.call import context, current, finish, flow

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = ("systemd", "launchd", "task", "cron")


def register(app: typer.Typer) -> None:
    """Add the commands, their help in the language in force."""

    @app.command(help=str(say("Read all accounts, tidy up and tell: what the schedule runs.")))
    def night(
        hourly: Annotated[
            bool, typer.Option("--hourly", help=str(say("Only channels whose windows are a day or shorter.")))
        ] = False,
    ) -> None:
        with context(need_accounts=True, bars=True) as ctx:
            finish(flow("nightly", "night")(ctx, hourly=hourly), _night)

    @app.command(help=str(say("What each run read, what changed, what it missed, how long it took.")))
    def runs(
        last: Annotated[int, typer.Option("--last", metavar="N", min=1, help=str(say("How many.")))] = 20,
    ) -> None:
        with context() as ctx:
            finish(flow("runs", "history")(ctx, last=last), lambda found: _runs(found, ctx))

    @app.command(help=str(say("Tell your people what is due and what is wrong, each thing once.")))
    def notify(
        test: Annotated[
            bool, typer.Option("--test", help=str(say("Send one test message to every target, and nothing else.")))
        ] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help=str(say("Only show what would be told.")))] = False,
        digest: Annotated[bool, typer.Option("--digest", help=str(say("Make the day's digest now.")))] = False,
    ) -> None:
        from flows.cli import reports

        if test and (dry_run or digest):
            raise UsageFault(say("--test goes with no other option."), say("Give it alone."))
        with context() as ctx:
            finish(flow("notify", "notify")(ctx, dry_run=dry_run, digest=digest, test=test), reports.report)

    _schedule(app)

    @app.command(help=str(say("Look at one case in a visible window, step by step, up to the click.")))
    def debug(
        ref: Annotated[
            str,
            typer.Argument(
                metavar="REF",
                help=str(say("The case, such as coupang:main/refund_disputes/COO123, or a part of it that is unique.")),
            ),
        ],
        slow: Annotated[
            float, typer.Option("--slow", metavar="S", min=0, help=str(say("Seconds for each step.")))
        ] = 1.5,
        headless: Annotated[bool, typer.Option("--headless", help=str(say("Without a window.")))] = False,
    ) -> None:
        from flows.cli import reports

        with context(need_accounts=True) as ctx:
            hold = _enter if not headless and sys.stdin.isatty() else None
            made = flow("debug", "debug")(ctx, ref, headed=not headless, slow_s=slow, told=step, hold=hold)
            finish(made, reports.report)

    @app.command(help=str(say("Let go of what is older than the settings' retention.")))
    def prune(
        dry_run: Annotated[bool, typer.Option("--dry-run", help=str(say("Only say what would be let go.")))] = False,
    ) -> None:
        from flows.cli import reports

        with context() as ctx:
            finish(flow("prune", "prune")(ctx, dry_run=dry_run), reports.report)

    @app.command(help=str(say("Write the whole home into one file, without passwords and sessions.")))
    def backup(
        out: Annotated[Path, typer.Argument(metavar="FILE", help=str(say("The file to make, such as home.zip.")))],
    ) -> None:
        from flows.cli import reports

        with context() as ctx:
            finish(flow("backup", "backup")(ctx, out), reports.report)

    @app.command(help=str(say("Bring a backup back into an empty home, here or on another machine.")))
    def restore(
        file: Annotated[Path, typer.Argument(metavar="FILE", help=str(say("The file that `backup` made.")))],
    ) -> None:
        from flows.cli import reports

        finish(flow("backup", "restore")(current.get().home, file), reports.report)


def _schedule(app: typer.Typer) -> None:
    schedule = typer.Typer(no_args_is_help=True, help=str(say("Have the system run the night by itself.")))
    app.add_typer(schedule, name="schedule")
    kind_help = str(say("Another way than the system's usual one."))

    @schedule.command("install", help=str(say("Install or renew the schedule.")))
    def install(
        kind: Annotated[str, typer.Option("--kind", metavar="|".join(KINDS), show_default=False, help=kind_help)] = "",
    ) -> None:
        from flows.cli import reports

        with context(need_accounts=True) as ctx:
            finish(flow("schedule", "install")(ctx, kind=_kind(kind)), reports.report)

    @schedule.command("show", help=str(say("Show what is installed; with --kind the files as they would be.")))
    def show(
        kind: Annotated[str, typer.Option("--kind", metavar="|".join(KINDS), show_default=False, help=kind_help)] = "",
    ) -> None:
        from flows.cli import reports

        with context() as ctx:
            finish(flow("schedule", "show")(ctx, kind=_kind(kind)), reports.report)

    @schedule.command("remove", help=str(say("Take the schedule of this home away, and nothing else.")))
    def remove() -> None:
        from flows.cli import reports

        with context() as ctx:
            finish(flow("schedule", "remove")(ctx), reports.report)


def step(words: Words) -> None:
    """Say a step of a run that somebody watches."""
    print(f"- {words}", file=sys.stderr, flush=True)


def _kind(given: str) -> str | None:
    if given and given not in KINDS:
        raise UsageFault(
            say("“{given}” is no kind of schedule.", given=given),
            say("Choose one of: {names}.", names=", ".join(KINDS)),
        )
    return given or None


async def _enter() -> None:
    """Wait until the person is done looking."""
    import asyncio

    print(say("Press Enter to close the window."), file=sys.stderr, flush=True)
    await asyncio.to_thread(sys.stdin.readline)


def _night(report: Any) -> None:
    from flows.cli import reports, show

    if report.sync is not None:
        reports.sync_report(report.sync)
    for words in report.faults:
        show.said(words)
    if report.notify is not None:
        reports.report(report.notify)


def _runs(found: "Sequence[Any]", ctx: Any) -> None:
    from flows.cli import show

    states = {"running": say("running"), "finished": say("finished"), "interrupted": say("interrupted")}
    shown = show.table(
        say("Started"),
        say("What"),
        say("State"),
        say("Exit"),
        say("Account"),
        say("Listed"),
        say("Visited"),
        say("New"),
        say("Changed"),
        say("Missed"),
        say("Complete"),
        say("Took"),
        right=(3, 5, 6, 7, 8, 9, 11),
    )
    for run in found:
        for number, one in enumerate(run.accounts or [None]):
            head = [
                f"{run.started_at.astimezone(ctx.zone):%Y-%m-%d %H:%M}",
                run.kind,
                str(states.get(run.state, run.state)),
                "" if run.exit_code is None else str(run.exit_code),
            ]
            row = (
                []
                if one is None
                else [
                    one.account,
                    *(str(one.counts[name]) for name in ("listed", "visited", "new", "changed")),
                    str(one.missed),
                    show.yes(one.complete),
                    f"{one.took_s:.0f} s",
                ]
            )
            shown.add_row(*(head if number == 0 else [""] * 4), *(row or [""] * 8))
    show.console().print(shown)
