"""Changes that take meaning away or put another case's there: they must be refused, or be seen through."""

from __future__ import annotations

from agent.reading.labels import norm
from tests.mutants.corpus import Sample
from tests.mutants.dom import Node, el
from tests.mutants.judge import known_labels
from tests.mutants.kind import (
    Bench,
    grids,
    header_of,
    kind,
    leaf_texts,
    main_of,
    module_of,
    read_pairs,
    rows_of,
    section_of,
)

_LOADING = (
    "",
    "",
    "불러오는 중...",
    "로딩중…",
    "Loading...",
    "{{value}}",
    "undefined",
    "null",
    "NaN",
    "[object Object]",
)


def _values(b: Bench) -> list[Node]:
    """Elements that hold a value the reader reads, whole."""
    main = main_of(b.page)
    found = [p.value for p in read_pairs(main)]
    forms = known_labels().forms
    skip = forms.get("orders.product", frozenset()) | forms.get("orders.deadline", frozenset())
    for table in grids(main):
        heads = [norm(h.said) for h in header_of(table).elements]
        for row in rows_of(table):
            found += [c for c, head in zip(row.elements, heads, strict=True) if head not in skip]
    for talk in main.all("ol"):
        for entry in talk.elements:
            found += entry.elements[:3]
    return [v for v in found if v.said not in ("", "-")]


@kind("a value gone: its place blank, loading or broken", readable=False)
def value_gone(b: Bench) -> bool:
    found = _values(b)
    if not found:
        return False
    for node in b.some(found, 2):
        node.say(b.random.choice(_LOADING)) if b.random.random() < 0.8 else node.empty()
        if not node.said:
            node.empty()
    return True


@kind("a value taken away with its element", readable=False, pages=("detail", "receipt"))
def value_removed(b: Bench) -> bool:
    found = [p.value for p in read_pairs(main_of(b.page)) if p.value.said not in ("", "-")]
    if not found:
        return False
    b.random.choice(found).remove()
    return True


@kind("a text cut with an ellipsis", readable=False)
def text_cut(b: Bench) -> bool:
    found = [v for v in _values(b) if len(v.said) > 3 and not v.all("table", "ul")]
    if not found:
        return False
    node = b.random.choice(found)
    leaf = next((n for n in reversed(list(node)) if n.tag and n in leaf_texts(node)), node)
    text = leaf.said
    leaf.say(text[: b.random.randint(1, len(text) - 1)].rstrip() + b.random.choice(("…", "...", "… 더보기")))
    return True


@kind("a text folded behind a button", readable=False, pages=("detail",))
def text_folded(b: Bench) -> bool:
    free = [p.value for p in read_pairs(main_of(b.page)) if norm(p.label.said) == "결정내용"]
    free += [entry.elements[2] for talk in main_of(b.page).all("ol") for entry in talk.elements]
    free = [n for n in free if len(n.said) > 8]
    if not free:
        return False
    node = b.random.choice(free)
    text = node.said
    more = el(b.random.choice(("button", "a")), b.random.choice(("더보기", "더 보기", "펼치기", "Show more")), href="#")
    node.say(text[: b.random.randint(4, len(text) - 2)]).add(" ", more)
    return True


@kind("messages folded behind a button", readable=False, pages=("detail",))
def messages_folded(b: Bench) -> bool:
    talks = [t for t in main_of(b.page).all("ol") if len(t.elements) > 1]
    if not talks:
        return False
    talks[0].elements[0].remove()
    more = el("button", b.random.choice(("더보기", "더 보기 (1)", "펼치기")), type="button")
    b.random.choice((talks[0].before, talks[0].after))(el("div", more))
    return True


@kind("the decision's text cut without a sign, the file has it whole", readable=False, pages=("detail",))
def decision_cut(b: Bench) -> bool:
    if not b.sample.documents:
        return False
    for pair in read_pairs(main_of(b.page)):
        if norm(pair.label.said) == "결정내용" and len(pair.value.said) > 20:
            text = pair.value.said
            pair.value.say(
                b.random.choice(
                    (
                        text[10:],
                        text.replace("환불", "반품", 1),
                        text[:15] + text[20:],
                        text[:-9],
                        text[: text.find(".") + 1],
                    )
                )
            )
            return True
    return False


# -- values that contradict another place ----------------------------------------------------------------------------


def _pair(b: Bench, *forms: str) -> Node | None:
    return next((p.value for p in read_pairs(main_of(b.page)) if norm(p.label.said) in forms), None)


@kind("a stale status, against the list and the rest of the page", readable=False, pages=("detail",))
def status_stale(b: Bench) -> bool:
    value = _pair(b, "분쟁상태")
    texts = [t for k, ts in known_labels().texts.items() if k.startswith("words.status.") for t in ts[:1]]
    others = [t for t in texts if value is not None and norm(t) != norm(value.said) and not t.isascii()]
    if value is None or not others:
        return False
    value.say(b.random.choice(others))
    return True


