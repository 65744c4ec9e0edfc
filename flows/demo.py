"""`rebuttal demo`: the whole way once, from a fresh home to the portal's answer, on a portal that is only imitated."""

from __future__ import annotations

import asyncio
import base64
import os
import tempfile
import tomllib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.errors import DONE, FAULT, worst
from agent.evidence import Playbook
from agent.home import Home, write_private
from agent.records import Case
from agent.sending.packet import Packet
from agent.settings import AccountSettings
from agent.words import say
from fixtures import serving
from fixtures.kernel.serving import Served
from flows import approve, audit, cases, draft, packet
from flows.cli import reports, show
from flows.cli.call import plain
from flows.context import Context, now, opened
from flows.demo_evidence import picture
from flows.demo_stage import Stage
from flows.login import login
from flows.readiness import rules_for, usual_playbook
from flows.submit import submit
from flows.sync import sync

ACCOUNT = "coupang:demo"
"""Not `main`: a real store's name and password in the environment must never reach the imitated portal."""
OPERATOR = "demo"
SHOWN = 6
"""Lines of the list by urgency."""
REVIEW = timedelta(days=5)
"""How long the imitated portal takes for its answer (CP7: 3–7 business days)."""


@dataclass
class DemoReport:
    """How the demo went; every step's own exit code counts."""

    codes: list[int] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 when every step went as it should."""
        return worst(self.codes or [DONE])

    def public(self) -> dict[str, Any]:
        """As `--json` gives it."""
        return {"exit_code": self.exit_code, **self.facts}


def demo(*, seed: int = 1, cases: int = 30, quiet: bool = False) -> DemoReport:
    """Serve an imitated Coupang, go the whole way in a home that is thrown away, and end."""
    with (
        tempfile.TemporaryDirectory(prefix="rebuttal-demo-", ignore_cleanup_errors=True) as folder,
        serving(("coupang",), seed=seed, cases=max(cases, 2)) as served,
    ):
        return _Demo(Path(folder), served["coupang"], Stage(quiet)).run()


class _Demo:
    """The steps, each of which says in one line what it is for."""

    def __init__(self, folder: Path, mock: Served, stage: Stage) -> None:
        self.folder = folder
        self.mock = mock
        self.stage = stage
        self.report = DemoReport()
        self.ahead = timedelta()

    def run(self) -> DemoReport:
        """All steps; the first that fails ends the demo with its sentence."""
        self.stage.say(
            say("Everything here is invented: an imitated Coupang seller centre on this machine, in a browser without"
                " a window. Nothing leaves this machine.")
        )  # fmt: skip
        home = self.set_up()
        with opened(home, json=self.stage.quiet, need_accounts=True, clock=self.clock) as ctx:
            account = ctx.settings.named(ACCOUNT)
            self.sign_in(ctx, account)
            self.sync(ctx, account)
            case = self.most_urgent(ctx)
            self.draft(ctx, case)
            sent = self.packet(ctx, case)
            self.approve(ctx, case, sent)
            if self.submit(ctx, case, sent):
                self.outcome(ctx, account, case)
            self.audit(ctx)
        self.go_on()
        return self.report

    def clock(self) -> datetime:
        """This machine's clock, as far ahead as the demo has moved the portal's."""
        return now() + self.ahead

    def keep(self, name: str, result: Any) -> None:
        """Note a step's result, and its exit code where it has one."""
        self.report.codes.append(getattr(result, "exit_code", DONE))
        self.report.facts[name] = plain(result)

    def set_up(self) -> Home:
        """A home with one account at the imitated portal."""
        self.stage.step("init", say("A fresh home with one account; the demo throws it away afterwards."))
        home = Home(self.folder / "home").create()
        home.settings_file.write_text(
            f'operator = "{OPERATOR}"\n\n[[account]]\nportal = "coupang"\nname = "demo"\n'
            f'base_url = "{self.mock.base_url}"\n',
            encoding="utf-8",
        )
        secrets = {
            "REBUTTAL_COUPANG_DEMO_USERNAME": self.mock.username,
            "REBUTTAL_COUPANG_DEMO_PASSWORD": self.mock.password,
            "REBUTTAL_KEY": base64.b64encode(os.urandom(32)).decode(),  # so that the system's keyring stays untouched
        }
        write_private(home.env_file, "".join(f"{name}='{value}'\n" for name, value in secrets.items()).encode())
        self.stage.say(say("{account} at {address}", account=ACCOUNT, address=self.mock.base_url))
        return home

    def sign_in(self, ctx: Context, account: AccountSettings) -> None:
        """Sign in; the demo reads the one-time code in the person's stead."""
        self.stage.step(
            f"login {ACCOUNT}",
            say("Name and password are typed for you, the one-time code comes from a person; here the demo reads it"
                " from the imitated telephone."),
        )  # fmt: skip
        done = asyncio.run(login(ctx, account, headless=True, code_from=self.mock.otp))
        self.stage.say(done.said)

    def sync(self, ctx: Context, account: AccountSettings) -> None:
        """Read everything."""
        self.stage.step("sync", say("Every dispute is read, with its decision and the time left; nothing is sent."))
        with self.stage.bars(ctx):
            read = asyncio.run(sync(ctx, (account,)))
        self.keep("sync", read)
        self.stage.show(reports.sync_report, read)

    def most_urgent(self, ctx: Context) -> Case:
        """The list by urgency; gives the case to answer: the first that can be appealed."""
        self.stage.step("cases", say("The list by urgency, on your clock and on the portal's."))
        rows = cases.listing(ctx)
        self.stage.show(
            lambda found: show.cases(found, now=ctx.clock(), zone=ctx.zone, portal_zone=ctx.portal_zone), rows[:SHOWN]
        )
        if len(rows) > SHOWN:
            self.stage.say(say("… and {count} more.", count=len(rows) - SHOWN))
        return cases.one(
            ctx, next(row.ref for row in rows if row.channel == "refund_disputes" and "appeal" in row.actions)
        ).case

    def draft(self, ctx: Context, case: Case) -> None:
        """A draft from the playbook for the case's reason, with pictures drawn now."""
        self.stage.step(
            f"draft {case.case_id} --action appeal",
            say("An appeal in the most urgent case that takes one, from the playbook for its reason; lint looks it"
                " over."),
        )  # fmt: skip
        invented = tomllib.loads((Path(__file__).parent / "demo.toml").read_text(encoding="utf-8"))
        book = usual_playbook(case, rules_for(ctx, case, "appeal"))
        kinds = [w.kind for w in book.evidence if w.required] if book else invented["fallback"]["kinds"]
        folder = self.folder / "evidence"
        folder.mkdir()
        shipped_at = (case.opened_at or self.clock()).astimezone(ctx.portal_zone(case.portal, case.account))
        files = tuple(
            (kind, picture(folder, kind, case.order_id, invented["places"]["waybill"], shipped_at - timedelta(days=2)))
            for kind in kinds
        )
        for _, path in files:
            self.stage.say(say("Drawn for the demo: {path}", path=path))
        values, text = _answers(case, invented, book)
        made = draft.draft(
            ctx, case.key.ref, action="appeal", values=values, text=text, files=files, overrides={}, by=OPERATOR
        )
        self.keep("draft", made)
        self.stage.show(reports.draft_report, made)

    def packet(self, ctx: Context, case: Case) -> Packet:
        """What would be sent."""
        self.stage.step(
            f"packet {case.case_id}",
            say("Exactly what would be typed, chosen and uploaded. The approval is given to the digest: one letter or"
                " byte changed, and it is void."),
        )  # fmt: skip
        frozen = packet.packet(ctx, case.key.ref)
        self.report.facts["digest"] = frozen.digest
        self.stage.show(show.packet, frozen)
        return frozen

    def approve(self, ctx: Context, case: Case, sent: Packet) -> None:
        """A person's yes."""
        prefix = sent.digest[:12]
        self.stage.step(
            f"approve {case.case_id} --digest {prefix}",
            say("A named person says yes to this digest: for one sending, and for a limited time."),
        )
        self.stage.show(reports.approval, approve.approve(ctx, case.key.ref, digest=prefix, by=OPERATOR))

    def submit(self, ctx: Context, case: Case, sent: Packet) -> bool:
        """Send it; whether the portal received exactly what was approved, once."""
        self.stage.step(
            f"submit {case.case_id}",
            say("The case is opened anew, the form filled in and read back, the attempt noted on the disk; then one"
                " click, which nothing repeats."),
        )  # fmt: skip
        with self.stage.bars(ctx):
            done = asyncio.run(submit(ctx, (case.key.ref,)))
        self.keep("submit", done)
        self.stage.show(reports.submit_report, done)
        writes = self.mock.received("write")
        arrived = [(file["name"], file["sha256"]) for one in writes for file in one["files"]]
        same = len(writes) == 1 and arrived == [(file.upload_name, file.sha256) for file in sent.files]
        self.report.facts["received"] = len(writes)
        if same:
            self.stage.say(
                say("The imitated portal received one appeal with {count} files, byte for byte as approved.",
                    count=len(arrived))
            )  # fmt: skip
        else:
            self.report.codes.append(FAULT)
            self.stage.say(say("The imitated portal received something else than what was approved."))
        return same and done.exit_code == DONE

    def outcome(self, ctx: Context, account: AccountSettings, case: Case) -> None:
        """The portal decides, and a sync reads it."""
        self.stage.step("sync", say("Five days later the portal has decided; the next sync reads the outcome."))
        self.ahead += REVIEW
        self.mock.advance(REVIEW.total_seconds())
        self.mock.event("review_result", case_id=case.case_id, result="approved")
        with self.stage.bars(ctx):
            read = asyncio.run(sync(ctx, (account,)))
        self.keep("second_sync", read)
        after = cases.one(ctx, case.key.ref).case
        self.keep("outcome", after.outcome)
        if after.status.is_ != "won" or after.outcome is None:
            self.report.codes.append(FAULT)
        self.stage.say(
            say("{ref}: “{shown}”, {amount} come back.", ref=case.key.ref, shown=after.status.shown,
                amount=(after.outcome and after.outcome.recovered) or "–")
        )  # fmt: skip

    def audit(self, ctx: Context) -> None:
        """The record of it all."""
        self.stage.step("audit verify", say("Every step is a link in a chain; the check names the first bad one."))
        checked = audit.verify(ctx)
        self.keep("audit", checked)
        self.stage.show(reports.audit_report, checked)

    def go_on(self) -> None:
        """What to do next, by hand."""
        self.stage.blank()
        self.stage.say(
            say("That was the demo; its home is deleted now. To go on by hand, from this folder:"),
            say("In a visible browser: python -m fixtures --portals coupang --port-base 8701 serves the imitated portal"
                " and prints name and password. In another window:"),
        )  # fmt: skip
        for command in (
            "--home try init --portal coupang --name demo --base-url http://127.0.0.1:8701",
            "--home try login coupang:demo",
            "--home try sync --headed",
            "--home try cases",
        ):
            self.stage.say(say("    rebuttal {command}", command=command))
        self.stage.say(
            say("The one-time code of the imitated portal: {address}", address="http://127.0.0.1:8701/__mock__/otp"),
            say("Your own store: rebuttal init, then rebuttal login coupang:main and rebuttal sync; README.md goes"
                " through it step by step."),
            say("If your shell does not know rebuttal and python, write .venv/bin/ before them (Windows:"
                " .venv\\Scripts\\)."),
        )  # fmt: skip


def _answers(case: Case, invented: dict[str, Any], book: Playbook | None) -> tuple[dict[str, str], str | None]:
    """Values for the places of the playbook's note, or a choice and a text where no playbook fits."""
    opened_at = case.opened_at or now()
    known = {
        "order_id": case.order_id,
        "amount": str(case.amount or ""),
        "day": f"{opened_at - timedelta(days=2):%Y-%m-%d}",
        "later": f"{opened_at + timedelta(days=1):%Y-%m-%d}",
    }
    if book is None:
        fallback = invented["fallback"]
        return {"appeal_type": fallback["choice"]}, fallback["note"].format(**known)
    wanted = book.placeholders("ko")
    return {name: text.format(**known) for name, text in invented["places"].items() if name in wanted}, None
