"""Changes of build and layout: the same labels and values in other boxes, rows, orders and elements."""

from __future__ import annotations

from random import Random

from tests.mutants.dom import Node, el
from tests.mutants.kind import (
    Bench,
    grids,
    header_of,
    kind,
    label_cells,
    leaf_texts,
    main_of,
    module_of,
    noise,
    pairs,
    rows_of,
    section_of,
)

_FIXED = (
    "tr",
    "td",
    "th",
    "thead",
    "tbody",
    "tfoot",
    "dt",
    "dd",
    "li",
    "option",
    "summary",
    "legend",
    "caption",
    "col",
)


_OURS = ("data-list-row",)
"""Marks that a page object puts on the stored page; a portal can't rename them."""


@kind("ids, names and data attributes renamed", readable=True)
def names_renamed(b: Bench) -> bool:
    new: dict[str, str] = {}
    for node in b.page:
        for name in list(node.attrs):
            value = node.attrs[name]
            if name in ("id", "for", "aria-labelledby", "aria-describedby", "aria-controls"):
                node.attrs[name] = new.setdefault(value, noise(b.random))
            elif (
                name.startswith("data-")
                and name not in _OURS
                and (name != "data-wuic-attrs" or b.random.random() < 0.3)
            ):
                del node.attrs[name]
                if b.random.random() < 0.5:
                    node.attrs[f"data-{noise(b.random)}"] = value if name != "data-wuic-attrs" else "1"
    return True


def _wrapper(random: Random) -> Node:
    node = el(random.choice(("div", "div", "span", "section", "div")))
    if random.random() < 0.5:
        node.attrs[random.choice(("id", "data-testid", "data-v"))] = noise(random)
    return node


@kind("wrappers added around elements", readable=True)
def wrappers_added(b: Bench) -> bool:
    inside = [n for n in main_of(b.page) if n.tag and n.parent and n.tag not in _FIXED and n.parent.tag not in
              ("dl", "tr", "table", "tbody", "thead", "select", "ul", "ol")][1:]  # fmt: skip
    for node in b.random.sample(inside, min(len(inside), b.random.randint(3, 20))):
        node.wrap(_wrapper(b.random))
    return True


@kind("wrappers added inside labels, values and cells", readable=True)
def wrappers_inside(b: Bench) -> bool:
    cells = main_of(b.page).all("td", "th", "dt", "dd", "h2", "h3", "li")
    depth = b.random.randint(1, 3)
    for node in cells if b.random.random() < 0.5 else b.some(cells, 12):
        kids = list(node.kids)
        inner = node
        for _ in range(depth):
            inner.insert(0, wrapper := el("span" if node.tag in ("h2", "h3") else b.random.choice(("div", "span"))))
            inner = wrapper
        inner.add(*kids)
    return True


@kind("wrappers taken away", readable=True)
def wrappers_removed(b: Bench) -> bool:
    done = False
    for dl in main_of(b.page).all("dl"):
        for box in list(dl.elements):
            if box.tag == "div":
                box.unwrap()
                done = True
    for node in [n for n in main_of(b.page).all("span", "p") if n.parent and n.parent.tag in ("dd", "td")]:
        if node.parent and len(node.parent.kids) == 1:
            node.unwrap()
            done = True
    return done


@kind("sections become plain boxes, headings other headings", readable=True)
def retagged(b: Bench) -> bool:
    tag = b.random.choice(("div", "article", "div", "section"))
    for node in main_of(b.page).all("section", "aside"):
        node.tag = tag
        node.attrs.pop("aria-labelledby", None)
    style = b.random.choice(("h2", "h4", "role", "strong"))
    for node in main_of(b.page).all("h3"):
        if style == "role":
            node.tag, node.attrs["role"], node.attrs["aria-level"] = "div", "heading", "3"
        elif style == "strong":
            node.tag = "div"
            if len(node.kids) > 1:  # a plain box shows its marks beside it
                marks = [k for k in node.elements]
                for mark in marks:
                    node.after(mark)
        else:
            node.tag = style
    return True


@kind("a heading gets a count, a hint, a button or a bar of its own", readable=True)
def headings_dressed(b: Bench) -> bool:
    headings = main_of(b.page).all("h3")
    for node in b.some(headings, 5):
        style = b.random.randrange(5)
        if style == 0:
            node.add(" ", el("span", f"({b.random.randint(1, 9)})"))
        elif style == 1:
            node.add(el("button", "?", type="button", aria_label="도움말"))
        elif style == 2:
            node.wrap(el("div")).add(el("a", "더보기", href="#"))
        elif style == 3:
            node.wrap(el("div", id=noise(b.random))).add(
                el("span", "단위: 원"), el("button", "새로고침", type="button")
            )
        else:
            node.insert(0, el("i"))
    return bool(headings)


