"""One request at the desk: who asks, in which language, what was posted; and how pages are answered."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from agent.errors import RebuttalError, RefusedToSend, StoreFault, UsageFault
from agent.records import Case, CaseKey
from agent.store.people import Person, Role, Session
from agent.words import Words, say, speak

if TYPE_CHECKING:
    from flows.context import Context
    from flows.desk.state import Desk

Handler = Callable[["Call"], Response]
_AFTER = 303
"""See other: what was posted is not posted again by going back."""


class NotThere(Exception):
    """There is nothing under this address, or nothing that this person may see."""


@dataclass
class Call:
    """What a page is made from."""

    desk: Desk
    request: Request
    session: Session | None
    form: FormData
    now: datetime

    @property
    def ctx(self) -> Context:
        """Home, settings, store."""
        return self.desk.ctx

    @property
    def person(self) -> Person:
        """Who is signed in; only on pages that ask for it."""
        assert self.session is not None
        return self.session.person

    @property
    def session_id(self) -> str:
        """The session's hash, to which one-time rights are bound."""
        assert self.session is not None
        return self.session.id

    def may(self, role: Role) -> bool:
        """Whether the visitor may do what `role` may."""
        return self.session is not None and self.session.person.may(role)

    def text(self, name: str, default: str = "") -> str:
        """A posted text."""
        value = self.form.get(name)
        return value if isinstance(value, str) else default

    def texts(self, prefix: str) -> dict[str, str]:
        """Posted texts whose name begins with `prefix`, by the rest of it."""
        return {
            name.removeprefix(prefix): value
            for name, value in self.form.multi_items()
            if name.startswith(prefix) and isinstance(value, str)
        }

    @property
    def key(self) -> CaseKey:
        """The case that the address names."""
        parts = self.request.path_params
        portal, sign, account = parts["store"].partition(":")
        if not sign:
            raise NotThere
        return CaseKey(portal=portal, account=account, channel=parts["channel"], case_id=parts["case_id"])

    @property
    def case(self) -> Case:
        """The case that the address names, which is in the records."""
        found = self.ctx.store.cases.get(self.key)
        if found is None:
            raise NotThere
        return found

    def tell(self, words: Words, kind: str = "good") -> None:
        """Say something on the next page that this person sees; `kind`: good, warn, bad."""
        if self.session is not None:
            self.desk.notices.setdefault(self.session.id, []).append((kind, words))

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page from its template."""
        whole = not template.endswith("_steps.html")  # a part of a page has no place for what is to be told
        notices = self.desk.notices.pop(self.session.id, []) if self.session is not None and whole else []
        html = self.desk.templates.render(template, self, notices=notices, **values)
        return HTMLResponse(html, status)

    def go(self, address: str) -> Response:
        """On to another page."""
        return RedirectResponse(address, _AFTER)

    def zones(self, portal: str, account: str) -> tuple[ZoneInfo, ZoneInfo]:
        """The operator's clock and the store's."""
        return self.ctx.zone, self.ctx.portal_zone(portal, account)


def at(verb: str, key: CaseKey, **query: str) -> str:
    """The address of a page about a case: `/case/coupang:main/refund_disputes/COO123`."""
    path = "/".join(quote(part, safe=":@") for part in (key.store_name, key.channel, key.case_id))
    return f"/{verb}/{path}" + (f"?{urlencode(query)}" if query else "")


def endpoint(handler: Handler, *, role: Role | None, people: bool = False) -> Callable[[Request], Any]:
    """`handler` as Starlette calls it: signed in, allowed, its token right; faults as pages with a next step."""

    async def serve(request: Request) -> Response:
        desk: Desk = request.app.state.desk
        token = request.cookies.get(desk.cookie)
        session = await run_in_threadpool(desk.ctx.store.people.session, token) if token else None
        speak(desk.language(request, session))
        posted = request.method == "POST"
        call = Call(desk, request, session, FormData(), desk.ctx.clock())
        try:
            refused = _refused(call, role, people, posted)
            if refused is not None:
                return refused
            if posted:  # what strangers post is not even read
                call.form = await request.form(max_files=40, max_fields=400)
                if role is not None and not _bears_token(call):
                    return problem(
                        call,
                        say("This form is from an earlier session; nothing was done."),
                        say("Open the page again."),
                        403,
                    )
            return await run_in_threadpool(handler, call)
        except NotThere:
            return problem(call, say("There is nothing here."), say("Go back to the board."), 404)
        except RebuttalError as fault:
            return problem(call, fault.said, fault.todo, _status(fault), fault.facts)
        finally:
            await call.form.close()

    return serve


def _refused(call: Call, role: Role | None, people: bool, posted: bool) -> Response | None:
    if role is None:
        return None
    if call.session is None:
        if posted:
            return problem(call, say("You are signed out."), say("Sign in and do it again; nothing was done."), 401)
        path = call.request.url.path
        query = f"?{call.request.url.query}" if call.request.url.query else ""
        return call.go("/sign-in" if path == "/" else f"/sign-in?next={quote(path + query)}")
    if not call.may(role) or (people and not call.person.keeps_people):
        return problem(
            call,
            say("{name}, this is not among what you may do.", name=call.person.name),
            say("Somebody who keeps the list of people can change that."),
            403,
        )
    return None


def _bears_token(call: Call) -> bool:
    """Does what was posted bear the token of this session's pages?"""
    given = call.text("csrf") or call.request.headers.get("x-csrf", "")
    return call.session is not None and hmac.compare_digest(given.encode(), call.session.csrf.encode())


def problem(
    call: Call, said: Words, todo: Words | None, status: int, facts: Mapping[str, Any] | None = None
) -> Response:
    """A fault as a page: one sentence and the next step."""
    changes = tuple((facts or {}).get("changes") or ())
    return call.page("problem.html", status=status, said=said, todo=todo, changes=changes)


def _status(fault: RebuttalError) -> int:
    if isinstance(fault, UsageFault):
        return 400
    return 409 if isinstance(fault, RefusedToSend) else 500 if isinstance(fault, StoreFault) else 503
