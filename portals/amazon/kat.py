"""Forms made of Katal components: fields stand in open shadow roots, the host holds the value, and a form may be no `<form>`.

What a person does is done: dropdowns are opened and an option is clicked, boxes are clicked, dates typed as the marketplace
writes them, files given to the browser's own chooser. Everything is read back twice, from the field and from its host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from playwright.async_api import FilePayload, Locator

from agent.browser import fields
from agent.browser.form import LabelledForm
from agent.browser.patience import ROWS_MS
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


_NAMED = """(box, names) => {
  const texts = [];
  const walk = (n) => {
    if (n.nodeType === 3) texts.push(n.data);
    else if (!/^(STYLE|SCRIPT)$/.test(n.tagName) && (n.nodeType !== 1 || n.checkVisibility())) {
      for (const k of n.childNodes) walk(k);
      if (n.shadowRoot) walk(n.shadowRoot);
    }
  };
  walk(box);
  const text = texts.join('\\n');
  return names.map((name) => text.split(name).length - 1);
}"""
"""How often each name stands in the form and its components."""
_CARRIED = """box => [box, ...box.querySelectorAll('input[type=hidden]')].flatMap((e) =>
  [...e.attributes].map((a) => a.value).concat(e.value ? [String(e.value)] : []))"""
"""What a form carries unseen: it must name no other order."""
_ORDER = re.compile(r"(?<!\d)\d{3}-\d{7}-\d{7}(?!\d)")


class KatForm(LabelledForm):
    """A form of Katal components: the kernel's steps, and what these components do in their own way."""

    market: Market
    is_field = _IS_FIELD
    named = _NAMED
    bound = _CARRIED
    scopes = _SCOPES

    async def open_at(self, address: str, subject: str) -> Seen:
        seen = await super().open_at(address, subject)
        self.market = market_of(seen)
        return seen

    async def _body(self, seen: Seen) -> Locator:
        """The body of the page, or of the one frame of the portal's own in which the form's heading stands (facts §7)."""
        found = []
        for frame in self.tab.page.frames:
            if not self.tab.own(frame.url):
                continue
            for text in self.tab.labels.texts[self.labels.heading]:
                for heading in await frame.get_by_role("heading", name=text, exact=True).all():
                    if await heading.is_visible():
                        found.append(frame.locator("body"))
        if len(found) != 1:
            raise seen.drift(self.labels.heading, say("the heading is on the page {count} times", count=len(found)))
        return found[0]

    async def _scope(self, body: Locator, found: Mapping[str, Locator], seen: Seen) -> Locator:
        """The innermost form, or group that stands for one, that has all of these fields."""
        marks = [await field.evaluate(fields.MARK) for field in found.values()]
        scopes = [box for box in await body.locator(self.scopes).all() if await box.evaluate(_HOLDS, marks)]
        if not scopes:
            raise seen.drift(self.labels.heading, say("the fields stand in several forms"))
        return scopes[-1]

    async def _put(self, target: Locator, field: PacketField) -> None:
        if field.kind == "choice":
            await target.click(timeout=_PUT_MS)
            offered = [
                one for one in await self.form.get_by_role("option", name=field.shown, exact=True).all()
                if await one.is_visible()
            ]  # fmt: skip
            if len(offered) != 1:
                raise fields.not_offered(field, len(offered))
            await offered[0].click(timeout=_PUT_MS)
        elif field.kind == "tick":
            await target.set_checked(field.value == "yes", timeout=_PUT_MS)
        else:
            await target.fill(self._as_shown(field), timeout=_PUT_MS)
            await target.blur(timeout=_PUT_MS)

    def _as_shown(self, field: PacketField) -> str:
        """A day as the marketplace's date fields take it, all else as it is."""
        if field.kind == "date":
            return date.fromisoformat(field.value).strftime(self.market.typed)
        return super()._as_shown(field)

    async def _held(self, target: Locator, field: PacketField) -> str:
        """What the field shows, and beside it what its host would send where that is something else."""
        if field.kind == "tick":
            shown = "yes" if await target.is_checked() else "no"
        elif field.kind == "choice":
            shown = (await target.inner_text()).strip()
        else:
            shown = await target.input_value()
        ((_, (sent,)),) = await self._sends(target)
        same = bool(sent) if field.kind == "choice" else nfc(sent) == nfc(field.value)
        return shown if same else f"{shown} ({sent})"

    async def _sends(self, target: Locator) -> list[tuple[str, list[str]]]:
        name, sent = await target.evaluate(_HOST)
        return [(name, [sent])]

    async def _others(self, marks: set[float]) -> list[str]:
        return [str(one) for one in await self.form.evaluate(_UNASKED, list(marks))]

    async def _give(self, payload: list[FilePayload]) -> None:
        """Through the browser's chooser, as the button opens it; other file inputs beside it are decoys."""
        await self._choose(await self._one_button("form.pick_files", self.form), payload)

    async def _choose(self, button: Locator, payload: list[FilePayload]) -> None:
        async with self.tab.page.expect_file_chooser(timeout=_PUT_MS) as chooser:
            await button.click(timeout=_PUT_MS)
        await (await chooser.value).set_files(payload, timeout=ROWS_MS)

    def _bound_elsewhere(self, packet: Packet, carried: list[str]) -> list[Words]:
        """Order ids have no letters, and a form of their own: any other one is another case."""
        others = {one for text in carried for one in _ORDER.findall(text) if one != packet.order_id}
        return super()._bound_elsewhere(packet, carried) + [
            say("the form is for {other}", other=other) for other in sorted(others)
        ]

    def file_rows(self, seen: Seen) -> list[str]:
        """Names of attached files in order: each row of the upload names its file first."""
        part = seen.section(self.labels.heading)
        return [entry.pieces[0] for entry in part.entries(()) if entry.pieces]

    def _around(self) -> Locator:
        """The form's own scope: feedback widgets of the dialog have a button of the same name."""
        return self.form
