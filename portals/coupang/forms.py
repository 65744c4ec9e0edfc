"""Coupang's forms on pages of their own: each names its case under one label, and so does its receipt."""

from __future__ import annotations

from dataclasses import dataclass

from agent.browser.form import FormLabels, LabelledForm
from agent.browser.gate import Spot
from agent.browser.tab import Tab
from agent.policy import ActionRule
from agent.portal import Channel
from agent.reading.seen import Seen
from agent.records import Case
from agent.sending.packet import Packet, Receipt
from portals.coupang.wuic import moment


@dataclass(frozen=True)
class FormPlace:
    """Where a form is (`{case}` in its address is the case's id) and what it is made of.

    `subject`, `number` and `at` are the keys of the labels: the case, on form and receipt; the receipt's number and time.
    """

    address: str
    labels: FormLabels
    subject: str
    number: str
    at: str


class PageForm(LabelledForm):
    """A form that is described by its `FormPlace` alone."""

    def __init__(self, tab: Tab, rule: ActionRule, place: FormPlace, channel: Channel, case: Case) -> None:
        super().__init__(tab, rule, place.labels, channel, case)
        self.place = place

    async def open(self, packet: Packet) -> None:
        case_id = packet.case.case_id
        seen = await self.open_at(self.place.address.format(case=case_id), case_id)
        self.prove(seen.labelled(self.place.subject).text, case_id)

    def read_receipt(self, seen: Seen) -> Receipt:
        shown = seen.labelled(self.place.subject).text
        if shown != self.case.case_id:
            raise seen.mismatch(self.place.subject, self.case.case_id, shown)
        at = seen.labelled(self.place.at)
        return Receipt(number=seen.labelled(self.place.number).text, at=moment(at).at, shown=at.text)


def form_labels(
    page: str,
    heading: str,
    submit: str,
    *,
    receipt: str,
    closed: str,
    landmarks: tuple[str, ...],
    files: str = "reply.files",
) -> FormLabels:
    """The labels of one form; `closed` are the words with which Coupang refuses one that came too late."""
    return FormLabels(
        page=page,
        heading=heading,
        files=files,
        file_name="appeal.file_name",
        submit=submit,
        receipt=Spot("receipt", texts=(receipt,)),
        refusal=Spot("refusal", texts=("appeal.refused", closed)),
        landmarks=landmarks,
    )
