"""A seen page and its record with every name replaced, and the proof over what came of it; it fails closed.

Kept are the portal's own texts, measures, and what stands in a label's place, so that a changed label can still be
seen. A label's place is never one that holds what the page says of a person elsewhere.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Any, get_args

from agent.errors import PageDrift
from agent.reading.beside import unknown_labels
from agent.reading.labels import WORDS, Labels, norm
from agent.reading.page import SeenPage
from agent.reading.scrub import Fakes, Token, is_fake, is_measure, known_forms, leaks, strange, tokens
from agent.reading.seen import Seen
from agent.reading.tree import Tree
from agent.records.case import DeadlineKind

ACCOUNT = "main"
"""The name every account has in a capture."""
_TAG = re.compile(r"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_NAMED = re.compile(r"<(/?)([a-zA-Z][\w-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE = re.compile(r"(\s+)([^\s=/>\"']+)(?:=\"([^\"]*)\")?")
_POWER = re.compile(r"<\s*(script|style|iframe|object|embed|link|meta|base)\b|\son\w+\s*=|javascript:", re.IGNORECASE)
_SHOWN = frozenset({"title", "alt", "aria-label", "aria-description", "placeholder", "value", "label", "data-files"})
"""Attributes that a person sees or hears."""
_PLACES = frozenset({"href", "src", "action", "data-frame"})
_PERSONAL = re.compile(r"user|name|buyer|seller|customer|mail|phone|tel|account|member|login|nick|address|store|shop")
"""Attribute names that say whose they are."""
_PLAIN = frozenset(
    ("role", "type", "lang", "tag", "method", "enctype", "scope", "colspan", "rowspan", "maxlength", "min", "max")
)
_NAMES = re.compile(
    r"buyer|seller|customer|recipient|receiver|person|phone|mobile|mail|address|store|shop|vendor|account|waybill"
    r"|tracking|signer|operator|user"
)
"""Last parts of label keys beside which a person, a shop or a parcel is named."""
_LABEL_TAGS = frozenset(("dt", "th", "label", "legend", "caption"))
_MOST_LABEL = 40
# fmt: off
_CONSTANT = frozenset((
    "portal", "channel", "is", "basis", "zone", "zone_basis", "rule", "from", "currency", "value", "at",
    "result", "opened_at", "decided_at", "settled_on", "precision_s", "provisional", "quantity", "used", "allowed",
    "measures", "missing", "actions", "flags", "clauses", "status_is",
))
# fmt: on
"""Fields of a record whose values are ours, or measures; everything else is text of the page."""


class Unscrubbed(Exception):
    """What is left of the page could name somebody: `left` are the texts, none of which may be shown to others."""

    def __init__(self, left: list[str]) -> None:
        super().__init__(f"{len(left)} texts may name somebody")
        self.left = left


class PageScrubber:
    """Scrubs one page, then whatever was read from it. `hosts` are the portal's; `names` are known to be personal."""

    def __init__(
        self, page: SeenPage, labels: Labels, salt: bytes, hosts: tuple[str, ...], names: tuple[str, ...] = ()
    ) -> None:
        self.original = page
        self.labels = labels
        self.known = known_forms(labels)
        self.fakes = Fakes(salt, self.known, (*hosts, "127.0.0.1", "localhost"), page.portal)
        self.seen = Seen(page, labels)
        self.personal = {n for n in names if len(n) > 1} | self._persons()
        self.kept = label_texts(self.seen, self.known, self.personal)
        self.map: dict[str, str] = {}
        self.ours = {key.rpartition(".")[2] for key in labels.texts if key.startswith(WORDS)} | set(
            get_args(DeadlineKind)
        )

    def _persons(self) -> set[str]:
        """What stands beside labels that name somebody, whole and word by word."""
        found: set[str] = set()
        for key in self.labels.texts:
            if not _NAMES.search(key.rpartition(".")[2]) or key.startswith("words."):
                continue
            try:
                value = self.seen.maybe(key)
            except PageDrift:
                continue
            if value is not None and norm(value.text) not in self.known and not is_measure(value.text):
                found |= {value.text, *(w for w in value.text.split() if len(w) > 1 and norm(w) not in self.known)}
        return {text for text in found if any(c.isalnum() for c in text)}

    # -- the page --------------------------------------------------------------------------------------------------

    def page(self) -> SeenPage:
        """The page with every name replaced. Raises `Unscrubbed` where the result can't be proved to hold none."""
        old = self.original
        if _POWER.search(old.html):
            raise Unscrubbed([match[0] for match in _POWER.finditer(old.html)])
        out, at = [], 0
        for tag in _TAG.finditer(old.html):
            out.append(self._text_piece(old.html[at : tag.start()]))
            out.append(self._tag(tag[0]))
            at = tag.end()
        out.append(self._text_piece(old.html[at:]))
        new = old.model_copy(
            update={
                "account": ACCOUNT,
                "url": self.fakes.url(old.url),
                "title": self.text(old.title),
                "subject": None if old.subject is None else self.text(old.subject),
                "html": "".join(out),
                "files": (),
            }
        )
        self.prove(new)
        return new

    def text(self, text: str) -> str:
        """One shown text."""
        line = " ".join(text.split())
        done = self.map.get(line)
        if done is None:
            done = self.map[line] = line if line in self.kept else self.fakes.text(line)
        return done

    def _text_piece(self, piece: str) -> str:
        line = " ".join(unescape(piece).split())
        if not line:
            return piece
        lead = piece[: len(piece) - len(piece.lstrip())]
        trail = piece[len(piece.rstrip()) :]
        return lead + escape(self.text(line), quote=False) + trail

    def _tag(self, tag: str) -> str:
        match = _NAMED.fullmatch(tag)
        if match is None:
            raise Unscrubbed([tag[:60]])
        if match[1] or not match[3].strip():
            return tag
        return f"<{match[2]}{_ATTRIBUTE.sub(self._attribute, match[3])}>"

    def _attribute(self, match: re.Match[str]) -> str:
        gap, name, value = match[1], match[2].lower(), match[3]
        if not value:
            return match[0]
        value = unescape(value)
        if name in _PLACES:
            new = self.fakes.url(value) if re.match(r"https?://", value) else self.fakes.url(f"https://x{value}")
        elif name == "data-files":
            new = self._through(value)
        elif name in _SHOWN or (name.startswith("data-") and _PERSONAL.search(name)):
            new = self.text(value)
        elif name in _PLAIN and re.fullmatch(r"[\w/-]*", value):
            new = value
        elif any(n.casefold() in value.casefold() for n in self.personal):
            new = self.fakes.text(value)
        else:
            new = value if norm(value) in self.known else self.fakes.machine(value)
        return f'{gap}{name}="{escape(new)}"'

    # -- what was read ---------------------------------------------------------------------------------------------

    def record(self, value: Any, name: str = "") -> Any:
        """A record's JSON with the same replacements as the page."""
        if isinstance(value, dict):
            inner = {key: part for key, part in value.items() if key not in ("seen", "document")}
            return inner if name in _CONSTANT else {key: self.record(part, key) for key, part in inner.items()}
        if isinstance(value, list):
            return [self.record(inner, name) for inner in value]
        if not isinstance(value, str) or name in _CONSTANT or value in self.ours:
            return value
        if name == "account":
            return ACCOUNT
        return self.fakes.url(value) if name == "url" else self._through(value)

    def _through(self, text: str) -> str:
        """A text that was read: one text of the page, several of them in a row, or a part of one."""
        line = " ".join(text.split())
        if line in self.map or line in self.kept:
            return text if line in self.kept else self.text(line)
        for number in range(len(line) - 1, 1, -1):
            head = line[:number].rstrip()
            if head in self.map and len(head) > 1:
                rest = line[number:]
                behind = text[len(head) :] if text.startswith(head) else f" {rest.lstrip()}"
                gap = behind[: len(behind) - len(behind.lstrip())]
                return self.map[head] + (gap or rest[: len(rest) - len(rest.lstrip())]) + self._through(behind.lstrip())
        return self.fakes.text(text)

    # -- the proof -------------------------------------------------------------------------------------------------

    def prove(self, page: SeenPage, *others: str) -> None:
        """Raises `Unscrubbed` where something is left that is not proved harmless, or that was to be replaced."""
        left = unproved(page, self.labels)
        whole = "\n".join((page.model_dump_json(), unescape(page.html), *others))
        plain = re.sub(r"[\s().+-]", "", whole)
        for original in self.fakes.originals:
            if original in whole or (original.isdigit() and original in plain):
                left.append(original)
        texts = Seen(page, self.labels).tree.texts
        left += [n for n in self.personal if norm(n) not in self.known and not _harmless(n) and n in texts]
        if left:
            raise Unscrubbed(list(dict.fromkeys(left)))


