"""A value that a mended reader reads otherwise than before: every field of every frozen page is one test."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from flows import registry
from flows.fields import leaves
from flows.frozen import Frozen, folders, load

PAGES = Path(__file__).parents[2] / "fixtures" / "pages"
CASES = {folder.relative_to(PAGES).as_posix(): folder for folder in folders(PAGES)}
MISSING = object()


@functools.cache
def frozen(name: str) -> Frozen:
    return load(CASES[name])


@functools.cache
def read_again(name: str) -> dict[str, Any]:
    return dict(leaves(frozen(name).read(registry.get(frozen(name).page.portal))))


@functools.cache
def expected(name: str) -> dict[str, Any]:
    return dict(leaves(frozen(name).expected))


FIELDS = [pytest.param(name, field, id=f"{name}:{field}") for name in CASES for field in expected(name)]


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_reads_the_field_as_it_did(name: str, field: str) -> None:
    assert read_again(name).get(field, MISSING) == expected(name)[field]


@pytest.mark.parametrize("name", CASES)
def test_reads_nothing_that_was_not_there(name: str) -> None:
    assert set(read_again(name)) == set(expected(name))


@pytest.mark.parametrize("name", CASES)
def test_lies_in_the_folder_of_its_portal_and_page(name: str) -> None:
    page = frozen(name).page
    assert name.startswith(f"{page.portal}/{page.page}/")


def test_has_a_page_of_every_status_and_of_every_way_to_refuse() -> None:
    seen = {
        (frozen(name).expected.get("status") or {}).get("is") for name in CASES if name.startswith("coupang/order/")
    }
    assert seen >= {"action_needed", "waiting", "in_review", "won", "lost", "expired", "withdrawn", "closed"}
    refused = {frozen(name).expected.get("field") or frozen(name).expected.get("error") for name in CASES}
    assert refused >= {"dispute.responsible", "dispute.status", "dispute.heading", "dispute.amount", "WrongSubject"}


def test_bites_when_the_page_says_something_else(tmp_path: Path) -> None:
    case = frozen("coupang/order/lost-with-messages")
    amount = case.expected["amount"]["value"]
    shown = f"{int(amount):,}원"
    assert shown in case.page.html
    html = case.page.html.replace(shown, f"{int(amount) + 1:,}원")
    changed = Frozen(**{**vars(case), "page": case.page.model_copy(update={"html": html})})
    assert changed.read(registry.get("coupang")) != case.expected