@kind("a stale amount, against list, sum or file", readable=False, pages=("detail",))
def amount_stale(b: Bench) -> bool:
    value = _pair(b, b.random.choice(("환불금액", "공제합계")))
    if value is None or not value.said.endswith("원") or value.said == "0원":
        return False
    bare = value.said.removesuffix("원").replace(",", "")
    new = b.random.choice((bare[:-1] or "1", bare[1:] or "1", str(int(bare) + 1000), "1" + bare, bare + "0"))
    if int(new) == int(bare):
        return False
    value.say(f"{int(new):,}원")
    return True


@kind("a deduction missing or changed, against the total", readable=False, pages=("detail",))
def deduction_stale(b: Bench) -> bool:
    tables = [t for t in grids(main_of(b.page)) if len(header_of(t).elements) == 2]
    if not tables or not rows_of(tables[0]):
        return False
    row = b.random.choice(rows_of(tables[0]))
    style = b.random.randrange(3)
    if style == 0:
        row.remove()
    elif style == 1:
        row.after(row.copy())
    else:
        row.elements[1].say("1,111원")
    return True


@kind("a countdown and a date that contradict", readable=False, pages=("detail",))
def countdown_stale(b: Bench) -> bool:
    value = _pair(b, "이의제기기한")
    spans = value.elements if value is not None else []
    if len(spans) != 2:
        return False
    count = next((s for s in spans if "남음" in s.said), None)
    if count is None:
        return False
    count.say(b.random.choice(("1시간 5분 3초 남음", "6일 23시간 59분 1초 남음", "12분 3초 남음")))
    return True


@kind("used appeals against the history", readable=False, pages=("detail",))
def attempts_stale(b: Bench) -> bool:
    value = _pair(b, "이의제기횟수")
    if value is None:
        return False
    used = value.said.startswith("1")
    value.say("0 / 1" if used else "1 / 1")
    return True


@kind("the history's answer against the status", readable=False, pages=("detail",))
def history_stale(b: Bench) -> bool:
    section = section_of(main_of(b.page), "이의 제기 내역")
    tables = grids(section) if section else []
    if not tables or len(rows_of(tables[0])) != 1:
        return False
    cells = rows_of(tables[0])[0].elements
    heads = [norm(h.said) for h in header_of(tables[0]).elements]
    at = heads.index("결과") if "결과" in heads else -1
    if at < 0:
        return False
    old = cells[at].said
    cells[at].say(b.random.choice([t for t in ("인정", "기각", "-") if t != old]))
    return True


@kind("party or clause against the file", readable=False, pages=("detail",))
def decision_stale(b: Bench) -> bool:
    if not b.sample.documents:
        return False
    if b.random.random() < 0.5:
        value = _pair(b, "책임주체")
        others = [t for t in ("판매자", "구매자", "쿠팡", "택배사") if value is not None and t != value.said]
        text = b.random.choice(others)
    else:
        value = _pair(b, "근거조항")
        text = f"판매자 이용약관 제{b.random.choice(('1.9', '9.9', '2.7'))}조"
    if value is None:
        return False
    value.say(text)
    return True


# -- another case on the page ----------------------------------------------------------------------------------------


def _module(b: Bench, other: Sample) -> Node | None:
    module = module_of(b.page_of(other))
    return module.remove() if module is not None else None


@kind("another case's panel shown as well", readable=False, pages=("detail",))
def panel_twice(b: Bench) -> bool:
    mine, other = module_of(b.page), _module(b, b.other("detail"))
    if mine is None or other is None:
        return False
    style = b.random.randrange(4)
    if style == 0:
        mine.before(other)
    elif style == 1:
        mine.after(other)
    elif style == 2:
        b.page.add(el("div", other, role="dialog"))
    else:
        main_of(b.page).insert(0, el("dialog", other, open=""))
    return True


@kind("another case's panel in place of this one's", readable=False, pages=("detail",))
def panel_other(b: Bench) -> bool:
    other_sample = b.other("detail")
    mine, other = module_of(b.page), _module(b, other_sample)
    if mine is None or other is None:
        return False
    same = all(b.sample.truth[f] == other_sample.truth[f] for f in ("status", "reason", "amount"))
    if same:
        return False
    if b.random.random() < 0.4:  # without the marks that name the order
        for node in other:
            for name in [n for n in node.attrs if n.startswith("data-")]:
                del node.attrs[name]
    mine.replace(other)
    return True


@kind("another case's page", readable=False, pages=("detail", "receipt"))
def page_other(b: Bench) -> bool:
    b.page = b.page_of(b.other(b.sample.kind))
    return True


@kind("another case's panel without its heading", readable=False, pages=("detail",))
def panel_bare(b: Bench) -> bool:
    mine, other = module_of(b.page), _module(b, b.other("detail"))
    if mine is None or other is None:
        return False
    other.kids[0].remove()
    box = el("div", *list(other.kids))
    b.random.choice((mine, main_of(b.page))).add(box)
    return True


