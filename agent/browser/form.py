"""A form on a portal's page: filled from a packet, read back, clicked once.

Fields are found by their label only, inside the one form that holds them; a field or button that is there twice, or not
at all, stops everything before the click. Nothing here heals, retries or guesses (DESIGN §12).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from playwright.async_api import Dialog, Error, FilePayload, Locator

from agent.browser import fields
from agent.browser.gate import Spot
from agent.browser.patience import ANSWER_MS, LOOK_MS, ROWS_MS
from agent.browser.tab import Tab, Wanted
from agent.errors import PacketAltered, PageDrift, RebuttalError, WrongSubject
from agent.policy import ActionRule, FieldRule
from agent.reading.labels import norm
from agent.reading.seen import Seen
from agent.records import Case
from agent.sending.packet import Packet, PacketField, Receipt, nfc
from agent.words import Words, say

if TYPE_CHECKING:
    from agent.portal import Channel


@dataclass(frozen=True)
class Answer:
    """What the portal said after the click."""

    outcome: Literal["confirmed", "refused"]
    receipt: Receipt | None = None
    words: str = ""


class CaseForm(Protocol):
    """One packet's way through a portal, in steps; the order is the sender's (`agent.sending.send`)."""

    chosen: dict[str, tuple[str, ...]]
    """What its choices and ticks held when they were read back, by the name under which the form sends them."""

    async def look(self) -> Case:
        """Open the case anew and read it."""

    async def open(self, packet: Packet) -> None:
        """Go to the form of this case; wrong subject raises."""

    async def fill(self, packet: Packet) -> None:
        """Type, choose and tick."""

    async def attach(self, packet: Packet, contents: Mapping[str, bytes]) -> None:
        """Give the files from memory (by sha256) and wait for the portal's own row per file."""

    async def differences(self, packet: Packet) -> list[Words]:
        """What the form holds that is not the packet; empty where they are equal."""

    async def survey(self) -> Mapping[str, FieldRule]:
        """What stands there while nothing is filled in: the fields. Raises where the one button is not there."""

    async def aim(self) -> None:
        """Find the one button to click, without clicking."""

    async def click(self) -> None:
        """Click it, once."""

    async def answer(self, over: Callable[[], bool]) -> Answer | None:
        """The portal's answer; None where none was read although the request is `over` (answered, failed, stopped)."""


@dataclass(frozen=True)
class FormLabels:
    """Label keys of a form's parts, and how its answers are known.

    `opener` is the button that opens the form in a dialog over the page; "" where the form is a page of its own.
    """

    page: str
    heading: str
    files: str
    file_name: str
    submit: str
    receipt: Spot
    refusal: Spot
    landmarks: tuple[str, ...] = ()
    opener: str = ""
    button: str = ""
    """The submit button as CSS inside the form, where it shows an icon and no words; "" where `submit` names it."""


