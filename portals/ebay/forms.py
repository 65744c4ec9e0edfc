"""What eBay lets a seller send: the forms that the matter's own page leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.browser.form import FormLabels, LabelledForm
from agent.browser.gate import Spot
from agent.browser.tab import Tab
from agent.errors import CaseMoved
from agent.policy import ActionRule, FieldRule
from agent.reading.labels import norm
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Packet, PacketField, Receipt
from agent.words import say
from portals.ebay import common
from portals.ebay.shown import moment

if TYPE_CHECKING:
    from agent.portal import Channel

_SUBJECT = {"requests": "request.id", "cases": "case.id", "payment_disputes": "dispute.id"}
_ADDRESS = ("full_name", "phone", "street", "city", "postal_code", "country")


def fields_left(case: Case, action: Action, rule: ActionRule) -> ActionRule:
    """The form as this case has it: a return address only where the item is said not to be as described; returning
    can be agreed to only before it has begun, and only for returns."""
    fields = dict(rule.fields)
    described = case.reason is not None and case.reason.is_ in ("not_as_described", "counterfeit")
    if case.channel == "payment_disputes" and not described:
        fields = {key: field for key, field in fields.items() if key not in _ADDRESS}
        if action == "accept":
            fields["response"] = _without(fields["response"], "accept_return")
    if (case.channel, action) == ("requests", "accept") and "propose_solution" not in case.actions:
        fields["decision"] = _without(fields["decision"], "return")
    return rule.model_copy(update={"fields": fields})


def _without(field: FieldRule, option: str) -> FieldRule:
    return field.model_copy(update={"options": {key: text for key, text in field.options.items() if key != option}})


class EbayForm(LabelledForm):
    """One form on a page of its own; where it is, the matter's page says."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case, action: Action) -> None:
        accepts = (channel.name, action) == ("payment_disputes", "accept")
        super().__init__(
            tab,
            rule,
            FormLabels(
                page=f"form.{action}",
                heading=f"action.{channel.name}.{action}",
                files="form.files",
                file_name="form.file_name",
                submit="form.accept" if accepts else "form.submit",
                receipt=Spot("receipt", texts=("receipt.heading",)),
                refusal=Spot("refusal", texts=("form.refused", "form.too_late")),
                landmarks=(_SUBJECT[channel.name],),
            ),
            channel,
            case,
        )
        self.action = action
        self.address = ""
        self.worded: dict[str, str] = {}
        """Choices as this page words them, by field."""

    def note(self, seen: Seen) -> None:
        self.address = common.action_address(seen, self.channel.name, self.action)

    async def open(self, packet: Packet) -> None:
        if not self.address:
            raise CaseMoved(
                say("{ref}: the portal no longer offers {action}.", ref=packet.case.ref, action=packet.action),
                say("Nothing was sent. Run `rebuttal sync`, then look."),
            )
        seen = await self.open_at(self.address, packet.case.case_id)
        self.worded = {f.key: self._offered(seen, f) for f in packet.fields if f.kind == "choice"}
        shown = seen.labelled(_SUBJECT[self.channel.name]).text
        self.prove(shown, packet.case.case_id)

    def _typed(self, packet: Packet) -> list[PacketField]:
        """The packet's fields, its choices in the words of this page: it is in its site's language."""
        return [
            field.model_copy(update={"shown": self.worded.get(field.key, field.shown)})
            for field in super()._typed(packet)
        ]

    def _offered(self, seen: Seen, field: PacketField) -> str:
        """How the page words an option: the one text of its label that stands there, or an option of a list has."""
        texts = self.tab.labels.texts[self.fields[field.key].options[field.value]]
        shown = set(seen.tree.norms)
        found = [text for text in texts if norm(text) in shown]
        return found[0] if len(found) == 1 else field.shown

    def read_receipt(self, seen: Seen) -> Receipt:
        key = _SUBJECT[self.channel.name]
        if seen.labelled(key).text != self.case.case_id:
            raise seen.mismatch(key, self.case.case_id, seen.labelled(key).text)
        at = seen.labelled("receipt.at")
        return Receipt(number=seen.labelled("receipt.number").text, at=moment(at).at, shown=at.text)
