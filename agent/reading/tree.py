"""A seen page as flat arrays: elements in document order, and the texts in them, so that looking up is arithmetic.

The stored HTML is read as written, every element closed where its closing tag stands, and not as a browser would
repair it: a portal's scripts build trees that no markup can say (a block in a paragraph, a row outside a table), and a
repaired copy would have its values elsewhere than a person saw them.
"""

from __future__ import annotations

import re
from html import unescape

from agent.reading.labels import norm


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


ASIDE = frozenset({"button", "sup", "option", "select", "textarea", "datalist"})
"""Elements whose text is a control or a remark, not part of a label or of the value beside it."""
FIELDS = frozenset({"input", "select", "textarea"})
TITLES = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6, "legend": 4, "caption": 4, "summary": 4}
"""Elements that head a part of the page, with their rank."""
_INLINE = _tags(
    "a abbr b bdi bdo button cite code data del dfn em font i img input ins kbd label mark q s samp select small span "
    "strike strong sub sup textarea time tt u var wbr"
)
"""Elements that do not start a new line; what a style makes a block is told by a line end in the stored HTML."""
_VOID = _tags("area base br col embed hr img input link meta param source track wbr")
_RAW = _tags("script style noscript template")
"""Elements whose content nobody sees; the seeing script leaves them out, other HTML may have them."""
_TOKEN = re.compile(
    r"([^<]*+)(<(?:(/?)([a-zA-Z][^\s/>]*+)[^>\"']*+(?:\"[^\"]*+\"[^>\"']*+|'[^']*+'[^>\"']*+)*+>"
    r"|!--.*?-->|[!?][^>]*+>|))",
    re.DOTALL,
)
"""A text and what follows it: a tag, or a comment, or a `<` that is neither."""
_ATTRIBUTE = re.compile(r"([^\s=/>\"']+)(?:\s*=\s*(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]+)))?")
_MOST_PIECES = 4
"""A label may be split over that many elements."""
_BREAKS, _SINGLE, _REMARK, _UNSEEN = 1, 2, 4, 8


class _Kinds(dict[str, tuple[str, int]]):
    """A tag as written to its name in lower case and what it is: one look where there would be four."""

    def __missing__(self, written: str) -> tuple[str, int]:
        tag = written.lower()
        kind = (
            _BREAKS * (tag not in _INLINE)
            + _SINGLE * (tag in _VOID)
            + _REMARK * (tag in ASIDE)
            + _UNSEEN * (tag in _RAW)
        )
        if len(self) < 1000:
            self[written] = tag, kind
        return tag, kind


_KINDS = _Kinds()


