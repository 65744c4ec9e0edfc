"""Forms made of Katal components: fields stand in open shadow roots, the host holds the value, and a form may be no `<form>`.

What a person does is done: dropdowns are opened and an option is clicked, boxes are clicked, dates typed as the marketplace
writes them, files given to the browser's own chooser. Everything is read back twice, from the field and from its host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from playwright.async_api import Error, FilePayload, Locator

from agent.browser import fields
from agent.browser.form import LabelledForm
from agent.browser.patience import ROWS_MS
from agent.browser.tab import Wanted
from agent.errors import PacketAltered
from agent.reading.labels import norm
from agent.reading.seen import Seen
from agent.sending.packet import Packet, PacketField, nfc
from agent.words import Words, say
from portals.amazon.markets import Market, market_of

_SCOPES = "form, [role='form'], [role='group']"
"""What holds a form's fields and its one button; feedback widgets with a button of the same name stand outside."""
_PUT_MS = 5_000
_IS_FIELD = (
    """e => /^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName) || /^(combobox|checkbox)$/.test(e.getAttribute('role'))"""
)
_HOLDS = """(box, marks) => {
  const left = new Set(marks);
  const walk = (n) => { left.delete(n.__n); for (const k of n.children || []) walk(k); if (n.shadowRoot) walk(n.shadowRoot); };
  walk(box);
  return left.size === 0;
}"""
_HOST = """e => {
  const host = e.getRootNode().host, holder = host && 'value' in host ? host : e;
  return [holder.getAttribute('name') || '', String(holder.value ?? '')];
}"""
"""Name and value under which a field is sent: its component's, or its own where it is none of a component."""
_UNASKED = """(box, marks) => {
  const found = [];
  const walk = (n) => {
    const role = n.getAttribute ? n.getAttribute('role') : '';
    if (!marks.includes(n.__n) && n.getAttribute) {
      const host = n.getRootNode().host;
      if (role === 'combobox' && host && host.value) found.push(n.textContent.trim());
      else if (role === 'checkbox' && n.getAttribute('aria-checked') === 'true') found.push('ticked');
      else if (/^(INPUT|TEXTAREA|SELECT)$/.test(n.tagName) && n.checkVisibility()) {
        if (n.type === 'file') { if (n.files.length) found.push(n.files[0].name); }
        else if (n.type === 'checkbox' || n.type === 'radio') { if (n.checked) found.push('ticked'); }
        else if (!/^(hidden|submit|button)$/.test(n.type) && n.value) found.push(n.value);
      }
    }
    for (const k of n.children || []) walk(k);
    if (n.shadowRoot) walk(n.shadowRoot);
  };
  walk(box);
  return found;
}"""


_CARRIED = """box => [box, ...box.querySelectorAll('input[type=hidden]')].flatMap((e) =>
  [...e.attributes].map((a) => a.value).concat(e.value ? [String(e.value)] : []))"""
"""What a form carries unseen: it must name no other order."""
_ORDER = re.compile(r"(?<!\d)\d{3}-\d{7}-\d{7}(?!\d)")


