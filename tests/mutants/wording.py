"""Changes of words and forms: labels, vocabularies, dates, amounts, countdowns, and the page in its other language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from agent.reading.labels import norm
from tests.mutants.dom import Node, el, parse
from tests.mutants.judge import known_labels, used
from tests.mutants.kind import (
    Bench,
    grids,
    header_of,
    kind,
    label_cells,
    leaf_texts,
    main_of,
    module_of,
    read_pairs,
)

# -- labels and vocabularies -----------------------------------------------------------------------------------------


def _synonyms(text: str, words: bool) -> list[str]:
    """Other texts of every key that has this one."""
    form = norm(text)
    labels = known_labels()
    keys = [k for k, forms in labels.forms.items() if form in forms and k.startswith("words.") == words]
    lists = [set(labels.texts[k]) for k in keys]
    both = set.intersection(*lists) if lists else set()
    return sorted(t for t in both if norm(t) != form) or sorted(t for t in both if t != text)


@kind("labels re-worded within the known synonyms", readable=True)
def labels_synonyms(b: Bench) -> bool:
    cells = [(n, s) for n in label_cells(b.page) if (s := _synonyms(n.said, words=False))]
    chosen = cells if b.random.random() < 0.3 else b.random.sample(cells, min(len(cells), b.random.randint(1, 5)))
    for node, others in chosen:
        node.say(b.random.choice(others))
    return bool(chosen)


_UNKNOWN = {
    "환불금액": "반환 금액", "책임주체": "귀책 당사자", "분쟁상태": "진행 단계", "분쟁사유": "신청 사유", "결정일시": "처리 완료 시각",
    "분쟁접수일시": "신고 일시", "공제합계": "차감 총액", "공제내역": "차감 항목", "근거조항": "약관 근거", "결정내용": "처리 의견",
    "이의제기기한": "소명 마감", "이의제기횟수": "소명 횟수", "요청증빙": "제출 서류", "주문번호": "오더 코드", "결정문": "처리 결과서",
    "환급금액": "입금액", "정산완료일": "지급일", "접수번호": "등록 코드", "접수일시": "등록 시각",
}  # fmt: skip


_BEFORE = {"ko": ("최종", "관련", "기타"), "ru": ("Итоговый", "Связанный", "Прочий"), "zh": ("最终", "相关", "其他")}


@kind("a label re-worded to an unknown word", readable=False)
def label_unknown(b: Bench) -> bool:
    heads = [h for table in grids(main_of(b.page)) for h in header_of(table).elements]
    product = known_labels().forms.get("orders.product", frozenset()) if b.sample.kind == "list" else frozenset()
    cells = [p.label for p in read_pairs(main_of(b.page))] + [h for h in heads if norm(h.said) not in product]
    cells = [c for c in cells if c.said]
    if not cells:
        return False
    for node in b.some(cells, 2):
        before = _BEFORE.get(b.sample.page.language[:2], ("Final", "Related", "Other"))
        new = _UNKNOWN.get(norm(node.said)) or f"{b.random.choice(before)} {node.said}"
        node.say(new)
    return True


@kind("a heading re-worded to an unknown word", readable=False, pages=("detail", "receipt"))
def heading_unknown(b: Bench) -> bool:
    titles = {norm(t) for k, texts in known_labels().texts.items() if k.endswith(".heading") for t in texts}
    found = [h for h in main_of(b.page).all("h3") if norm(h.said) in titles]
    if not found:
        return False
    b.random.choice(found).say(b.random.choice(("처리 현황", "세부 내용", "상세 보기")))
    return True


_GROUPS = ("status", "party", "result", "order_status", "appeal_state", "filter", "sender")


def _groups() -> tuple[str, ...]:
    """The vocabularies of a portal, without those that name who wrote."""
    keys = {k.removeprefix("words.").rpartition(".")[0] for k in known_labels().texts if k.startswith("words.")}
    return tuple(sorted(keys - {"sender", "filter"}))


def _vocabulary(b: Bench) -> list[tuple[Node, str]]:
    """Values that are words of a vocabulary, with the vocabulary."""
    found = []
    for node in leaf_texts(main_of(b.page)):
        for group in _GROUPS if used() == "coupang" else _groups():
            sender = node.attrs.get("class") == "who" or (node.up("ol", "ul") is not None and node.tag == "span")
            inside = node.tag in ("td", "dd") or (node.up("dd") is not None) or sender
            if group == "sender" and not sender:
                continue
            if inside and known_labels().word(group, node.said) and (group == "sender") == sender:
                found.append((node, group))
    return found


@kind("values re-worded within the known words", readable=True)
def words_synonyms(b: Bench) -> bool:
    done = False
    for node, _ in _vocabulary(b):
        others = _synonyms(node.said, words=True)
        others = [t for t in others if not t.isascii()]
        if others:
            node.say(b.random.choice(others))
            done = True
    return done


@kind("a value re-worded to an unknown word", readable=False)
def word_unknown(b: Bench) -> bool:
    found = [(n, g) for n, g in _vocabulary(b) if known_labels().word("order_status", n.said) is None]
    if not found:
        return False
    node, _ = b.random.choice(found)
    node.say(
        b.random.choice(("처리 진행", "기타 사유", "협의 필요", f"{node.said} (예정)", f"{node.said}?", "해당 없음"))
    )
    return True


@kind("a link or button re-worded to an unknown word", readable=False, pages=("detail",))
def control_unknown(b: Bench) -> bool:
    named = known_labels().of("appeal.open") | known_labels().of("order.follow_up")
    found = [n for n in main_of(b.page).all("a", "button") if norm(n.said) in named]
    if not found:
        return False
    for node in found:
        node.say(b.random.choice(("재심 요청", "소명하기", "문의 남기기")))
    return True


@kind("a mark beside the heading re-worded", readable=False, pages=("detail",))
def flag_unknown(b: Bench) -> bool:
    marks = [m for h in main_of(b.page).all("h3") for m in h.elements if m.said]
    if not marks:
        return False
    b.random.choice(marks).say(b.random.choice(("특별 심사", "법무 검토", "VIP 심사")))
    return True


@kind("unseen characters, other letters for the same text", readable=True)
def letters(b: Bench) -> bool:
    style = b.random.randrange(4)
    for node in main_of(b.page):
        if node.tag or not node.text.strip():
            continue
        if style == 0 and len(node.text) > 2:
            at = b.random.randint(1, len(node.text) - 1)
            if norm(node.text) in known_labels().named:
                node.text = node.text[:at] + b.random.choice(("\u200b", "\u00ad", "\u2060")) + node.text[at:]
        elif style == 1:
            node.text = (
                unicodedata.normalize("NFD", node.text) if norm(node.text) in known_labels().named else node.text
            )
        elif style == 2:
            node.text = node.text.replace(" ", b.random.choice(("\u00a0", "  ", "\u202f", "\n   ")))
        elif re.fullmatch(r"[\d,]+원", node.text.strip()):
            node.text = node.text.translate({ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789,"})
    return True


# -- dates -----------------------------------------------------------------------------------------------------------

_STAMP = re.compile(r"(\d{4})([-.])(\d\d)\2(\d\d) (\d\d):(\d\d)(?::(\d\d))?")
Written = Callable[[datetime, bool], str]


def _half(at: datetime) -> str:
    return f"{'오전' if at.hour < 12 else '오후'} {at.hour % 12 or 12}"


_DATES: tuple[Written, ...] = (
    lambda at, s: f"{at:%Y.%m.%d %H:%M}" + (f"{at::%S}" if s else ""),
    lambda at, s: f"{at:%Y/%m/%d %H:%M}" + (f"{at::%S}" if s else ""),
    lambda at, s: f"{at:%Y-%m-%d} {at:%H:%M}" + (f"{at::%S}" if s else ""),
    lambda at, s: f"{at.year}년 {at.month}월 {at.day}일 {at:%H:%M}" + (f"{at::%S}" if s else ""),
    lambda at, s: f"{at.year}년 {at.month:02}월 {at.day:02}일 {at.hour}시 {at.minute}분" + (f" {at.second}초" if s else ""),
    lambda at, s: f"{at.year}. {at.month}. {at.day}. {_half(at)}:{at:%M}" + (f"{at::%S}" if s else ""),
    lambda at, s: f"{at:%Y-%m-%dT%H:%M}" + (f"{at::%S}" if s else ""),
    lambda at, s: f"{at:%Y-%m-%d} ({'월화수목금토일'[at.weekday()]}) {at:%H:%M}" + (f"{at::%S}" if s else ""),
    lambda at, s: f"{at:%Y-%m-%d %H:%M}" + (f"{at::%S}" if s else "") + " KST",
    lambda at, s: f"{at - timedelta(hours=9):%Y-%m-%d %H:%M}" + (f"{at::%S}" if s else "") + " UTC",
    lambda at, s: f"{at - timedelta(hours=1):%Y-%m-%d %H:%M}" + (f"{at::%S}" if s else "") + " (UTC+8)",
    lambda at, s: f"{at:%Y-%m-%d %H:%M}" + (f"{at::%S}" if s else "") + "+09:00",
)  # fmt: skip
_UNCLEAR: tuple[Written, ...] = (
    lambda at, s: f"{at:%d/%m/%y %H:%M}",
    lambda at, s: f"{at:%m.%d %H:%M}",
    lambda at, s: f"{at:%Y-%m-%d}",
    lambda at, s: f"{at.month}월 {at.day}일",
    lambda at, s: "3일 전",
    lambda at, s: "어제",
    lambda at, s: f"{at:%Y-%m-%d %H}시경",
    lambda at, s: f"{at:%Y-%m-%d %H:%M} CST",
    lambda at, s: f"{at:%H:%M}" + (f"{at::%S}" if s else ""),
    lambda at, s: f"{at:%Y-%m-%d %H:%M} ~ {at:%H:%M}",
)  # fmt: skip


def _stamps(b: Bench) -> list[Node]:
    """Texts with a date and time that the reader reads."""
    main = main_of(b.page)
    ordered = {n for p in main.all("th") if norm(p.said) == "주문일시" for n in (p.parent or p)}
    return [n for n in main if not n.tag and _STAMP.search(n.text) and n not in ordered
            and (n.parent is None or n.parent.attrs.get("id") != "wing-clock")]  # fmt: skip


def _rewrite(node: Node, how: Written) -> None:
    def written(match: re.Match[str]) -> str:
        year, _, month, day, hour, minute, second = match.groups()
        at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
        return how(at, second is not None)

    node.text = _STAMP.sub(written, node.text)


@kind("dates in another form", readable=True)
def dates_other(b: Bench) -> bool:
    found = _stamps(b)
    how = b.random.choice(_DATES)
    zoned = how in _DATES[8:]
    found = [n for n in found if not (zoned and ("KST" in n.text or "마감" in n.text or "까지" in n.text))]
    for node in found if b.random.random() < 0.6 else b.some(found, 4):
        _rewrite(node, how)
    return bool(found)


@kind("a date in a form that says less, or two things", readable=False)
def date_unclear(b: Bench) -> bool:
    main = main_of(b.page)
    read = {n for p in read_pairs(main) for n in p.value}
    read |= {n for e in main.all("time") for n in e}
    read |= {n for t in grids(main) for n in t.elements[1]} if b.sample.kind != "list" else set(_opened(b))
    found = [n for n in _stamps(b) if n in read and "까지" not in n.text and "마감" not in n.text]
    if not found:
        return False
    _rewrite(b.random.choice(found), b.random.choice(_UNCLEAR))
    return True


def _opened(b: Bench) -> list[Node]:
    """The texts in the list's column of the dispute's date."""
    tables = grids(main_of(b.page))
    heads = [norm(h.said) for h in header_of(tables[0]).elements] if tables else []
    at = next((n for n, h in enumerate(heads) if h in known_labels().of("orders.opened_at")), None)
    return (
        []
        if at is None
        else [n for r in tables[0].elements[1].elements if len(r.elements) > at for n in r.elements[at]]
    )


# -- amounts ---------------------------------------------------------------------------------------------------------

_WON = re.compile(r"([\d,]+)원")
_MONEY = ("₩{0}", "{1}원", "{0} 원", "KRW {0}", "{0} KRW", "{2}원", "{3}원", "{0}.00원", "{0}", "₩ {0}")
_NO_MONEY = (
    "${0}",
    "약 {0}원",
    "{0}원 (예상)",
    "{0}P",
    "{4}천원",
    "{0}~{0}원",
    "{0},원",
    "€{0}",
    "{0}원 이상",
    "1,23,456원",
)


def _amounts(b: Bench) -> list[Node]:
    cells = [n for n in leaf_texts(main_of(b.page)) if n.tag in ("td", "dd") or n.up("td", "dd") is not None]
    return [n for n in cells if _WON.fullmatch(n.said)]


def _forms(text: str) -> tuple[str, str, str, str, str]:
    shown = text.removesuffix("원")
    bare = shown.replace(",", "")
    return shown, bare, shown.replace(",", "."), shown.replace(",", " "), f"{int(bare) / 1000:g}"


@kind("amounts in another form", readable=True, pages=("detail", "list"))
def amounts_other(b: Bench) -> bool:
    found = _amounts(b)
    form = b.random.choice(_MONEY)
    if "{2}" in form:  # 1.234.000 reads well; 900 has no separator
        found = [n for n in found if "," in n.said]
    for node in found if b.random.random() < 0.6 else b.some(found, 4):
        node.say(form.format(*_forms(node.said)))
    return bool(found)


@kind("an amount in a form that says two things, or of another kind", readable=False, pages=("detail", "list"))
def amount_unclear(b: Bench) -> bool:
    found = _amounts(b)
    if not found:
        return False
    node = b.random.choice(found)
    node.say(b.random.choice(_NO_MONEY).format(*_forms(node.said)))
    return True


# -- countdowns ------------------------------------------------------------------------------------------------------

_LEFT = re.compile(r"(?:(\d+)일 )?(?:(\d+)시간 )?(\d+)분 (\d+)초 남음")


def _left(b: Bench) -> list[tuple[Node, tuple[int, int, int, int]]]:
    found = []
    for node in main_of(b.page):
        match = None if node.tag else _LEFT.fullmatch(node.text.strip())
        if match:
            days, hours, minutes, seconds = (int(x or 0) for x in match.groups())
            found.append((node, (days, hours, minutes, seconds)))
    return found


_LEFT_FORMS: tuple[Callable[[int, int, int, int], str], ...] = (
    lambda d, h, m, s: f"남은 시간 {d}일 {h}시간 {m}분 {s}초",
    lambda d, h, m, s: f"{d}일 {h}시간 {m}분 남음",
    lambda d, h, m, s: f"{d}일 {h}시간 남음",
    lambda d, h, m, s: f"{d}일 {h:02}:{m:02}:{s:02} 남음",
    lambda d, h, m, s: f"{d}일{h}시간{m}분{s}초 남음",
    lambda d, h, m, s: f"{d * 24 + h}시간 {m}분 {s}초 남음",
    lambda d, h, m, s: f"{d * 24 + h}시간 {m}분 남음",
    lambda d, h, m, s: f"{d * 24 + h}:{m:02}:{s:02}",
    lambda d, h, m, s: f"{d}d {h}h {m}m {s}s left",
    lambda d, h, m, s: f"남은 시간: {d}일 {h}시간 {m}분",
)
_LEFT_UNCLEAR = ("이틀 남음", "곧 마감", "약 2일 남음", "2일 남짓 남음", "05:20", "1주 이내", "마감 임박", "D-?")


@kind("the countdown in other words", readable=True, pages=("detail",))
def countdown_other(b: Bench) -> bool:
    found = _left(b)
    for node, (days, hours, minutes, seconds) in found:
        text = b.random.choice(_LEFT_FORMS)(days, hours, minutes, seconds)
        if days * 24 + hours > 999 or (days * 24 + hours > 99 and ":" in text and "일" not in text):
            text = f"{days}일 {hours}시간 {minutes}분 남음"
        node.text = text
    return bool(found)


@kind("the countdown in a row of its own", readable=True, pages=("detail",))
def countdown_moved(b: Bench) -> bool:
    for node, _ in _left(b):
        dd = node.up("dd")
        if dd is None or dd.parent is None or dd.parent.tag != "div":
            continue
        span, row = node.parent, dd.parent
        if span is None or span is dd:
            continue
        text = span.said
        span.remove()
        if not dd.said:
            dd.say("-")
        row.after(el("div", el("dt", b.random.choice(("남은 시간", "잔여 시간"))), el("dd", text)))
        return True
    return False


@kind("the countdown in words that nobody can count", readable=False, pages=("detail",))
def countdown_unclear(b: Bench) -> bool:
    found = _left(b)
    for node, _ in found:
        node.text = b.random.choice(_LEFT_UNCLEAR)
    return bool(found)


# -- other figures ---------------------------------------------------------------------------------------------------


@kind("counts in another form", readable=True)
def counts_other(b: Bench) -> bool:
    done = False
    for node in main_of(b.page):
        if node.tag:
            continue
        if match := re.fullmatch(r"(\d) / (\d)", node.text.strip()):
            node.text = b.random.choice(("{0}/{1}", "{0} / {1}회", "{0} / {1} 회", "{0}회 / {1}회")).format(
                *match.groups()
            )
            done = True
        elif (match := re.fullmatch(r"총 ([\d,]+)건", node.text.strip())) and node.parent:
            style = b.random.randrange(4)
            if style == 0:
                node.text = f"총 {match[1]}개"
            elif style == 1:
                node.text = f"총 : {match[1]}건"
            elif style == 2:
                node.text = f"(총 {match[1]}건)" if b.random.random() < 0 else f"총{match[1]} 건"
            else:
                node.parent.empty().add("총 ", el("b", match[1]), "건")
            done = True
    return done


def _in_english(b: Bench) -> bool:
    if b.sample.english is None:
        return False
    b.page = parse(b.sample.english.html)
    return True


@kind("the page in its other language", readable=True)
def english(b: Bench) -> bool:
    if b.sample.kind == "detail" and b.sample.truth["status"]["is"] == "action_needed":
        return False  # CP1: the appeal is offered in Korean only, see the next kind
    return _in_english(b)


@kind("the page in its other language, where the appeal is not offered (CP1)", readable=False, pages=("detail",))
def english_open(b: Bench) -> bool:
    return b.sample.truth["status"]["is"] == "action_needed" and _in_english(b)


__all__ = ["Random", "module_of"]
