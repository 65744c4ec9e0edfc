"""One run without a browser: a few cases, a few rounds of mishaps, then calm, reconciliation and the judge."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

from sqlalchemy import select

from agent.errors import RebuttalError
from agent.home import Home
from agent.policy import Policy, load_policy
from agent.records import CaseKey
from agent.sending.packet import Draft, DraftFile, Packet, PacketField, PacketFile
from agent.settings import AccountSettings, Settings
from agent.store import Store, schema
from agent.store import engine as engines
from agent.words import Words
from flows import reconcile as reconciling
from flows import submit as submitting
from flows import visit as visits
from flows.submit import SubmitReport
from tests.torture import memory_page
from tests.torture.books import Books
from tests.torture.judge import Story, Verdict, judge
from tests.torture.machine import ENGINES, Death, DiskTrouble, Machine, Program, Scheduler, World
from tests.torture.memory_page import READING, SCRIPTS, MemoryContext, Weather, finish
from tests.torture.memory_portal import ANSWERS

T = TypeVar("T")
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
_LEASE_OVER_S = 3 * 3600
"""A machine that lost its power with its clock two hours ahead holds the account for that long and fifteen minutes."""
NOTES = (
    "배송 완료 자료를 첨부합니다.",
    "안녕하세요.\n송장 조회 결과를 확인 부탁드립니다.",
    "Delivered as shown in the carrier's record.",
)
ACCOUNT = AccountSettings(portal="coupang", name="main")
_POLICY = Path(memory_page.__file__).parent / "memory"


@contextlib.contextmanager
def in_memory() -> Iterator[None]:
    """The flows on the portal in memory instead of a browser; a locked database is told at once."""
    with (
        mock.patch.multiple(submitting, browsers=memory_page.browsers, visiting=memory_page.visiting),
        mock.patch.multiple(reconciling, browsers=memory_page.browsers, visiting=memory_page.visiting),
        mock.patch.object(visits, "platform", memory_page.Node()),
        mock.patch.object(visits, "load_policy", lambda folder, own: _policy(_text(own))),
        mock.patch.object(engines, "BUSY_S", 0.0),
        mock.patch.object(engines, "connect", ENGINES.connect),
        mock.patch.object(Store, "close", lambda store: ENGINES.give_back(store)),
    ):
        try:
            yield
        finally:
            ENGINES.put_away()


def _text(own: Path) -> str:
    return own.read_text(encoding="utf-8") if own.exists() else ""


@cache
def _policy(own: str) -> Policy:
    """The policy with the operator's text `own` over it."""
    if not own:
        return load_policy(_POLICY)
    file, portals = _POLICY / "own.toml", (_POLICY / "policy.toml").read_text(encoding="utf-8")
    with mock.patch.object(Path, "exists", return_value=True), mock.patch.object(Path, "read_text") as read:
        read.side_effect = [portals, own]
        return load_policy(_POLICY, file)


