"""Who works here and what they may do; and one's own page: password, language, look, keys."""

from __future__ import annotations

from typing import cast

from starlette.responses import Response

from agent.errors import UsageFault
from agent.store.people import ROLES, Person, Role
from agent.words import LANGUAGES, Words, say
from flows import people
from flows.desk.call import Call, NotThere
from flows.desk.signing import signed_in


def listing(call: Call) -> Response:
    """Everybody; who keeps the list may change it."""
    return _page(call)


def add(call: Call) -> Response:
    """A new person, and the link with which they choose their password: shown once."""
    try:
        person, token = people.invite(call.ctx, call.text("name"), _role(call), by=call.person)
    except UsageFault as fault:
        return _page(call, fault=fault.said, status=400)
    return _page(call, link=_link(call, token), whose=person.name)


def change(call: Call) -> Response:
    """What somebody may do from now on."""
    person = _whom(call)
    try:
        call.ctx.store.people.change(
            person,
            by=call.person.name,
            role=_role(call),
            keeps_people=call.text("keeps_people") == "yes",
            stopped=call.text("stopped") == "yes",
        )
    except UsageFault as fault:
        return _page(call, fault=fault.said, status=400)
    call.tell(say("{name}: saved.", name=person.name))
    return call.go("/people")


def renew(call: Call) -> Response:
    """A new link to choose a password with."""
    person = _whom(call)
    if person.stopped_at is not None:
        return _page(call, fault=say("{name} was stopped.", name=person.name), status=400)
    return _page(call, link=_link(call, people.link_for(call.ctx, person)), whose=person.name)


def me(call: Call) -> Response:
    """One's own page."""
    return call.page("me.html", fault=None, least=people.LEAST)


def tastes(call: Call) -> Response:
    """Language, look, keys."""
    chosen = {
        "language": _one_of(call.text("language"), LANGUAGES),
        "look": _one_of(call.text("look"), ("auto", "light", "dark")),
        "keys": _one_of(call.text("keys"), ("on", "off")),
    }
    call.ctx.store.people.set_tastes(call.person, call.person.tastes | chosen)
    call.tell(say("Saved."))
    return call.go("/me")


def password(call: Call) -> Response:
    """Another password; whoever is signed in with the old one is signed out."""
    wait = call.desk.guesses.wait_s(call.person.id)
    try:
        if wait > 0 or not call.desk.guesses.take(call.person.id):
            raise UsageFault(say("Too many tries. Wait {seconds} seconds.", seconds=int(wait) + 1))
        if call.text("password") != call.text("again"):
            raise UsageFault(say("The two passwords differ."))
        person = people.change_password(call.ctx, call.person, old=call.text("old"), new=call.text("password"))
    except UsageFault as fault:
        return call.page("me.html", status=400, fault=fault, least=people.LEAST)
    call.desk.guesses.give_back(call.person.id)
    return signed_in(call, person, "/me")


def _page(call: Call, *, status: int = 200, fault: Words | None = None, link: str = "", whose: str = "") -> Response:
    return call.page(
        "people.html", status=status, everybody=call.ctx.store.people.all(), fault=fault, link=link, whose=whose
    )


def _link(call: Call, token: str) -> str:
    return f"{call.request.url.scheme}://{call.request.headers['host']}/password/{token}"


def _whom(call: Call) -> Person:
    person = call.ctx.store.people.get(call.request.path_params["person"])
    if person is None:
        raise NotThere
    return person


def _role(call: Call) -> Role:
    return cast(Role, _one_of(call.text("role"), ROLES))


def _one_of(given: str, known: tuple[str, ...]) -> str:
    if given not in known:
        raise NotThere
    return given
