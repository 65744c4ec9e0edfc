"""A wrong label taught in good faith: an operator can mend a changed page, and can't teach one that reads it wrongly."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from agent.errors import UsageFault
from agent.reading.labels import load_labels
from flows.reread import reread
from flows.teach import Taught, teach
from tests.drift.conftest import KNOWN, UNKNOWN, Offline

LOST = "order/lost-with-messages"
RENAMED = {f"<dt>{KNOWN}</dt>": f"<dt>{UNKNOWN}</dt>"}
KEY = "dispute.responsible"


@pytest.fixture
def changed(offline: Offline) -> Offline:
    """A case that was read once, and whose label is another one now."""
    offline.read(offline.page(LOST))
    offline.quarantine(offline.page(LOST, minute=5, replace=RENAMED))
    return offline


def taught(home: Offline, run: Any, key: str, **how: Any) -> Taught:
    done: Taught = run(teach(home.ctx, "coupang", key, **how))
    return done


def refused(home: Offline, run: Any, key: str, **how: Any) -> UsageFault:
    with pytest.raises(UsageFault) as told:
        taught(home, run, key, **how)
    assert not home.ctx.home.own_labels("coupang").exists()
    return told.value


def test_the_preview_says_what_would_be_read(changed: Offline, run: Any) -> None:
    seen: list[Taught] = []

    def no(one: Taught) -> bool:
        seen.append(one)
        return False

    done = taught(changed, run, KEY, text=UNKNOWN, confirm=no)
    assert (done.saved, len(seen)) == (None, 1)
    lines = [str(line) for line in seen[0].preview]
    assert any(line == "  dispute.responsible: 택배사" for line in lines)
    assert any(line == "  amount: 233,200 KRW" for line in lines)
    assert not changed.ctx.home.own_labels("coupang").exists()


def test_what_is_taught_is_kept_in_the_page_s_language_and_read_from_then_on(changed: Offline, run: Any) -> None:
    done = taught(changed, run, KEY, text=f" {UNKNOWN} ")
    own = changed.ctx.home.own_labels("coupang")
    assert done.saved == own
    assert tomllib.loads(own.read_text(encoding="utf-8")) == {"dispute": {"responsible": {"ko": [UNKNOWN]}}}
    assert changed.portal.folder not in own.parents
    labels = load_labels("coupang", changed.portal.folder, own)
    assert labels.texts[KEY][0] == UNKNOWN
    assert KNOWN in labels.texts[KEY]
    assert reread(changed.ctx, write=True).exit_code == 0
    (link,) = [one for one in changed.ctx.store.audit.links() if one.what == "taught"]
    assert (link.who, link.ref, link.data["text"]) == ("li", f"coupang {KEY}", UNKNOWN)


def test_an_operator_s_own_file_keeps_comments_and_older_texts(changed: Offline, run: Any) -> None:
    own = changed.ctx.home.own_labels("coupang")
    own.parent.mkdir(parents=True)
    own.write_text('# from our trainer\n[dispute.responsible] # who pays\nko = ["귀책자"] # 2025\n', encoding="utf-8")
    taught(changed, run, KEY, text=UNKNOWN)
    text = own.read_text(encoding="utf-8")
    assert tomllib.loads(text)["dispute"]["responsible"]["ko"] == [UNKNOWN, "귀책자"]
    assert all(remark in text for remark in ("# from our trainer", "# who pays", "# 2025"))


def test_what_was_taught_can_be_forgotten(changed: Offline, run: Any) -> None:
    taught(changed, run, KEY, text=UNKNOWN)
    done = taught(changed, run, KEY, text=UNKNOWN, remove=True)
    assert done.removed == {"ko": (UNKNOWN,)}
    assert UNKNOWN not in load_labels("coupang", changed.portal.folder, done.saved).texts[KEY]
    with pytest.raises(UsageFault):
        taught(changed, run, KEY, remove=True)


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("dispute.responsable", KEY),
        ("responsible", KEY),
        ("분쟁 사유", "dispute.reason"),
        ("words.party.sellr", "words.party"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(changed: Offline, run: Any, key: str, near: str) -> None:
    assert near in str(refused(changed, run, key, text=UNKNOWN).todo)


def test_a_text_that_stands_nowhere_is_refused_with_what_stands_there(changed: Offline, run: Any) -> None:
    told = refused(changed, run, KEY, text="책임 소재지")
    assert "none of" in str(told.said)
    assert UNKNOWN in str(told.todo)


def test_a_text_that_is_known_already_is_refused(changed: Offline, run: Any) -> None:
    assert "already" in str(refused(changed, run, KEY, text=KNOWN).said)


def test_the_label_of_another_field_is_refused(offline: Offline, run: Any) -> None:
    """“공제 합계” stands on the page and has an amount beside it: the wrong one."""
    offline.read(offline.page(LOST))
    offline.quarantine(offline.page(LOST, minute=5, replace={"<dt>환불 금액</dt>": "<dt>환급 대상액</dt>"}))
    told = refused(offline, run, "dispute.amount", text="공제 합계")
    assert "dispute.deduction_total" in str(told.said)
    assert taught(offline, run, "dispute.amount", text="환급 대상액").trial is not None


def test_the_value_instead_of_the_label_is_refused(changed: Offline, run: Any) -> None:
    refused(changed, run, KEY, text="택배사")


def test_a_heading_over_everything_is_refused(changed: Offline, run: Any) -> None:
    refused(changed, run, KEY, text="분쟁 정보")


def test_a_text_that_would_spoil_another_page_is_refused(offline: Offline, run: Any) -> None:
    """On this page it would help; on the other it stands over something else, in a page that is read well."""
    offline.read(offline.page(LOST))
    offline.quarantine(offline.page(LOST, minute=5, replace=RENAMED))
    assert taught(offline, run, KEY, text=UNKNOWN, confirm=lambda one: False).trial is not None
    more = f"<div><dt>{UNKNOWN}</dt><dd>구매자</dd></div><div><dt>{KNOWN}</dt>"
    offline.read(offline.page("order/won", replace={f"<div><dt>{KNOWN}</dt>": more}))
    told = refused(offline, run, KEY, text=UNKNOWN)
    assert "read well now" in str(told.said)


def test_a_word_of_a_vocabulary_is_taught_the_same_way(offline: Offline, run: Any) -> None:
    case = "order/action-needed-instant"
    offline.read(offline.page(case))
    offline.quarantine(offline.page(case, minute=5, replace={"이의 제기 가능": "소명 접수 가능"}))
    done = taught(offline, run, "words.status.action_needed", text="소명 접수 가능")
    assert done.trial is not None
    assert done.trial.preview["status.is"] == "action_needed"
    assert reread(offline.ctx, write=True).exit_code == 0


def test_a_word_that_means_something_else_is_refused(offline: Offline, run: Any) -> None:
    case = "order/action-needed-instant"
    offline.read(offline.page(case))
    offline.quarantine(offline.page(case, minute=5, replace={"이의 제기 가능": "소명 접수 가능"}))
    told = refused(offline, run, "words.status.action_needed", text="이의 기각")
    assert "words.status.lost" in str(told.said)


def test_a_word_that_contradicts_the_page_is_refused(offline: Offline, run: Any) -> None:
    """Taught as “lost” the page would be readable, if it did not show a button to appeal."""
    case = "order/action-needed-instant"
    offline.read(offline.page(case))
    offline.quarantine(offline.page(case, minute=5, replace={"이의 제기 가능": "소명 접수 가능"}))
    refused(offline, run, "words.status.lost", text="소명 접수 가능")


def test_two_labels_that_changed_are_taught_one_after_the_other(offline: Offline, run: Any) -> None:
    offline.read(offline.page(LOST))
    offline.quarantine(offline.page(LOST, minute=5, replace={**RENAMED, "<dt>근거 조항</dt>": "<dt>준거 규정</dt>"}))
    first = taught(offline, run, KEY, text=UNKNOWN)
    assert first.trial is not None
    assert (first.trial.whole, len(first.trial.better)) == ((), 1)
    assert "dispute.clauses" in str(first.public()["still"])
    second = taught(offline, run, "dispute.clauses", text="준거 규정")
    assert second.trial is not None
    assert len(second.trial.whole) == 1


def test_nothing_can_be_taught_before_a_page_was_seen(offline: Offline, run: Any) -> None:
    assert "sync" in str(refused(offline, run, KEY, text=UNKNOWN).todo)


def test_a_whole_paragraph_is_no_label(changed: Offline, run: Any) -> None:
    refused(changed, run, KEY, text="가" * 81)
    refused(changed, run, KEY, text="   ")
