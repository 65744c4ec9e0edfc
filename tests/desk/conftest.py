"""Visitors of a desk over a home without a portal: each with cookies of their own, as a browser has them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from agent.store.people import Person, Role
from flows.context import Context
from flows.desk.app import build
from flows.desk.state import Desk as DeskState
from tests.flows.conftest import Clock, Desk, clock, desk, desk_home

__all__ = ["Clock", "Desk", "Visitor", "clock", "desk", "desk_home"]

PORT = 8760
BASE = f"http://127.0.0.1:{PORT}"
PASSWORD = "twelve unrelated lamps"


class Visitor:
    """One browser at the desk. What it asks bears the headers that a browser sets by itself."""

    def __init__(self, app: Starlette, ctx: Context, person: Person | None = None, place: str = "127.0.0.1") -> None:
        self.app, self.ctx, self.place = app, ctx, place
        self.state: DeskState = app.state.desk
        self.cookies: dict[str, str] = {}
        self.person = person
        if person is not None:
            self.cookies[self.state.cookie] = ctx.store.people.open_session(person)

    @property
    def csrf(self) -> str:
        """The token that this visitor's forms carry."""
        session = self.ctx.store.people.session(self.cookies[self.state.cookie])
        assert session is not None
        return session.csrf

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Follow a link."""
        return self._ask("GET", path, headers={"Sec-Fetch-Site": "same-origin", **_named(headers)})

    def post(self, path: str, data: dict[str, Any] | None = None, *, csrf: bool = True, **more: Any) -> httpx.Response:
        """Send a form of the desk's own; `headers` replace those of a browser."""
        form = {**({"csrf": self.csrf} if csrf and self.state.cookie in self.cookies else {}), **(data or {})}
        headers = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"} | more.pop("headers", {})
        return self._ask("POST", path, headers={k: v for k, v in headers.items() if v}, data=form, **more)

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where an answer sends the browser."""
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])

    def _ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(self.place, 50000))
            async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=self.cookies) as client:
                return await client.request(method, path, **how)

        answer = asyncio.run(ask())
        for header in answer.headers.get_list("set-cookie"):
            name, _, rest = header.partition("=")
            value = rest.partition(";")[0].strip('"')
            if value and "Max-Age=0" not in header:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def hidden(html: str, name: str) -> str:
    """The value of a hidden field on a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, f"no field {name}"
    return unescape(found[1])


def links(html: str, start: str) -> list[str]:
    """Addresses on a page that begin with `start`."""
    return [
        unescape(one)
        for one in re.findall(r'(?:href|src|action)="([^"]*)"', html)
        if urlsplit(unescape(one)).path.startswith(start)
    ]


@pytest.fixture
def app(desk: Desk) -> Starlette:
    """The desk over the home of `desk`."""
    return build(desk.ctx, port=PORT)


@pytest.fixture
def visitor(app: Starlette, desk: Desk) -> Iterator[Any]:
    """Makes visitors: `visitor("approve", name="wang")`; without a role one who is not signed in."""

    def make(role: Role | None = None, name: str = "", place: str = "127.0.0.1", **more: Any) -> Visitor:
        person = None
        if role is not None:
            people = desk.ctx.store.people
            known = people.named(name or role)
            person = known or people.add(name or role, role, by="test", **more)
        return Visitor(app, desk.ctx, person, place)

    yield make
