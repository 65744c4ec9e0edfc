"""A small page to change: the stored HTML of a seen page as a tree of elements and texts, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

VOID = frozenset({"br", "col", "hr", "img", "input", "wbr", "link", "meta", "area", "base", "embed", "source", "track"})


@dataclass(eq=False)
class Node:
    """An element; a text where `tag` is empty."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    kids: list[Node] = field(default_factory=list)
    text: str = ""
    parent: Node | None = field(default=None, repr=False)

    # -- looking -------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Node]:
        """Itself and all that is in it, in document order."""
        yield self
        for kid in self.kids:
            yield from kid

    def all(self, *tags: str) -> list[Node]:
        """The elements in it with one of those tags."""
        return [n for n in self if n.tag in tags]

    def find(self, test: Callable[[Node], bool]) -> list[Node]:
        """The elements in it for which `test` holds."""
        return [n for n in self if n.tag and test(n)]

    @property
    def said(self) -> str:
        """All its text in one line."""
        return " ".join(" ".join(n.text for n in self if not n.tag).split())

    @property
    def elements(self) -> list[Node]:
        """Its children that are elements."""
        return [k for k in self.kids if k.tag]

    def up(self, *tags: str) -> Node | None:
        """The nearest element above with one of those tags."""
        at = self.parent
        while at is not None and at.tag not in tags:
            at = at.parent
        return at

    @property
    def place(self) -> int:
        """Its number among its parent's children."""
        assert self.parent is not None
        return next(n for n, k in enumerate(self.parent.kids) if k is self)

    # -- changing ------------------------------------------------------------------------------------------------

    def add(self, *kids: Node | str) -> Node:
        """Put `kids` (texts too) behind its children; gives itself."""
        for kid in kids:
            self.insert(len(self.kids), kid)
        return self

    def insert(self, at: int, kid: Node | str) -> Node:
        """Put one child at a place; gives the child."""
        node = Node("", text=kid) if isinstance(kid, str) else kid
        if node.parent is not None:
            node.remove()
        node.parent = self
        self.kids.insert(at, node)
        return node

    def before(self, other: Node) -> None:
        """Put `other` before itself."""
        assert self.parent is not None
        if other.parent is not None:
            other.remove()
        self.parent.insert(self.place, other)

    def after(self, other: Node) -> None:
        """Put `other` behind itself."""
        assert self.parent is not None
        if other.parent is not None:
            other.remove()
        self.parent.insert(self.place + 1, other)

    def remove(self) -> Node:
        """Take it out; gives itself."""
        if self.parent is not None:
            self.parent.kids.pop(self.place)
            self.parent = None
        return self

    def replace(self, other: Node) -> Node:
        """Put `other` in its place; gives `other`."""
        assert self.parent is not None
        parent, at = self.parent, self.place
        self.remove()
        parent.insert(at, other)
        return other

    def wrap(self, other: Node) -> Node:
        """Put `other` around it; gives `other`."""
        self.replace(other)
        other.add(self)
        return other

    def unwrap(self) -> None:
        """Leave its children in its place."""
        assert self.parent is not None
        parent, at, kids = self.parent, self.place, list(self.kids)
        self.remove()
        for n, kid in enumerate(kids):
            kid.parent = None
            parent.insert(at + n, kid)

    def empty(self) -> Node:
        """Take all children out; gives itself."""
        for kid in self.kids:
            kid.parent = None
        self.kids = []
        return self

    def say(self, text: str) -> Node:
        """Make `text` its only content; gives itself."""
        return self.empty().add(text)

    def copy(self) -> Node:
        """A copy that belongs to nothing."""
        node = Node(self.tag, dict(self.attrs), text=self.text)
        for kid in self.kids:
            node.add(kid.copy())
        return node

    # -- writing -------------------------------------------------------------------------------------------------

    def html(self) -> str:
        """As the seeing script writes it."""
        parts: list[str] = []
        _write(self, parts)
        return "".join(parts)


def _write(node: Node, parts: list[str]) -> None:
    if not node.tag:
        parts.append(escape(node.text, quote=False))
        return
    attrs = "".join(f' {name}="{escape(value)}"' for name, value in node.attrs.items())
    if node.tag:
        parts.append(f"<{node.tag}{attrs}>")
    for kid in node.kids:
        _write(kid, parts)
    if node.tag not in VOID:
        parts.append(f"</{node.tag}>")


def el(tag: str, *kids: Node | str, **attrs: str) -> Node:
    """A new element; `_` in an attribute's name stands for `-`."""
    return Node(tag, {name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()}).add(*kids)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root")
        self.at = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, parent=self.at)
        self.at.kids.append(node)
        if tag not in VOID:
            self.at = node

    def handle_endtag(self, tag: str) -> None:
        if self.at.tag == tag and self.at.parent is not None:
            self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.kids.append(Node("", text=data, parent=self.at))


def parse(html: str) -> Node:
    """The page's outermost element; where there are several, a box around them."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if len(reader.root.elements) == 1:
        return reader.root.elements[0]
    reader.root.tag = "div"
    return reader.root