class LabelledForm:
    """A form whose fields carry labels: works from the portal's labels and policy alone.

    Its steps are the same everywhere. A portal whose components are no plain fields gives the few things that differ:
    the scripts below, and the methods under “what components do in their own way”.
    """

    is_field = fields.IS_FIELD
    """Script: is that element a field?"""
    named = fields.NAMED
    """Script: how often does each name stand in the form?"""
    bound = fields.BOUND
    """Script: what does the form carry unseen?"""

    def __init__(self, tab: Tab, rule: ActionRule, labels: FormLabels, channel: Channel, case: Case) -> None:
        self.tab = tab
        self.rule = rule
        self.labels = labels
        self.channel = channel
        self.case = case
        self.fields: dict[str, FieldRule] = {key: f for key, f in rule.fields.items() if f.kind != "message"}
        """The fields that stand on the page, by key."""
        self.chosen: dict[str, tuple[str, ...]] = {}
        self._form: Locator | None = None
        self._button: Locator | None = None
        self._clicked = False

    # -- the case --------------------------------------------------------------------------------------------------

    async def look(self) -> Case:
        """Open the case anew and read it."""
        seen, documents = await self.channel.visit(self.tab, self.case.case_id, self.case.url)
        self.note(seen)
        return self.channel.read_subject(seen, documents, self.case.case_id)

    def note(self, seen: Seen) -> None:
        """Keep what the case's own page tells about the form, such as where it is."""

    # -- the form --------------------------------------------------------------------------------------------------

    async def open_at(self, address: str, subject: str) -> Seen:
        """Go to the form and find the one that has all its fields."""
        self.tab.page.on("dialog", self._dialog)
        seen = await self._arrive(address, subject)
        body = await self._body(seen)
        found = {key: await self._field(key, body, seen) for key in self._at_first()}
        for key, field in found.items():
            if self.fields[key].disabled and await field.is_enabled():
                raise seen.drift(self.fields[key].label, say("{name} is not fixed by the portal any more", name=key))
        self._form = await self._scope(body, found, seen)
        return seen

    def prove(self, shown: str, asked: str) -> None:
        """Raise `WrongSubject` unless the subject that the form shows is the one that it was opened for."""
        if shown != asked:
            raise WrongSubject(
                say("{asked} was asked for, the form shows {shown}.", asked=asked, shown=shown),
                say("Nothing was sent. Run `rebuttal sync`, then look."),
            )

    async def _dialog(self, dialog: Dialog) -> None:
        """The page's own question after the click is part of the approved click; before it, it is declined."""
        if self._clicked:
            await dialog.accept()
        else:
            await dialog.dismiss()

    async def _field(self, key: str, scope: Locator, seen: Seen) -> Locator:
        """The one visible field of the rule `key`; a form with a block per item looks in that item's block."""
        return await self._find(self.fields[key].label, scope, seen)

    async def _find(self, key: str, scope: Locator, seen: Seen) -> Locator:
        """The one visible field labelled `key` inside `scope`."""
        found: list[Locator] = []
        for text in self.tab.labels.texts[key]:
            for candidate in await scope.get_by_label(text, exact=True).all():
                if await fields.is_seen(candidate) and await candidate.evaluate(self.is_field):
                    if await candidate.evaluate(fields.STRAY):
                        raise seen.drift(key, say("the label stands beside another field than the one it is tied to"))
                    found.append(candidate)
        found = found or await self._wrapped(key, scope)
        if not found:  # many forms of messengers have no label, only a hint inside the field
            for text in self.tab.labels.texts[key]:
                hinted = await scope.get_by_placeholder(text, exact=True).all()
                for one in hinted:
                    if await fields.is_seen(one) and await one.is_enabled() and await one.evaluate(self.is_field):
                        found.append(one)
        handles = {await f.evaluate(fields.MARK): f for f in found}
        if len(handles) == 1:
            return found[0]
        if not handles:
            named = self._by_seen(key, seen)
            if named and await scope.locator(named).count() == 1:
                return scope.locator(named)
        raise seen.drift(key, say("the field is on the form {count} times", count=len(handles)), near=seen)

    async def _wrapped(self, key: str, scope: Locator) -> list[Locator]:
        """The visible fields inside labels with these words: a browser counts a field's own content as its label's."""
        around = scope.locator("label:has(input, select, textarea)")
        texts = self.tab.labels.of(key)
        return [
            field
            for number, words in enumerate(await around.evaluate_all(fields.OWN_WORDS))
            if norm(words) in texts
            for field in await around.nth(number).locator("input, select, textarea").all()
            if await fields.is_seen(field) and await field.evaluate(self.is_field)
        ]

    def _by_seen(self, key: str, seen: Seen) -> str | None:
        """A field that no markup ties to its label: the control that stands beside the label, by its name or id."""
        try:
            value = seen.labelled(key)
        except PageDrift:
            return None
        tree = seen.tree
        controls = [
            i for i in range(value.element, tree.end[value.element]) if tree.tags[i] in ("input", "select", "textarea")
        ]
        if len(controls) != 1:
            return None
        attrs = tree.attrs(controls[0])
        if attrs.get("name"):
            return f'{tree.tags[controls[0]]}[name="{attrs["name"]}"]'
        return f'[id="{attrs["id"]}"]' if attrs.get("id") else None

    @property
    def form(self) -> Locator:
        """The form found by `open_at`."""
        if self._form is None:
            raise RuntimeError("open the form first")
        return self._form

    async def _see(self) -> Seen:
        return await self.tab.see(Wanted(self.labels.page, (self.labels.heading,)))

    # -- what components do in their own way -----------------------------------------------------------------------

    async def _arrive(self, address: str, subject: str) -> Seen:
        """Go to where the form's first fields stand."""
        wanted = Wanted(self.labels.page, (self.labels.heading, *self.labels.landmarks), subject=subject)
        if not self.labels.opener:
            return await self.tab.look(address, wanted)
        await self.tab.look(address, Wanted(self.labels.page, (self.labels.opener,), subject=subject))
        await (await self._one_button(self.labels.opener, self.tab.page.locator("body"))).click(timeout=10_000)
        return await self.tab.see(wanted)

    async def _body(self, seen: Seen) -> Locator:
        """Where the form is looked for."""
        return self.tab.page.locator("body")

    def _at_first(self) -> tuple[str, ...]:
        """The fields that stand there as soon as the form is open."""
        return tuple(key for key, field in self.fields.items() if not field.shown_when)

    async def _scope(self, body: Locator, found: Mapping[str, Locator], seen: Seen) -> Locator:
        """The one `<form>` that has all of these fields."""
        forms = {key: field.locator("xpath=ancestor::form[1]") for key, field in found.items()}
        for key, form in forms.items():
            if await form.count() != 1:
                raise seen.drift(self.fields[key].label, say("{name} stands outside the form", name=key))
        first, *others = forms.values()
        handle = await first.element_handle()
        for form in others:
            if not await form.evaluate("(form, first) => form === first", handle):
                raise seen.drift(self.labels.heading, say("the fields stand in several forms"))
        return first

    async def _put(self, target: Locator, field: PacketField) -> None:
        """Type, choose or tick; an error of Playwright's says that it can't be done."""
        await fields.put(target, field)

    def _as_shown(self, field: PacketField) -> str:
        """How the field shows the approved value."""
        return field.shown if field.kind == "choice" else field.value

    async def _held(self, target: Locator, field: PacketField) -> str:
        """What the field shows now; what it shows and what it sends, where they are not one."""
        return await fields.held(target, field)

    async def _sends(self, target: Locator) -> list[tuple[str, list[str]]]:
        """What the field sends, by the name under which the form sends it."""
        return [(str(name), [str(one) for one in sent]) for name, sent in await target.evaluate(fields.CHOSEN)]

    async def _others(self, marks: set[float]) -> list[str]:
        """What fields hold that are not among those of the packet (by `fields.MARK`)."""
        others = await self.form.locator(
            "input:not([type=hidden]):not([type=file]):not([type=submit]):not([type=button]), textarea, select"
        ).all()
        states = [str(await o.evaluate(fields.UNASKED)) for o in others if await o.evaluate(fields.MARK) not in marks]
        return [state for state in states if state]

    async def _give(self, payload: list[FilePayload]) -> None:
        """Hand the files to the form."""
        await (await self._file_input()).set_input_files(payload, timeout=ROWS_MS)

    def _bound_elsewhere(self, packet: Packet, carried: list[str]) -> list[Words]:
        """What the form carries unseen that is of another case."""
        return fields.bound_elsewhere(packet, carried)

    def _around(self) -> Locator:
        """Where the submit button stands: in the form, or in the dialog that it opened in."""
        return self.form.locator("xpath=ancestor::*[@role='dialog'][1]") if self.labels.opener else self.form

    # -- steps -----------------------------------------------------------------------------------------------------

    async def fill(self, packet: Packet) -> None:
        """Type, choose and tick every field of the packet that the portal leaves to the seller."""
        seen = await self._see()
        for field in self._typed(packet):
            if not self.fields[field.key].disabled:
                await self._fill_in(field, seen)

    async def _fill_in(self, field: PacketField, seen: Seen) -> None:
        """Put one field's value where it belongs."""
        target = await self._field(field.key, self.form, seen)
        try:
            await self._put(target, field)
        except Error as fault:
            raise PacketAltered(
                say("{name} can't be filled in: {why}", name=field.key, why=fault.message.splitlines()[0]),
                say("Look with `rebuttal debug`."),
            ) from None

    def _typed(self, packet: Packet) -> list[PacketField]:
        """What of the packet goes into the form."""
        return [field for field in packet.fields if field.kind != "message"]

    async def _file_input(self) -> Locator:
        """The form's own file input; a decoy outside the form or beside it does not count."""
        inputs = self.form.locator('input[type="file"]')
        count = await inputs.count()
        if count != 1:
            raise (await self._see()).drift(self.labels.files, say("the form has {count} file fields", count=count))
        return inputs.first

    async def attach(self, packet: Packet, contents: Mapping[str, bytes]) -> None:
        """All files at once, from memory; then the portal must show a row for each."""
        if not packet.files:
            return
        payload: list[FilePayload] = [
            {"name": f.upload_name, "mimeType": f.media_type, "buffer": contents[f.sha256]} for f in packet.files
        ]
        names = [f.upload_name for f in packet.files]
        try:
            before = await self.form.evaluate(self.named, names)  # the form's own hint may name a file as an example
            await self._give(payload)
            form = await self.form.element_handle()
            await (await form.owner_frame() or self.tab.page).wait_for_function(
                f"([form, names, before]) => ({self.named})(form, names).every((n, i) => n > before[i])",
                arg=[form, names, before],
                timeout=ROWS_MS,
            )
        except Error as fault:
            raise PacketAltered(
                say("The portal does not show every file: {why}", why=fault.message.splitlines()[0]),
                say("Nothing was sent. Look with `rebuttal debug`, then try again."),
            ) from None

    async def differences(self, packet: Packet) -> list[Words]:
        """Read everything back from the page as seen and compare it with the packet."""
        seen = await self._see()
        self.chosen = {}
        wrong = await self._other_values(packet, seen)
        shown, wanted = self.file_rows(seen), [f.upload_name for f in packet.files]
        if shown != wanted:
            wrong.append(
                say(
                    "files: approved {want}, the form shows {held}",
                    want=", ".join(wanted) or "-",
                    held=", ".join(shown) or "-",
                )
            )
        wrong += await self._unasked(packet, seen)
        return wrong + self._bound_elsewhere(packet, await self.form.evaluate(self.bound))

    async def _other_values(self, packet: Packet, seen: Seen) -> list[Words]:
        """The fields that hold another value than the packet's; what they send is kept in `chosen`."""
        wrong: list[Words] = []
        for field in self._typed(packet):
            target = await self._field(field.key, self.form, seen)
            held, want = await self._held(target, field), nfc(self._as_shown(field))
            for name, sent in await self._sends(target) if field.kind in fields.SENT_AS_HELD else ():
                self.chosen[name] = (*self.chosen.get(name, ()), *sent)
            same = norm(held) == norm(want) if field.kind == "choice" else nfc(held) == want
            if not same:
                wrong.append(
                    say(
                        "{name}: approved “{want}”, the form holds “{held}”",
                        name=field.key,
                        want=want[:80],
                        held=held[:80],
                    )
                )
        return wrong

    async def _unasked(self, packet: Packet, seen: Seen) -> list[Words]:
        """Ticks set, or texts filled in, that the packet knows nothing of."""
        known = [await self._field(f.key, self.form, seen) for f in self._typed(packet)]
        marks = {mark for k in known for mark in await k.evaluate(fields.MARKS)}
        return [say("a field nobody approved holds “{held}”", held=held[:80]) for held in await self._others(marks)]

    def file_rows(self, seen: Seen) -> list[str]:
        """Names of attached files in order, from the portal's own rows; none where it shows no such table."""
        part = seen.section(self.labels.heading) if self.labels.opener else seen
        if not part.places(self.labels.file_name):
            return []
        return [row["name"].text for row in part.rows({"name": self.labels.file_name})]

    async def survey(self) -> Mapping[str, FieldRule]:
        """The fields of the form as it opened, each found once; its button may wait until they are filled in."""
        await self._submit()
        return {key: self.fields[key] for key in self._at_first()}

    async def _submit(self) -> Locator:
        """The one submit button of this form (of its dialog, where it opened in one)."""
        scope = self._around()
        return await (self._one_icon(scope) if self.labels.button else self._one_button(self.labels.submit, scope))

    async def aim(self) -> None:
        """The submit button, enabled, and one that sends this form and nothing else."""
        button = await self._submit()
        to = str(await button.evaluate(fields.ELSEWHERE))
        if (to and not re.search(self.rule.send.path, to)) or await button.evaluate(fields.OVERRULED):
            raise PacketAltered(
                say("The button does not send this form{to}.", to=f": {to}" if to else ""),
                say("Nothing was sent. Look with `rebuttal debug`."),
            )
        if not await button.is_enabled():
            raise PacketAltered(say("The portal keeps the submit button disabled."), say("Look with `rebuttal debug`."))
        self._button = button

    async def _one_icon(self, scope: Locator) -> Locator:
        """The one visible button without words inside `scope`."""
        found = [one for one in await scope.locator(self.labels.button).all() if await fields.is_seen(one)]
        if len(found) != 1:
            raise (await self._see_anything()).drift(
                self.labels.heading, say("the form has {count} such buttons", count=len(found))
            )
        return found[0]

    async def _one_button(self, key: str, scope: Locator) -> Locator:
        """The one visible button that reads `key` inside `scope`."""
        found: list[Locator] = []
        for text in self.tab.labels.texts[key]:
            for candidate in await scope.get_by_role("button", name=text, exact=True).all():
                if await fields.is_seen(candidate):
                    found.append(candidate)
        if len(found) != 1:
            raise (await self._see_anything()).drift(key, say("the form has {count} such buttons", count=len(found)))
        return found[0]

    async def _see_anything(self) -> Seen:
        return await self.tab.see(Wanted(self.labels.page, ()))

    async def click(self) -> None:
        """The one click. Whatever it raises, it counts as made."""
        if self._button is None or self._clicked:
            raise RuntimeError("aim first, click once")
        self._clicked = True
        await self._button.click(timeout=10_000, no_wait_after=True)

    async def answer(self, over: Callable[[], bool]) -> Answer | None:
        """Wait for the receipt or the refusal; None where neither was read, some time after the request was `over`."""
        end = time.monotonic() + ANSWER_MS / 1000
        ends = (self.labels.receipt, self.labels.refusal)
        while True:
            last = over() or time.monotonic() > end
            try:
                seen = await self.tab.see(
                    Wanted(self.labels.page, self.labels.receipt.texts, ends=ends), wait_ms=LOOK_MS
                )
            except RebuttalError:
                if last:
                    return None
                continue
            if self.tab.ended == self.labels.refusal.name:
                return Answer("refused", words=self.read_refusal(seen))
            return Answer("confirmed", receipt=self.read_receipt(seen))

    def read_receipt(self, seen: Seen) -> Receipt:
        """The portal's own number and time; a portal's form says where they stand."""
        raise NotImplementedError

    def read_refusal(self, seen: Seen) -> str:
        """The portal's own words of a refusal."""
        tree = seen.tree
        alerts = [i for i in range(len(tree.tags)) if tree.attrs(i).get("role") == "alert"]
        return " ".join(tree.text(tree.first[i], tree.last[i]) for i in alerts if tree.last[i] > tree.first[i])