@kind("labels shown twice, with other values", readable=False, pages=("detail", "receipt"))
def pair_twice(b: Bench) -> bool:
    found = read_pairs(main_of(b.page))
    boxes = [p for p in found if p.box.tag == "div"]
    if not boxes:
        return False
    pair = b.random.choice(boxes)
    copy = pair.box.copy()
    copy.elements[1].say(b.random.choice(("-", "판매자", "1,000원", "2026-01-01 00:00:00", "이의 기각")))
    b.random.choice(boxes).box.before(copy)
    return True


# -- lists -----------------------------------------------------------------------------------------------------------


@kind("rows missing, doubled or strange", readable=False, pages=("list",))
def rows_wrong(b: Bench) -> bool:
    tables = grids(main_of(b.page))
    rows = rows_of(tables[0]) if tables else []
    if len(rows) < 2:
        return False
    row = b.random.choice(rows)
    style = b.random.randrange(5)
    if style == 0:
        row.remove()
    elif style == 1:
        copy = row.copy()
        copy.elements[3].say("이의 기각" if row.elements[3].said != "이의 기각" else "판정 대기")
        row.after(copy)
    elif style == 2:
        row.elements[b.random.randrange(len(row.elements))].remove()
    elif style == 3:
        row.after(el("tr", el("td", "목록을 불러오지 못했습니다.", colspan="9")))
    else:
        row.elements[3].attrs["rowspan"] = "2"
        rows[(rows.index(row) + 1) % len(rows)].elements[3].remove()
    return True


@kind("total gone or different", readable=False, pages=("list",))
def total_wrong(b: Bench) -> bool:
    for node in main_of(b.page):
        if not node.tag and node.text.strip().startswith("총 ") and node.parent:
            new = b.random.choice(("", "총 99건", "30", "전체 30", "총 -건"))
            if new:
                node.parent.say(new)
            else:
                node.parent.remove()
            return True
    return False


@kind("another filter chosen than asked", readable=False, pages=("list",))
def filter_other(b: Bench) -> bool:
    options = [o for o in main_of(b.page).all("option") if o.attrs.get("value") in ("all", "refunded", "disputed")]
    chosen = [o for o in options if "selected" in o.attrs]
    if len(chosen) != 1:
        return False
    del chosen[0].attrs["selected"]
    if b.random.random() < 0.7:
        b.random.choice([o for o in options if o is not chosen[0]]).attrs["selected"] = "selected"
    return True


@kind("another page number shown than asked", readable=False, pages=("list",))
def page_number_other(b: Bench) -> bool:
    for node in b.page:
        if "active" in node.attrs.get("data-wuic-attrs", ""):
            node.attrs["data-wuic-attrs"] = "page:2 active"
            return True
    return False


@kind("links that lead to other orders", readable=False, pages=("list",))
def links_other(b: Bench) -> bool:
    tables = grids(main_of(b.page))
    links = [a for r in rows_of(tables[0]) for a in r.elements[0].all("a")] if tables else []
    if len(links) < 2:
        return False
    one, other = b.random.sample(links, 2)
    one.attrs["href"], other.attrs["href"] = other.attrs["href"], one.attrs["href"]
    return True


# -- parts gone ------------------------------------------------------------------------------------------------------


@kind("a required column gone", readable=False)
def column_gone(b: Bench) -> bool:
    tables = grids(main_of(b.page))
    if not tables:
        return False
    table = b.random.choice(tables)
    heads = header_of(table).elements
    needed = [n for n, h in enumerate(heads) if norm(h.said) not in known_labels().forms.get("orders.product", ())]
    if b.sample.kind != "list":
        needed = list(range(len(heads)))
    at = b.random.choice(needed)
    for row in (header_of(table), *rows_of(table)):
        row.elements[at].remove()
    return True


@kind("header and cells no longer under each other", readable=False)
def column_shifted(b: Bench) -> bool:
    tables = grids(main_of(b.page))
    rows = rows_of(tables[0]) if tables else []
    if not rows:
        return False
    if b.random.random() < 0.5:
        header_of(tables[0]).insert(0, el("th"))
    else:
        for row in rows:
            row.insert(0, el("td", "1"))
    return True


@kind("a part of the page gone", readable=False, pages=("detail",))
def section_gone(b: Bench) -> bool:
    found = [s for s in main_of(b.page).all("section") if s.parent and s.all("h3")]
    if not found:
        return False
    section = b.random.choice(found)
    if (
        b.random.random() < 0.5 and b.sample.truth is not None
    ):  # elsewhere a part may be there or not, and nothing tells
        section.remove()
    else:
        heading = section.all("h3")[0]
        section.empty().add(heading)
    return True


@kind("messages shown, and that there are none", readable=False, pages=("detail",))
def messages_denied(b: Bench) -> bool:
    section = section_of(main_of(b.page), "대화 내역")
    if section is None or not section.all("ol") or len(section.all("ol")[0].elements) < 2:
        return False
    section.add(el("p", "대화 내역이 없습니다."))
    return True