@kind("sections in another order", readable=True, pages=("detail",))
def sections_reordered(b: Bench) -> bool:
    sections = [s for s in main_of(b.page).all("section") if s.parent]
    if len(sections) < 2:
        return False
    parent = sections[0].parent
    here = [s for s in sections if s.parent is parent]
    marks = [el("i") for _ in here]
    for section, mark in zip(here, marks, strict=True):
        section.replace(mark)
    b.random.shuffle(here)
    for section, mark in zip(here, marks, strict=True):
        mark.replace(section)
    return True


@kind("labels with their values in another order", readable=True, pages=("detail", "receipt"))
def pairs_reordered(b: Bench) -> bool:
    done = False
    for dl in main_of(b.page).all("dl"):
        boxes = dl.elements
        if all(x.tag == "div" for x in boxes):
            dl.empty().add(*b.random.sample(boxes, len(boxes)))
            done = True
    return done


@kind("a label dressed: colon, star, icon, hint button, sort arrow", readable=True)
def labels_dressed(b: Bench) -> bool:
    cells = label_cells(b.page)
    style = b.random.randrange(6)
    for node in cells if b.random.random() < 0.5 else b.some(cells, 6):
        if style == 0:
            node.add(b.random.choice((":", " :", "：")))
        elif style == 1:
            node.add(el("span", "*"))
        elif style == 2:
            node.insert(0, el("i"))
        elif style == 3:
            node.add(" ", el("button", "?", type="button"))
        elif style == 4:
            node.add(el("sup", "1"))
        else:
            node.add(el("span", "▼") if node.tag == "th" else el("img", alt="info"))
    return bool(cells)


# -- the order of label and value ------------------------------------------------------------------------------------


@kind("value before label, everywhere", readable=True, pages=("detail", "receipt"))
def swapped(b: Bench) -> bool:
    found = pairs(main_of(b.page))
    for pair in found:
        pair.label.before(pair.value)
    return bool(found)


@kind("value before label, in one pair only", readable=True, pages=("detail", "receipt"))
def swapped_once(b: Bench) -> bool:
    found = [p for p in pairs(main_of(b.page)) if p.box.tag == "div"]
    for pair in b.some(found, 2):
        pair.label.before(pair.value)
    return bool(found)


# -- lists of terms in other shapes ----------------------------------------------------------------------------------


def _parts(dl: Node) -> list[tuple[list[Node], list[Node]]]:
    """What stands in its labels and values, taken out."""
    found = []
    for box in dl.elements:
        if [k.tag for k in box.elements] == ["dt", "dd"]:
            label, value = box.elements
            found.append((list(label.kids), list(value.kids)))
    return found


def _rebuild(b: Bench, shape: str) -> bool:
    from tests.mutants.shapes import SHAPES

    done = False
    for dl in main_of(b.page).all("dl"):
        parts = _parts(dl)
        if parts and len(parts) == len(dl.elements):
            dl.replace(SHAPES[shape](b.random, parts))
            done = True
    return done


@kind("list of terms → table", readable=True, pages=("detail", "receipt"))
def terms_to_table(b: Bench) -> bool:
    return _rebuild(b, b.random.choice(("table", "table_td", "table_wide")))


@kind("list of terms → pairs of boxes", readable=True, pages=("detail", "receipt"))
def terms_to_boxes(b: Bench) -> bool:
    return _rebuild(b, b.random.choice(("boxes", "boxes_spans", "boxes_headed", "boxes_labelled", "list")))


@kind("list of terms → one run of elements", readable=True, pages=("detail", "receipt"))
def terms_to_run(b: Bench) -> bool:
    return _rebuild(b, b.random.choice(("run", "run_alike", "terms", "terms_value_first")))


@kind("list of terms → texts with a colon", readable=True, pages=("detail", "receipt"))
def terms_to_text(b: Bench) -> bool:
    return _rebuild(b, b.random.choice(("lines", "lines_bold")))


@kind("list of terms → header row over one row of values", readable=True, pages=("detail", "receipt"))
def terms_to_columns(b: Bench) -> bool:
    return _rebuild(b, b.random.choice(("columns", "bands")))


@kind("labels in one column, values in another", readable=False, pages=("detail", "receipt"))
def terms_apart(b: Bench) -> bool:
    return _rebuild(b, "apart")


@kind("table of facts → list of terms", readable=True, pages=("detail",))
def facts_to_terms(b: Bench) -> bool:
    from tests.mutants.shapes import SHAPES

    for table in main_of(b.page).all("table"):
        rows = table.all("tr")
        if rows and all([c.tag for c in r.elements] == ["th", "td", "th", "td"] for r in rows):
            cells = [c for r in rows for c in r.elements]
            parts = [(list(cells[n].kids), list(cells[n + 1].kids)) for n in range(0, len(cells), 2)]
            table.replace(
                SHAPES[b.random.choice(("terms", "boxes", "boxes_spans", "table", "run", "list"))](b.random, parts)
            )
            return True
    return False


