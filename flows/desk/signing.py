"""Signing in and out, first links and passwords, the language of a page."""

from __future__ import annotations

from starlette.responses import Response

from agent.errors import UsageFault
from agent.store.people import Person
from agent.words import LANGUAGES, Words, say
from flows import people
from flows.desk.call import Call, NotThere
from flows.desk.state import LANGUAGE_COOKIE

_A_YEAR_S = 365 * 24 * 3600


def sign_in(call: Call) -> Response:
    """The form, and with a right name and password a new session."""
    if call.request.method != "POST":
        if call.session is not None:
            return call.go(_next(call))
        return _form(call, None)
    name, place = call.text("name"), call.request.client.host if call.request.client else "?"
    desk, key = call.desk, f"{name.casefold().strip()}\n{place}"
    buckets = ((desk.guesses, key), (desk.guesses_by_name, key.partition("\n")[0]), (desk.guesses_by_place, place))
    wait = max(bucket.wait_s(of) for bucket, of in buckets)
    if wait > 0:
        answer = _form(call, say("Too many tries. Wait {seconds} seconds.", seconds=int(wait) + 1), 429)
        answer.headers["Retry-After"] = str(int(wait) + 1)
        return answer
    for bucket, of in buckets:
        bucket.take(of)
    person = people.recognised(call.ctx, name, call.text("password"))
    if person is None:
        return _form(call, say("Name or password is not right."), 403)
    for bucket, of in buckets:
        bucket.give_back(of)
    return signed_in(call, person, _next(call))


def signed_in(call: Call, person: Person, then: str = "/") -> Response:
    """On to `then` with a session of its own; the one before, whoever began it, is over."""
    old = call.request.cookies.get(call.desk.cookie)
    if old:
        call.ctx.store.people.close_session(old)
    token = call.ctx.store.people.open_session(person)
    answer = call.go(then)
    answer.set_cookie(
        call.desk.cookie,
        token,
        httponly=True,
        samesite="strict",
        path="/",
        secure=call.request.url.scheme == "https",
    )
    return answer


def sign_out(call: Call) -> Response:
    """The session ends here and in the records."""
    token = call.request.cookies.get(call.desk.cookie)
    if token:
        call.ctx.store.people.close_session(token)
    answer = call.go("/sign-in")
    answer.delete_cookie(call.desk.cookie, path="/", httponly=True, samesite="strict")
    return answer


def first(call: Call) -> Response:
    """The first person, by the link that the desk printed when it started."""
    token = call.request.path_params["token"]
    if not people.first_stands(call.ctx, token):
        raise _void()
    if call.request.method != "POST":
        return _password(call, None, name=call.ctx.settings.operator, first=True)
    name, password = call.text("name"), call.text("password")
    try:
        _twice(call)
        person = people.begin(call.ctx, token, name=name, password=password)
    except UsageFault as fault:
        return _password(call, fault, name=name, first=True)
    return signed_in(call, person)


def invited(call: Call) -> Response:
    """A password of one's own, by a link that somebody handed over."""
    token = call.request.path_params["token"]
    person = people.invited(call.ctx, token)
    if person is None:
        raise _void()
    if call.request.method != "POST":
        return _password(call, None, name=person.name, first=False)
    try:
        _twice(call)
        person = people.choose_password(call.ctx, token, call.text("password"))
    except UsageFault as fault:
        return _password(call, fault, name=person.name, first=False)
    return signed_in(call, person)


def language(call: Call) -> Response:
    """Another language: kept with the person, or before signing in with the browser."""
    chosen = call.text("language")
    if chosen not in LANGUAGES:
        raise NotThere
    if call.session is not None:
        call.ctx.store.people.set_tastes(call.person, call.person.tastes | {"language": chosen})
    answer = call.go(_next(call))
    answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_A_YEAR_S, httponly=True, samesite="strict", path="/")
    return answer


def _next(call: Call) -> str:
    """Where to go afterwards: an address of the desk, never another place's."""
    wanted = call.text("next") or call.request.query_params.get("next", "")
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if ours else "/"


def _form(call: Call, fault: Words | None, status: int = 200) -> Response:
    return call.page("sign_in.html", status=status, fault=fault, next=_next(call), name=call.text("name"))


def _password(call: Call, fault: UsageFault | None, *, name: str, first: bool) -> Response:
    return call.page(
        "password.html", status=400 if fault else 200, fault=fault, name=name, first=first, least=people.LEAST
    )


def _twice(call: Call) -> None:
    if call.text("password") != call.text("again"):
        raise UsageFault(say("The two passwords differ."))


def _void() -> UsageFault:
    return UsageFault(
        say("This link was used, replaced, or has run out."), say("Ask for a new one, or start the desk again.")
    )
