"""What stands before the pages: how each gate is known, and how sign-in goes as far as it can without a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agent.reading.labels import Labels


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
    enter: tuple[str, ...] = ()
    """Label keys of buttons on the way to the sign-in form (“Sign in”, “Sign in with e-mail”)."""
    later: tuple[str, ...] = ()
    """Label keys of buttons that put something off after signing in (“change the password later”)."""
    dismiss: tuple[str, ...] = ()
    """Label keys of buttons that close notices after signing in."""
