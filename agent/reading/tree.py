"""A seen page as flat arrays: elements in document order, and the texts in them, so that looking up is arithmetic.

The stored HTML is read as written, every element closed where its closing tag stands, and not as a browser would
repair it: a portal's scripts build trees that no markup can say (a block in a paragraph, a row outside a table), and a
repaired copy would have its values elsewhere than a person saw them.
"""

from __future__ import annotations

import re
from functools import cached_property
from html import unescape
from itertools import accumulate

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
_TAG = re.compile(
    r"<(?:(/?[a-zA-Z][^\s/>]*+)([^>\"']*+(?:\"[^\"]*+\"[^>\"']*+|'[^']*+'[^>\"']*+)*+)>|!--.*?-->|[!?][^>]*+>)",
    re.DOTALL,
)
"""A tag, its name (with the slash of a closing one) and what else stands in it; or a comment, which has neither."""
_ATTRIBUTE = re.compile(r"([^\s=/>\"']+)(?:\s*=\s*(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]+)))?")
_MOST_PIECES = 4
"""A label may be split over that many elements."""
_BREAKS, _SINGLE, _REMARK, _UNSEEN, _CLOSES = 1, 2, 4, 8, 16


class _Kinds(dict[str, tuple[str, int]]):
    """A tag as written to its name in lower case and what it is: one look where there would be five."""

    def __missing__(self, written: str) -> tuple[str, int]:
        tag = written.lower().removeprefix("/")
        kind = (
            _BREAKS * (tag not in _INLINE)
            + _SINGLE * (tag in _VOID)
            + _REMARK * (tag in ASIDE)
            + _UNSEEN * (tag in _RAW)
            + _CLOSES * written.startswith("/")
        )
        if len(self) < 1000:
            self[written] = tag, kind
        return tag, kind


_KINDS = _Kinds()


class _Kids(dict[int, list[int]]):
    """The children of an element, found when they are first asked for: of most elements nobody asks."""

    def __init__(self, end: list[int]) -> None:
        self._end = end

    def __missing__(self, me: int) -> list[int]:
        kids: list[int] = []
        kid, stop = me + 1, self._end[me]
        while kid < stop:
            kids.append(kid)
            kid = self._end[kid]
        self[me] = kids
        return kids


