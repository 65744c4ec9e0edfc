"""Filing a SAFE-T claim: a form in four steps, each on the page alone, behind a question whether the order is eligible (facts §6).

What a step holds is read back before it is left, and again at the end from the components that are hidden by then.
"""

from __future__ import annotations

from collections.abc import Mapping

from playwright.async_api import FilePayload, Locator

from agent.browser import fields
from agent.browser.gate import Spot
from agent.browser.tab import Wanted
from agent.errors import CaseMoved, PacketAltered
from agent.evidence.files import FileFacts
from agent.evidence.finding import Finding, finding
from agent.policy import ActionRule, FieldRule
from agent.reading.seen import Seen
from agent.records import Case
from agent.sending.packet import Draft, Packet, PacketField, Receipt
from agent.words import Words, say
from portals.amazon.forms import AmazonForm
from portals.amazon.markets import market_of
from portals.amazon.values import instant

CREATE = "/safet-claims/create-v2"
_REFUSED = Spot("not_eligible", texts=("safet.new.refused",))
_NEEDS_NO_FILE = ("return_missing", "other")
_NAMED = """box => [...box.querySelectorAll('[name]')].map((e) => [e.getAttribute('name'), String(e.value ?? '')])"""
"""Names and values of all components of the form, those of steps left behind among them."""


def rule_for(case: Case, rule: ActionRule) -> ActionRule:
    """The fields whose key ends in `@`, once for each item of the order: `include@B012345678`."""
    made = {}
    for key, field in rule.fields.items():
        for name in [f"{key}{item.id}" for item in case.items] if key.endswith("@") else [key]:
            of_item = {f"{other}{name.partition('@')[2]}" if other.endswith("@") else other: values
                       for other, values in field.required_when.items()}  # fmt: skip
            made[name] = field.model_copy(update={"required_when": of_item})
    return rule.model_copy(update={"fields": made})


def lint(draft: Draft, case: Case, rule: ActionRule, facts: list[FileFacts]) -> list[Finding]:
    """What the claim asks of items, reason and files together."""
    code, found = rule.fields["claim_reason"].rule, list[Finding]()
    chosen = [item for item in case.items if draft.values.get(f"include@{item.id}") == "yes"]
    if not chosen:
        words = say("No item is chosen. Set include@ID to “yes” for what the claim is about: {ids}.",
                    ids=", ".join(item.id for item in case.items))  # fmt: skip
        found.append(finding(code, "no_item", "block", words, "claim_reason"))
    for item in case.items:
        key, asked = f"quantity@{item.id}", draft.values.get(f"quantity@{item.id}", "").strip()
        if item in chosen and asked.isascii() and asked.isdigit() and not 1 <= int(asked) <= item.quantity:
            words = say(
                "Item {item}: the quantity is a whole number from 1 to {most}.", item=item.id, most=item.quantity
            )
            found.append(finding(code, "quantity", "block", words, key))
        elif asked and item not in chosen:
            words = say(
                "Item {item} has a quantity and is not chosen. Set include@{item} to “yes”, or take it out.",
                item=item.id,
            )
            found.append(finding(code, "quantity", "block", words, key))
    if not facts and draft.values.get("claim_reason") not in _NEEDS_NO_FILE:
        words = say("For this claim reason the portal wants at least one image. Attach it.")
        found.append(finding(rule.files.rule if rule.files else code, "no_image", "block", words, "files"))
    return found