# -- tables ----------------------------------------------------------------------------------------------------------


@kind("columns in another order", readable=True)
def columns_reordered(b: Bench) -> bool:
    done = False
    for table in grids(main_of(b.page)):
        width = len(header_of(table).elements)
        order = b.random.sample(range(width), width)
        for row in (header_of(table), *rows_of(table)):
            cells = row.elements
            row.empty().add(*(cells[n] for n in order))
        done = True
    return done


_NEW_COLUMNS = (
    ("배송비", "3,000원"), ("담당자", "김*수"), ("최종 금액", "41,200원"), ("등록일", "2026-01-04 10:00:00"), ("비고", "-"),
    ("채널", "마켓플레이스"), ("순번", "7"), ("", ""), ("바로가기", "보기"),
)  # fmt: skip


def _put(row: Node, at: int, cell: Node) -> None:
    """A new cell at a place among the cells, whatever blanks stand between them."""
    cells = row.elements
    cells[at].before(cell) if at < len(cells) else row.add(cell)


@kind("a column added", readable=True)
def column_added(b: Bench) -> bool:
    done = False
    for table in grids(main_of(b.page)):
        head, value = b.random.choice(_NEW_COLUMNS)
        at = b.random.randint(0, len(header_of(table).elements))
        rows = rows_of(table)
        _put(header_of(table), at, el("th", head, scope="col") if head else el("th"))
        for row in rows:
            _put(row, at, el("td", value) if value else el("td", el("input", type="checkbox", value="on")))
        done = True
    return done


@kind("a band of group names over the header", readable=True)
def header_grouped(b: Bench) -> bool:
    done = False
    for table in grids(main_of(b.page)):
        width = len(header_of(table).elements)
        if width > 2:
            left = b.random.randint(1, width - 1)
            table.elements[0].insert(
                0, el("tr", el("th", "기본", colspan=str(left)), el("th", "처리 결과", colspan=str(width - left)))
            )
            done = True
    return done


@kind("table → list of cards", readable=True)
def table_to_cards(b: Bench) -> bool:
    from tests.mutants.shapes import CARD, card

    done = False
    box, style = b.random.choice(("div", "li", "article")), b.random.choice(CARD)
    for table in grids(main_of(b.page)):
        heads = header_of(table).elements
        rows = rows_of(table)
        if not rows or any(not h.said for h in heads):
            continue
        cards = []
        for row in rows:
            parts = [(list(h.copy().kids), list(c.kids)) for h, c in zip(heads, row.elements, strict=True)]
            cards.append(card(box, style, parts))
        table.replace(el("ul" if box == "li" else "div", *cards))
        done = True
    return done


@kind("table → grid of boxes", readable=True)
def table_to_grid(b: Bench) -> bool:
    done = False
    roles = b.random.random() < 0.5
    for table in grids(main_of(b.page)):
        rows = rows_of(table)
        if not rows:
            continue
        header = el("div", *(el("div", *list(h.kids)) for h in header_of(table).elements))
        lines = [el("div", *(el("div", *list(c.kids)) for c in r.elements)) for r in rows]
        if roles:
            for line, role in [(header, "columnheader"), *((line, "cell") for line in lines)]:
                line.attrs["role"] = "row"
                for cell in line.elements:
                    cell.attrs["role"] = role
        nested = b.random.random() < 0.5
        grid = el("div", el("div", header), el("div", *lines)) if nested else el("div", header, *lines)
        if roles:
            grid.attrs["role"] = "table"
        table.replace(grid)
        done = True
    return done


@kind("a value split over elements, or dressed with icon and button", readable=True)
def values_split(b: Bench) -> bool:
    main = main_of(b.page)
    cells = [n for n in leaf_texts(main) if n.tag in ("td", "dd", "span", "time") and n.up("nav") is None]
    if not cells:
        return False
    for node in cells if b.random.random() < 0.4 else b.some(cells, 8):
        text = node.said
        if text.endswith("원") and text[0].isdigit():
            node.empty().add(el("b", text[:-1]), "원") if b.random.random() < 0.5 else node.say(text).add(
                el("button", "복사", type="button")
            )
        elif len(text) == 19 and text[4] in "-." and b.random.random() < 0.7:
            node.empty().add(el("span", text[:10]), " ", el("span", text[11:]))
        elif b.random.random() < 0.5:
            node.insert(0, el("i"))
        else:
            node.add(el("button", el("span", "복사"), type="button"))
    return True


# -- messages --------------------------------------------------------------------------------------------------------


