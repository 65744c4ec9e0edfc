"""One run with a real Chromium: approved, submitted by a process to which something happens, settled, judged."""

from __future__ import annotations

import contextlib
import random
import shutil
from typing import Any

from agent.errors import RebuttalError
from agent.records import Case, CaseKey
from agent.sending.packet import Attempt, nfc
from agent.words import Words
from flows.context import Context
from flows.reconcile import reconcile
from flows.submit import submit
from flows.sync import sync
from tests.torture import made
from tests.torture.books import Books
from tests.torture.child import Plan
from tests.torture.chromium import Place
from tests.torture.judge import Arrival, Content, Story, Verdict, judge
from tests.torture.program import Program, locked, lose_power

APPEAL = "/orders/[^/]+/appeal$"
TYPES = {
    "delivery_proof": "DELIVERY_PROOF",
    "product_accuracy": "PRODUCT_ACCURACY",
    "misunderstanding": "MISUNDERSTANDING",
}
NOTE = "안녕하세요. 배송 완료 자료를 첨부합니다.\n확인 부탁드립니다. ({number})"
STEPS = 36
"""As many as one submission has, and a few more."""
SETTLED_S = 11 * 60
"""So much later a portal has shown what it had taken."""

ANSWERS = {
    "": 40,
    "drop_before": 8,
    "drop_after": 14,
    "408": 5,
    "408_after": 6,
    "500": 4,
    "500_after": 6,
    "504_after": 4,
    "sign_out": 4,
    "delay": 4,
}
"""What becomes of the one request, with weights."""
PAGES = {
    "": 60,
    "double_submit": 10,
    "second_submit": 5,
    "no_rows": 4,
    "wrong_case": 5,
    "beacon": 5,
    "popup": 4,
    "skeleton": 2,
    "500": 2,
}
"""What the portal's pages do."""
EVERYWHERE = ("double_submit", "second_submit", "no_rows")
BEFORE = {"": 70, "file": 6, "message": 6, "amount": 4, "draft": 4, "expire_session": 5, "withdraw": 3}
"""What happens between the approval and the sending. All but a session's end forbid the sending."""
FORBIDS = ("file", "message", "amount", "withdraw", "draft")
DEATHS = {"": 40, "step": 26, "moment": 20, "power": 14}
MACHINE = {"": 70, "clock": 12, "disk full": 9, "database locked": 9}
MOMENTS = ("open case", "fill", "attach", "arm:committed", "click", "click", "click", "answer")


