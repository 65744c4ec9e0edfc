"""A list of labels and values, or a row of a table, in the other shapes that portals give them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.mutants.dom import Node, el

Parts = list[tuple[list[Node], list[Node]]]
Shape = Callable[[Random, Parts], Node]


def _table(tag: str) -> Shape:
    def shape(random: Random, parts: Parts) -> Node:
        return el("table", el("tbody", *(el("tr", el(tag, *label), el("td", *value)) for label, value in parts)))

    return shape


def _wide(random: Random, parts: Parts) -> Node:
    cells = [c for label, value in parts for c in (el("th", *label), el("td", *value))]
    return el("table", el("tbody", *(el("tr", *cells[n : n + 4]) for n in range(0, len(cells), 4))))


def _boxes(label_tag: str, value_tag: str) -> Shape:
    def shape(random: Random, parts: Parts) -> Node:
        return el("div", *(el("div", el(label_tag, *label), el(value_tag, *value)) for label, value in parts))

    return shape


def _list(random: Random, parts: Parts) -> Node:
    return el("ul", *(el("li", el("span", *label), el("div", *value)) for label, value in parts))


def _run(label_tag: str, value_tag: str, box: str = "div") -> Shape:
    def shape(random: Random, parts: Parts) -> Node:
        return el(box, *(k for label, value in parts for k in (el(label_tag, *label), el(value_tag, *value))))

    return shape


def _value_first(random: Random, parts: Parts) -> Node:
    return el("dl", *(k for label, value in parts for k in (el("dd", *value), el("dt", *label))))


def _lines(bold: bool) -> Shape:
    """`label: value` in one text where the value is a text, else the label with its colon before the value's box."""

    def shape(random: Random, parts: Parts) -> Node:
        box = el("div")
        for label, value in parts:
            said, text = el("i", *label).said, el("i", *value)
            plain = all(not n.tag or n.tag in ("span", "p") for n in text.kids) and not any(
                n.tag in ("table", "ul", "a") for n in text
            )
            if plain and not bold:
                box.add(el("p", f"{said}: {text.said}"))
            elif plain:
                box.add(el("p", el("b", f"{said}:"), f" {text.said}"))
            else:
                box.add(el("div", el("b", f"{said}:"), el("div", *list(text.kids))))
        return box

    return shape


def _columns(width: int) -> Shape:
    def shape(random: Random, parts: Parts) -> Node:
        if width == 0:
            return el(
                "table",
                el("thead", el("tr", *(el("th", *label) for label, _ in parts))),
                el("tbody", el("tr", *(el("td", *value) for _, value in parts))),
            )
        body = el("tbody")
        for at in range(0, len(parts), width):
            band = parts[at : at + width]
            body.add(
                el("tr", *(el("th", *label) for label, _ in band)), el("tr", *(el("td", *value) for _, value in band))
            )
        return el("table", body)

    return shape


def _apart(random: Random, parts: Parts) -> Node:
    return el(
        "div",
        el("div", *(el("p", *label) for label, _ in parts)),
        el("div", *(el("div", *value) for _, value in parts)),
    )


SHAPES: dict[str, Shape] = {
    "table": _table("th"),
    "table_td": _table("td"),
    "table_wide": _wide,
    "boxes": _boxes("div", "div"),
    "boxes_spans": _boxes("span", "div"),
    "boxes_headed": _boxes("h4", "div"),
    "boxes_labelled": _boxes("label", "div"),
    "list": _list,
    "run": _run("span", "div"),
    "run_alike": _run("div", "div"),
    "terms": _run("dt", "dd", "dl"),
    "terms_value_first": _value_first,
    "lines": _lines(bold=False),
    "lines_bold": _lines(bold=True),
    "columns": _columns(0),
    "bands": _columns(4),
    "apart": _apart,
}

CARD = ("boxes", "terms", "run", "lines", "table", "list")
"""Shapes in which a card shows its labels and values."""


def card(tag: str, style: str, parts: Parts) -> Node:
    """One row of a table as a card."""
    return el(tag, SHAPES[style](Random(0), parts))