class Tree:
    """Elements are numbered in document order; `first[i]:last[i]` are the numbers of the texts inside element i,
    `end[i]` is the number after its last descendant, `opens[i]:closes[i]` its place in the stored HTML.

    `seps[n]` is what stands between text n and the one before: nothing, a blank or a line end. `aside[n]`: is text n
    part of a control or a remark?
    """

    __slots__ = (
        "_attrs",
        "_inner",
        "_marks",
        "aside",
        "closes",
        "end",
        "first",
        "forms",
        "html",
        "inline",
        "kids",
        "last",
        "loose",
        "norms",
        "opens",
        "owners",
        "parent",
        "seps",
        "tags",
        "texts",
    )

    def __init__(self, html: str) -> None:
        self.html = html
        self.tags: list[str]
        self.parent: list[int]
        self.first: list[int]
        self.last: list[int]
        self.end: list[int]
        self.opens: list[int]
        self.closes: list[int]
        self.kids: list[list[int]]
        self.texts: list[str]
        self.owners: list[int]
        self.seps: list[str]
        self.aside: list[bool]
        self._inner: list[int]
        self._attrs: dict[int, dict[str, str]] = {}
        self._grow(html)
        self._index()

    # -- growing -------------------------------------------------------------------------------------------------

    def _grow(self, html: str) -> None:
        """Element 0 is the page itself, whatever the stored HTML holds."""
        kinds = _KINDS
        elements: list[tuple[str, int, int, int, int]] = [("main", -1, 0, 0, 0)]
        said_there: list[tuple[str, int, str, bool]] = []
        closed: list[tuple[int, int, int, int]] = []
        note, hear, close = elements.append, said_there.append, closed.append
        stack, names = [0], ["main"]  # of what is open: its number and its tag
        me, remarks, position, count, gap, hidden = 1, 0, 0, 0, "", ""
        for piece, whole, slash, name in _TOKEN.findall(html + "<"):
            start = position + len(piece)
            position = start + len(whole)
            if piece and not hidden:
                text = unescape(piece) if "&" in piece else piece
                said = " ".join(text.split())
                if said:
                    sep = "\n" if gap == "\n" else " " if gap or text[0].isspace() else ""
                    hear((said, stack[-1], sep, remarks > 0))
                    count += 1
                    gap = " " if text[-1].isspace() else ""
                elif not gap:
                    gap = "\n" if "\n" in piece else " "
            if not name:
                continue
            tag, kind = kinds[name]
            if hidden:
                hidden = "" if slash and tag == hidden else hidden
                continue
            if kind & _BREAKS:
                gap = "\n"
            if slash:
                depth = len(stack) - 1
                while depth > 0 and names[depth] != tag:
                    depth -= 1
                while 0 < depth < len(stack):
                    close((stack.pop(), count, me, position))
                    remarks -= names.pop() in ASIDE
            elif kind & _UNSEEN:
                hidden = tag
            else:
                note((tag, stack[-1], count, start, position))
                if not kind & _SINGLE:
                    stack.append(me)
                    names.append(tag)
                    remarks += kind & _REMARK > 0
                me += 1
        self.tags, self.parent = [one[0] for one in elements], [one[1] for one in elements]
        self.first, self.opens, self._inner = (
            [one[2] for one in elements], [one[3] for one in elements], [one[4] for one in elements],
        )  # fmt: skip
        self.texts, self.owners = [one[0] for one in said_there], [one[1] for one in said_there]
        self.seps, self.aside = [one[2] for one in said_there], [one[3] for one in said_there]
        last, end, closes = list(self.first), list(range(1, me + 1)), list(self._inner)
        closed += ((open_still, count, me, len(html)) for open_still in stack)
        for done, texts, after, place in closed:
            last[done], end[done], closes[done] = texts, after, place
        self.last, self.end, self.closes = last, end, closes
        kids: list[list[int]] = [[] for _ in range(me)]
        self.kids = kids
        for kid in range(1, me):
            kids[self.parent[kid]].append(kid)

    def _index(self) -> None:
        """Where each compared form stands.

        `forms`: form of an element's whole text, controls and remarks apart, to the innermost elements that hold it;
        `loose`: form of a text that shares its element with others, to those texts;
        `inline`: form of what stands before a colon in one text to those texts.
        """
        forms: dict[str, list[int]] = {}
        self.forms = forms
        self.loose: dict[str, list[int]] = {}
        self.inline: dict[str, list[int]] = {}
        aside, first, last = self.aside, self.first, self.last
        self.norms = norms = [norm(t) for t in self.texts]
        marks = [0]
        many = 0
        for remark in aside:
            many += not remark
            marks.append(many)
        self._marks = marks
        short: dict[tuple[int, int], int] = {}
        most = _MOST_PIECES
        for me, (a, b) in enumerate(zip(first, last, strict=True)):
            if a < b and 0 < marks[b] - marks[a] <= most:
                # a later element with the same texts lies inside the earlier one and takes its place
                short[marks[a], marks[b]] = me
        alone = bytearray(len(norms))
        for (a, b), me in short.items():
            start, stop = first[me], last[me]
            if stop - start == 1:
                form = norms[start]
                alone[start] = 1
            else:
                plain = [n for n in range(start, stop) if not aside[n]]
                form = "".join([norms[n] for n in plain])
                if b - a == 1:
                    alone[plain[0]] = 1
            there = forms.get(form)
            if there is None:
                forms[form] = [me]
            else:
                there.append(me)
        for number, text in enumerate(self.texts):
            if aside[number]:
                continue
            if not alone[number] and self.form_of(self.owners[number]) != norms[number]:
                self.loose.setdefault(norms[number], []).append(number)
            if ":" in text or "：" in text:
                cut = colon(text)
                if 0 < cut < 60 and norm(text[cut:]):  # behind a label's own colon stands no value
                    self.inline.setdefault(norm(text[:cut]), []).append(number)

    # -- looking -------------------------------------------------------------------------------------------------

    def attrs(self, me: int) -> dict[str, str]:
        """Attributes of element `me`; one without a value is the empty text."""
        found = self._attrs.get(me)
        if found is None:
            found = {}
            start = self.opens[me] + 1 + len(self.tags[me])
            for match in _ATTRIBUTE.finditer(self.html, start, self._inner[me] - 1) if me else ():
                value = match[2] or match[3] or match[4] or ""
                found.setdefault(match[1].lower(), unescape(value) if "&" in value else value)
            self._attrs[me] = found
        return found

    def has(self, me: int, attribute: str) -> bool:
        """Does element `me` carry that attribute? Quicker than `attrs` where most do not."""
        return self.html.find(attribute, self.opens[me], self._inner[me]) >= 0 and attribute in self.attrs(me)

    def text(self, a: int, b: int) -> str:
        """Texts a to b as one line."""
        return self.texts[a] if b - a == 1 else self.joined(range(a, b)).replace("\n", " ")

    def joined(self, numbers: range | list[int]) -> str:
        """Those texts as a person reads them: line ends kept, no blank put where none was.

        Figures in neighbouring elements are two figures, whatever the markup says: a style sets them apart
        (`<b>2</b><b>5,000</b>`).
        """
        parts: list[str] = []
        before = -2
        for n in numbers:
            text = self.texts[n]
            if parts:
                sep = self.seps[n] if n == before + 1 else " "
                parts.append(sep or (" " if text[0].isdigit() and parts[-1][-1].isdigit() else ""))
            parts.append(text)
            before = n
        return "".join(parts)

    def plain(self, me: int) -> list[int]:
        """Numbers of the texts in element `me` that are neither controls nor remarks."""
        aside = self.aside
        return [n for n in range(self.first[me], self.last[me]) if not aside[n]]

    def count(self, me: int) -> int:
        """How many such texts it has."""
        return self._marks[self.last[me]] - self._marks[self.first[me]]

    def form_of(self, me: int) -> str:
        """Compared form of the text in element `me`, controls and remarks apart."""
        norms, a, b = self.norms, self.first[me], self.last[me]
        if b - a == self._marks[b] - self._marks[a]:
            return norms[a] if b - a == 1 else "".join(norms[a:b])
        aside = self.aside
        return "".join([norms[n] for n in range(a, b) if not aside[n]])

    def named(self, me: int) -> str:
        """Compared form of what a control is called: its text, else the name it carries."""
        form = "".join(self.norms[self.first[me] : self.last[me]])
        if form:
            return form
        attrs = self.attrs(me)
        return norm(
            (attrs.get("value", "") if self.tags[me] == "input" else "") or attrs.get("aria-label", "")
            or attrs.get("title", "") or attrs.get("alt", "")
        )  # fmt: skip

    def value_text(self, me: int) -> str:
        """The text of element `me` in one line, without its buttons and remarks; of its fields the current values."""
        if self.end[me] == me + 1 and self.tags[me] not in FIELDS and self.last[me] - self.first[me] == 1:
            return "" if self.aside[self.first[me]] else self.texts[self.first[me]]
        parts: list[str] = []
        if FIELDS.isdisjoint(self.tags[me : self.end[me]]):
            return self.joined(self.plain(me)).replace("\n", " ")
        held = {i: value for i in range(me, self.end[me]) if self.tags[i] in FIELDS and (value := self.field_value(i))}
        fields = sorted((self.first[i], i) for i in held)
        for n in self.plain(me):
            while fields and fields[0][0] <= n:
                parts.append(held[fields.pop(0)[1]])
            parts.append(self.texts[n])
        return " ".join([*parts, *(held[i] for _, i in fields)])

    def field_value(self, me: int) -> str | None:
        """What field `me` holds now: typed text, the chosen option's text, yes or no for a tick; None if no field."""
        tag, attrs = self.tags[me], self.attrs(me)
        if tag == "input":
            if attrs.get("type") in ("checkbox", "radio"):
                return "yes" if "checked" in attrs else "no"
            if attrs.get("type") in ("button", "submit", "reset", "image", "hidden", "file"):
                return None
            return attrs.get("value", "")
        if tag == "textarea":
            closing = self.html.rfind("</", self._inner[me], self.closes[me])
            return unescape(self.html[self._inner[me] : closing if closing >= 0 else self.closes[me]])
        if tag == "select":
            chosen = [i for i in range(me, self.end[me]) if self.tags[i] == "option" and "selected" in self.attrs(i)]
            return ", ".join(self.text(self.first[i], self.last[i]) for i in chosen if self.last[i] > self.first[i])
        return None

    def within(self, tag: str, me: int) -> int:
        """The nearest element at or above `me` with that tag, or -1."""
        while me >= 0 and self.tags[me] != tag:
            me = self.parent[me]
        return me

    def rank(self, me: int) -> int:
        """1 to 6 for a heading, 0 for anything else."""
        rank = TITLES.get(self.tags[me], 0)
        if not rank and self.has(me, "role") and self.attrs(me)["role"] == "heading":
            level = self.attrs(me).get("aria-level", "")
            return int(level) if level in ("1", "2", "3", "4", "5", "6") else 2
        return rank


def colon(text: str) -> int:
    """Where the first colon stands in `text`, or -1."""
    places = [at for at in (text.find(":"), text.find("：")) if at >= 0]
    return min(places, default=-1)