class Run:
    """One seeded run in a folder of its own; `template` is an empty database. `plain`: one machine and one case."""

    def __init__(self, seed: int, number: int, folder: Path, template: Path, *, plain: bool = False) -> None:
        self.rng = random.Random(f"{seed}:{number}")
        self.folder = folder
        self.world = World(self.rng, START, timedelta(seconds=self.rng.choice([0, 0, 7, -90, 5400])))
        self.world.portal.slow = timedelta(seconds=self.rng.choice([0, 0, 0, 30, 240]))
        self.books = Books()
        self.said: list[tuple[str, bool, bool]] = []
        self.why: dict[str, str] = {}
        self.faults: Counter[str] = Counter()
        self.trail: list[str] = []
        self.machines = self._machines(template, two=not plain and self.rng.random() < 0.25)
        cases = 1 if plain else self.rng.choice([1, 1, 1, 2, 3])
        self.cases = [self.world.portal.new().case_id for _ in range(cases)]
        self.drafts = 0

    def _machines(self, template: Path, *, two: bool) -> list[Machine]:
        names = ["desk", self.rng.choice(["laptop", "desk"])] if two else ["desk"]
        database = self.folder / "shared.db" if two else self.folder / "home0" / "rebuttal.db"
        machines = []
        for number, name in enumerate(names):
            home = Home(self.folder / f"home{number}")
            for made in (home.path, home.blobs, home.locks, home.portals):
                made.mkdir()
            settings = Settings(operator="li", account=(ACCOUNT,), database=str(database) if two else None)
            machines.append(Machine(self.world, home, settings, name))
        shutil.copyfile(template, database)
        return machines

    # -- the run ---------------------------------------------------------------------------------------------------

    def play(self) -> Verdict:
        """Mishaps, calm, judgement."""
        for case_id in self.cases:
            self.approve(case_id, risky=True)
        for _ in range(self.rng.choice([1, 2, 2, 3])):
            for _ in range(self.rng.choice([0, 0, 0, 1, 2])):
                self._mishap()
            self._work()
            self.world.wait(self.rng.choice([0, 1, 30, 300, 1200]))
        self._calm()
        return self._judged()

    def drill(
        self,
        weather: Weather,
        *,
        death: Death | None = None,
        trouble: DiskTrouble | None = None,
        before: str = "",
        after: str = "",
        sleeps_s: float = 0,
    ) -> Verdict:
        """One case, approved and sent once, with one danger alone; then calm, and judgement.

        `before` happens between approval and sending; `after` it someone is hasty: `reconcile` or `approve` at once.
        `sleeps_s`: so long does the machine sleep between the arming and the click.
        """
        [case_id], [machine] = self.cases, self.machines
        self.approve(case_id)
        if before:
            self._befall(before, case_id)
        if sleeps_s:
            weather.at_click = lambda: self.world.wait(sleeps_s)
        self._sent(machine, weather, (), death, trouble)
        if after == "reconcile":
            self.reconcile(machine, calm=True)
        if after == "approve":
            self.approve(case_id)
            self._sent(machine, Weather(), (), None, None)
        self._calm()
        return self._judged()

    def _work(self) -> None:
        machine = self.rng.choice(self.machines)
        kind = self.rng.choices(["submit", "reconcile", "both", "two"], [6, 2, 2, 3])[0]
        if kind == "submit":
            self.submit(machine)
        elif kind == "reconcile":
            self.reconcile(machine)
        else:
            self.trail.append(f"at once: {kind}")
            other = self.rng.choice(self.machines)
            second = self.reconcile if kind == "both" else self.submit
            Scheduler(self.world).run([lambda: self.submit(machine), lambda: second(other)])

    def _calm(self) -> None:
        """Everything works again, and no dead machine holds the account any more: what is open is settled, what was
        cleared is approved and sent again."""
        self.trail.append("calm")
        self.world.wait(_LEASE_OVER_S)
        machine = self.machines[0]
        for one in self.machines:
            one.offset = timedelta()
        self.submit(machine, calm=True)
        self.world.wait(1200)
        self.reconcile(machine, calm=True)
        if self.rng.random() < 0.5:
            for case_id in self.cases:
                if "appeal" in self.world.portal.read(case_id)[0].actions:
                    self.approve(case_id)
            self.submit(machine, calm=True)
            self.world.wait(1200)
            self.reconcile(machine, calm=True)

    # -- what people and portals do --------------------------------------------------------------------------------

    def _mishap(self) -> None:
        case_id = self.rng.choice(self.cases)
        what = self.rng.choice(
            ["message", "amount", "withdraw at portal", "by hand", "file", "draft", "policy", "no", "clock", "expire",
             "approve", "approve", "night"]
        )  # fmt: skip
        self._befall(what, case_id)

    def _befall(self, what: str, case_id: str) -> None:
        matter = self.world.portal.matter(case_id)
        self.faults[what] += 1
        self.trail.append(f"{what} {case_id}")
        match what:
            case "message":
                matter.messages.append((self.world.portal.now(), "언제 도착하나요?"))
            case "amount":
                matter.amount += 100
            case "withdraw at portal":
                matter.withdrawn = True
            case "by hand":
                self.world.portal.file_by_hand(case_id)
            case "file":
                self._change_file(case_id)
            case "draft":
                self._program(self.machines[0], Weather(), lambda ctx: self._redraft(ctx, case_id))
            case "policy":
                text = f"[rules.extra]\nvalue={self.rng.randrange(9)}\nrule='x'\nsource='x'\ngrade='page'\n"
                for machine in self.machines:
                    own = machine.home.own_policy("coupang")
                    own.parent.mkdir(exist_ok=True)
                    own.write_text(text, encoding="utf-8")
            case "no":
                self._program(self.machines[0], Weather(), lambda ctx: self._withdraw(ctx, case_id))
            case "clock":
                machine = self.rng.choice(self.machines)
                machine.offset = timedelta(seconds=self.rng.choice([-7200, -600, -30, 0, 45, 900, 7200]))
            case "expire":
                self.world.wait(90_000)
            case "approve":
                self.approve(case_id, risky=True)
            case "night":
                self.world.wait(36_000)

    def _change_file(self, case_id: str) -> None:
        for file in sorted((self.folder / case_id).glob("*.png"))[:1]:
            if self.rng.random() < 0.3:
                file.unlink()
            else:
                file.write_bytes(file.read_bytes() + b".")

    def _redraft(self, ctx: MemoryContext, case_id: str) -> None:
        draft = ctx.store.ledger.draft(_key(case_id), "appeal")
        if draft is None:
            return
        self.books.redrafted(case_id)
        ctx.store.ledger.save_draft(draft.model_copy(update={"values": {**draft.values, "note": "다시 씁니다."}}))

    def _withdraw(self, ctx: MemoryContext, case_id: str) -> None:
        ctx.store.ledger.withdraw(_key(case_id), "not this one", "wang")
        self.books.no(case_id)

    def approve(self, case_id: str, *, risky: bool = False) -> None:
        """A person reads the case, drafts, looks and approves, if the records let them."""
        machine = self.rng.choice(self.machines)
        death = Death(self.rng.randrange(1, 25)) if risky and self.rng.random() < 0.1 else None
        packets: list[Packet] = []

        def approve(ctx: MemoryContext) -> None:
            case, _ = self.world.portal.read(case_id)
            ctx.store.cases.save(case, "sync")
            if "appeal" not in case.actions:
                return
            files = self._files(case_id)
            values = {
                "appeal_type": self.rng.choice(["delivery_proof", "product_accuracy"]),
                "note": self.rng.choice(NOTES) + " " * self.drafts,
            }
            policy = self._policy_of(machine)
            draft = Draft(
                case=case.key,
                action="appeal",
                values=values,
                files=tuple(DraftFile(kind=f.kind, path=f.path) for f in files),
                by="li",
                at=machine.clock(),
                case_revision=case.revision,
            )
            shown = {"delivery_proof": "배송 증빙", "product_accuracy": "상품 정확성"}
            packet = Packet(
                case=case.key,
                order_id=case_id,
                case_revision=case.revision,
                action="appeal",
                fields=(
                    PacketField(
                        key="appeal_type",
                        kind="choice",
                        value=values["appeal_type"],
                        shown=shown[values["appeal_type"]],
                    ),
                    PacketField(key="note", kind="text", value=values["note"]),
                ),
                files=files,
                policy_version=policy.version,
                by="li",
            )
            before = ctx.store.ledger.current(case.key, "appeal")
            packets.extend([before] if before is not None else [])  # stays in force where nothing more is written
            if before is None or before.digest != packet.digest:
                self.books.redrafted(case_id)
            packets.append(packet)
            ctx.store.ledger.save_draft(draft)
            ctx.store.ledger.freeze(packet)
            ctx.store.ledger.approve(packet, by="wang", machine=machine.name, hours=24, four_eyes=True)

        self._program(machine, Weather(), approve, death=death)
        for packet in packets:
            self._note_approval(packet)

    def _note_approval(self, packet: Packet) -> None:
        """What of it is on the disk counts as said, also when the program died right after."""
        with self._looking() as store:
            in_force = store.ledger.current(packet.case, "appeal")
            if in_force is not None and in_force.digest == packet.digest:
                self.books.current[packet.case.case_id] = packet.digest
            for approval in store.ledger.approvals(packet.case):
                if approval.digest == packet.digest and approval.id not in self.books.approvals:
                    self.books.yes(packet, approval)

    def _files(self, case_id: str) -> tuple[PacketFile, ...]:
        """The evidence as it lies there now; something is always there."""
        folder = self.folder / case_id
        folder.mkdir(exist_ok=True)
        if not any(folder.iterdir()):
            for number in range(self.rng.choice([1, 1, 2, 3])):
                (folder / f"{number}.png").write_bytes(self.rng.randbytes(self.rng.randrange(20, 400)))
        found = []
        for number, file in enumerate(sorted(folder.iterdir())):
            data = file.read_bytes()
            name = f"{case_id}_Proof{number}.png"
            found.append(_packet_file(name, data, file))
        return tuple(found)

    def _policy_of(self, machine: Machine) -> Policy:
        return _policy(_text(machine.home.own_policy("coupang")))

    # -- programs --------------------------------------------------------------------------------------------------

    def submit(self, machine: Machine, *, calm: bool = False) -> None:
        """`rebuttal submit --all`."""
        weather = Weather() if calm else self._weather()
        death, trouble = (None, None) if calm else self._danger(110)
        refs = tuple(self.cases) if not calm and self.rng.random() < 0.2 else ()
        self._sent(machine, weather, refs, death, trouble, calm=calm)

    def _sent(
        self,
        machine: Machine,
        weather: Weather,
        refs: tuple[str, ...],
        death: Death | None,
        trouble: DiskTrouble | None,
        *,
        calm: bool = False,
    ) -> None:
        def work(ctx: MemoryContext) -> None:
            if calm:  # a sync: after a loss of power the newest reading of a case may be gone
                for case_id in self.cases:
                    ctx.store.cases.save(self.world.portal.read(case_id)[0], "sync")
            report = finish(submitting.submit(ctx, refs, everything=not refs, step=ctx.process.step))
            self._heard(ctx, report)

        self._program(machine, weather, work, death=death, trouble=trouble)

    def reconcile(self, machine: Machine, *, calm: bool = False) -> None:
        """`rebuttal reconcile`."""
        weather = Weather()
        if not calm and self.rng.random() < 0.2:
            weather = Weather(trouble=self.rng.choice(READING), trouble_at=self.rng.choice(["session", "visit"]))
        death, trouble = (None, None) if calm else self._danger(30)

        def work(ctx: MemoryContext) -> None:
            report = finish(reconciling.reconcile(ctx, ctx.settings.account))
            for result in report.results:
                why = result.said.values.get("why")
                self.why[result.ref] = why.text if isinstance(why, Words) else str(result.said)

        self._program(machine, weather, work, death=death, trouble=trouble)

    def _program(
        self,
        machine: Machine,
        weather: Weather,
        work: Callable[[MemoryContext], None],
        *,
        death: Death | None = None,
        trouble: DiskTrouble | None = None,
    ) -> None:
        self.books.policy = self._policy_of(machine).version
        program = Program(machine, weather, self._objection, death=death, trouble=trouble)
        with program.running() as ctx, contextlib.suppress(RebuttalError):
            work(ctx)
            if program.armed and (death is None or not death.power):
                self.books.saw(one for one, _ in _fences(ctx.store))
        died = death is not None and program.steps >= death.step
        self.trail.append(
            f"{weather.answer}/{weather.script}/{weather.trouble}: {program.steps} steps, {death if died else ''}"
        )
        if died and death is not None:
            self.faults["power lost" if death.power else "killed"] += 1
            if program.armed:
                with self._looking() as store:
                    self.books.saw(one for one, _ in _fences(store))

    def _heard(self, ctx: MemoryContext, report: SubmitReport) -> None:
        for result in report.results:
            case_id = result.ref.rpartition("/")[2]
            arrived = case_id in ctx.process.delivered
            why = result.error if result.error == "Busy" else result.said  # who is busy since when is never the same
            self.trail.append(f"told {result.outcome}: {why}")
            self.said.append((result.outcome, arrived, ctx.process.delivered.get(case_id, False)))

    def _weather(self) -> Weather:
        weather = Weather(
            answer=self.rng.choices([*ANSWERS], [*ANSWERS.values()])[0],
            script=self.rng.choices([*SCRIPTS], [*SCRIPTS.values()])[0],
        )
        if self.rng.random() < 0.15:
            weather.trouble = self.rng.choice(READING)
            weather.trouble_at = self.rng.choice(["session", "look", "open", "attach", "differences", "aim", "visit"])
        if self.rng.random() < 0.08:
            matter = self.world.portal.matter(self.rng.choice(self.cases))
            weather.between = lambda: matter.messages.append((self.world.portal.now(), "추가 문의입니다."))
        if self.rng.random() < 0.05:
            asleep = self.rng.choice([60, 200, 700, 850, 1500])
            weather.at_click = lambda: self.world.wait(asleep)
            self.faults["slept"] += 1
        for name in (weather.answer, weather.script, weather.trouble):
            if name not in (None, "receipt", "form"):
                self.faults[str(name)] += 1
        return weather

    def _danger(self, steps: int) -> tuple[Death | None, DiskTrouble | None]:
        death = trouble = None
        if self.rng.random() < 0.45:
            alone = self.world.scheduler is None
            step = (
                self.rng.randrange(22, 50) if steps > 50 and self.rng.random() < 0.6 else self.rng.randrange(1, steps)
            )
            death = Death(step, alone and self.rng.random() < 0.3, self.rng.random() < 0.5)
        if self.rng.random() < 0.15:
            kind = self.rng.choice(["full", "locked"])
            trouble = DiskTrouble(kind, self.rng.randrange(1, 14), self.rng.choice([1, 1, 2, 50]))
            self.faults[f"database {kind}"] += 1
        return death, trouble

    def _objection(self, packet: Packet | None, revision: str, fence: int) -> str | None:
        with self._looking() as store:
            attempt = next((store.ledger.attempt(one) for one, under in _fences(store) if under == fence), None)
        return self.books.objection(packet, revision, attempt)

    # -- the end ---------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _looking(self) -> Iterator[Store]:
        """The records as they lie on the disk, for the torturer's eyes."""
        machine = self.machines[0]
        with Store(engines.locate(machine.database), machine.home.blobs, clock=machine.clock) as store:
            yield store
        ENGINES.give_back(store)

    def _judged(self) -> Verdict:
        with self._looking() as store:
            attempts = store.ledger.attempts()
            bad = store.audit.verify()
            stuck = self._stuck(store)
        by_fence = {f"fence {a.fence}": a.id for a in attempts}
        for arrival in self.world.portal.arrivals:
            arrival.attempt = by_fence.get(arrival.attempt or "")
        story = Story(
            arrivals=self.world.portal.arrivals,
            attempts=attempts,
            approved=self.books.content,
            armed=self.books.armed,
            said=self.said,
            chain=str(bad.words) if bad else None,
            stuck=stuck,
            why_unknown={a.id: self.why.get(a.case.ref, "never looked at") for a in attempts},
        )
        verdict = judge(story)
        verdict.faults += self.faults
        return verdict

    def _stuck(self, store: Store) -> list[str]:
        """Approved, current, unchanged, offered, not expired, nothing in the way, and still not sent."""
        found = []
        for approval in store.ledger.approved():
            packet = store.ledger.current(approval.case, "appeal")
            case, _ = self.world.portal.read(approval.case.case_id)
            files = packet is not None and all(
                Path(f.path).exists() and Path(f.path).read_bytes() == _original(f) for f in packet.files
            )
            fits = packet is not None and packet.digest == approval.digest and case.revision == packet.case_revision
            version = packet.policy_version if packet else ""
            if fits and files and "appeal" in case.actions and version == self._policy_of(self.machines[0]).version:
                found.append(approval.case.case_id)
        return found


