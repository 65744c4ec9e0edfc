"""What the package brings as data: playbooks that lint takes, words that harm, and nothing ticked for anyone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from agent.evidence import fill_template, lint_draft, load_playbooks, load_tone
from agent.evidence.files import look_at
from agent.evidence.tone import harmful
from agent.policy import load_policy
from agent.reading.labels import load_labels
from agent.reading.scrub import is_measure
from agent.records import Action, Appeals, Case, Deadline, Item, Money, Status
from agent.sending.packet import Draft, DraftFile
from portals.ozon import PORTAL
from tests.evidence.made import NOW, a_case, picture

POLICY, TONE = load_policy(PORTAL.folder), load_tone(PORTAL.folder)
LABELS, PLAYBOOKS = load_labels("ozon", PORTAL.folder), load_playbooks(PORTAL.folder)
DUE = Deadline(
    kind="appeal", at=NOW + timedelta(days=2), shown="осталось 2 дня", basis="countdown", zone="Europe/Moscow",
    zone_basis="page", precision_s=60, rule="OZ3",
)  # fmt: skip
DISPUTE: dict[str, Any] = {
    "portal": "ozon",
    "case_id": "12345678-0042-1",
    "order_id": "12345678-0042",
    "status": Status(shown="Можно подать апелляцию", is_="action_needed"),
    "amount": Money(value=Decimal(1899), currency="RUB"),
    "deadlines": (DUE,),
    "appeals": Appeals(used=0, allowed=1),
    "items": (Item(id="123456789", name="Чайник электрический", quantity=1),),
}


def a_dispute(**changes: Any) -> Case:
    return a_case(**(DISPUTE | changes))


@pytest.mark.parametrize("book", PLAYBOOKS, ids=lambda book: book.key)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_playbooks_filled_note_is_taken_by_lint(book: Any, language: str, tmp_path: Any) -> None:
    dispute = "declaration" in book.values
    case = a_dispute() if dispute else a_dispute(channel="returns", actions=("escalate",), deadlines=(), appeals=None)
    places = dict.fromkeys(book.placeholders(language), "01.05.2026, Иванов" if language == "ru" else "1 May 2026")
    note, missing = fill_template(
        book.note(language), case, places | {"item": "Чайник" if language == "ru" else "Kettle"}
    )
    assert missing == ()
    path = tmp_path / "proof.jpg"
    path.write_bytes(picture())
    files = tuple(DraftFile(kind=one.kind, path=str(path)) for one in book.evidence if one.required)
    action: Action = "appeal" if dispute else "escalate"
    rule = POLICY.action(case.channel, action)
    assert rule is not None
    values = book.values | ({"text": note, "declaration": "yes"} if dispute else {"comment": note})
    draft = Draft(
        case=case.key, action=action, values=values, files=files, by="li", at=NOW, case_revision=case.revision
    )
    found = lint_draft(
        draft, case, rule, [look_at(path) for _ in files], tone=TONE, now=NOW, policy=POLICY, playbook=book
    )
    assert [one.code for one in found if one.level == "block"] == []


def test_no_playbook_ticks_the_truth_declaration() -> None:
    assert [book.key for book in PLAYBOOKS if book.values.get("declaration", "no") != "no"] == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Покупатель — мошенник, товар был цел.", "buyer"),
        ("Это несправедливое решение.", "platform"),
        ("В случае отказа подадим в суд.", "threat"),
        ("平台不公平，买家是骗子。", "platform"),
        ("The buyer is a scammer.", "buyer"),
    ],
)
def test_blame_and_threats_are_found_in_every_language(text: str, target: str) -> None:
    assert target in {found.target for found in harmful(text, TONE)}


@pytest.mark.parametrize(
    "text", ["Отправление вручено, подпись получателя приложена.", "В судне товара нет, склад судостроителей."]
)
def test_plain_facts_are_no_blame(text: str) -> None:
    assert harmful(text, TONE) == []


def test_every_field_and_option_of_the_policy_has_its_words() -> None:
    for channel in POLICY.channels.values():
        for action in channel.actions.values():
            assert action.consequence in LABELS.texts
            for rule in action.fields.values():
                assert rule.label in LABELS.texts
                assert set(rule.options.values()) <= set(LABELS.texts)
                for offered in rule.options_when.values():
                    assert {one for some in offered.values() for one in some} == set(rule.options)


def test_every_label_is_known_in_russian_english_and_chinese() -> None:
    bare = {key for key, langs in LABELS.by_language.items() if not {"ru", "en", "zh"} <= set(langs)}
    assert bare <= {"gate.challenge", "gate.rate"}


def test_no_word_means_two_things() -> None:
    groups = {key.rpartition(".")[0] for key in LABELS.texts if key.startswith("words.")}
    for group in groups:
        forms = [form for key in LABELS.texts if key.rpartition(".")[0] == group for form in LABELS.of(key)]
        assert len(forms) == len(set(forms)), group


def test_a_count_of_appeals_stays_what_it_is_in_a_frozen_page() -> None:
    """Made unlike itself (`0 ср 1`), no captured dispute could be read again."""
    for text in ("0 из 1", "1 of 1", "0/1"):
        assert is_measure(text)
    assert not is_measure("Иванов из 1") and not is_measure("79991234567 из 1")
