"""Commands that write, approve and send: draft, evidence, packet, approve, reject, submit, reconcile."""

import sys
from pathlib import Path
from typing import Annotated, get_args

import typer

from agent.errors import UsageFault
from agent.words import say
from flows.cli.call import context, current, finish, flow

SMALLEST_DIGEST = 8


def register(app: typer.Typer) -> None:
    """Add the commands, their help in the language in force."""
    ref_help = str(say("The case, such as coupang:main/refund_disputes/COO123, or a part of it that is unique."))
    by_help = str(say("In whose name; else the operator of the settings."))

    @app.command(help=str(say("Write or replace the draft of an answer, and see what lint says.")))
    def draft(
        ref: Annotated[str, typer.Argument(metavar="REF", help=ref_help)],
        action: Annotated[
            str,
            typer.Option(
                "--action", metavar="ACTION", help=str(say("What to do on the case, such as appeal or reply."))
            ),
        ],
        values: Annotated[
            list[str] | None,
            typer.Option(
                "--set", metavar="KEY=VALUE", help=str(say("Answer to one field of the form; may be repeated."))
            ),
        ] = None,
        text: Annotated[
            str,
            typer.Option(
                "--text",
                metavar="FILE",
                show_default=False,
                help=str(say("File with the text of the answer; - is standard input.")),
            ),
        ] = "",
        files: Annotated[
            list[str] | None,
            typer.Option("--file", metavar="KIND=PATH", help=str(say("Evidence file with its kind; may be repeated."))),
        ] = None,
        playbook: Annotated[
            str,
            typer.Option(
                "--playbook",
                metavar="NAME",
                show_default=False,
                help=str(say("Fill in what this playbook proposes; - takes the one for the reason.")),
            ),
        ] = "",
        note_language: Annotated[
            str,
            typer.Option(
                "--note-language",
                metavar="ko|en",
                show_default=False,
                help=str(say("Language of the playbook's note.")),
            ),
        ] = "",
        override: Annotated[
            list[str] | None,
            typer.Option(
                "--override",
                metavar="CODE=REASON",
                help=str(say("Let a finding stand, with the reason; may be repeated.")),
            ),
        ] = None,
        by: Annotated[str, typer.Option("--by", metavar="NAME", show_default=False, help=by_help)] = "",
    ) -> None:
        from flows.cli import reports

        known_action(action)
        with context() as ctx:
            made = flow("draft", "draft")(
                ctx,
                ref,
                action=action,
                values=pairs(values, "--set"),
                text=_text(text) if text else None,
                files=tuple((kind, Path(path)) for kind, path in _pair_list(files, "--file")),
                overrides=pairs(override, "--override"),
                by=by or ctx.settings.operator,
                playbook=playbook or None,
                note_language=note_language or None,
            )
            finish(made, reports.draft_report)

    evidence = typer.Typer(no_args_is_help=True, help=str(say("What is there to show, and what lint says of it.")))
    app.add_typer(evidence, name="evidence")

    @evidence.command("lint", help=str(say("Check draft and files against the portal's rules.")))
    def evidence_lint(ref: Annotated[str, typer.Argument(metavar="REF", help=ref_help)]) -> None:
        from flows.cli import reports

        with context() as ctx:
            finish(flow("evidence", "lint")(ctx, ref), reports.draft_report)

    @evidence.command("list", help=str(say("List what the case asks for and what the draft has.")))
    def evidence_list(ref: Annotated[str, typer.Argument(metavar="REF", help=ref_help)]) -> None:
        from flows.cli import reports

        with context() as ctx:
            finish(flow("evidence", "listing")(ctx, ref), reports.report)

    @app.command(help=str(say("Show exactly what would be sent, with its digest.")))
    def packet(ref: Annotated[str, typer.Argument(metavar="REF", help=ref_help)]) -> None:
        from flows.cli import show

        with context() as ctx:
            found = flow("packet", "packet")(ctx, ref)
            finish(found, show.packet)
            if (call := current.get()).json:
                call.answer = {**call.answer, "digest": found.digest}

    @app.command(help=str(say("Say yes to one packet; the digest proves what was looked at.")))
    def approve(
        ref: Annotated[str, typer.Argument(metavar="REF", help=ref_help)],
        digest: Annotated[
            str,
            typer.Option(
                "--digest", metavar="PREFIX", help=str(say("Beginning of the packet's digest, at least 8 digits."))
            ),
        ],
        by: Annotated[str, typer.Option("--by", metavar="NAME", show_default=False, help=by_help)] = "",
    ) -> None:
        from flows.cli import reports

        given = digest.strip().lower()
        if len(given) < SMALLEST_DIGEST or any(letter not in "0123456789abcdef" for letter in given):
            raise UsageFault(
                say("“{given}” is not a digest: at least 8 of the digits 0-9 and a-f are needed.", given=digest),
                say("Look at it with: rebuttal packet {ref}", ref=ref),
            )
        with context() as ctx:
            finish(flow("approve", "approve")(ctx, ref, digest=given, by=by or ctx.settings.operator), reports.approval)

    @app.command(help=str(say("Say no to a packet, or take an approval back.")))
    def reject(
        ref: Annotated[str, typer.Argument(metavar="REF", help=ref_help)],
        why: Annotated[str, typer.Option("--why", metavar="TEXT", help=str(say("The reason; it is kept.")))],
        by: Annotated[str, typer.Option("--by", metavar="NAME", show_default=False, help=by_help)] = "",
    ) -> None:
        from flows.cli import reports

        with context() as ctx:
            finish(flow("approve", "reject")(ctx, ref, why=why, by=by or ctx.settings.operator), reports.report)

    @app.command(help=str(say("Send what is approved, each packet once.")))
    def submit(
        refs: Annotated[list[str] | None, typer.Argument(metavar="[REF]...", help=ref_help)] = None,
        everything: Annotated[bool, typer.Option("--all", help=str(say("Everything that is approved.")))] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help=str(say("Fill in and compare, and stop before sending.")))
        ] = False,
        headed: Annotated[bool, typer.Option("--headed", help=str(say("In a visible window.")))] = False,
    ) -> None:
        from flows.cli import reports

        if bool(refs) == everything:
            raise UsageFault(
                say("Name the cases to send, or write --all."), say("See what is approved with: rebuttal cases")
            )
        with context(need_accounts=True, bars=True) as ctx:
            watched = {}
            if headed and dry_run:
                from agent.browser.narrate import Narrator
                from flows.cli.watching import step

                watched["narrator"] = Narrator(told=step)
            report = flow("submit", "submit")(
                ctx, tuple(refs or ()), everything=everything, dry_run=dry_run, headed=headed, **watched
            )
            finish(report, reports.submit_report)

    @app.command(help=str(say("Settle unknown outcomes by reading the portal.")))
    def reconcile(
        accounts: Annotated[
            list[str] | None,
            typer.Argument(metavar="[ACCOUNT]...", help=str(say("Only these accounts; all without one."))),
        ] = None,
        headed: Annotated[bool, typer.Option("--headed", help=str(say("In a visible window.")))] = False,
    ) -> None:
        from flows.cli import reports

        with context(need_accounts=True, bars=True) as ctx:
            report = flow("reconcile", "reconcile")(ctx, ctx.accounts(accounts or ()), headed=headed)
            finish(report, reports.submit_report)

    @app.command(help=str(say("Follow won cases to the settlement that pays them.")))
    def recover(
        accounts: Annotated[
            list[str] | None,
            typer.Argument(metavar="[ACCOUNT]...", help=str(say("Only these accounts; all without one."))),
        ] = None,
        offline: Annotated[
            bool,
            typer.Option("--offline", help=str(say("With the settlement lines that are known; no portal is visited."))),
        ] = False,
        headed: Annotated[bool, typer.Option("--headed", help=str(say("In a visible window.")))] = False,
    ) -> None:
        from flows.cli import reports

        with context(need_accounts=True, bars=True) as ctx:
            report = flow("recover", "recover")(ctx, ctx.accounts(accounts or ()), offline=offline, headed=headed)
            finish(report, reports.report)


