"""The customer centre's inquiries (고객센터 문의): by age, with 24 hours to answer or confirm (facts §4.6)."""

from __future__ import annotations

from agent.browser.tab import Tab, Wanted
from agent.policy import ActionRule
from agent.portal import Channel, Fetched, Listed, Listing, Sent
from agent.reading.deadlines import deadline_from_instant, deadline_from_rule, read_due
from agent.reading.labels import first_difference
from agent.reading.seen import Seen, Value
from agent.records import Action, Case, Deadline, Reason, SeenRef, Status
from agent.words import say
from portals.coupang.forms import FormPlace, PageForm, form_labels
from portals.coupang.read_messages import read_thread
from portals.coupang.read_wing import number
from portals.coupang.shown import instant
from portals.coupang.wing_list import read_rows, search
from portals.coupang.wuic import LANGUAGES, moment, prove_tab, rules_of

CHANNEL = "inquiries"
ADDRESS = "/tenants/cs/csinquiry"
_COLUMNS = {name: f"inquiry.{name}" for name in ("number", "order", "category", "state", "created", "changed")}
_STATUS = {
    "reply": "action_needed", "accept": "action_needed", "closed": "closed", "lost": "lost", "expired": "expired",
}  # fmt: skip


class Inquiries(Channel):
    """What Coupang's agents hand over. Listed by age; a row moves on by itself, so its age is no fact of it."""

    name = CHANNEL
    filters = ("last_24_hours", "last_72_to_24_hours", "before_72_hours")

    async def listing(self, tab: Tab, filter: str, number: int) -> Seen:
        return await search(
            tab,
            f"{ADDRESS}?bucket={filter}&page={number}",
            Wanted(
                "inquiries", ("inquiry.heading", "inquiry.list.heading", "inquiry.number", "inquiry.state", "wing.at")
            ),
        )

    def read_listing(self, seen: Seen, filter: str, number: int) -> Listing:
        prove_tab(seen, "inquiry.heading", "inquiry_bucket", filter)
        return read_rows(
            seen,
            number,
            "inquiry.heading",
            _COLUMNS,
            "number",
            ("order", "category", "state", "created", "changed"),
            lambda row: _STATUS[row["state"].word("inquiry_state")],
        )

    async def detail(self, tab: Tab, case_id: str, url: str) -> Seen:
        return await tab.look(
            url or f"{ADDRESS}/{case_id}",
            Wanted(
                "inquiry",
                ("inquiry.view.heading", "inquiry.info.heading", "inquiry.thread.heading"),
                filled=("inquiry.state",),
                subject=case_id,
            ),
        )

    def read(self, seen: Seen, documents: dict[str, Fetched]) -> Case:
        info = seen.section("inquiry.info.heading")
        state, category = info.labelled("inquiry.state"), info.labelled("inquiry.category")
        meaning = state.word("inquiry_state")
        offered = {"reply": info.offers("inquiry.reply"), "accept": info.offers("inquiry.check")}
        for action, there in offered.items():
            if there != (meaning == action):
                said = say("its button is there") if there else say("its button is not there")
                raise seen.mismatch("inquiry.state", state.text, said)
        asked = info.labelled("inquiry.asked_at")
        waits = meaning in offered
        return Case(
            portal=seen.page.portal,
            account=seen.page.account,
            channel=CHANNEL,
            case_id=number(info.labelled("inquiry.number")),
            order_id=number(info.labelled("inquiry.order")),
            url=seen.page.url.split("#")[0],
            status=Status(shown=state.text, is_=_STATUS[meaning]),  # type: ignore[arg-type]
            reason=Reason(shown=category.text, is_="question"),
            opened_at=instant(info.labelled("inquiry.created_at")),
            deadlines=(_due(seen, info.labelled("inquiry.due"), asked),) if waits else (),
            actions=(meaning,) if waits else (),  # type: ignore[arg-type]
            messages=read_thread(seen, {}, "inquiry.thread.heading"),
            seen=SeenRef(sha256=seen.page.sha256, at=seen.page.seen_at),
        )

    def agrees(self, listed: Listed, case: Case) -> str | None:
        facts = listed.facts
        pairs = ((facts["state"], case.status.shown), (facts["order"], case.order_id))
        return first_difference(*pairs)

    def form(self, tab: Tab, case: Case, action: Action, rule: ActionRule) -> PageForm:
        return PageForm(tab, rule, _FORMS[action], self, case)

    def sent(self, seen: Seen, action: Action) -> tuple[Sent, ...]:
        part = seen.maybe_section("inquiry.answers.heading")
        if part is None:
            return ()
        rows = part.rows({"number": "inquiry.receipt", "at": "inquiry.receipt_at"})
        return tuple(Sent(number=row["number"].text, at=instant(row["at"]), what="") for row in rows)


def _due(seen: Seen, due: Value, asked: Value) -> Deadline:
    """As shown, or 24 hours after it was handed over."""
    page, rule = seen.page, rules_of(seen, CHANNEL).rules["reply_hours"]
    if due.empty:
        return deadline_from_rule(
            "reply", start=moment(asked), start_shown=asked.text, hours=rule.number, zone=page.zone,
            zone_basis=page.zone_basis, rule=rule.rule,
        )  # fmt: skip
    shown = due.read(
        lambda t: read_due(t, zone=page.zone, zone_basis=page.zone_basis, languages=LANGUAGES, near=page.now)
    )
    return deadline_from_instant("reply", due.text, shown, rule.rule)


def _page(act: str) -> FormPlace:
    """An answer to an inquiry, or the confirmation of one that an agent wants only confirmed."""
    return FormPlace(
        f"{ADDRESS}/{{case}}/{act}",
        form_labels(
            f"inquiry_{act}",
            f"inquiry.{act}_form.heading",
            f"inquiry.{act}_submit",
            receipt=f"inquiry.{act}_done.heading",
            closed="inquiry.not_open",
            landmarks=(f"inquiry.{act}_text", "inquiry.number"),
            files="confirm.files",
        ),
        subject="inquiry.number",
        number="inquiry.receipt",
        at="inquiry.receipt_at",
    )


_FORMS = {"reply": _page("reply"), "accept": _page("check")}
