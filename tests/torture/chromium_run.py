"""One run with a real Chromium: approved, submitted by a process to which something happens, settled, judged."""

from __future__ import annotations

import contextlib
import json
import random
import re
import shutil
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agent.errors import RebuttalError
from agent.policy import ActionRule
from agent.records import Case, CaseKey
from agent.sending.packet import Attempt, Packet, nfc
from agent.words import Words
from flows.approve import approve
from flows.context import Context
from flows.reconcile import reconcile
from flows.submit import submit
from flows.sync import sync
from flows.visit import policy_of
from tests.portals.main import Main, fit, shop_of
from tests.torture.books import Books
from tests.torture.child import Plan
from tests.torture.chromium import Place
from tests.torture.judge import Arrival, Content, Story, Verdict, judge
from tests.torture.program import Program, locked, lose_power

STEPS = 36
"""As many as one submission has, and a few more."""
ANSWERED_S = 6
"""Longer than any answer is late; a request whose sender died in the middle of it is never answered."""
SETTLED_S = 13 * 60
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
"""What happens between the approval and the sending. All that changes the case, a file or the draft forbids it."""
EVENTS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "message": (("message", {"text": "언제 도착하나요? Where is it?"}),),
    "amount": (("change_amount", {"amount": 77_700}), ("revise", {})),
    "withdraw": (("withdraw", {}), ("buyer_close", {}), ("cancel", {}), ("close", {})),
    "expire_session": (("expire_session", {}),),
}
"""What buyer and portal may do, by what a mock may call it."""
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
        self.packet: Packet | None = None
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
        main = place.main
        self.key = CaseKey(portal=self.mock.portal, account="main", channel=main.channel, case_id=self.case_id)
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
        self._weather(case)
        self._tortured()
        self.mock.clear_faults()
        self._modes(submit_mode="form", upload_mode="with_form")
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

    def _weather(self, case: Case) -> None:
        self._modes(
            submit_mode=self.rng.choice(["form", "fetch", "xhr"]),
            upload_mode=self.rng.choice(["with_form", "with_form", "earlier"]),
        )
        sends = self._rule.send.path.removesuffix("$")
        if answer := self._choose("answer", ANSWERS):
            self.mock.fault(answer, sends, "POST", **({"ms": 2000} if answer == "delay" else {}))
        if twist := self._choose("page", PAGES):
            everywhere = twist in (*EVERYWHERE, "beacon")
            where = "/" if everywhere else self.rng.choice([re.escape(urlsplit(case.url).path), sends, "/"])
            try:
                self.mock.fault(twist, where, "GET", "all" if everywhere else 1)
            except ValueError:
                self._not_here(twist)

    def _not_here(self, what: str) -> None:
        """The mock has nothing of that kind."""
        self.trail.append(f"there is no {what} here")
        self._faults.remove(what)

    def _modes(self, **modes: str) -> None:
        """How the page's script sends, where the mock has several ways."""
        with contextlib.suppress(ValueError):
            self.mock.event("mode", **modes)
            self.trail.append(str(modes))

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

    @property
    def _rule(self) -> ActionRule:
        with self.place.context() as ctx:
            rule = policy_of(ctx, ctx.portal(self.mock.portal)).action(self.key.channel, self.place.main.action)
        assert rule is not None
        return rule

    def _approve(self, ctx: Context, case: Case) -> None:
        """A person writes a fit answer, with one or another choice where there are several, and approves it."""
        action = self.place.main.action
        shop = shop_of(self.mock.portal)(ctx, self.mock, self.place.run, self.evidence)
        values, files = fit(shop, case, action)
        longest = max((key for key in values if key in self._texts), key=lambda key: len(values[key]))
        space, number = self.rng.choice([" ", "\n"]), self.rng.randrange(1000)
        values = values | {longest: f"{values[longest]}{space}({number})"}
        for _, file in files:
            if file.suffix == ".jpg":
                with file.open("ab") as more:
                    more.write(self.rng.randbytes(self.rng.choice([0, 3_000, 300_000])))
        rules = self._rule.fields
        other = {key: self.rng.choice(sorted(rules[key].options)) for key in values if rules[key].options}
        report = shop.draft(case, action, values | other, *files)
        if report.packet is None:
            report = shop.draft(case, action, values, *files)
        assert report.packet is not None, [str(one.words) for one in report.blocked]
        self.packet = report.packet
        approval = approve(ctx, case.key.ref, digest=report.packet.digest[:12], by="wang")
        self.books.yes(self.packet, approval, content_of(self.place.main, self.packet))
        self.forbidden = False

    @property
    def _texts(self) -> list[str]:
        return [key for key, one in self._rule.fields.items() if one.kind == "text"]

    def _disturb(self, ctx: Context, what: str) -> None:
        """What happens between the approval and the sending."""
        assert self.packet is not None
        if what == "file" and self.packet.files:
            file = Path(self.packet.files[0].path)
            file.write_bytes(file.read_bytes()[:-1] + b"!")
            self.forbidden = True
        elif what == "draft":
            draft = ctx.store.ledger.draft(self.key, self.place.main.action)
            assert draft is not None
            changed = draft.values | {self._texts[0]: "다시 씁니다."}
            ctx.store.ledger.save_draft(draft.model_copy(update={"values": changed}))
            self.forbidden = True
        elif what in EVENTS:
            before = self._really()
            for event, details in EVENTS[what]:
                with contextlib.suppress(ValueError):  # another mock's word, or not at this stage of a case
                    self.mock.event(event, case_id=self.case_id, **details)
                    break
            else:
                self._not_here(what)
            self.forbidden = self._really() != before

    def _really(self) -> dict[str, Any]:
        """The case as it is at the portal, but for the time that is left."""
        one = next(c for c in self.mock.truth() if (c["channel"], c["case_id"]) == (self.key.channel, self.case_id))
        return {name: value for name, value in one.items() if name != "deadlines"}

    def _recover(self, ctx: Context) -> None:
        """What an operator does next: submit again, let time pass, reconcile, perhaps approve once more."""
        self._submit(ctx)
        self._reconcile(ctx)
        states = [a.state for a in ctx.store.ledger.attempts(self.key)]
        if all(state in ("cleared", "refused") for state in states) and self.rng.random() < 0.6:
            with contextlib.suppress(RebuttalError):
                self.place.run(sync(ctx, ctx.settings.account))
                case = ctx.store.cases.get(self.key)
                if case is not None and self.place.main.action in case.actions:
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
        until = time.monotonic() + ANSWERED_S  # else a late answer would be one of eleven minutes later
        while "delay" in self._faults and time.monotonic() < until:
            if all(one["answer"] is not None for one in self.mock.received("write")):
                break
            time.sleep(0.05)
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
        rule, uploaded = self._rule.send, []
        for index, one in enumerate(received):
            if any(re.search(path, one["path"]) for path in rule.uploads):
                uploaded += one["files"]
                continue
            if index in self._indices or (not one["fields"] and not one["files"] and not one["accepted"]):
                continue  # known, or the sender died in the middle of it: there is no request to speak of
            self._indices.append(index)
            if not re.search(rule.path, one["path"]):
                self.arrivals.append(Arrival(("", one["path"], "", ()), False, objection="it is no answer at all"))
                continue
            objection = "what was approved had changed before" if self.forbidden else None
            assert self.packet is not None
            content = content_arrived(self.place.main, one, uploaded, self.packet)
            self.arrivals.append(Arrival(content, one["accepted"], None, self._left_under(attempts), False, objection))
            self.trail.append(f"arrived: accepted {one['accepted']}, answered {one['answer']}")

    def _left_under(self, attempts: list[Attempt]) -> str | None:
        """The newest attempt without a request; the newest of all where each has one."""
        have = {arrival.attempt for arrival in self.arrivals}
        free = [a.id for a in attempts if a.id not in have] or [a.id for a in attempts]
        return free[-1] if free else None

    def _judged(self, ctx: Context) -> Verdict:
        self._arrived()
        attempts = ctx.store.ledger.attempts(self.key)
        case = ctx.store.cases.get(self.key)
        assert case is not None
        page = self.place.page_of(case) if any(a.receipt for a in attempts) else ""
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


