"""What stands before the pages: how each gate is known, and how sign-in goes as far as it can without a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agent.reading.labels import Labels

ONE_TAB = """(() => {
  const open = window.open;
  const opens = (target) => !/^_(self|top|parent)$/i.test(target) && !window.frames[target];
  const stay = (e) => {
    const by = e.target.closest && e.target.closest('a[target], form[target]');
    if (by && by.getAttribute('target') && opens(by.getAttribute('target'))) by.setAttribute('target', '_top');
  };
  addEventListener('click', stay, true);
  addEventListener('submit', stay, true);
  window.open = (url, target, ...how) => {
    if (target && !opens(target)) return open.call(window, url, target, ...how);
    if (url) window.top.location.href = new URL(url, document.baseURI).href;
    return window;
  };
})()"""
"""Run before a page's own scripts while signing in, where the gate says `one_tab`: what would open another tab, out of a
frame too, takes this one; what goes to a frame, or out of one, goes there as it would."""
SHOWN = """(lists) => 1 + lists.findIndex((many) => many.some((css) =>
  [...document.querySelectorAll(css)].some((e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }))))"""
"""Which of some lists of CSS has a visible element, counted from 1; 0 for none."""


@dataclass(frozen=True)
class Spot:
    """How a gate (or the end of a form) is known: by a text shown, an element, or the address. Any one suffices."""

    name: str
    texts: tuple[str, ...] = ()
    css: tuple[str, ...] = ()
    url: str | None = None

    def wanted(self, labels: Labels) -> dict[str, Any]:
        """In the form that the seeing script takes; `texts` are label keys."""
        return {
            "name": self.name,
            "texts": [t for key in self.texts for t in labels.texts[key]],
            "css": list(self.css),
            "url": self.url,
        }


@dataclass(frozen=True)
class Gate:
    """A portal's gates. Sign-in fields are given as CSS because real sign-in pages are stable in ids, not in words."""

    spots: tuple[Spot, ...]
    start: str
    """Address where sign-in begins."""
    home: str
    """Address that is shown only to someone signed in."""
    home_landmark: str = ""
    username: str = ""
    password: str = ""
    submit: str = ""
    password_submit: str = ""
    """The button below the password where name and password stand on two pages, the second one known by a spot
    `password`; `submit` is then the one below the name."""
    wrong: str = ""
    code: str = ""
    code_submit: str = ""
    frame: str = ""
    """The frame in which the sign-in form may stand, known by a spot `frame`; its page may be of another one of the
    portal's hosts, and of any other host nothing is typed into it. Which obstacle is in it is told by the spots' elements,
    and it is met there."""
    one_tab: bool = False
    """Signing in opens other tabs: what would open in one opens in this one, which is the one that is seen and kept."""
    enter: tuple[str, ...] = ()
    """Label keys of buttons on the way to the sign-in form (“Sign in”, “Sign in with e-mail”)."""
    later: tuple[str, ...] = ()
    """Label keys of buttons that put something off after signing in (“change the password later”)."""
    dismiss: tuple[str, ...] = ()
    """Label keys of buttons that close notices after signing in."""