_ORIGINALS: dict[str, bytes] = {}


def _original(file: PacketFile) -> bytes:
    return _ORIGINALS[file.sha256]


def _packet_file(name: str, data: bytes, path: Path) -> PacketFile:
    import hashlib

    sha256 = hashlib.sha256(data).hexdigest()
    _ORIGINALS[sha256] = data
    return PacketFile(
        kind="DeliveryProof", upload_name=name, size=len(data), sha256=sha256, media_type="image/png", path=str(path)
    )


_FENCES = select(schema.attempts.c.id, schema.attempts.c.fence)


def _fences(store: Store) -> list[Any]:
    """Attempts on the disk: id and fence."""
    with store.reading() as conn:
        return list(conn.execute(_FENCES))


def _key(case_id: str) -> CaseKey:
    return CaseKey(portal="coupang", account="main", channel="refund_disputes", case_id=case_id)


def empty_database(folder: Path) -> Path:
    """A database with nothing in it, to be copied for each run."""
    path = folder / "empty.db"
    Store.open(path, folder / "empty-blobs", clock=lambda: START).close()
    return path


def run(seed: int, number: int, folder: Path, template: Path) -> tuple[Verdict, Any]:
    """Run `number` of `seed`, in the folder `folder / "run"`; gives the verdict and the trail of what happened.

    To be called `in_memory`.
    """
    mine = folder / "run"
    mine.mkdir()
    try:
        one = Run(seed, number, mine, template)
        return one.play(), one.trail
    finally:
        ENGINES.put_away()
        shutil.rmtree(mine, ignore_errors=True)
