"""Which marketplace a page shows: the header's label decides, never the address (facts §3)."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from agent.errors import WrongStore
from agent.reading.labels import norm
from agent.reading.moments import Order, ZoneBasis
from agent.reading.seen import Seen
from agent.words import say

_SELLER_CENTRAL = re.compile(r"sellercentral[a-z-]*\.amazon\.[a-z.]+")


class Market(NamedTuple):
    """One marketplace as its pages write: clock and how it is known, currency, order of numeric dates, typed dates."""

    code: str
    name: str
    zone: str
    basis: ZoneBasis
    currency: str
    order: Order
    typed: str


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "markets.toml").read_text(encoding="utf-8"))


def store_of(seen: Seen) -> str:
    """What the header names, `Northwind Outfitters | United States`; drift where it names nothing, or two."""
    tree = seen.tree
    wanted = seen.labels.of("header.switch")
    found = [
        " ".join(
            tree.texts[n] for n in range(tree.first[me], tree.last[me]) if tree.within("button", tree.owners[n]) == me
        )
        for me in range(len(tree.tags))
        if tree.tags[me] == "button" and norm(tree.attrs(me).get("aria-label", "")) in wanted
    ]
    if len(found) != 1 or "|" not in found[0]:
        raise seen.drift("header.switch", say("the header names no store and country"), found=tuple(found))
    return found[0]


def market_of(seen: Seen) -> Market:
    """The marketplace that the page is of. Raises `WrongStore` where the address is another region's."""
    store = store_of(seen)
    name = store.rpartition("|")[2].strip()
    code = seen.labels.word("market", name)
    if code is None:
        raise seen.drift("header.switch", say("“{text}” is no marketplace that is known", text=name), found=(store,))
    row, page = _table()[code], seen.page
    host = urlsplit(page.url).hostname or ""
    if _SELLER_CENTRAL.fullmatch(host) and host not in row["hosts"]:
        raise WrongStore(
            say(
                "{portal}:{account}: {host} shows {store}.",
                portal=page.portal,
                account=page.account,
                host=host,
                store=store,
            ),
            say(
                "Nothing was read or sent. Sign in again: `rebuttal login {portal}:{account}`, and choose the country.",
                portal=page.portal,
                account=page.account,
            ),
        )
    own = page.zone_basis == "account"
    return Market(code, name, page.zone if own else row["zone"], "account" if own else "assumed", row["currency"],
                  row["order"], row["typed"])  # fmt: skip
