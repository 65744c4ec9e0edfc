"""What Shopee lets a seller send: a dispute with evidence by module, evidence asked for later, a message to the buyer."""

from __future__ import annotations

from collections.abc import Mapping

from playwright.async_api import Error, FilePayload, Locator

from agent.browser.form import FormLabels, LabelledForm
from agent.browser.gate import Spot
from agent.browser.patience import ROWS_MS
from agent.browser.tab import Tab
from agent.errors import CaseMoved, PacketAltered
from agent.evidence.naming import kind_of
from agent.policy import ActionRule
from agent.portal import Channel
from agent.reading.labels import norm
from agent.reading.seen import Seen
from agent.records import Case
from agent.sending.packet import DraftFile, Packet, PacketField, PacketFile, Receipt, nfc
from agent.words import say
from portals.shopee.read_talk import read_talk
from portals.shopee.shown import Clock, clock_of, instant, return_id

_REFUSAL = Spot("refusal", texts=("form.refused",))


def _clock(seen: Seen) -> Clock:
    """The clock of the page behind the form."""
    return clock_of(seen, seen.section("info.heading").labelled("info.created"), return_id(seen.page.url))


class ShopeeForm(LabelledForm):
    """A form on the request's own page."""

    async def open(self, packet: Packet) -> None:
        """Go to the form and prove whose it is."""
        raise NotImplementedError


class ModuleForm(ShopeeForm):
    """A window whose evidence goes into modules, each with a file field and pictures of its own (facts 1.7)."""

    packet: Packet | None = None
    worded: Mapping[str, str] = {}
    """Choices as this page words them, by field."""

    async def open(self, packet: Packet) -> None:
        self.packet = packet
        seen = await self.open_at(self.case.url, packet.case.case_id)
        self.prove(seen.section(self.labels.heading).labelled("list.return_id").text, self.case.case_id)
        self.worded = {f.key: self._offered(seen, f) for f in packet.fields if f.kind == "choice"}

    def _typed(self, packet: Packet) -> list[PacketField]:
        """The packet's fields, its choices in the words of this page: it is in the shop's language, whichever that is."""
        return [
            field.model_copy(update={"shown": self.worded.get(field.key, field.shown)})
            for field in super()._typed(packet)
        ]

    def _offered(self, seen: Seen, field: PacketField) -> str:
        """How the page words an option: the one text of its label that stands in the window."""
        texts = self.tab.labels.texts[self.fields[field.key].options[field.value]]
        part = seen.section(self.labels.heading)
        shown = set(seen.tree.norms[part.first : part.last])
        found = [text for text in texts if norm(text) in shown]
        return found[0] if len(found) == 1 else field.shown

    async def attach(self, packet: Packet, contents: Mapping[str, bytes]) -> None:
        """Each module's files into its own field; each must come back as a picture of that module."""
        for kind in dict.fromkeys(_kind(file) for file in packet.files):
            own = [file for file in packet.files if _kind(file) == kind]
            payload: list[FilePayload] = [
                {"name": f.upload_name, "mimeType": f.media_type, "buffer": contents[f.sha256]} for f in own
            ]
            slot = await self._slot(kind)
            try:
                await slot.locator('input[type="file"]').set_input_files(payload, timeout=ROWS_MS)
                await self.tab.page.wait_for_function(
                    "([form, names]) => names.every((n) => form.innerText.includes(n))",
                    arg=[await self.form.element_handle(), [file.upload_name for file in own]],
                    timeout=ROWS_MS,
                )
            except Error as fault:
                raise PacketAltered(
                    say("The portal does not show every file: {why}", why=fault.message.splitlines()[0]),
                    say("Nothing was sent. Look with `rebuttal debug`, then try again."),
                ) from None

    async def _slot(self, kind: str) -> Locator:
        """The smallest box around a module's name that has a file field: exactly one of each."""
        found = [
            name.locator("xpath=ancestor::*[.//input[@type='file']][1]")
            for text in dict.fromkeys(self.tab.labels.texts[f"module.{kind}"])
            for name in await self.form.get_by_text(text, exact=True).all()
            if await name.is_visible()
        ]
        if len(found) != 1 or await found[0].locator('input[type="file"]').count() != 1:
            raise (await self._see()).drift(
                f"module.{kind}", say("the form has {count} such modules", count=len(found))
            )
        return found[0]

    def file_rows(self, seen: Seen) -> list[str]:
        """The pictures of all modules. In the packet's order where each module holds the approved ones; else as the
        form has them, each with its module, so that they differ from the packet."""
        assert self.packet is not None
        shown = self._pictures(seen)
        want: dict[str, list[str]] = {}
        for file in self.packet.files:
            want.setdefault(_kind(file), []).append(file.upload_name)
        if shown == want:
            return [file.upload_name for file in self.packet.files]
        return [f"{kind}/{name}" for kind, names in shown.items() for name in names]

    def _pictures(self, seen: Seen) -> dict[str, list[str]]:
        """Names of the pictures by module."""
        tree, part = seen.tree, seen.section(self.labels.heading)
        assert self.rule.files is not None
        starts = sorted(
            (tree.first[at], kind) for kind in self.rule.files.kinds for at in part.places(f"module.{kind}")
        )
        found: dict[str, list[str]] = {}
        for entry in part.entries(("li",)):
            before = [kind for start, kind in starts if start < entry.first]
            names = [tree.texts[n] for n in range(entry.first, entry.last) if not tree.aside[n]]
            if not before or len(names) != 1:
                raise seen.drift(self.labels.files, say("a picture stands in no module"), found=(entry.text[:80],))
            found.setdefault(before[-1], []).append(names[0])
        return found

    def read_receipt(self, seen: Seen) -> Receipt:
        part = seen.section("receipt.heading")
        self.prove(part.labelled("list.return_id").text, self.case.case_id)
        at = part.labelled("receipt.at")
        return Receipt(number=part.labelled("receipt.number").text, at=instant(at, _clock(seen)), shown=at.text)