class NewClaimForm(AmazonForm):
    """The wizard: order, items, reason, evidence, text."""

    scopes = "form, [role='form']"
    """The box of an order's only item holds all fields of the first step, and is a group too."""

    _keys: frozenset[str] = frozenset()
    """The fields of the step that stands there."""
    _rows: tuple[str, ...] = ()
    _wrong: tuple[Words, ...] = ()
    """What was not as approved in steps left behind."""
    _left: tuple[float, ...] = ()
    """The fields of those steps, by `fields.MARK`."""
    _kept: Mapping[str, tuple[str, ...]] = {}
    """What they held, by the name under which the form sends it."""

    def leads_to(self, seen: Seen) -> str:
        return CREATE

    async def _arrive(self, address: str, subject: str) -> Seen:
        """Ask whether the order is eligible; the form's steps come with a yes."""
        labels = self.labels
        seen = await self.tab.look(address, Wanted(labels.page, (labels.heading, "safet.new.check")))
        body = await self._body(seen)
        order = await self._find("safet.new.order", body, seen)
        await order.fill(subject)
        await order.blur()
        await (await self._one_button("safet.new.check", body)).click(timeout=10_000)
        wanted = Wanted(labels.page, (labels.heading, *labels.landmarks), subject=subject, ends=(_REFUSED,))
        seen = await self.tab.see(wanted)
        if self.tab.ended == _REFUSED.name:
            raise CaseMoved(
                say("{ref}: the portal takes no claim: {words}", ref=self.case.key.ref, words=self.read_refusal(seen)),
                say("Nothing was sent. Run `rebuttal sync`, then look."),
            )
        return seen

    def _at_first(self) -> tuple[str, ...]:
        return tuple(key for key in self.fields if "@" in key)

    async def _field(self, key: str, scope: Locator, seen: Seen) -> Locator:
        """A field of one item stands in that item's box, which is named by its ASIN."""
        item = key.partition("@")[2]
        if not item:
            return await super()._field(key, scope, seen)
        boxes = [
            box
            for text in self.tab.labels.texts["items.id"]
            for box in await scope.get_by_role("group", name=f"{text} {item}", exact=True).all()
            if await box.is_visible()
        ]
        if len(boxes) != 1:
            raise seen.drift("items.id", say("{count} blocks are for {item}", count=len(boxes), item=item))
        return await self._find(self.fields[key].label, boxes[0], seen)

    async def survey(self) -> Mapping[str, FieldRule]:
        """The first step: its button leads to the next one."""
        await self._one_button("safet.new.next", self.form)
        return {key: self.fields[key] for key in self._at_first()}

    # -- steps -----------------------------------------------------------------------------------------------------

    def _typed(self, packet: Packet) -> list[PacketField]:
        return [field for field in super()._typed(packet) if field.key in self._keys]

    async def fill(self, packet: Packet) -> None:
        """Items and reason, each step left once it is read back; what follows the evidence is filled in after it."""
        self._keys = frozenset(self._at_first())
        await super().fill(packet)
        await self._next(packet, "safet.new.reason")
        self._keys = frozenset({"claim_reason", "sub_reason"})
        await super().fill(packet)
        await self._next(packet, "safet.new.files.heading")
        self._keys = frozenset()

    async def _fill_in(self, field: PacketField, seen: Seen) -> None:
        if field.key == "sub_reason":  # it comes once there is a reason
            seen = await self.tab.see(Wanted(self.labels.page, (self.labels.heading, "safet.new.sub_reason")))
        await super()._fill_in(field, seen)

    async def attach(self, packet: Packet, contents: Mapping[str, bytes]) -> None:
        """The evidence, then the last step."""
        await super().attach(packet, contents)
        part = (await self._see()).section("safet.new.files.heading")
        self._rows = tuple(entry.pieces[0] for entry in part.entries(()) if entry.pieces)
        await self._next(packet, "safet.new.text")
        self._keys = frozenset({"text", "policy"})
        await super().fill(packet)

    async def _give(self, payload: list[FilePayload]) -> None:
        """One image per slot, in the packet's order."""
        slots = [
            button
            for text in self.tab.labels.texts["safet.new.pick"]
            for button in await self.form.get_by_role("button", name=text, exact=True).all()
            if await fields.is_seen(button)
        ]
        if len(slots) < len(payload):
            raise PacketAltered(
                say("The form takes {count} files, and {asked} are approved.", count=len(slots), asked=len(payload)),
                say("Nothing was sent. Take files out of the draft, then approve again."),
            )
        for slot, file in zip(slots, payload, strict=False):
            await self._choose(slot, [file])

    async def _next(self, packet: Packet, landmark: str) -> None:
        """Read the step back, keep what it holds, and go on to the one with `landmark`."""
        seen = await self._see()
        self.chosen = {}
        self._wrong += (*await self._other_values(packet, seen), *await self._unasked(packet, seen))
        self._kept = {**self._kept, **self.chosen}
        for field in self._typed(packet):
            self._left += tuple(await (await self._field(field.key, self.form, seen)).evaluate(fields.MARKS))
        await (await self._one_button("safet.new.next", self.form)).click(timeout=10_000)
        await self.tab.see(Wanted(self.labels.page, (self.labels.heading, landmark)))

    async def differences(self, packet: Packet) -> list[Words]:
        wrong = [*self._wrong, *await super().differences(packet)]
        now: dict[str, tuple[str, ...]] = {}
        for name, held in await self.form.evaluate(_NAMED):
            now[name] = (*now.get(name, ()), str(held))
        for name, held in self._kept.items():
            if now.get(name, held) != held:
                words = say("{name}: approved “{want}”, the form holds “{held}”",
                            name=name, want=" ".join(held), held=" ".join(now[name]))  # fmt: skip
                wrong.append(words)
        self.chosen = {**self._kept, **self.chosen}
        return wrong

    async def _others(self, marks: set[float]) -> list[str]:
        return await super()._others(marks | set(self._left))

    def file_rows(self, seen: Seen) -> list[str]:
        """As they stood when their step was left."""
        return list(self._rows)

    def read_receipt(self, seen: Seen) -> Receipt:
        """The new claim's own page, for this order."""
        info = seen.section("safet.summary.heading")
        shown = info.labelled("claims.order_id").text
        if shown != self.subject:
            raise seen.mismatch("claims.order_id", self.subject, shown)
        at = info.labelled("safet.date")
        return Receipt(number=info.labelled("safet.id").text, at=instant(at, market_of(seen)), shown=at.text)
