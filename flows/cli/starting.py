"""Commands that set a home up and look it over: init, accounts, doctor."""

import sys
from typing import Annotated

import typer

from agent.words import say, speak
from flows.cli.call import current, finish


def register(app: typer.Typer) -> None:
    """Add the commands, their help in the language in force."""

    @app.command(help=str(say("Make a home by asking, or add an account to the one there is.")))
    def init(
        operator: Annotated[
            str,
            typer.Option(
                metavar="NAME", show_default=False, help=str(say("Name that stands under drafts and approvals."))
            ),
        ] = "",
        zone: Annotated[
            str, typer.Option(metavar="ZONE", show_default=False, help=str(say("Your clock, such as Asia/Shanghai.")))
        ] = "",
        language: Annotated[
            str, typer.Option(metavar="zh-CN|en", show_default=False, help=str(say("Language of the program.")))
        ] = "",
        portal: Annotated[
            str, typer.Option(metavar="PORTAL", show_default=False, help=str(say("Portal of the account to add.")))
        ] = "",
        name: Annotated[
            str,
            typer.Option(
                metavar="NAME", show_default=False, help=str(say("Name of the account to add, such as main."))
            ),
        ] = "",
        base_url: Annotated[
            str,
            typer.Option(
                metavar="URL",
                show_default=False,
                help=str(say("Address of a mock or a regional host, in place of the portal's own.")),
            ),
        ] = "",
        browser: Annotated[
            str,
            typer.Option(
                metavar="WAY",
                show_default=False,
                help=str(say("launch, persistent, or the address of an open browser.")),
            ),
        ] = "",
        username: Annotated[
            str,
            typer.Option(
                metavar="NAME", show_default=False, help=str(say("Name to type on the sign-in page; kept in .env."))
            ),
        ] = "",
        yes: Annotated[bool, typer.Option("--yes", "-y", help=str(say("Ask nothing.")))] = False,
    ) -> None:
        from flows.cli import reports
        from flows.cli.asking import ask
        from flows.setup import Wanted, set_up

        call = current.get()
        wanted = Wanted(
            operator=operator or None,
            zone=zone or None,
            language=language or None,
            portal=portal or None,
            name=name or None,
            base_url=base_url or None,
            browser=browser or None,
            username=username or None,
        )
        if not yes and not call.json and sys.stdin.isatty():
            wanted = ask(call.home, wanted)
        if wanted.language:
            speak(wanted.language)
        finish(set_up(call.home, wanted), reports.made)

    @app.command(help=str(say("List the accounts and how their sessions stand.")))
    def accounts() -> None:
        from flows.accounts import listing
        from flows.cli import reports
        from flows.cli.call import context

        with context() as ctx:
            finish(listing(ctx), reports.accounts)

    @app.command(help=str(say("Look for what is wrong with this machine or this home, and say the next step.")))
    def doctor() -> None:
        from flows.cli import reports
        from flows.doctor import examine

        finish(examine(current.get().home), reports.diagnosis)
