"""What a role may not do stays undone, also for those who type the address."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from flows.desk.call import at
from tests.desk.conftest import hidden
from tests.flows.conftest import Desk

OPEN = {"/static/{name}", "/sign-in", "/first/{token}", "/password/{token}", "/language"}
"""All that a stranger may ask for."""

KEY = {"store": "coupang:main", "channel": "refund_disputes", "case_id": "COO123456789"}


def addresses(app: Starlette) -> list[tuple[str, str]]:
    """Every method and address of the desk that is not open to strangers."""
    found = []
    for route in app.routes:
        assert isinstance(route, Route)
        if route.path not in OPEN:
            path = route.path
            for name, value in {
                **KEY,
                "sha256": "0" * 64,
                "number": "0",
                "action": "appeal",
                "work": "x",
                "person": "x",
            }.items():
                path = (
                    path.replace(f"{{{name}}}", value)
                    .replace(f"{{{name}:path}}", value)
                    .replace(f"{{{name}:int}}", value)
                )
            assert "{" not in path, path
            found += [(method, path) for method in (route.methods or set()) if method in ("GET", "POST")]
    return found


def test_a_stranger_gets_nothing_from_any_address(desk: Desk, app: Starlette, visitor: Any) -> None:
    """Every address there is, and every one that will be added."""
    case = desk.case()
    stranger = visitor()
    for method, path in addresses(app):
        answer = stranger.get(path) if method == "GET" else stranger.post(path)
        assert answer.status_code in (303, 401, 404), (method, path, answer.status_code)
        assert case.status.shown not in answer.text, path
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/sign-in"), path


def test_the_lookers_desk_has_no_way_to_act(desk: Desk, visitor: Any) -> None:
    """Neither button nor address."""
    case = desk.case()
    desk.draft(case)
    looker = visitor("look")
    page = looker.get(at("packet", case.key)).text
    assert 'action="/approve' not in page and 'action="/reject' not in page and 'href="/draft' not in page
    before = desk.ctx.store.audit.head()
    for verb in ("draft", "approve", "reject", "send", "settle"):
        assert looker.post(at(verb, case.key), {"why": "x", "token": "x", "digest": "x" * 64}).status_code == 403, verb
    assert looker.get(at("draft", case.key)).status_code == 403
    assert looker.post("/read/coupang:main").status_code == 403
    assert desk.ctx.store.audit.head() == before


def test_a_drafter_can_not_approve(desk: Desk, visitor: Any) -> None:
    """Not with a right that was given to somebody else, nor by promoting themselves."""
    case = desk.case()
    desk.draft(case)
    drafter, wang = visitor("draft"), visitor("approve", name="wang")
    page = wang.get(at("packet", case.key)).text
    form = {"token": hidden(page.partition("/approve/")[2], "token"), "digest": hidden(page, "digest")}
    assert drafter.post(at("approve", case.key), form).status_code == 403
    assert drafter.post(at("reject", case.key), {"why": "x"}).status_code == 403
    assert drafter.post(f"/people/{drafter.person.id}", {"role": "approve"}).status_code == 403
    assert desk.ctx.store.ledger.approvals(case.key) == []
    assert desk.ctx.store.people.named("draft").may("approve") is False  # type: ignore[union-attr]


@pytest.mark.parametrize("role", ["look", "draft", "approve"])
def test_only_a_keeper_of_the_list_changes_it(desk: Desk, visitor: Any, role: str) -> None:
    """Who approves could else make themselves a second pair of eyes."""
    one = visitor(role, name="one")
    assert one.post("/people", {"name": "eve", "role": "approve"}).status_code == 403
    assert one.post(f"/people/{one.person.id}/link").status_code == 403
    assert desk.ctx.store.people.named("eve") is None


def test_the_role_check_is_what_refuses(desk: Desk, visitor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it a looker would reject."""
    from agent.store.people import Person

    case = desk.case()
    desk.draft(case)
    monkeypatch.setattr(Person, "may", lambda self, role: True)
    assert visitor("look").post(at("reject", case.key), {"why": "x"}).status_code == 303
