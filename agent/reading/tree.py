"""A seen page as flat arrays: elements in document order, and the texts in them, so that looking up is arithmetic."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from agent.reading.labels import norm

_BESIDE = frozenset({"button", "sup", "option", "select", "textarea"})
"""Elements whose text is a control or a remark, not part of a value beside a label."""

_TITLES = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "legend", "caption", "summary"})


class Tree:
    """Elements are numbered in document order; `first[i]:last[i]` are the numbers of the texts inside element i,
    `end[i]` is the number after its last descendant."""

    __slots__ = (
        "_forms",
        "attrs_cache",
        "end",
        "first",
        "forms",
        "inline",
        "kids",
        "last",
        "nodes",
        "owners",
        "parent",
        "tags",
        "texts",
    )

    def __init__(self, html: str) -> None:
        self.nodes: list[LexborNode] = []
        self.tags: list[str] = []
        self.parent: list[int] = []
        self.first: list[int] = []
        self.last: list[int] = []
        self.end: list[int] = []
        self.kids: list[list[int]] = []
        self.texts: list[str] = []
        self.owners: list[int] = []
        body = LexborHTMLParser(html).body
        if body is not None:
            self._grow(body)
        self._index()

    def _grow(self, body: LexborNode) -> None:
        nodes, tags, parent, first, kids, texts, owners = (
            self.nodes,
            self.tags,
            self.parent,
            self.first,
            self.kids,
            self.texts,
            self.owners,
        )
        number: dict[int, int] = {}
        for node in body.traverse(include_text=True):
            tag = node.tag
            above = node.parent
            up = number.get(above.mem_id, -1) if above is not None else -1
            if tag == "-text":
                text = " ".join((node.text_content or "").split())
                if text and up >= 0:
                    texts.append(text)
                    owners.append(up)
            elif tag is not None and tag[0] not in "-!":
                me = number[node.mem_id] = len(nodes)
                nodes.append(node)
                tags.append(tag)
                parent.append(up)
                first.append(len(texts))
                kids.append([])
                if up >= 0:
                    kids[up].append(me)
        count = len(nodes)
        self.last = [0] * count
        self.end = [0] * count
        open_: list[int] = []
        for me in range(count):
            while open_ and open_[-1] != parent[me]:
                done = open_.pop()
                self.last[done], self.end[done] = first[me], me
            open_.append(me)
        for done in open_:
            self.last[done], self.end[done] = len(texts), count

    def _index(self) -> None:
        """`forms`: compared form of a whole element's text to the innermost elements that hold just it;
        `inline`: form of what stands before a colon in one text to those texts."""
        self.forms: dict[str, list[int]] = {}
        self.inline: dict[str, list[int]] = {}
        self.attrs_cache: dict[int, dict[str, str]] = {}
        cached = [norm(t) for t in self.texts]
        self._forms = cached
        # a later element with the same texts lies inside the earlier one and takes its place
        seen = {(a, b): me for me, (a, b) in enumerate(zip(self.first, self.last, strict=True)) if 0 < b - a <= 4}
        for (a, b), me in seen.items():
            form = cached[a] if b - a == 1 else "".join(cached[a:b])
            self.forms.setdefault(form, []).append(me)
        for me, tag in enumerate(self.tags):  # a heading may carry a count or a mark behind its own words
            a = self.first[me]
            if tag in _TITLES and 1 < self.last[me] - a <= 4 and self.owners[a] == me:
                self.forms.setdefault(cached[a], []).append(me)
        for number, text in enumerate(self.texts):
            if ":" in text or "：" in text:
                cut = min(at for at in (text.find(":"), text.find("：")) if at >= 0)
                if 0 < cut < 60 and cut + 1 < len(text):
                    self.inline.setdefault(norm(text[:cut]), []).append(number)

    def attrs(self, me: int) -> dict[str, str]:
        """Attributes of element `me`; one without a value is the empty text."""
        found = self.attrs_cache.get(me)
        if found is None:
            found = {k: v or "" for k, v in self.nodes[me].attributes.items()}
            self.attrs_cache[me] = found
        return found

    def text(self, a: int, b: int) -> str:
        """Texts a to b as one line."""
        return self.texts[a] if b - a == 1 else " ".join(self.texts[a:b])

    def form_of(self, me: int) -> str:
        """Compared form of all text in element `me`."""
        return "".join(self._forms[self.first[me] : self.last[me]])

    def wrapper(self, me: int) -> int:
        """The outermost element that holds the same texts as `me` and nothing else a person could see."""
        while True:
            up = self.parent[me]
            if up <= 0 or (self.first[up], self.last[up]) != (self.first[me], self.last[me]):
                return me
            if any(self._shows(k) for k in self.kids[up] if not k <= me < self.end[k]):
                return me
            me = up

    def _shows(self, me: int) -> bool:
        """Does element `me` show a control or picture, without having text?"""
        return any(self.tags[i] in ("input", "select", "textarea", "img") for i in range(me, self.end[me]))

    def value_text(self, me: int) -> str:
        """The text of element `me` without its buttons and remarks; a control's current value where it is one."""
        a, b = self.first[me], self.last[me]
        parts = []
        for number in range(a, b):
            owner = self.owners[number]
            while owner > me and self.tags[owner] not in _BESIDE:
                owner = self.parent[owner]
            if self.tags[owner] not in _BESIDE:
                parts.append(self.texts[number])
        if parts:
            return " ".join(parts)
        for i in range(me, self.end[me]):
            value = self.control_value(i)
            if value is not None:
                return value
        return ""

    def control_value(self, me: int) -> str | None:
        """What field `me` holds now: typed text, the chosen option's text, yes or no for a tick; None if no field."""
        tag, attrs = self.tags[me], self.attrs(me)
        if tag == "input":
            if attrs.get("type") in ("checkbox", "radio"):
                return "yes" if "checked" in attrs else "no"
            return attrs.get("value", "")
        if tag == "textarea":
            return self.nodes[me].text(deep=True)
        if tag == "select":
            chosen = [i for i in range(me, self.end[me]) if self.tags[i] == "option" and "selected" in self.attrs(i)]
            return ", ".join(self.text(self.first[i], self.last[i]) for i in chosen if self.last[i] > self.first[i])
        return None

    def within(self, tag: str, me: int) -> int:
        """The nearest element at or above `me` with that tag, or -1."""
        while me >= 0 and self.tags[me] != tag:
            me = self.parent[me]
        return me