class KatForm(LabelledForm):
    """A form of Katal components, worked from labels and policy alone."""

    market: Market

    async def open_at(self, address: str, subject: str) -> Seen:
        """Go to the form and find the one scope that has all its fields."""
        labels, page = self.labels, self.tab.page
        wanted = Wanted(labels.page, (labels.heading, *labels.landmarks), subject=subject)
        page.on("dialog", self._dialog)
        if labels.opener:
            await self.tab.look(address, Wanted(labels.page, (labels.opener,), subject=subject))
            await (await self._one_button(labels.opener, page.locator("body"))).click(timeout=10_000)
            seen = await self.tab.see(wanted)
        else:
            seen = await self.tab.look(address, wanted)
        self.market = market_of(seen)
        body = await self._body(seen)
        marks = [await (await self._kat(key, body, seen)).evaluate(fields.MARK) for key in self.fields]
        scopes = [box for box in await body.locator(_SCOPES).all() if await box.evaluate(_HOLDS, marks)]
        if not scopes:
            raise seen.drift(labels.heading, say("the fields stand in several forms"))
        self._form = scopes[-1]  # the innermost of those that lie in each other
        return seen

    async def _body(self, seen: Seen) -> Locator:
        """The body of the page, or of the one frame of the portal's own in which the form's heading stands (facts §7)."""
        found = []
        for frame in self.tab.page.frames:
            if not frame.url.startswith(self.tab.base_url):
                continue
            for text in self.tab.labels.texts[self.labels.heading]:
                for heading in await frame.get_by_role("heading", name=text, exact=True).all():
                    if await heading.is_visible():
                        found.append(frame.locator("body"))
        if len(found) != 1:
            raise seen.drift(self.labels.heading, say("the heading is on the page {count} times", count=len(found)))
        return found[0]

    async def _kat(self, key: str, scope: Locator, seen: Seen) -> Locator:
        """The one visible field of the rule `key` inside `scope`, in whatever shadow root it stands."""
        label, found = self.fields[key].label, dict[float, Locator]()
        for text in self.tab.labels.texts[label]:
            both = (scope.get_by_label(text, exact=True), scope.get_by_placeholder(text, exact=True))
            for candidate in [one for kind in both for one in await kind.all()]:
                if await fields.is_seen(candidate) and await candidate.evaluate(_IS_FIELD):
                    found[await candidate.evaluate(fields.MARK)] = candidate
        if not found:  # no markup ties it to its label: the field that stands beside it
            named = self._by_seen(label, seen)
            if named and await scope.locator(named).count() == 1:
                return scope.locator(named)
        if len(found) != 1:
            raise seen.drift(label, say("the field is on the form {count} times", count=len(found)), near=seen)
        return next(iter(found.values()))

    # -- steps -----------------------------------------------------------------------------------------------------

    async def fill(self, packet: Packet) -> None:
        """Type, choose and tick every field of the packet."""
        seen = await self._see()
        for field in self._typed(packet):
            target = await self._kat(field.key, self.form, seen)
            try:
                await self._enter(target, field)
            except Error as fault:
                raise PacketAltered(
                    say("{name} can't be filled in: {why}", name=field.key, why=fault.message.splitlines()[0]),
                    say("Look with `rebuttal debug`."),
                ) from None

    async def _enter(self, target: Locator, field: PacketField) -> None:
        if field.kind == "choice":
            await target.click(timeout=_PUT_MS)
            offered = [
                one for one in await self.form.get_by_role("option", name=field.shown, exact=True).all()
                if await one.is_visible()
            ]  # fmt: skip
            if len(offered) != 1:
                raise PacketAltered(
                    say("“{choice}” is offered {count} times.", choice=field.shown, count=len(offered)),
                    say("The portal's list has changed: teach the label, then approve again."),
                )
            await offered[0].click(timeout=_PUT_MS)
        elif field.kind == "tick":
            await target.set_checked(field.value == "yes", timeout=_PUT_MS)
        else:
            await target.fill(self._typed_as(field), timeout=_PUT_MS)
            await target.blur(timeout=_PUT_MS)

    def _typed_as(self, field: PacketField) -> str:
        """A text as it is; a day as the marketplace's date fields take it."""
        if field.kind != "date":
            return field.value
        return date.fromisoformat(field.value).strftime(self.market.typed)

    async def attach(self, packet: Packet, contents: Mapping[str, bytes]) -> None:
        """All files through the browser's chooser, as the button opens it; other file inputs beside it are decoys."""
        if not packet.files:
            return
        payload: list[FilePayload] = [
            {"name": f.upload_name, "mimeType": f.media_type, "buffer": contents[f.sha256]} for f in packet.files
        ]
        button = await self._one_button("form.pick_files", self.form)
        try:
            async with self.tab.page.expect_file_chooser(timeout=_PUT_MS) as chooser:
                await button.click(timeout=_PUT_MS)
            await (await chooser.value).set_files(payload, timeout=ROWS_MS)
            for name in dict.fromkeys(f.upload_name for f in packet.files):
                await self.form.get_by_text(name, exact=True).first.wait_for(timeout=ROWS_MS)
        except Error as fault:
            raise PacketAltered(
                say("The portal does not show every file: {why}", why=fault.message.splitlines()[0]),
                say("Nothing was sent. Look with `rebuttal debug`, then try again."),
            ) from None

    async def differences(self, packet: Packet) -> list[Words]:
        """Read every field back from the page and from its host, and compare both with the packet."""
        seen = await self._see()
        wrong: list[Words] = []
        self.chosen, marks = {}, []
        for field in self._typed(packet):
            target = await self._kat(field.key, self.form, seen)
            marks.append(await target.evaluate(fields.MARK))
            shown, name, held = await self._shown(target, field)
            if field.kind in ("choice", "tick"):
                self.chosen[name] = (*self.chosen.get(name, ()), held)
            want = nfc(field.shown if field.kind == "choice" else self._typed_as(field))
            same = norm(shown) == norm(want) if field.kind == "choice" else nfc(shown) == want
            if field.kind != "choice" and held is not None:
                same = same and nfc(held) == nfc(field.value)
            if not same or (field.kind == "choice" and not held):
                wrong.append(
                    say(
                        "{name}: approved “{want}”, the form holds “{held}”",
                        name=field.key,
                        want=want[:80],
                        held=shown[:80],
                    )
                )
        rows, wanted = self.file_rows(seen), [f.upload_name for f in packet.files]
        if rows != wanted:
            wrong.append(
                say(
                    "files: approved {want}, the form shows {held}",
                    want=", ".join(wanted) or "-",
                    held=", ".join(rows) or "-",
                )
            )
        for held in await self.form.evaluate(_UNASKED, marks):
            wrong.append(say("a field nobody approved holds “{held}”", held=str(held)[:80]))
        carried = " ".join(await self.form.evaluate(_CARRIED))
        others = {one for one in _ORDER.findall(carried) if one != packet.order_id}
        return wrong + [say("the form is for {other}", other=other) for other in sorted(others)]

    async def _shown(self, target: Locator, field: PacketField) -> tuple[str, str, str]:
        """What a field shows, and its host's name and value."""
        name, held = await target.evaluate(_HOST)
        if field.kind == "tick":
            return ("yes" if await target.is_checked() else "no"), name, held
        if field.kind == "choice":
            return (await target.inner_text()).strip(), name, held
        return await target.input_value(), name, held

    def file_rows(self, seen: Seen) -> list[str]:
        """Names of attached files in order: each row of the upload names its file first."""
        part = seen.section(self.labels.heading)
        return [entry.pieces[0] for entry in part.entries(()) if entry.pieces]

    async def aim(self) -> None:
        """The one submit button inside the form's own scope, enabled and visible."""
        button = await self._one_button(self.labels.submit, self.form)
        if not await button.is_enabled():
            raise PacketAltered(say("The portal keeps the submit button disabled."), say("Look with `rebuttal debug`."))
        self._button = button
