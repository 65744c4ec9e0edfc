"""The pages of one account, looked at one after the other: home, lists, cases, forms, figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from agent.browser.tab import Wanted
from agent.errors import Mismatch, NeedsPerson, PageDrift, Paused, RateLimited, RebuttalError, Unavailable
from agent.policy import ActionRule, FieldRule
from agent.portal import Channel, Fetched, HealthPage, Listed, SettlementPage
from agent.reading.page import SeenPage
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Packet, PacketField
from agent.words import say
from flows.check import PageCheck, verdict_of
from flows.context import Context, Task
from flows.contract import hold, hold_form, stood_near
from flows.visit import Visit, channels_of, policy_of

T = TypeVar("T")
MOST_LIST_PAGES = 20
MOST_CASES = 6
"""Cases looked at in a channel: the newest, and one of each other status."""
GIVE_UP_AFTER = 2
"""Pages in a row without an answer, after which the account is left."""


class Checking:
    """One account at its portal. `pages` takes what was looked at."""

    def __init__(self, ctx: Context, visit: Visit, pages: list[PageCheck], bar: Task) -> None:
        self.ctx, self.visit, self.pages, self.bar = ctx, visit, pages, bar
        self.portal, self.tab = visit.portal, visit.tab
        self.policy = policy_of(ctx, visit.portal)
        self.store = visit.account.store_name
        self._silent = 0

    async def run(self) -> None:
        """Every page once; what concerns the whole account is raised, after it was noted."""
        gate = self.portal.gate
        if gate.home and gate.home_landmark:
            home = Wanted("home", (gate.home_landmark,))
            await self._page("home", "", "", lambda: self.tab.look(gate.home, home), _nothing_more)
        for channel in channels_of(self.portal, self.visit.account):
            await self._channel(channel)
        for page in self.portal.health:
            await self._health(page)
        if self.portal.settlement is not None:
            await self._settlement(self.portal.settlement)

    # -- channels --------------------------------------------------------------------------------------------------

    async def _channel(self, channel: Channel) -> None:
        rows: list[Listed] = []
        for name in channel.filters:
            rows += await self._list(channel, name)
        actions: set[Action] = set()
        for case_id, url, row in self._some(channel, rows):
            case = await self._case(channel, case_id, url, row)
            for action in case.actions if case is not None else ():
                rule = self.policy.action(channel.name, action)
                if case is None or rule is None or action in actions:
                    continue
                if rule.moves_money and not self.ctx.settings.allow_money_actions:
                    continue  # what may not be sent is not even opened: some forms begin with a button of their own
                actions.add(action)
                await self._form(channel, case, action, channel.rule_for(case, action, rule))

    async def _list(self, channel: Channel, name: str) -> list[Listed]:
        """The rows under one filter; a list must hold as many as it says."""
        rows: dict[str, Listed] = {}
        totals: list[int] = []

        async def read(seen: Seen) -> None:
            page = channel.read_listing(seen, name, 1)
            for number in range(2, MOST_LIST_PAGES + 2):
                rows.update({row.case_id: row for row in page.rows})
                if page.last or not page.rows or (page.total is not None and len(rows) >= page.total):
                    totals.extend([page.total] if page.total is not None else [])
                    return
                page = channel.read_listing(await channel.listing(self.tab, name, number), name, number)

        await self._page(channel.name, channel.name, name, lambda: channel.listing(self.tab, name, 1), read)
        done = self.pages[-1]
        if done.verdict == "read":
            done.remark = say("{count} rows", count=len(rows))
            if totals and totals[0] != len(rows):
                done.verdict = "incomplete"
                done.remark = say("{listed} rows were read, the portal says {total}.", listed=len(rows),
                                  total=totals[0])  # fmt: skip
        return list(rows.values())

    def _some(self, channel: Channel, rows: list[Listed]) -> list[tuple[str, str, Listed | None]]:
        """Which cases to look at: the first listed and one of each other status; a stored one where no list is read."""
        if not rows:
            known = self.ctx.store.cases.rows(accounts=[self.store], channels=[channel.name])
            return [(row.case_id, row.url, None) for row in known[:1]]
        chosen = {row.facts.get("status", row.status_is): row for row in reversed(rows)}.values()
        first, *others = sorted(chosen, key=rows.index)
        return [(row.case_id, row.url, row) for row in [first, *others][:MOST_CASES]]

    async def _case(self, channel: Channel, case_id: str, url: str, row: Listed | None) -> Case | None:
        """One case's own page with its files, read and compared with its row."""
        documents: dict[str, Fetched] = {}

        async def go() -> Seen:
            seen, files = await channel.visit(self.tab, case_id, url)
            documents.update(files)
            return seen

        async def read(seen: Seen) -> Case:
            case = channel.read_subject(seen, documents, case_id)
            differs = channel.agrees(row, case) if row is not None else None
            if differs:
                raise seen.drift("", say("list and page disagree: {what}", what=differs), kind=Mismatch)
            return case

        case = await self._page("case", channel.name, case_id, go, read)
        for file in documents.values():
            self.ctx.store.blobs.put(file.data, "document")
        return case

    async def _form(self, channel: Channel, case: Case, action: Action, rule: ActionRule) -> None:
        """The form of an action: its fields, choices and one button, found and left alone. Nothing could be sent: the
        reading guard holds everything back."""
        form = channel.form(self.tab, case, action, rule)
        packet = self._first_choices(case, action, rule)
        fields: dict[str, FieldRule] = {}

        async def go() -> Seen:
            await form.look()
            await form.open(packet)
            fields.update(await form.survey())
            parts = getattr(form, "labels", None)
            return await self.tab.see(Wanted(parts.page if parts is not None else action, (), busy=()), wait_ms=0)

        async def read(seen: Seen) -> None:
            held = hold_form(seen, rule.model_copy(update={"fields": fields}), None)  # its button was found already
            if held.error is not None:
                raise held.error

        await self._page(action, "", case.case_id, go, read)

    def _first_choices(self, case: Case, action: Action, rule: ActionRule) -> Packet:
        """Nothing but the first option of each choice: some forms open by one."""
        return Packet(
            case=case.key,
            order_id=case.order_id,
            case_revision=case.revision,
            action=action,
            fields=tuple(
                PacketField(key=key, kind="choice", value=option, shown=self.tab.labels.texts[label][0])
                for key, field in rule.fields.items()
                for option, label in [*field.options.items()][:1]
            ),
            files=(),
            policy_version=self.policy.version,
            by="",
        )

    # -- figures ---------------------------------------------------------------------------------------------------

    async def _health(self, page: HealthPage) -> None:
        async def read(seen: Seen) -> None:
            page.read(seen)

        await self._page(page.name, "", "", lambda: page.see(self.tab), read)

    async def _settlement(self, page: SettlementPage) -> None:
        async def read(seen: Seen) -> None:
            page.read(seen, 1)

        await self._page(page.name, "", "", lambda: page.see(self.tab, 1), read)

    # -- one page --------------------------------------------------------------------------------------------------

    async def _page(
        self,
        name: str,
        channel: str,
        what: str,
        go: Callable[[], Awaitable[Seen]],
        read: Callable[[Seen], Awaitable[T]],
    ) -> T | None:
        """Go, see, read, note; None where something was wrong. Raises what the other pages would meet as well."""
        done = PageCheck(self.store, name, what, channel)
        self.pages.append(done)
        result: T | None = None
        try:
            done.seen = await go()
            done.page = done.seen.page.page
            result = await read(done.seen)
            self._silent = 0
        except RebuttalError as error:
            self._failed(done, error)
        finally:
            self.bar.step(f"{done.page} {what}".strip())
        return result

    def _failed(self, done: PageCheck, error: RebuttalError) -> None:
        done.error, done.verdict = error, verdict_of(error)
        if done.seen is None and isinstance(error, PageDrift) and isinstance(error.seen, SeenPage):
            done.seen, also = self._as_far_as_it_reads(done, error.seen)
        else:
            also = None
        if done.seen is not None and isinstance(error, PageDrift):
            done.page = done.seen.page.page
            done.missing = self._missing(done.seen, done.channel, *filter(None, (error, also)))
            done.candidates = stood_near(done.seen, error)
            self._keep(done)
        if isinstance(error, NeedsPerson | Paused | RateLimited):
            raise error
        self._silent = self._silent + 1 if isinstance(error, Unavailable) else 0
        if self._silent >= GIVE_UP_AFTER:
            raise error

    def _as_far_as_it_reads(self, done: PageCheck, page: SeenPage) -> tuple[Seen, PageDrift | None]:
        """A page that was given up before it was read, with what can be found on it, and where that ends."""
        channel = next((c for c in self.portal.channels if c.name == done.channel), None)
        seen = Seen(page, self.tab.labels, self.policy)
        if channel is not None:
            try:
                if page.subject:
                    channel.read_subject(seen, {}, page.subject)
                else:
                    channel.read_listing(seen, done.what, 1)
            except PageDrift as error:
                return seen, error
            except RebuttalError:
                return seen, None
        return seen, None

    def _missing(self, seen: Seen, channel: str, *errors: PageDrift) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What was looked for and is not there: the field at fault, and what a sound page of this kind has besides."""
        labels = seen.labels
        looked_for = {e.field: e.looked_for for e in errors if e.field and not isinstance(e, Mismatch)}
        keys = list(looked_for)
        keys += [k for k in seen.page.landmarks if k in labels.texts and not seen.shows(k)]
        for stored in self.ctx.store.pages.iterate(self.portal.name, seen.page.page, verdict="read"):
            if stored.channel == channel and bool(stored.subject) == bool(seen.page.subject):
                sound = SeenPage.from_stored(self.ctx.store.pages.get(stored.sha256))
                held = hold(self.portal, stored, sound, labels, policy=self.policy)
                found = [place.key for place in held.found] if held is not None else []
                keys += [k for k in found if k in labels.texts and not seen.shows(k)]
                break
        return tuple((key, looked_for.get(key) or labels.texts.get(key, ())) for key in dict.fromkeys(keys))

    def _keep(self, done: PageCheck) -> None:
        """Into quarantine, where `teach` can be tried on it; a form is of no reader, and belongs to no case there."""
        assert done.seen is not None
        page = done.seen.page
        subject = done.what if done.channel and page.subject else ""
        self.ctx.store.pages.put(
            page.portal, page.account, page.page, subject, page.stored(), page.seen_at, channel=done.channel,
            verdict="drifted",
        )  # fmt: skip


async def _nothing_more(seen: Seen) -> None:
    """A page that is only looked at for its landmark."""
