"""The draft at the desk: what was typed and handed in is kept as it came, checked, and never lost or overwritten."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.records import Case
from flows import attach
from flows.desk.call import at
from tests.desk.conftest import Visitor, hidden
from tests.evidence.made import NOTE, pdf, picture
from tests.flows.conftest import Desk


def save(
    one: Visitor, case: Case, values: dict[str, Any] | None = None, files: list[Any] | None = None
) -> httpx.Response:
    """Open the form, type, hand in, press save."""
    page = one.get(at("draft", case.key)).text
    form = {"stamp": hidden(page, "stamp"), "field.appeal_type": "delivery_proof", "field.note": NOTE, "do": "save"}
    more: dict[str, Any] = {"files": files} if files else {}
    return one.post(at("draft", case.key, action="appeal"), form | (values or {}), **more)


def upload(name: str, data: bytes) -> tuple[str, tuple[str, bytes, str]]:
    """One chosen file, with whatever type a browser thinks it has."""
    return "files", (name, data, "text/html")


def test_a_draft_is_written_checked_and_ready(desk: Desk, visitor: Any) -> None:
    """From the empty form to a packet; the drafter's name on it; the original's bytes untouched."""
    case, li = desk.case(), visitor("draft", name="li")
    answer = save(
        li, case, {"new_kind": ["DeliveryProof", "ShipmentPhoto"]},
        [upload("택배 조회.jpg", picture()), upload("parcel.pdf", pdf())],
    )  # fmt: skip
    page = li.follow(answer).text
    assert "Nothing stands in the way" in page
    draft = desk.ctx.store.ledger.draft(case.key, "appeal")
    assert draft is not None and draft.by == "li"
    assert [(f.kind, Path(f.path).name) for f in draft.files] == [
        ("DeliveryProof", "택배 조회.jpg"), ("ShipmentPhoto", "parcel.pdf")
    ]  # fmt: skip
    assert Path(draft.files[0].path).read_bytes() == picture()
    assert desk.ctx.store.ledger.current(case.key, "appeal") is not None
    assert "all required evidence is there" in page


def test_findings_stand_at_their_field_and_file(desk: Desk, visitor: Any) -> None:
    """Where the hand is, not in a list below."""
    case, li = desk.case(), visitor("draft")
    answer = save(
        li,
        case,
        {"field.note": "짧음", "kind": "DeliveryProof"},
        [upload("film.mp4", b"\0\0\0\x18ftypmp42" + b"x" * 99)],
    )
    page = li.follow(answer).text
    note = page[page.index('name="field.note"') : page.index('id="files-title"')]
    assert "CP6.length" in note or "CP6.short" in note
    film = page[page.index("film.mp4") : page.index("data-drop")]
    assert "CP6.type" in film or "CP5.video" in film
    assert desk.ctx.store.ledger.current(case.key, "appeal") is None


@pytest.mark.parametrize(
    "name",
    [
        "../../../rebuttal.toml",
        "..\\..\\rebuttal.toml",
        "/etc/passwd",
        "CON",
        ".env",
        "a\0b.jpg",
        "\u202egpj.exe",
        "x" * 300 + ".jpg",
    ],
)
def test_a_files_name_is_never_a_path(desk: Desk, visitor: Any, name: str) -> None:
    """It lands in the case's own folder under a name that every system takes."""
    case, li = desk.case(), visitor("draft")
    settings = desk.ctx.home.settings_file.read_text(encoding="utf-8")
    path = attach.keep(desk.ctx, case.key, name, picture())
    assert path.resolve().is_relative_to(attach.folder_of(desk.ctx, case.key).resolve())
    assert len(path.name) <= 100 and not re.search(r'[\x00-\x1f<>:"/\\|?*\u202e]', path.name)
    assert path.stem.upper() not in ("CON", "")
    if "\0" not in name:
        save(li, case, {"kind": "DeliveryProof"}, [upload(name, picture())])
    assert desk.ctx.home.settings_file.read_text(encoding="utf-8") == settings


