"""Commands that keep things in order: audit, demo, check, teach, capture, reread, pause, resume."""

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from agent.errors import UsageFault
from agent.words import Words, say
from flows.cli.call import context, current, finish, flow


def register(app: typer.Typer) -> None:
    """Add the commands, their help in the language in force; what has no flow yet stays out of the help."""
    audit = typer.Typer(no_args_is_help=True, help=str(say("The record of every step, each linked to the one before.")))
    app.add_typer(audit, name="audit")

    @audit.command("verify", help=str(say("Check every link, and name the first bad one.")))
    def audit_verify(
        head: Annotated[
            str,
            typer.Option(
                "--head",
                metavar="'NUMBER HASH'",
                help=str(say("A head that was kept elsewhere, as the digest has it: it must still be in the record.")),
            ),
        ] = "",
    ) -> None:
        from flows.cli import reports

        with context() as ctx:
            finish(flow("audit", "verify")(ctx, head), reports.audit_report)

    @audit.command("show", help=str(say("Show the last steps, or those of one case.")))
    def audit_show(
        ref: Annotated[
            str, typer.Argument(metavar="[REF]", show_default=False, help=str(say("Only steps of this case.")))
        ] = "",
        last: Annotated[int, typer.Option("--last", metavar="N", min=1, help=str(say("How many.")))] = 50,
    ) -> None:
        from flows.cli import show

        with context() as ctx:
            finish(flow("audit", "show")(ctx, ref or None, last=last), lambda links: show.links(links, ctx.zone))

    @app.command(help=str(say("See the whole way once, on portals that are only imitated.")))
    def demo(
        seed: Annotated[int, typer.Option("--seed", metavar="N", help=str(say("Which invented cases.")))] = 1,
        cases: Annotated[int, typer.Option("--cases", metavar="N", min=1, help=str(say("How many.")))] = 30,
    ) -> None:
        from flows.cli import reports

        finish(flow("demo", "demo")(seed=seed, cases=cases, quiet=current.get().json), reports.nothing)

    @app.command(help=str(say("Compare the pages we know with the live ones.")), hidden=not _there("check"))
    def check(
        accounts: Annotated[
            list[str] | None,
            typer.Argument(metavar="[ACCOUNT]...", help=str(say("Only these accounts; all without one."))),
        ] = None,
        headed: Annotated[bool, typer.Option("--headed", help=str(say("In a visible window.")))] = False,
    ) -> None:
        from flows.cli import reports

        with context(need_accounts=True, bars=True) as ctx:
            finish(flow("check", "check")(ctx, ctx.accounts(accounts or ()), headed=headed), reports.report)

    @app.command(
        help=str(say("Point at an element of the page, and its label is learned.")), hidden=not _there("teach")
    )
    def teach(
        portal: Annotated[str, typer.Argument(metavar="PORTAL", help=str(say("Such as coupang.")))],
        key: Annotated[str, typer.Argument(metavar="KEY", help=str(say("Key of the label, as the fault named it.")))],
        text: Annotated[
            str | None,
            typer.Option(
                "--text",
                metavar="TEXT",
                show_default=False,
                help=str(say("The text itself, tried on the stored pages: no window is opened.")),
            ),
        ] = None,
        language: Annotated[
            str,
            typer.Option(
                "--language",
                metavar="ko",
                show_default=False,
                help=str(say("Language of the text; else that of the page.")),
            ),
        ] = "",
        page: Annotated[
            str,
            typer.Option(
                "--page", metavar="PAGE", show_default=False, help=str(say("Only pages of this name, such as order."))
            ),
        ] = "",
        account: Annotated[
            str,
            typer.Option(
                "--account",
                metavar="ACCOUNT",
                show_default=False,
                help=str(say("Whose pages the window opens; else the first account of the portal.")),
            ),
        ] = "",
        remove: Annotated[bool, typer.Option("--remove", help=str(say("Forget your own texts of this key.")))] = False,
        yes: Annotated[bool, typer.Option("--yes", help=str(say("Save without asking.")))] = False,
    ) -> None:
        from flows.cli import reports

        given = text is not None or remove
        with context(need_accounts=not given) as ctx:
            sure = yes or (given and not asking())
            finish(
                flow("teach", "teach")(
                    ctx,
                    portal,
                    key,
                    text=text,
                    language=language or None,
                    page=page or None,
                    remove=remove,
                    account=account or None,
                    confirm=None if sure else lambda taught: agreed(taught.preview),
                ),
                reports.report,
            )

    @app.command(help=str(say("Keep a page with all personal data replaced.")), hidden=not _there("capture"))
    def capture(
        ref: Annotated[
            str, typer.Argument(metavar="REF", help=str(say("The case whose page to keep; with --page an account.")))
        ],
        page: Annotated[
            str,
            typer.Option(
                "--page",
                metavar="PAGE",
                show_default=False,
                help=str(say("The account's newest stored page of this name, such as orders.")),
            ),
        ] = "",
        name: Annotated[
            str,
            typer.Option(
                "--name", metavar="NAME", show_default=False, help=str(say("Name of the folder that is made."))
            ),
        ] = "",
        out: Annotated[
            str,
            typer.Option(
                "--out",
                metavar="DIR",
                show_default=False,
                help=str(say("Where to put it; else the folder captures of the home.")),
            ),
        ] = "",
    ) -> None:
        from flows.cli import reports

        with context() as ctx:
            finish(
                flow("capture", "capture")(
                    ctx,
                    ref,
                    page=page or None,
                    name=name or None,
                    out=Path(out) if out else None,
                ),
                reports.report,
            )

    @app.command(help=str(say("Read the stored pages again, without the portal.")), hidden=not _there("reread"))
    def reread(
        portals: Annotated[
            list[str] | None,
            typer.Argument(metavar="[PORTAL]...", help=str(say("Only these portals; all without one."))),
        ] = None,
        write: Annotated[bool, typer.Option("--write", help=str(say("Correct the records without asking.")))] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help=str(say("Only show the differences.")))] = False,
    ) -> None:
        from flows.cli import reports

        if write and dry_run:
            raise UsageFault(say("--write and --dry-run exclude each other."), say("Give one of them."))
        with context(bars=True) as ctx:
            ask = None if write or dry_run or not asking() else lambda report: agreed(report.said)
            finish(flow("reread", "reread")(ctx, tuple(portals or ()), write=write, confirm=ask), reports.report)

    @app.command(help=str(say("Stop all work on a portal, at once.")), hidden=not _there("pause"))
    def pause(
        portal: Annotated[str, typer.Argument(metavar="PORTAL", help=str(say("Such as coupang.")))],
        why: Annotated[
            str, typer.Option("--why", metavar="TEXT", show_default=False, help=str(say("The reason; it is kept.")))
        ] = "",
    ) -> None:
        from flows.cli import reports

        with context() as ctx:
            finish(flow("pause", "pause")(ctx, portal, why=why, by=ctx.settings.operator), reports.report)

    @app.command(help=str(say("Let work on a portal go on.")), hidden=not _there("pause"))
    def resume(
        portal: Annotated[str, typer.Argument(metavar="PORTAL", help=str(say("Such as coupang.")))],
    ) -> None:
        from flows.cli import reports

        with context() as ctx:
            finish(flow("pause", "resume")(ctx, portal, by=ctx.settings.operator), reports.report)


def asking() -> bool:
    """Is there somebody who can be asked?"""
    return sys.stdin.isatty() and sys.stderr.isatty() and not current.get().json


def agreed(lines: Iterable[Words]) -> bool:
    """Show what would be done, and ask for a yes; nobody there to answer means no."""
    if not asking():
        return False
    for line in lines:
        print(line, file=sys.stderr)
    return bool(typer.confirm(str(say("Do it?")), err=True))


def _there(name: str) -> bool:
    return find_spec(f"flows.{name}") is not None
