"""One field of a form: is it one that a person sees, what does it hold, and putting an approved value into it."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Locator

from agent.errors import PacketAltered
from agent.reading.labels import norm
from agent.sending.body import others_named
from agent.sending.packet import Packet, PacketField
from agent.words import Words, say

MARK = "e => e.__n ??= Math.random()"
"""A name for an element, so that two ways to it can be told to be one."""
MARKS = "e => [e, ...e.querySelectorAll('input, select, textarea')].map((x) => x.__n ??= Math.random())"
IS_FIELD = """e => /^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName) || e.isContentEditable
  || e.getAttribute('role') === 'radiogroup'"""
CHOSEN = """e => {
  const of = e.getAttribute('role') === 'radiogroup' ? [...e.querySelectorAll('input')] : [e], by = new Map();
  for (const one of of.filter((x) => x.name && !x.disabled)) {
    const held = one.tagName === 'SELECT' ? [...one.selectedOptions].map((o) => o.value)
      : one.type !== 'checkbox' && one.type !== 'radio' ? [one.value] : one.checked ? [one.value] : [];
    by.set(one.name, [...(by.get(one.name) ?? []), ...held]);
  }
  return [...by];
}"""
"""What a text, choice or tick sends, by the name under which the form sends it."""
SENT_AS_HELD = frozenset({"text", "choice", "tick"})
"""Kinds of field that a page sends as they stand in the form; amounts and dates it may write in another way."""
UNASKED = """e => e.disabled ? '' : e.type === 'checkbox' || e.type === 'radio'
  ? (e.checked !== e.defaultChecked ? 'changed' : (e.checked ? 'ticked' : ''))
  : e.tagName !== 'SELECT' ? e.value
  : [...e.selectedOptions].filter((o) => !o.defaultSelected
      && !(o === e.options[0] && e.type === 'select-one' && !e.querySelector('option[selected]')))
    .map((o) => o.text.trim()).join(' + ')"""
"""What a field holds that nobody was asked about; empty where it holds nothing. A list may stand at the choice that the
portal itself made in it, such as the seller's own address for returns."""
STRAY = """c => {
  const kind = (e) => e.tagName === 'SELECT' ? 'list' : e.tagName === 'TEXTAREA' || (e.tagName === 'INPUT'
    && !['checkbox', 'radio', 'file', 'hidden', 'submit', 'button', 'reset', 'image'].includes(e.type)) ? 'text' : '';
  if (!kind(c)) return false;
  return [...(c.labels || [])].some((label) => {
    for (let box = label; box; box = box.parentElement) {
      const near = [...box.querySelectorAll('input, textarea, select')].filter((e) => kind(e) === kind(c)
        && (e === c || e.checkVisibility({ visibilityProperty: true, opacityProperty: true })));
      if (near.length) return !near.includes(c);
    }
    return false;
  });
}"""
"""Does the label that markup ties to a field stand beside another field of its kind? Then one of the two is wrong."""
ELSEWHERE = (
    """b => b.hasAttribute && b.hasAttribute('formaction') ? new URL(b.formAction, document.baseURI).pathname : ''"""
)
"""Where a button of its own accord sends the form; empty where it leaves that to the form."""
OVERRULED = """(b) => b.tagName === 'BUTTON' && b.type === 'button' && !!b.form && [...b.form.elements].some((e) => e !== b
  && (e.tagName === 'BUTTON' || e.tagName === 'INPUT') && e.type === 'submit'
  && e.checkVisibility({ visibilityProperty: true, opacityProperty: true }))"""
"""Is it a plain button, in a form that has another one to submit it?"""
OWN_WORDS = """labels => labels.map((label) => {
  const walk = document.createTreeWalker(label, NodeFilter.SHOW_TEXT), said = [];
  while (walk.nextNode()) if (!walk.currentNode.parentElement.closest('select, textarea')) said.push(walk.currentNode.data);
  return said.join(' ');
})"""
"""What labels say themselves, without the options and texts of the fields inside them."""
NAMED = "(form, names) => names.map((name) => form.innerText.split(name).length - 1)"
"""How often each name stands in the form."""
BOUND = """form => [form.getAttribute('action') || '', ...[...form.elements].flatMap((e) =>
  [e.type === 'hidden' ? e.value : '', e.getAttribute('formaction') || ''])].filter(Boolean)"""
