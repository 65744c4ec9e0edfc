"""Where Coupang's pages keep their state: in `data-wuic-attrs` and in words, never in a class (facts §5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent.policy import ChannelRule, shipped_policy
from agent.reading.moments import Moment, read_moment
from agent.reading.seen import Seen, Value
from agent.reading.unreadable import Unreadable
from agent.words import say

LANGUAGES = ("ko", "en")


def _states(seen: Seen) -> Iterator[tuple[int, list[str]]]:
    tree = seen.tree
    for at in range(len(tree.tags)):
        tokens = tree.attrs(at).get("data-wuic-attrs", "").split()
        if "active" in tokens:
            yield at, tokens


def page_shown(seen: Seen) -> int | None:
    """The pager's own word for the page shown; None where the list has no pager."""
    for _, tokens in _states(seen):
        for token in tokens:
            if token.startswith("page:") and token[5:].isdigit():
                return int(token[5:])
    return None


def tab_shown(seen: Seen, key: str) -> Value:
    """The tab that is active, as a value to be looked up; drift where none or several are."""
    found = [at for at, tokens in _states(seen) if any(token.startswith("tab:") for token in tokens)]
    if len(found) != 1:
        raise seen.drift(key, say("{count} tabs are active", count=len(found)))
    return Value(seen, key, found[0])


def prove_tab(seen: Seen, key: str, group: str, wanted: str) -> None:
    """Raises `PageDrift` where another tab than the one asked for (a key of the vocabulary `group`) is active."""
    shown = tab_shown(seen, key)
    if shown.word(group) != wanted:
        raise seen.mismatch(key, seen.wording(f"words.{group}.{wanted}"), shown.text)


def right_page(seen: Seen, key: str, number: int) -> None:
    """Raises `PageDrift` where the pager shows another page than the one asked for."""
    shown = page_shown(seen)
    if shown is not None and shown != number:
        raise seen.mismatch(key, number, shown)


def moment(value: Value) -> Moment:
    """A date and time with its precision and the proof of its zone."""
    page = value.seen.page
    return value.read(lambda text: read_moment(text, zone=page.zone, zone_basis=page.zone_basis, languages=LANGUAGES))


def rules_of(seen: Seen, channel: str) -> ChannelRule:
    """The channel's rules with the operator's over them, where the page came with them; else the package's own."""
    return (seen.policy or shipped_policy(Path(__file__).parent)).channel(channel)


def number_of(text: str, *units: str) -> float:
    """A plain number with one of `units` behind it, or with none: `4.3 / 5.0` wants the unit `/ 5.0`."""
    bare = text.strip().replace(",", "")
    for unit in units:
        bare = bare.removesuffix(unit).strip()
    try:
        return float(bare)
    except ValueError:
        raise Unreadable(text, "a number") from None


def bare_order(shown: str) -> str:
    """An order id without the prefix that the Message Center may put before it (CM13)."""
    shown = shown.strip()
    return shown[3:] if shown.upper().startswith("CP-") else shown