class Run:
    """One seeded run on a case of its own. Used as a context, so that its processes are gone at the end."""

    def __init__(self, place: Place, rng: random.Random, number: int) -> None:
        self.place, self.mock, self.rng = place, place.mock, rng
        self.trail: list[str] = []
        self.books = Books()
        self.arrivals: list[Arrival] = []
        self.said: list[tuple[str, bool, bool]] = []
        self.forbidden = False
        self._why = ""
        self._faults: list[str] = []
        self._stuck: list[str] = []
        self._crashed: list[str] = []
        self._indices: list[int] = []
        self._processes = contextlib.ExitStack()
        self._started = 0
        self._folder = place.folder / "run" / str(number)
        self.evidence = self._folder / "evidence"
        self.evidence.mkdir(parents=True)
        self.mock.clear_faults()
        self.case_id = place.case()
        self.key = CaseKey(portal="coupang", account="main", channel="refund_disputes", case_id=self.case_id)
        self.mock.control("DELETE", "received")

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def play(self) -> Verdict:
        """Approve, torture, recover, judge."""
        with self.place.context() as ctx:
            case = ctx.store.cases.get(self.key)
            assert case is not None
            self._approve(ctx, case)
            self._disturb(ctx, self._choose("before", BEFORE))
        self._weather()
        self._tortured()
        self.mock.clear_faults()
        self.mock.event("mode", submit_mode="form", upload_mode="with_form")
        self.place.signed_in()
        with self.place.context() as ctx:
            self._recover(ctx)
            return self._judged(ctx)

    def _choose(self, what: str, weights: dict[str, int]) -> str:
        chosen = self.rng.choices([*weights], [*weights.values()])[0]
        if chosen:
            self.trail.append(f"{what}: {chosen}")
            self._faults.append(f"killed ({chosen})" if what == "death" else chosen)
        return chosen

    # -- what goes wrong -------------------------------------------------------------------------------------------

    def _weather(self) -> None:
        modes = {"submit_mode": self.rng.choice(["form", "fetch", "xhr"])}
        modes["upload_mode"] = self.rng.choice(["with_form", "with_form", "earlier"])
        self.mock.event("mode", **modes)
        self.trail.append(str(modes))
        if answer := self._choose("answer", ANSWERS):
            self.mock.fault(answer, APPEAL, "POST", **({"ms": 2000} if answer == "delay" else {}))
        if twist := self._choose("page", PAGES):
            where = self.rng.choice([f"/orders/{self.case_id}$", APPEAL, "/orders/[^/]+/appeal/receipt"])
            often = "all" if twist in (*EVERYWHERE, "beacon") else 1
            self.mock.fault(twist, APPEAL if twist in EVERYWHERE else where, "GET", often)

    def _tortured(self) -> None:
        """One submitting process, now and then two, and what happens to the first."""
        death, trouble = self._choose("death", DEATHS), self._choose("machine", MACHINE)
        chosen: dict[str, Any] = {}
        if death == "step":
            chosen["last"] = self.rng.randrange(1, STEPS)
        if death == "power":
            (self._folder / "disk").mkdir()
            chosen["disk"] = str(self._folder / "disk")
        if trouble == "clock":
            chosen |= {"jump": self.rng.randrange(1, STEPS), "jump_s": self.rng.choice([-7200, -600, 30, 1200, 90_000])}
        if trouble == "disk full":
            chosen |= {"full": self.rng.randrange(1, STEPS), "full_steps": self.rng.choice([1, 4, 1000])}
        self.trail.append(f"plan: { ({**chosen, 'disk': '…'} if 'disk' in chosen else chosen) }")
        programs = [self._start(0, **chosen)]
        if death != "power" and self.rng.random() < 0.12:
            programs.append(self._start(self.rng.choice([0, 1])))
            self.trail.append("two at once")
            self._faults.append("two at once")
        with contextlib.ExitStack() as stack:
            if trouble == "database locked":
                after_s, for_s = self.rng.uniform(0, 2.5), self.rng.choice([0.3, 2.0])
                stack.enter_context(locked(self.place.database, after_s, for_s))
            if death in ("moment", "power"):
                step, wait_s = self.rng.choice(MOMENTS), self.rng.random() * 0.6
                self.trail.append(f"killed {wait_s:.2f} s after {step}")
                programs[0].kill_after(step, wait_s, group=death == "power")
            for one in programs:
                one.wait()
        if death == "power":
            self._cut_power()
        before = len(self.arrivals)
        self._arrived()
        for one in programs:
            self.trail.append(f"process: {one.summary()}")
            if one.crashed:
                self._crashed.append(one.summary())
            self._heard(one.results(), self.arrivals[before:], alone=len(programs) == 1)

    def _start(self, home: int, **chosen: Any) -> Program:
        plan = Plan(str(self.place.homes[home].path), self.key.ref, **chosen)
        self._started += 1
        return self._processes.enter_context(Program(plan, self._folder / f"told-{self._started}"))

    def _cut_power(self) -> None:
        disk = self._folder / "disk"
        if any(disk.iterdir()):
            self.trail.append(f"the disk after the loss of power: {lose_power(self.place.database, disk, self.rng)}")

    # -- the operator ----------------------------------------------------------------------------------------------

    def _approve(self, ctx: Context, case: Case) -> None:
        if not any(self.evidence.iterdir()):
            for number in range(self.rng.choice([1, 2, 3])):
                data = made.JPEG + self.rng.randbytes(self.rng.choice([2_000, 40_000, 900_000]))
                (self.evidence / f"{number}.jpg").write_bytes(data)
        note = NOTE.format(number=self.rng.randrange(1000))
        draft, packet = made.appeal(ctx, case, sorted(self.evidence.iterdir()), self.rng.choice([*TYPES]), note)
        ledger = ctx.store.ledger
        ledger.save_draft(draft)
        ledger.freeze(packet)
        self.books.yes(packet, ledger.approve(packet, by="wang", machine="desk", hours=24, four_eyes=True))
        self.forbidden = False

    def _disturb(self, ctx: Context, what: str) -> None:
        """What happens between the approval and the sending."""
        self.forbidden = what in FORBIDS
        match what:
            case "file":
                file = min(self.evidence.iterdir())
                file.write_bytes(file.read_bytes()[:-1] + b"!")
            case "message":
                self.mock.event("message", case_id=self.case_id, text="언제 도착하나요?")
            case "amount":
                self.mock.event("change_amount", case_id=self.case_id, amount=77_700)
            case "withdraw":
                self.mock.event("withdraw", case_id=self.case_id)
            case "expire_session":
                self.mock.event("expire_session")
            case "draft":
                draft = ctx.store.ledger.draft(self.key, "appeal")
                assert draft is not None
                changed = draft.values | {"note": "다시 씁니다."}
                ctx.store.ledger.save_draft(draft.model_copy(update={"values": changed}))

    def _recover(self, ctx: Context) -> None:
        """What an operator does next: submit again, let time pass, reconcile, perhaps approve once more."""
        self._submit(ctx)
        self._reconcile(ctx)
        states = [a.state for a in ctx.store.ledger.attempts(self.key)]
        if all(state in ("cleared", "refused") for state in states) and self.rng.random() < 0.6:
            with contextlib.suppress(RebuttalError):
                self.place.run(sync(ctx, ctx.settings.account))
                case = ctx.store.cases.get(self.key)
                if case is not None and "appeal" in case.actions:
                    self.trail.append("approved once more")
                    self._approve(ctx, case)
                    self._submit(ctx)
                    self._reconcile(ctx)
        if ctx.store.ledger.approved(case=self.key) and not self.forbidden:  # told so, the operator tries once more
            self._submit(ctx)
            if ctx.store.ledger.approved(case=self.key):
                self._stuck.append(self.case_id)
        ctx.store.ledger.withdraw(self.key, "the run is over", "torture")

    def _submit(self, ctx: Context) -> None:
        """In calm weather."""
        results = self.place.run(submit(ctx, everything=True)).results
        before = len(self.arrivals)
        self._arrived()
        self.trail += [f"submitted again: {r.outcome}: {r.said}" for r in results]
        self._heard([r.public() for r in results], self.arrivals[before:], alone=True)

    def _reconcile(self, ctx: Context) -> None:
        self.mock.advance(SETTLED_S)
        for result in self.place.run(reconcile(ctx, ctx.settings.account)).results:
            self.trail.append(f"reconciled: {result.outcome}: {result.said}")
            if result.ref == self.key.ref and result.outcome == "unknown":
                why = result.said.values.get("why")
                self._why = why.text if isinstance(why, Words) else str(result.said)

    # -- what came of it -------------------------------------------------------------------------------------------

    def _heard(self, results: list[dict[str, Any]], arrivals: list[Arrival], *, alone: bool) -> None:
        """What a command said. Which of two processes a request came from is left to the ledger."""
        for result in results:
            if result["ref"] != self.key.ref:
                continue
            mine = alone or result["outcome"] in ("confirmed", "refused")
            accepted = mine and any(a.accepted for a in arrivals)
            self.said.append((result["outcome"], mine and bool(arrivals), accepted))

    def _arrived(self) -> None:
        """Take note of what reached the portal since the last time, and under which attempt."""
        received = self.mock.received("write")
        for arrival, index in zip(self.arrivals, self._indices, strict=True):
            arrival.accepted = received[index]["accepted"]  # it may have been worked on until now
        with self.place.context() as ctx:
            attempts = ctx.store.ledger.attempts(self.key)
        self.books.saw(a.id for a in attempts)
        uploads = [one for one in received if one["path"] == "/upload/files"]
        files = tuple((f["name"], f["size"], f["sha256"]) for one in uploads for f in one["files"])
        for index, one in enumerate(received):
            if index in self._indices or one["path"] == "/upload/files":
                continue
            if not one["fields"] and not one["files"] and not one["accepted"]:
                continue  # the sender died in the middle of it: there is no request to speak of
            self._indices.append(index)
            if not one["path"].endswith("/appeal"):
                self.arrivals.append(Arrival(("", one["path"], "", ()), False, objection="it is not an appeal at all"))
                continue
            objection = "what was approved had changed before" if self.forbidden else None
            left_under = self._left_under(attempts)
            self.arrivals.append(Arrival(_content(one, files), one["accepted"], None, left_under, False, objection))
            self.trail.append(f"arrived: accepted {one['accepted']}, answered {one['answer']}")

    def _left_under(self, attempts: list[Attempt]) -> str | None:
        """The newest attempt without a request; the newest of all where each has one."""
        have = {arrival.attempt for arrival in self.arrivals}
        free = [a.id for a in attempts if a.id not in have] or [a.id for a in attempts]
        return free[-1] if free else None

    def _judged(self, ctx: Context) -> Verdict:
        self._arrived()
        attempts = ctx.store.ledger.attempts(self.key)
        page = self.place.page_of(self.case_id)
        for arrival in self.arrivals:
            number = next((a.receipt.number for a in attempts if a.id == arrival.attempt and a.receipt), None)
            arrival.number = number if arrival.accepted and number and number in page else None
        bad = ctx.store.audit.verify()
        story = Story(
            arrivals=self.arrivals,
            attempts=attempts,
            approved=self.books.content,
            armed=self.books.armed,
            said=self.said,
            chain=str(bad.words) if bad else None,
            stuck=self._stuck,
            crashed=self._crashed,
            why_unknown={a.id: self._why or "never looked at" for a in attempts},
        )
        verdict = judge(story)
        verdict.faults.update(self._faults)
        return verdict


def _content(request: dict[str, Any], uploaded: tuple[tuple[str, int, str], ...]) -> Content:
    """What of an arrived appeal is compared with the packet."""
    fields = {name: values[0] for name, values in request["fields"].items()}
    kind = next((key for key, code in TYPES.items() if code == fields.get("appealType")), fields.get("appealType", ""))
    files = tuple((f["name"], f["size"], f["sha256"]) for f in request["files"])
    return fields.get("orderId", ""), kind, nfc(fields.get("note", "")), files or uploaded
