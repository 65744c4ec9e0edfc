"""What the Amazon tests share: an operator with fit answers, and the world that is read once."""

from __future__ import annotations

from typing import Any

from agent.records import Action, Case
from tests.portals.amazon.answers import answer
from tests.portals.answering import Answer
from tests.portals.main import Main
from tests.portals.shop import Shop as AnyShop

WORLD: dict[str, Any] = {
    "seed": 1, "cases": 20, "options": {"close": "yes"}, "settings": {"allow_money_actions": "true"}
}  # fmt: skip
"""Claims that also offer “Request to Close Case”, in a shop whose settings allow refunds."""
SENDS: tuple[tuple[str, Action, str, str], ...] = (
    ("claims", "reply", "respond", "/gp/guarantee-claims/respond"),
    ("claims", "appeal", "granted_seller", "/gp/guarantee-claims/appeal"),
    ("claims", "accept", "respond", "/gp/guarantee-claims/refund"),
    ("claims", "request_close", "respond", "/gp/guarantee-claims/request-close"),
    ("chargebacks", "appeal", "represent", "/gp/chargebacks/represent"),
    ("chargebacks", "accept", "represent", "/gp/chargebacks/refund"),
    ("safe_t", "reply", "info", "/safet-claims/api/reply"),
    ("safe_t", "appeal", "denied", "/safet-claims/api/reply"),
    ("safe_t", "open_ticket", "eligible", "/safet-claims/api/create"),
    ("case_log", "reply", "awaiting_seller", "/cu/case-dashboard/api/reply"),
    ("case_log", "request_close", "in_review", "/cu/case-dashboard/api/close"),
    ("case_log", "open_ticket", "resolved", "/help/center/api/create"),
)
"""Channel, action, a state in which it is offered, and where it is sent to."""


STOCK = {("claims", "respond"): 5, ("claims", "granted_seller"): 4, ("claims", "closable"): 2, ("chargebacks", "represent"): 2,
         ("safe_t", "info"): 2, ("safe_t", "denied"): 2, ("safe_t", "eligible"): 7,
         ("case_log", "awaiting_seller"): 2, ("case_log", "in_review"): 2,
         ("case_log", "resolved"): 2}  # fmt: skip
"""Cases that are made and read at once for the tests that send, by channel and state."""


MAIN = Main("claims", "granted_seller", {"reason": "reason", "information": "comment"})
RETURNED = ("eligible", "ineligible", "filed", "over")
"""States of a returned order, which the mock keeps apart from the claims."""


class Shop(AnyShop):
    """An operator at the Amazon mock."""

    _stock: dict[tuple[str, str], list[str]] | None = None

    def one_for(self, channel: str, action: Action, state: str) -> Case:
        """A case made for one test alone; for a request to close its buyer has confirmed in writing."""
        if self._stock is None:
            self._stock = {of: self.made(*of, count) for of, count in STOCK.items()}
            assert self.sync().exit_code == 0
        of = channel, "closable" if (channel, action) == ("claims", "request_close") else state
        if not self._stock[of]:
            self._stock[of] = self.made(*of, 1)
            assert self.sync(channel).exit_code == 0
        case = self.known(channel, self._stock[of].pop())
        assert action in case.actions, (case.key.ref, case.actions)
        return case

    def made(self, channel: str, state: str, count: int) -> list[str]:
        """Ids of new cases, not read yet."""
        shown = "respond" if state == "closable" else state
        at_mock = "returned" if state in RETURNED else channel
        made: list[str] = self.mock.event("new_case", channel=at_mock, state=shown, count=count)["case_ids"]
        for case_id in made if state == "closable" else ():
            self.mock.event("seller_wrote", case_id=case_id)
            self.mock.event("message", case_id=case_id, text="It works now, thank you. I consider this solved.")
        return made

    def answer(self, case: Case, action: Action) -> Answer:
        """A fit answer: values and files."""
        return answer(self, case, action)
