"""The command that serves the web console."""

from typing import Annotated

import typer

from agent.words import say
from flows.cli.call import context


def register(app: typer.Typer) -> None:
    """Add the command, its help in the language in force."""

    @app.command(help=str(say("Serve the web console on this machine: board, cases, drafts, approvals, numbers.")))
    def desk(
        port: Annotated[
            int,
            typer.Option("--port", metavar="PORT", min=0, max=65535, help=str(say("Where to listen; 0: any free."))),
        ] = 8760,
        host: Annotated[
            str,
            typer.Option(
                "--host",
                metavar="ADDRESS",
                help=str(say("Address to listen at; others than this machine's own are open to the network.")),
            ),
        ] = "127.0.0.1",
        name: Annotated[
            list[str] | None,
            typer.Option(
                "--name",
                metavar="NAME",
                show_default=False,
                help=str(say("Name under which others reach it, such as desk.example; may be repeated.")),
            ),
        ] = None,
        no_browser: Annotated[bool, typer.Option("--no-browser", help=str(say("Open no browser.")))] = False,
    ) -> None:
        from flows.cli import show
        from flows.desk.serve import desk as serve

        with context() as ctx:
            serve(ctx, host=host, port=port, names=tuple(name or ()), browser=not no_browser,
                  tell=lambda words: show.said(words))  # fmt: skip