class Tree:
    """Elements are numbered in document order; `first[i]:last[i]` are the numbers of the texts inside element i,
    `end[i]` is the number after its last descendant, `kids[i]` are its children.

    `seps[n]` is what stands between text n and the one before: nothing, a blank or a line end. `aside[n]`: is text n
    part of a control or a remark?
    """

    def __init__(self, html: str) -> None:
        self.html = html
        self.tags: list[str] = ["main"]
        self.parent: list[int] = [-1]
        self.first: list[int] = [0]
        self.last: list[int] = [0]
        self.end: list[int] = [1]
        self.texts: list[str] = []
        self.owners: list[int] = []
        self.seps: list[str] = []
        self.aside: list[bool] = []
        self._heads: list[str] = [""]  # what stands in each element's opening tag behind its name
        self._opened: list[int] = [-1]  # which of the page's tags opens it, and which closes it
        self._closed: list[int] = [-1]
        self._attrs: dict[int, dict[str, str]] = {}
        self._grow(html)
        self.kids = _Kids(self.end)
        self._index()

    # -- growing -------------------------------------------------------------------------------------------------

    def _grow(self, html: str) -> None:
        """Element 0 is the page itself, whatever the stored HTML holds. This loop is most of what reading a page
        costs: it does nothing that can be done when it is asked for."""
        tags, parents, first, last, end = self.tags, self.parent, self.first, self.last, self.end
        texts, owners, seps, asides = self.texts, self.owners, self.seps, self.aside
        heads, opened, closed, kinds = self._heads, self._opened, self._closed, _KINDS
        open_, names = [0], [""]  # of what is open: its number and its tag; no tag closes the page itself
        here, me, remarks, gap, hidden = 0, 1, 0, "", ""
        pieces = _TAG.split(html)
        for number, (piece, name, head) in enumerate(
            zip(pieces[::3], [*pieces[1::3], None], [*pieces[2::3], ""], strict=True)
        ):
            if piece == "\n":  # between blocks nothing else stands
                gap = gap or "\n"
            elif piece and not hidden:
                text = unescape(piece) if "&" in piece else piece
                if text[0] != " " and text[-1] != " " and "  " not in text and text.isprintable():
                    texts.append(text)  # as it is to be kept, as nearly all are
                    owners.append(here)
                    seps.append(gap)
                    asides.append(remarks > 0)
                    gap = ""
                elif words := text.split():
                    texts.append(" ".join(words))
                    owners.append(here)
                    seps.append("\n" if gap == "\n" else " " if gap or text[0].isspace() else "")
                    asides.append(remarks > 0)
                    gap = " " if text[-1].isspace() else ""
                elif not gap:
                    gap = "\n" if "\n" in piece else " "
            if name is None:
                continue
            tag, kind = kinds[name]
            if hidden:
                hidden = "" if kind & _CLOSES and tag == hidden else hidden
                continue
            if kind & _BREAKS:
                gap = "\n"
            if kind & _CLOSES:
                if tag != names[-1] and tag not in names:
                    continue
                while True:  # what was left open in it ends with it
                    closes = names.pop()
                    done = open_.pop()
                    last[done], end[done], closed[done] = len(texts), me, number
                    if remarks and closes in ASIDE:
                        remarks -= 1
                    if closes == tag:
                        break
                here = open_[-1]
            elif kind & _UNSEEN:
                hidden = tag
            else:
                count = len(texts)
                tags.append(tag)
                parents.append(here)
                first.append(count)
                last.append(count)
                end.append(me + 1)
                heads.append(head)
                opened.append(number)
                closed.append(number)
                if not kind & _SINGLE:
                    open_.append(me)
                    names.append(tag)
                    here = me
                    if kind & _REMARK:
                        remarks += 1
                me += 1
        for done in open_:
            last[done], end[done], closed[done] = len(texts), me, -1

    def _index(self) -> None:
        """Where each compared form stands.

        `forms`: form of an element's whole text, controls and remarks apart, to the innermost elements that hold it;
        `loose`: form of a text that shares its element with others, to those texts;
        `inline`: form of what stands before a colon in one text to those texts.
        """
        self.forms: dict[str, list[int]] = {}
        self.loose: dict[str, list[int]] = {}
        self.inline: dict[str, list[int]] = {}
        self.norms = norms = list(map(norm, self.texts))
        forms, first, last = self.forms, self.first, self.last
        self._marks = marks = [0, *accumulate(not aside for aside in self.aside)]
        innermost: dict[tuple[int, int], int] = {}
        for me, (a, b) in enumerate(zip(first, last, strict=True)):
            if a < b and 1 < marks[b] - marks[a] <= _MOST_PIECES:
                # a later element with the same texts lies inside the earlier one and takes its place
                innermost[marks[a], marks[b]] = me
        for me in innermost.values():
            forms.setdefault(self.form_of(me), []).append(me)
        for number, (text, form, owner, aside) in enumerate(
            zip(self.texts, norms, self.owners, self.aside, strict=True)
        ):
            if aside:
                continue
            if marks[last[owner]] - marks[first[owner]] == 1:
                forms.setdefault(form, []).append(owner)
            elif self.form_of(owner) != form:
                self.loose.setdefault(form, []).append(number)
            if ":" in form:
                cut = colon(text)
                if 0 < cut < 60 and norm(text[cut:]):  # behind a label's own colon stands no value
                    self.inline.setdefault(norm(text[:cut]), []).append(number)

    # -- looking -------------------------------------------------------------------------------------------------

    def attrs(self, me: int) -> dict[str, str]:
        """Attributes of element `me`; one without a value is the empty text."""
        found = self._attrs.get(me)
        if found is None:
            found = {}
            head = self._heads[me]
            for name, double, single, bare in _ATTRIBUTE.findall(head) if head else ():
                value = double or single or bare
                found.setdefault(name.lower(), unescape(value) if "&" in value else value)
            self._attrs[me] = found
        return found

    def has(self, me: int, attribute: str) -> bool:
        """Does element `me` carry that attribute? Quicker than `attrs` where most do not."""
        return attribute in self._heads[me] and attribute in self.attrs(me)

    def mentions(self, me: int, text: str) -> bool:
        """May an attribute of element `me` hold that text, which has no character that HTML escapes? A quick no."""
        return text in self._heads[me]

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        return [tag.span() for tag in _TAG.finditer(self.html)]

    def outer_html(self, me: int) -> str:
        """Element `me` as it stands in the stored HTML."""
        return self.html[self._places[self._opened[me]][0] : self._stop(me)] if me else self.html

    def _stop(self, me: int) -> int:
        return self._places[self._closed[me]][1] if self._closed[me] >= 0 else len(self.html)

    @cached_property
    def titles(self) -> list[int]:
        """The elements that head a part of the page and show a text, in the order shown."""
        return [
            me
            for me, (tag, head) in enumerate(zip(self.tags, self._heads, strict=True))
            if (tag in TITLES or "heading" in head) and self.last[me] > self.first[me] and self.rank(me)
        ]

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
            start, stop = self._places[self._opened[me]][1], self._stop(me)
            closing = self.html.rfind("</", start, stop)
            return unescape(self.html[start : closing if closing >= 0 else stop])
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
        if not rank and "heading" in self._heads[me] and self.attrs(me).get("role") == "heading":
            level = self.attrs(me).get("aria-level", "")
            return int(level) if level in ("1", "2", "3", "4", "5", "6") else 2
        return rank


def colon(text: str) -> int:
    """Where the first colon stands in `text`, or -1."""
    places = [at for at in (text.find(":"), text.find("：")) if at >= 0]
    return min(places, default=-1)