@kind("list of messages in other elements", readable=True, pages=("detail",))
def messages_reshaped(b: Bench) -> bool:
    section = section_of(main_of(b.page), "대화 내역", "Message Center")
    lists = section.all("ol") if section else []
    if not lists:
        return False
    talk = lists[0]
    style = b.random.randrange(5)
    if any(len(entry.elements) < 2 for entry in talk.elements):
        return False  # another change has taken something out
    for entry in talk.elements:
        who, when = entry.elements[0], entry.elements[1]
        if style == 0:
            who.before(when)
        elif style == 1:
            entry.insert(0, el("div", who, when))
        elif style == 2:
            day, hour = when.said.split(" ")
            when.empty().add(el("span", day), el("span", hour))
        elif style == 3:
            entry.wrap(el("li"))
            entry.tag = "div"
        else:
            entry.tag = b.random.choice(("article", "li"))
    if style in (0, 1) and b.random.random() < 0.6:
        talk.tag = "div"
        for entry in talk.elements:
            entry.tag = "div"
    return True


# -- beside the page's own -------------------------------------------------------------------------------------------

_BANNERS = (
    "[공지] 3월 15일 정기 점검이 예정되어 있습니다.", "환불 금액 5,000원 이하 분쟁은 자동 처리됩니다.", "이의 제기 기한: 접수일로부터 7일",
    "총 3건의 알림이 있습니다.", "분쟁 정보를 확인해 주세요", "2일 5시간 남음", "책임 주체", "신규 기능: 분쟁 상태 알림",
    "주문번호 COO123456789 관련 안내", "Updated 2026-03-01 10:00:00", "판매자", "고액 심사 제도 안내",
)  # fmt: skip


@kind("a banner above", readable=True)
def banner(b: Bench) -> bool:
    text = b.random.choice(_BANNERS)
    box = el(b.random.choice(("div", "p", "section", "aside")), el("strong", "안내"), " ", el("span", text))
    if b.random.random() < 0.5:
        box.add(el("button", "닫기", type="button"))
    if b.random.random() < 0.3:
        box.attrs["role"] = b.random.choice(("alert", "status", "banner"))
    target = b.random.choice((main_of(b.page), b.page))
    target.insert(0, box)
    return True


@kind("a guided tour over the page", readable=True)
def tour(b: Bench) -> bool:
    title = b.random.choice(("분쟁 정보", "새로워진 주문 상세", "주문 정보", "이의 제기", "대화 내역", "주문 목록"))
    text = b.random.choice(
        ("여기에서 책임 주체와 공제 내역을 확인하세요.", "이의 제기는 1회만 가능합니다.", "1 / 4 단계")
    )
    head = el(b.random.choice(("h3", "h4", "strong", "div", "p")), title)
    box = el("div", head, el("p", text), el("button", "다음", type="button"), el("button", "닫기", type="button"))
    if b.random.random() < 0.7:
        box.attrs["role"] = "dialog"
    b.page.add(box) if b.random.random() < 0.5 else b.page.insert(0, box)
    return True


@kind("a second similar button", readable=True, pages=("detail",))
def second_button(b: Bench) -> bool:
    words = b.random.choice(("이의 제기", "이의 제기 안내", "이의 제기 방법", "이의신청"))
    button = el("a", words, href="#") if b.random.random() < 0.5 else el("button", words, type="button")
    main = main_of(b.page)
    asides = main.all("aside") or [main]
    places = [asides[0], b.page, main]
    b.random.choice(places).insert(0, el("div", button))
    return True


_NEW_PAIRS = (
    ("처리 담당", "분쟁조정팀"), ("환불 예정 금액", "12,300원"), ("이의 제기 기한 연장", "불가"), ("분쟁 유형", "일반"),
    ("총 환불 금액", "99,900원"), ("접수 경로", "앱"), ("최종 수정일시", "2026-03-01 10:11:12"), ("예상 처리일", "2026-03-20"),
)  # fmt: skip


@kind("unknown labels with values added", readable=True, pages=("detail", "receipt"))
def pairs_added(b: Bench) -> bool:
    lists = [dl for dl in main_of(b.page).all("dl") if dl.elements and dl.elements[0].tag == "div"]
    if not lists:
        return False
    for label, value in b.random.sample(_NEW_PAIRS, b.random.randint(1, 3)):
        at = b.random.randint(0, len(lists[0].elements))
        lists[0].insert(at, el("div", el("dt", label), el("dd", value)))
    return True


@kind("a page part not read removed", readable=True, pages=("detail", "list"))
def unread_removed(b: Bench) -> bool:
    done = False
    for node in [n for n in b.page if n.tag in ("nav", "footer", "header", "aside", "details")]:
        if node.parent and node.up("section") is None and b.random.random() < 0.7 and node.tag != "header":
            node.remove()
            done = True
    return (done and module_of(b.page) is not None) or done
