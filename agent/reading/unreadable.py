"""The refusal of a shown text: it did not match as a whole, and nothing is guessed."""

from __future__ import annotations


class Unreadable(ValueError):
    """`text` is not `wanted`, or says it in more than one way. A page reader turns this into drift."""

    def __init__(self, text: str, wanted: str) -> None:
        super().__init__(f"not readable as {wanted}: {text!r}")
        self.text = text
        self.wanted = wanted