def known_action(given: str) -> str:
    """`given`, which must be an action of the records."""
    from difflib import get_close_matches

    from agent.records import Action

    known = get_args(Action)
    if given not in known:
        near = next(iter(get_close_matches(given, known, n=1)), None)
        raise UsageFault(
            say("There is no action “{given}”.", given=given),
            say("Did you mean {near}?", near=near) if near else say("Choose one of: {names}.", names=", ".join(known)),
        )
    return given


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """`KEY=VALUE` words as a table; a key given twice is a fault, and not the last one's luck."""
    found: dict[str, str] = {}
    for key, value in _pair_list(given, option):
        if key in found:
            raise UsageFault(say("{option} {key} is given twice.", option=option, key=key), say("Leave one out."))
        found[key] = value
    return found


def _pair_list(given: list[str] | None, option: str) -> list[tuple[str, str]]:
    found = []
    for word in given or ():
        key, sign, value = word.partition("=")
        if not sign or not key.strip():
            raise UsageFault(
                say("{option} “{given}” is not NAME=VALUE.", option=option, given=word),
                say("Write the name, = and the value without spaces around the sign."),
            )
        found.append((key.strip(), value))
    return found


def _text(name: str) -> str:
    """The text of a file, or of standard input; UTF-8, with or without a byte order mark."""
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageFault(
            say("{path} is not written in UTF-8.", path=name),
            say("Save it again in your editor with the encoding UTF-8."),
        ) from None
    except OSError as fault:
        raise UsageFault(
            say("{path} can't be read: {why}.", path=name, why=fault.strerror or fault), say("Name another file.")
        ) from None
