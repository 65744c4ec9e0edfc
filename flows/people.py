"""Who may work at the desk: first links, passwords, signing in. Passwords are hashed with Argon2id and kept nowhere else."""

from __future__ import annotations

import functools
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from agent.errors import UsageFault
from agent.store.people import Person, Role
from agent.words import say
from flows.context import Context

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST, MOST = 12, 200
"""Letters of a password: length is what guards it (NIST SP 800-63B), so nothing else is asked."""

FIRST_LIVES = timedelta(hours=1)
INVITATION_LIVES = timedelta(hours=48)
_FIRST, _PASSWORD = "first", "password"
_at_once = threading.BoundedSemaphore(2)  # each hash takes 64 MB on purpose: a flood of guesses must not take all


@functools.cache
def _hasher() -> PasswordHasher:
    """Argon2id with the parameters of RFC 9106 that the library holds for right."""
    from argon2 import PasswordHasher

    return PasswordHasher()


@functools.cache
def _nobodys() -> str:
    """The hash that a name nobody has is checked against, so that time does not tell which names there are."""
    return _hasher().hash("a password that nobody has")


def first_link(ctx: Context) -> str | None:
    """The token of a link with which the first person is made; None once there is somebody. Older ones are void."""
    people = ctx.store.people
    if people.count():
        return None
    people.revoke(_FIRST, _FIRST)
    return people.issue(_FIRST, _FIRST, holder="", lives=FIRST_LIVES)


def first_stands(ctx: Context, token: str) -> bool:
    """Whether the first link may still be used."""
    return ctx.store.people.subject_of(_FIRST, token) is not None and not ctx.store.people.count()


def begin(ctx: Context, token: str, *, name: str, password: str) -> Person:
    """Make the first person, who may do everything and keeps the list of people. The link is spent by it."""
    _strong(password, name)
    _named(name)
    if ctx.store.people.spend(_FIRST, token, holder="") is None:
        raise _void()
    person = ctx.store.people.add(name, "approve", by="", keeps_people=True, only_first=True)
    return _with_password(ctx, person, password, by=person.name)


def invite(ctx: Context, name: str, role: Role, *, by: Person) -> tuple[Person, str]:
    """Add a person; gives the token of a link with which they choose a password of their own."""
    person = ctx.store.people.add(name, role, by=by.name)
    return person, link_for(ctx, person)


def link_for(ctx: Context, person: Person) -> str:
    """A new link to choose a password with; the one before it is void."""
    ctx.store.people.revoke(_PASSWORD, person.id)
    return ctx.store.people.issue(_PASSWORD, person.id, holder="", lives=INVITATION_LIVES)


def invited(ctx: Context, token: str) -> Person | None:
    """Whose link it is; None for one that was used, replaced or has run out."""
    subject = ctx.store.people.subject_of(_PASSWORD, token)
    person = ctx.store.people.get(subject) if subject else None
    return person if person is not None and person.stopped_at is None else None


def choose_password(ctx: Context, token: str, password: str) -> Person:
    """Set the password of the person whose link it is; the link is spent by it."""
    person = invited(ctx, token)
    if person is None:
        raise _void()
    _strong(password, person.name)
    if ctx.store.people.spend(_PASSWORD, token, holder="") is None:
        raise _void()
    return _with_password(ctx, person, password, by=person.name)


def change_password(ctx: Context, person: Person, *, old: str, new: str) -> Person:
    """A person's new password in place of the old; every session of theirs ends."""
    if recognised(ctx, person.name, old) is None:
        raise UsageFault(say("The old password is not right."))
    _strong(new, person.name)
    return _with_password(ctx, person, new, by=person.name)


def recognised(ctx: Context, name: str, password: str) -> Person | None:
    """The person of that name and password; None for a wrong one, after the same time whether the name is known."""
    from argon2.exceptions import InvalidHashError, VerificationError

    person = ctx.store.people.named(name)
    known = person.password if person is not None and person.stopped_at is None else None
    with _at_once:
        try:
            _hasher().verify(known or _nobodys(), password[:MOST])
        except (VerificationError, InvalidHashError):
            return None
        if person is None or known is None:
            return None
        if _hasher().check_needs_rehash(known):
            ctx.store.people.rehash(person, _hasher().hash(password[:MOST]))
    return person


def _with_password(ctx: Context, person: Person, password: str, *, by: str) -> Person:
    with _at_once:
        made = _hasher().hash(password)
    ctx.store.people.set_password(person, made, by=by)
    return ctx.store.people.get(person.id) or person


def _strong(password: str, name: str) -> None:
    if len(password) < LEAST:
        raise UsageFault(say("The password is too short: at least {count} characters.", count=LEAST))
    if len(password) > MOST:
        raise UsageFault(say("The password is too long: at most {count} characters.", count=MOST))
    if password.casefold() == name.casefold() or len(set(password)) < 5:
        raise UsageFault(say("That password would be guessed at once. A few unrelated words make a good one."))


def _named(name: str) -> None:
    if not name.strip():
        raise UsageFault(say("A name is needed, of at most 60 letters."))


def _void() -> UsageFault:
    return UsageFault(
        say("This link was used, replaced, or has run out."), say("Ask for a new one, or start the desk again.")
    )
