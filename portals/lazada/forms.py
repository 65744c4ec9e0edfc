"""What Lazada lets a seller send: a refusal, an agreement, a case for its agents, a message to the buyer.

State and buttons are per item, and a request's page has a card for each: a button is looked for in the card of the item
that was approved, and the dialog that it opens must name that item.
"""

from __future__ import annotations

from playwright.async_api import Locator

from agent.browser.fields import is_seen
from agent.browser.form import FormLabels, LabelledForm
from agent.browser.gate import Spot
from agent.browser.tab import Tab
from agent.errors import CaseMoved
from agent.policy import ActionRule
from agent.portal import Channel
from agent.reading.labels import norm
from agent.reading.seen import Seen
from agent.records import Case
from agent.sending.packet import Packet, PacketField, Receipt, nfc
from agent.words import say
from portals.lazada.read import cards_of, chat_address
from portals.lazada.read_talk import read_entries
from portals.lazada.shown import instant, market_of

_REFUSAL = Spot("refusal", texts=("form.refused",))
_HOLDS = "(e, marks) => [...e.querySelectorAll('*')].some((inner) => marks.includes(inner.__card))"
"""Does a box hold another one of those marked? The item's number stands in the history too, around which is all the page."""


class LazadaForm(LabelledForm):
    """A form of one item, or of its order's chat."""

    def __init__(self, tab: Tab, rule: ActionRule, labels: FormLabels, channel: Channel, case: Case) -> None:
        super().__init__(tab, rule, labels, channel, case)
        self.chat = ""
        """Where the chat about the order is, as the request's page says."""
        self.others: tuple[str, ...] = ()
        """The numbers of the other items on the request's page."""

    def note(self, seen: Seen) -> None:
        self.chat = chat_address(seen)
        numbers = [card.labelled("list.line").text for card in cards_of(seen)]
        self.others = tuple(one for one in numbers if one != self.case.case_id)

    async def open(self, packet: Packet) -> None:
        """Go to the form and prove whose it is."""
        raise NotImplementedError


class DialogForm(LazadaForm):
    """A dialog that a button in the item's card opens."""

    def __init__(self, tab: Tab, rule: ActionRule, name: str, channel: Channel, case: Case) -> None:
        super().__init__(tab, rule, _dialog(name), channel, case)

    async def open(self, packet: Packet) -> None:
        seen = await self.open_at(self.case.url, packet.case.case_id)
        self.prove(seen.section(self.labels.heading).labelled("list.line").text, packet.case.case_id)

    async def _one_button(self, key: str, scope: Locator) -> Locator:
        """The opener stands in the card of the item, and nowhere else will do."""
        if key == self.labels.opener:
            scope = await self._card(key)
        return await super()._one_button(key, scope)

    async def _card(self, key: str) -> Locator:
        """The smallest box around the item's number with such a button: exactly one, and no other item's number in it."""
        found: dict[float, Locator] = {}
        for text in dict.fromkeys(self.tab.labels.texts[key]):
            for place in await self.tab.page.get_by_text(self.case.case_id, exact=True).all():
                if not await is_seen(place):
                    continue
                box = place.locator(f'xpath=ancestor::*[.//button[normalize-space(.)="{text}"]][1]')
                if await box.count() == 1:
                    said = await box.inner_text()
                    if not any(other in said for other in self.others):
                        found[await box.evaluate("e => e.__card ??= Math.random()")] = box
        inner = [box for box in found.values() if not await box.evaluate(_HOLDS, list(found))]
        if len(inner) != 1:
            raise (await self._see_anything()).drift(key, say("the item has {count} such buttons", count=len(inner)))
        return inner[0]

    def file_rows(self, seen: Seen) -> list[str]:
        """Names of the pictures, from the portal's own list of them."""
        part = seen.section(self.labels.heading)
        return [" ".join(entry.pieces) for entry in part.entries(("li",))]

    def read_receipt(self, seen: Seen) -> Receipt:
        part = seen.section("receipt.heading")
        self.prove(part.labelled("list.line").text, self.case.case_id)
        at = part.labelled("receipt.at")
        return Receipt(
            number=part.labelled("receipt.number").text, at=instant(at, market_of(seen).zone), shown=at.text
        )  # fmt: skip


class RefusalForm(DialogForm):
    """Reject: reason, comment, pictures. Its choice is typed in the words of the page, whichever language that is."""

    worded: str = ""

    async def open(self, packet: Packet) -> None:
        await super().open(packet)
        field = packet.field("reason")
        if field is not None:
            seen = await self._see()
            part = seen.section(self.labels.heading)
            shown = {norm(seen.tree.texts[n]) for n in range(part.first, part.last)}
            texts = self.tab.labels.texts[self.fields["reason"].options[field.value]]
            found = [text for text in dict.fromkeys(texts) if norm(text) in shown]
            self.worded = found[0] if len(found) == 1 else field.shown

    def _typed(self, packet: Packet) -> list[PacketField]:
        return [
            field.model_copy(update={"shown": self.worded}) if field.key == "reason" and self.worded else field
            for field in super()._typed(packet)
        ]


class AgreementForm(DialogForm):
    """One of the buttons that agree. Which one is approved as a choice; on the page it is the button itself."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case) -> None:
        super().__init__(tab, rule, "refund_only", channel, case)
        self.fields = {key: field for key, field in self.fields.items() if key != "answer"}

    async def open(self, packet: Packet) -> None:
        answer = packet.field("answer")
        assert answer is not None, "lint lets no packet through without it"
        self.labels = _dialog(answer.value)
        await super().open(packet)

    def _typed(self, packet: Packet) -> list[PacketField]:
        return [field for field in super()._typed(packet) if field.key != "answer"]


def _dialog(name: str) -> FormLabels:
    return FormLabels(
        page=f"form.{name}",
        heading=f"form.{name}.heading",
        files="form.files",
        file_name="form.files",
        submit="form.submit",
        receipt=Spot("receipt", texts=("receipt.heading",)),
        refusal=_REFUSAL,
        landmarks=("form.submit",),
        opener=f"action.{name}",
    )


class ReplyForm(LazadaForm):
    """A message in the chat about the order; its receipt is the message itself."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case) -> None:
        super().__init__(
            tab,
            rule,
            FormLabels(
                page="chat",
                heading="chat.heading",
                files="form.files",
                file_name="form.files",
                submit="form.send",
                receipt=Spot("receipt", texts=("receipt.sent",)),
                refusal=_REFUSAL,
                landmarks=("list.order",),
            ),
            channel,
            case,
        )
        self.text = ""

    async def open(self, packet: Packet) -> None:
        seen = await self.open_at(self.chat, packet.order_id)
        self.prove(seen.section("chat.heading").labelled("list.order").text, packet.order_id)

    async def fill(self, packet: Packet) -> None:
        field = packet.field("text")
        self.text = field.value if field else ""
        await super().fill(packet)

    def file_rows(self, seen: Seen) -> list[str]:
        return []

    def read_receipt(self, seen: Seen) -> Receipt:
        part = seen.section("chat.heading")
        self.prove(part.labelled("list.order").text, self.case.order_id)
        own = [one for one in read_entries(part, events=False) if one.message.from_ == "seller" and not one.act]
        if not own or norm(own[-1].message.text) != norm(nfc(self.text)):
            raise CaseMoved(
                say("The last message of {ref} is not the one that was approved.", ref=self.case.key.ref),
                say("Look at the chat at the portal."),
            )
        return Receipt(number=own[-1].ref, at=own[-1].message.at, shown=own[-1].message.text[:80])