def label_texts(seen: Seen, known: frozenset[str], personal: set[str]) -> set[str]:
    """Texts in a label's place, as far as they can't name anybody."""
    tree = seen.tree
    places = set(unknown_labels(seen))
    values: set[str] = set()
    for number, text in enumerate(tree.texts):
        me = tree.owners[number]
        while me > 0 and tree.tags[me] not in _LABEL_TAGS and tree.last[me] - tree.first[me] == 1:
            me = tree.parent[me]
        if tree.tags[me] in _LABEL_TAGS:
            (values if _turned(tree, me, known) else places).add(text)
    places -= values
    return {
        text
        for text in places
        if len(text) <= _MOST_LABEL
        and sum(c.isdigit() for c in text) < 4
        and not leaks(text)
        and not any(name.casefold() in text.casefold() for name in personal)
    }


def _turned(tree: Tree, me: int, known: frozenset[str]) -> bool:
    """Is this the term of a list that is written value first, so that the term is the value?"""
    if tree.tags[me] != "dt":
        return False
    box = tree.within("dl", me)
    inside = range(max(box, 0), tree.end[max(box, 0)])
    terms, values = (sum(tree.tags[i] == tag and tree.form_of(i) in known for i in inside) for tag in ("dt", "dd"))
    return values > terms


def _harmless(text: str) -> bool:
    return is_measure(text) or all(is_fake(token) for token in tokens(text))


def unproved(page: SeenPage, labels: Labels) -> list[str]:
    """Texts and attributes of a scrubbed page that are neither known, nor in a label's place, nor fakes."""
    known = known_forms(labels)
    seen = Seen(page, labels)
    places = label_texts(seen, known, set())
    left = [one for text in (*seen.tree.texts, page.title) if text not in places for one in strange(text, known)]
    for me in range(len(seen.tree.tags)):
        for name, value in seen.tree.attrs(me).items():
            if name in _SHOWN or (name.startswith("data-") and _PERSONAL.search(name)):
                left += [] if value in places else strange(value, known)
            elif name in _PLACES:
                left += [t.text for t in tokens(value) if t.kind == "url" and not is_fake(t)] + leaks(value)
            elif name not in _PLAIN and norm(value) not in known:
                left += [t.text for t in tokens(value) if not _machine_word(t)]
    return [*left, *leaks(page.url)]


def _machine_word(token: Token) -> bool:
    """May it stand in an attribute written for scripts?"""
    if token.kind == "letters":
        return (token.text.isascii() and len(token.text) <= 24) or is_fake(token)
    if token.kind == "number":
        return sum(c.isdigit() for c in token.text) < 7 or is_fake(token)
    return token.kind in ("when", "amount") or is_fake(token)