def _kind(file: PacketFile) -> str:
    return kind_of(DraftFile(kind=file.kind, path=file.path))[0]


class DisputeForm(ModuleForm):
    """Submit Dispute to Shopee: reason, the operator's address, an explanation, evidence by module."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case) -> None:
        super().__init__(tab, rule, _window("appeal"), channel, case)


class EvidenceForm(ModuleForm):
    """Upload Evidence: what Shopee asked for in a dispute that is under way."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case) -> None:
        super().__init__(tab, rule, _window("evidence"), channel, case)


def _window(name: str) -> FormLabels:
    return FormLabels(
        page=f"form.{name}",
        heading=f"form.{name}.heading",
        files="form.files",
        file_name="form.files",
        submit="form.submit",
        receipt=Spot("receipt", texts=("receipt.heading",)),
        refusal=_REFUSAL,
        landmarks=("form.files", "form.text"),
        opener=f"action.{name}",
    )


class ReplyForm(ShopeeForm):
    """A message to the buyer in the discussion on the request's page; its receipt is the message itself."""

    def __init__(self, tab: Tab, rule: ActionRule, channel: Channel, case: Case) -> None:
        super().__init__(
            tab,
            rule,
            FormLabels(
                page="return",
                heading="chat.buyer.heading",
                files="form.files",
                file_name="form.files",
                submit="form.send",
                receipt=Spot("receipt", texts=("receipt.sent",)),
                refusal=_REFUSAL,
                landmarks=("info.heading", "result.heading"),
            ),
            channel,
            case,
        )
        self.text = ""

    async def open(self, packet: Packet) -> None:
        seen = await self.open_at(self.case.url, packet.case.case_id)
        self.prove(seen.section("info.heading").labelled("list.return_id").text, self.case.case_id)

    async def fill(self, packet: Packet) -> None:
        field = packet.field("text")
        self.text = field.value if field else ""
        await super().fill(packet)

    def file_rows(self, seen: Seen) -> list[str]:
        return []

    def read_receipt(self, seen: Seen) -> Receipt:
        self.prove(seen.section("info.heading").labelled("list.return_id").text, self.case.case_id)
        own = [
            one for one in read_talk(seen, _clock(seen), over=False) if one.message.from_ == "seller" and not one.act
        ]
        if not own or norm(own[-1].message.text) != norm(nfc(self.text)):
            raise CaseMoved(
                say("The last message of {ref} is not the one that was approved.", ref=self.case.key.ref),
                say("Look at the request at the portal."),
            )
        said = own[-1].message
        return Receipt(number=own[-1].ref, at=said.at, shown=said.text[:80])