"""What a form carries unseen that says where it goes and what it is about."""

_RADIO_NAME = "e => (e.getAttribute('aria-label') || (e.labels && e.labels[0] ? e.labels[0].innerText : '')).trim()"
_OPTION = "e => e.selectedOptions.length == 1 ? e.selectedOptions[0].text : [...e.selectedOptions].map((o) => o.text).join(' + ')"
_SEEN = """e => {
  const ticks = e.type === 'checkbox' || e.type === 'radio';  // often unseen themselves, behind a drawn one
  if (!e.checkVisibility({ visibilityProperty: true, opacityProperty: !ticks })) return false;
  const box = e.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && (ticks || (box.right + scrollX > 0 && box.bottom + scrollY > 0));
}"""
_PUT_MS = 5_000


async def is_seen(field: Locator) -> bool:
    """Would a person see the field or button? Playwright's own word counts what is transparent or off the page."""
    return bool(await field.is_visible() and await field.evaluate(_SEEN))


async def put(target: Locator, field: PacketField) -> None:
    """Type, choose or tick `field`; a choice that is not offered exactly once is `PacketAltered`."""
    if field.kind == "choice":
        await _choose(target, field)
    elif field.kind == "tick":
        await target.set_checked(field.value == "yes", timeout=_PUT_MS)
    else:
        await target.fill(field.value, timeout=_PUT_MS)


async def _choose(target: Locator, field: PacketField) -> None:
    if await target.evaluate("e => e.tagName") == "SELECT":
        options = [(await o.inner_text()).strip() for o in await target.locator("option").all()]
        hits = [n for n, o in enumerate(options) if norm(o) == norm(field.shown)]
        if len(hits) != 1:
            raise not_offered(field, len(hits))
        await target.select_option(index=hits[0], timeout=_PUT_MS)
    elif await target.get_attribute("role") == "radiogroup":
        offered = target.get_by_role("radio", name=field.shown, exact=True)
        if await offered.count() != 1:
            raise not_offered(field, await offered.count())
        await offered.check(timeout=_PUT_MS)
    else:
        await target.check(timeout=_PUT_MS)


def not_offered(field: PacketField, count: int) -> PacketAltered:
    """The error for a choice that the form does not offer exactly once."""
    return PacketAltered(
        say("“{choice}” is offered {count} times.", choice=field.shown, count=count),
        say(
            "Look at the form with `rebuttal debug`: teach the changed label, or write the entry as the list shows it; then"
            " approve again."
        ),
    )


async def held(target: Locator, field: PacketField) -> str:
    """What the field holds now: a choice as its text, a tick as yes or no."""
    if field.kind == "tick":
        return "yes" if await target.is_checked() else "no"
    if field.kind == "choice":
        if await target.evaluate("e => e.tagName") == "SELECT":
            return str(await target.evaluate(_OPTION)).strip()
        if await target.get_attribute("role") == "radiogroup":
            chosen = [r for r in await target.get_by_role("radio").all() if await r.is_checked()]
            return " + ".join([str(await r.evaluate(_RADIO_NAME)) for r in chosen])
        return field.shown if await target.is_checked() else ""
    if await target.evaluate("e => e.isContentEditable && !('value' in e)"):
        return str(await target.inner_text())
    return str(await target.input_value())


def bound_elsewhere(packet: Packet, carried: list[Any]) -> list[Words]:
    """What a form carries unseen must not name another case: ids that look like the packet's own and are not.

    Ids without letters look like anything and are left to the guard, which reads the request itself.
    """
    return [say("the form is for {other}", other=other) for other in others_named(packet, map(str, carried))]
