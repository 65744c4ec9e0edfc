"""What Wish lets a merchant send: forms in a window over the page of the ticket or order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.browser.form import FormLabels, LabelledForm
from agent.browser.gate import Spot
from agent.browser.tab import Tab
from agent.policy import ActionRule
from agent.reading.seen import Seen
from agent.records import Action, Case
from agent.sending.packet import Packet, Receipt
from portals.wish.shown import moment

if TYPE_CHECKING:
    from agent.portal import Channel

_SUBJECT = {"tickets": "ticket.id", "refund_disputes": "common.order"}
_TRACKING = ("carrier_link", "fulfilled_on", "delivered_on", "destination")
_DELIVERY = ("not_received", "late", "no_tracking")


def fields_left(case: Case, action: Action, rule: ActionRule) -> ActionRule:
    """The form as this case has it: the carrier's page and dates only where the refund is about delivery (facts §3)."""
    if action != "appeal" or (case.reason is not None and case.reason.is_ in _DELIVERY):
        return rule
    return rule.model_copy(update={"fields": {key: f for key, f in rule.fields.items() if key not in _TRACKING}})


class WishForm(LabelledForm):
    """One form, in a window that its button opens."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case, action: Action) -> None:
        super().__init__(
            tab,
            rule,
            FormLabels(
                page=f"form.{action}",
                heading=f"form.{channel.name}.{action}.heading",
                files="form.files",
                file_name="form.file_name",
                submit="form.submit",
                receipt=Spot("receipt", texts=("receipt.heading",)),
                refusal=Spot("refusal", texts=("form.refused",)),
                opener=f"action.{channel.name}.{action}",
            ),
            channel,
            case,
        )

    async def open(self, packet: Packet) -> None:
        self._prove(await self.open_at(self.case.url, packet.case.case_id))

    def read_receipt(self, seen: Seen) -> Receipt:
        """Wish gives no number: the time at which it was received stands for one."""
        self._prove(seen)
        at = seen.section(self.labels.heading).labelled("receipt.at")
        return Receipt(number=at.text, at=moment(at).at, shown=at.text)

    def _prove(self, seen: Seen) -> None:
        """Raise `WrongSubject` unless the window is of this case."""
        shown = seen.section(self.labels.heading).labelled(_SUBJECT[self.channel.name]).text
        self.prove(shown, self.case.case_id)
