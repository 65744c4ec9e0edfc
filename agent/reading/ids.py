"""The number of a thing sold, as marketplaces write it."""

from __future__ import annotations

import re

from agent.reading.unreadable import Unreadable

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{5,29}")
"""Of the portals known none has shorter ones: an ASIN has ten letters and digits, all others nine digits and more."""


def item_number(text: str) -> str:
    """`text` as an item's number. A running number, a quantity or an amount, as a shifted column would have there, is
    none: `Unreadable`."""
    bare = text.strip()
    if _NUMBER.fullmatch(bare) is None or not any(c.isdigit() for c in bare):
        raise Unreadable(text, "an item's number")
    return bare
