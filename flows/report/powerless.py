"""A seen page as HTML that can do nothing: rebuilt from its texts, so that no script, link, form or style survives."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from agent.reading.tree import Tree

# fmt: off
_SAME = frozenset((
    "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "ul", "ol", "li", "dl", "dt", "dd", "p", "h1",
    "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "b", "strong", "i", "em", "small", "sup", "sub", "u", "s",
))
_INLINE = frozenset((
    "a", "abbr", "bdi", "bdo", "button", "cite", "code", "data", "del", "dfn", "font", "img", "input", "ins", "kbd",
    "label", "mark", "option", "q", "samp", "select", "span", "textarea", "time", "tt", "var", "slot",
))
# fmt: on
_LOOKS = {"a": "link", "button": "button", "label": "label", "img": "picture", "option": "option"}
_FIELDS = frozenset({"input", "select", "textarea"})
_MOST_SPAN = 1000


def powerless(
    tree: Tree, marks: Mapping[int, str], hints: frozenset[int] = frozenset(), here: int | None = None
) -> str:
    """The page as inert HTML. `marks`: element number to the keys found there; `hints`: elements worth a look;
    `here`: the one element that is pointed at, under the name `here`."""
    html = _element(tree, 0, marks, hints)
    if here is None or here not in marks or here <= 0:
        return html
    # Only marked elements carry a key, in the order of the page: no text of the page can look like one.
    place = sum(1 for me in marks if 0 < me < here)
    at = -1
    for _ in range(place + 1):
        at = html.find(' data-key="', at + 1)
    return f'{html[:at]} id="here"{html[at:]}' if at >= 0 else html


def _element(tree: Tree, me: int, marks: Mapping[int, str], hints: frozenset[int]) -> str:
    tag = tree.tags[me]
    if tag in ("br", "hr"):
        return f"<{tag}>"
    name = tag if tag in _SAME else "span" if tag in _INLINE else "div"
    classes = [word for word in (_LOOKS.get(tag, ""), "field" if tag in _FIELDS else "") if word]
    attributes = ""
    if me in marks and me > 0:
        classes.append("found")
        attributes += f' data-key="{escape(marks[me])}"'
    if me in hints:
        classes.append("near")
    if name in ("td", "th"):
        given = tree.attrs(me)
        for span in ("colspan", "rowspan"):
            if given.get(span, "").isdigit() and 1 < int(given[span]) < _MOST_SPAN:
                attributes += f' {span}="{int(given[span])}"'
    if classes:
        attributes = f' class="{" ".join(classes)}"' + attributes
    return f"<{name}{attributes}>{_inside(tree, me, marks, hints)}</{name}>"


def _inside(tree: Tree, me: int, marks: Mapping[int, str], hints: frozenset[int]) -> str:
    tag = tree.tags[me]
    if tag == "img":
        return escape(tree.attrs(me).get("alt", ""))
    if tag in ("input", "textarea"):
        return escape(_held(tree, me))
    parts: list[str] = []
    own = [n for n in range(tree.first[me], tree.last[me]) if tree.owners[n] == me]
    for kid in tree.kids[me]:
        while own and own[0] < tree.first[kid]:
            parts.append(escape(tree.texts[own.pop(0)]))
        parts.append(_element(tree, kid, marks, hints))
    parts += [escape(tree.texts[n]) for n in own]
    return " ".join(parts)


def _held(tree: Tree, me: int) -> str:
    """What a field holds, as a person sees it."""
    kind = tree.attrs(me).get("type", "")
    if kind in ("checkbox", "radio"):
        return "☑" if tree.field_value(me) == "yes" else "☐"
    if kind in ("button", "submit", "reset"):
        return tree.attrs(me).get("value", "")
    if kind == "file":
        return tree.attrs(me).get("data-files", "").replace("\n", ", ")
    return tree.field_value(me) or ""