def content_of(main: Main, packet: Packet) -> Content:
    """What of a packet must reach the portal, as the request says it."""
    said = {f.key: main.codes.get(f.key, {}).get(f.value, nfc(f.value)) for f in packet.fields if f.key in main.fields}
    files = tuple((f.upload_name, f.size, f.sha256) for f in packet.files)
    return packet.order_id, "", _told(said), files


def content_arrived(main: Main, request: dict[str, Any], uploaded: list[dict[str, Any]], packet: Packet) -> Content:
    """What of an arrived request is compared with the packet. Files that went before it are the last ones."""
    fields = _flat(request["fields"])
    names = (packet.order_id, packet.case.case_id)
    named = any(value in names for value in fields.values()) or any(name in request["path"] for name in names)
    said = {key: nfc(fields[name].replace("\r\n", "\n")) for key, name in main.fields.items() if fields.get(name)}
    files = request["files"] or uploaded[len(uploaded) - len(packet.files) :]
    sums = tuple((f["name"], f["size"], f["sha256"]) for f in files)
    return packet.order_id if named else f"another case: {fields}", "", _told(said), sums


def _flat(fields: dict[str, list[str]]) -> dict[str, str]:
    """The fields of a request by name, with those that one of them carries as JSON."""
    flat: dict[str, str] = {}
    for name, (value, *_) in fields.items():
        flat[name] = value
        with contextlib.suppress(ValueError):
            carried = json.loads(value)
            if isinstance(carried, dict):
                flat |= {key: one for key, one in carried.items() if isinstance(one, str)}
    return flat


def _told(said: dict[str, str]) -> str:
    return json.dumps(said, ensure_ascii=False, sort_keys=True)