def test_a_script_in_a_files_name_is_a_text(desk: Desk, visitor: Any) -> None:
    """In draft and packet."""
    case, li = desk.case(), visitor("draft")
    save(li, case, {"kind": "DeliveryProof"}, [upload("<img src=x onerror=alert(1)>.jpg", picture())])
    page = li.get(at("draft", case.key)).text
    assert "<img src=x" not in page and "onerror" in page


def test_files_stay_in_order_and_can_be_taken_out_to_the_last(desk: Desk, visitor: Any) -> None:
    """Nothing that was taken out is sent."""
    case, li = desk.case(), visitor("draft")
    save(
        li, case, {"new_kind": ["DeliveryProof", "ShipmentPhoto"]}, [upload("a.jpg", picture()), upload("b.pdf", pdf())]
    )
    save(li, case, {"kind.0": "TrackingProof"})
    assert [f.kind for f in desk.ctx.store.ledger.draft(case.key, "appeal").files] == ["TrackingProof", "ShipmentPhoto"]  # type: ignore[union-attr]
    save(li, case, {"drop.0": "yes"})
    assert [f.kind for f in desk.ctx.store.ledger.draft(case.key, "appeal").files] == ["ShipmentPhoto"]  # type: ignore[union-attr]
    save(li, case, {"drop.0": "yes"})
    assert desk.ctx.store.ledger.draft(case.key, "appeal").files == ()  # type: ignore[union-attr]


def test_nobodys_typing_is_overwritten_unseen(desk: Desk, visitor: Any) -> None:
    """Two have the same draft open: the second is told, keeps what was typed, and may save it knowingly."""
    case = desk.case()
    li, chen = visitor("draft", name="li"), visitor("draft", name="chen")
    stale = hidden(chen.get(at("draft", case.key)).text, "stamp")
    desk.clock.move(minutes=1)
    save(li, case)
    answer = save(chen, case, {"stamp": stale, "field.note": NOTE + " 첸"})
    assert answer.status_code == 409
    assert "li has saved this draft meanwhile" in answer.text and NOTE + " 첸" in answer.text
    assert desk.ctx.store.ledger.draft(case.key, "appeal").values["note"] == NOTE  # type: ignore[union-attr]
    desk.clock.move(minutes=1)
    again = save(chen, case, {"stamp": hidden(answer.text, "stamp"), "anyway": "yes", "field.note": NOTE + " 첸"})
    assert again.status_code == 303


def test_a_draft_takes_the_approval_out_of_force(desk: Desk, visitor: Any) -> None:
    """The one letter that was changed after the yes."""
    case = desk.case()
    desk.draft(case)
    desk.approve(case)
    li = visitor("draft")
    save(li, case, {"field.note": NOTE + "."})
    page = visitor("approve", name="wang").get(at("packet", case.key)).text
    assert "/send/" not in page and "note" in page[page.index("changed-title") :]


def test_the_playbook_fills_the_note(desk: Desk, visitor: Any) -> None:
    """Its places from the form, its choice, its text; the other language stands beside it."""
    case, li = desk.case(), visitor("draft")
    page = li.get(at("draft", case.key)).text
    assert 'name="place.waybill"' in page and 'lang="en"' in page and "We kindly ask for a review" in page
    answer = save(li, case, {"do": "playbook", "playbook": "delivered_but_refused", "place.waybill": "612345678901"})
    assert answer.status_code == 303
    note = desk.ctx.store.ledger.draft(case.key, "appeal").values["note"]  # type: ignore[union-attr]
    assert "612345678901" in note and "{carrier}" in note


def test_a_hard_fact_can_not_be_let_stand(desk: Desk, visitor: Any) -> None:
    """What the portal refuses no reason mends; a form sent by hand neither."""
    case, li = desk.case(), visitor("draft")
    answer = save(li, case, {"field.note": "x" * 600, "let.CP6.length": "please"})
    assert answer.status_code == 400
    assert desk.ctx.store.ledger.current(case.key, "appeal") is None


def test_too_large_a_file_is_refused_before_it_is_read(visitor: Any, desk: Desk) -> None:
    """By what it says of itself."""
    case, li = desk.case(), visitor("draft")
    answer = li.post(at("draft", case.key), {}, headers={"Content-Length": str(400 << 20)})
    assert answer.status_code == 413
