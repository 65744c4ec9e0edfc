"""People at the desk: who may do what, who is signed in, and rights that are spent by using them once."""

from __future__ import annotations

import hashlib
import json
import secrets
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from agent.errors import UsageFault
from agent.records import Instant, Record
from agent.store import schema
from agent.words import say

if TYPE_CHECKING:
    from agent.store.store import Store

Role = Literal["look", "draft", "approve"]
ROLES: tuple[Role, ...] = ("look", "draft", "approve")
"""Each may do what those before it may."""

IDLE = timedelta(hours=8)
LONGEST = timedelta(hours=16)
"""A session ends when it is not used so long, and at the latest after that long: both within one working day."""

_TOUCHED = timedelta(minutes=1)
_AUDIT_REF = "people"
_PEOPLE, _SESSIONS, _TOKENS = schema.people, schema.desk_sessions, schema.desk_tokens


class Person(Record):
    """One named operator. `keeps_people`: may add others and say what they may do."""

    id: str
    name: str
    role: Role
    keeps_people: bool
    password: str | None
    """The hash; None where none was set yet."""
    tastes: dict[str, str]
    """What a person likes: `language`, `look`, `keys`."""
    added_by: str
    added_at: Instant
    stopped_at: Instant | None

    def may(self, role: Role) -> bool:
        """Whether the role includes `role`."""
        return self.stopped_at is None and ROLES.index(self.role) >= ROLES.index(role)


class Session(NamedTuple):
    """A person who is signed in, the session's hash, and the token that its forms carry."""

    person: Person
    id: str
    csrf: str


def name_key(name: str) -> str:
    """`name` in compared form, so that nobody becomes a second person by a blank, a case or a letter's width."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def hashed(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class People:
    """Keeps people, sessions and one-time rights. Every change of who may do what is a link of the audit chain."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # People

    def count(self) -> int:
        """How many there are."""
        with self._store.reading() as conn:
            return conn.execute(select(func.count()).select_from(_PEOPLE)).scalar_one()

    def all(self) -> list[Person]:
        """Everybody, in the order in which they came."""
        with self._store.reading() as conn:
            rows = conn.execute(select(_PEOPLE).order_by(_PEOPLE.c.added_at, _PEOPLE.c.name_key)).mappings()
            return [_person(row) for row in rows]

    def get(self, person_id: str) -> Person | None:
        """One person."""
        with self._store.reading() as conn:
            return _one(conn, _PEOPLE.c.id == person_id)

    def named(self, name: str) -> Person | None:
        """The person of that name, in whatever case."""
        with self._store.reading() as conn:
            return _one(conn, _PEOPLE.c.name_key == name_key(name))

    def add(self, name: str, role: Role, *, by: str, keeps_people: bool = False, only_first: bool = False) -> Person:
        """A new person without a password. Raises `UsageFault` for a name that is taken or none.

        `only_first`: only where there is nobody yet, so that one first link can't make two first persons.
        """
        shown = " ".join(name.split())
        if not shown or len(shown) > 60 or not shown.isprintable():
            raise UsageFault(say("A name is needed, of at most 60 letters."))
        with self._store.writing(durable=True) as conn:
            if _one(conn, _PEOPLE.c.name_key == name_key(shown)) is not None:
                raise UsageFault(say("There is already somebody named “{name}”.", name=shown), say("Choose another."))
            if only_first and conn.execute(select(_PEOPLE.c.id)).first() is not None:
                raise UsageFault(say("Somebody else was first."), say("Ask them for a link of your own."))
            person_id = secrets.token_hex(8)
            conn.execute(
                insert(_PEOPLE).values(
                    id=person_id,
                    name=shown,
                    name_key=name_key(shown),
                    role=role,
                    keeps_people=int(keeps_people),
                    password=None,
                    tastes="{}",
                    added_by=by or shown,
                    added_at=self._store.clock(),
                    stopped_at=None,
                )
            )
            self._note(conn, by or shown, "person added", {"name": shown, "role": role, "keeps_people": keeps_people})
            found = _one(conn, _PEOPLE.c.id == person_id)
        assert found is not None
        return found

    def change(self, person: Person, *, by: str, role: Role, keeps_people: bool, stopped: bool) -> Person:
        """What a person may do from now on; one who is stopped is signed out. The last keeper of people stays one."""
        with self._store.writing(durable=True) as conn:
            now = self._store.clock()
            stopped_at = (person.stopped_at or now) if stopped else None
            conn.execute(
                update(_PEOPLE)
                .where(_PEOPLE.c.id == person.id)
                .values(role=role, keeps_people=int(keeps_people), stopped_at=stopped_at)
            )
            keepers = select(_PEOPLE.c.id).where(_PEOPLE.c.keeps_people == 1, _PEOPLE.c.stopped_at.is_(None))
            if conn.execute(keepers).first() is None:
                raise UsageFault(
                    say("Somebody must keep the list of people."), say("Let another person keep it first.")
                )
            if stopped:
                conn.execute(delete(_SESSIONS).where(_SESSIONS.c.person_id == person.id))
                conn.execute(delete(_TOKENS).where(_TOKENS.c.purpose == "password", _TOKENS.c.subject == person.id))
            self._note(
                conn,
                by,
                "person changed",
                {"name": person.name, "role": role, "keeps_people": keeps_people, "stopped": stopped},
            )
            found = _one(conn, _PEOPLE.c.id == person.id)
        assert found is not None
        return found

    def set_password(self, person: Person, password: str, *, by: str) -> None:
        """Keep a new hash, and end every session of the person."""
        with self._store.writing(durable=True) as conn:
            conn.execute(update(_PEOPLE).where(_PEOPLE.c.id == person.id).values(password=password))
            conn.execute(delete(_SESSIONS).where(_SESSIONS.c.person_id == person.id))
            self._note(conn, by, "password set", {"name": person.name})

    def rehash(self, person: Person, password: str) -> None:
        """The same password under today's parameters: nothing that anybody would see."""
        with self._store.writing(durable=True) as conn:
            conn.execute(update(_PEOPLE).where(_PEOPLE.c.id == person.id).values(password=password))

    def set_tastes(self, person: Person, tastes: dict[str, str]) -> None:
        """What the person likes."""
        with self._store.writing() as conn:
            conn.execute(
                update(_PEOPLE).where(_PEOPLE.c.id == person.id).values(tastes=json.dumps(tastes, sort_keys=True))
            )

    # Sessions

    def open_session(self, person: Person) -> str:
        """Sign a person in; gives a token that nobody could have known before."""
        token, now = secrets.token_urlsafe(32), self._store.clock()
        with self._store.writing() as conn:
            conn.execute(delete(_SESSIONS).where(_SESSIONS.c.opened_at < now - LONGEST))
            conn.execute(
                insert(_SESSIONS).values(
                    token=hashed(token),
                    person_id=person.id,
                    csrf=secrets.token_urlsafe(32),
                    opened_at=now,
                    seen_at=now,
                )
            )
        return token

    def session(self, token: str) -> Session | None:
        """Who is signed in with `token`; None where nobody is, or not any more."""
        now = self._store.clock()
        with self._store.reading() as conn:
            row = conn.execute(select(_SESSIONS).where(_SESSIONS.c.token == hashed(token))).first()
            person = _one(conn, _PEOPLE.c.id == row.person_id) if row is not None else None
        if row is None or person is None or person.stopped_at is not None:
            return None
        if now - row.seen_at > IDLE or now - row.opened_at > LONGEST:
            self.close_session(token)
            return None
        if now - row.seen_at > _TOUCHED:
            with self._store.writing() as conn:
                conn.execute(update(_SESSIONS).where(_SESSIONS.c.token == row.token).values(seen_at=now))
        return Session(person, row.token, row.csrf)

    def close_session(self, token: str) -> None:
        """Sign out."""
        with self._store.writing() as conn:
            conn.execute(delete(_SESSIONS).where(_SESSIONS.c.token == hashed(token)))

    # One-time rights

    def issue(self, purpose: str, subject: str, *, holder: str, lives: timedelta) -> str:
        """A right to do `purpose` once on `subject`; `holder`: the session that may use it, "" for whoever has it."""
        token, now = secrets.token_urlsafe(24), self._store.clock()
        with self._store.writing() as conn:
            conn.execute(delete(_TOKENS).where(_TOKENS.c.expires_at < now - timedelta(days=1)))
            conn.execute(
                insert(_TOKENS).values(
                    token=hashed(token), purpose=purpose, subject=subject, holder=holder, expires_at=now + lives
                )
            )
        return token

    def revoke(self, purpose: str, subject: str) -> None:
        """Take back rights that were not used."""
        with self._store.writing() as conn:
            conn.execute(
                delete(_TOKENS).where(
                    _TOKENS.c.purpose == purpose, _TOKENS.c.subject == subject, _TOKENS.c.spent_at.is_(None)
                )
            )

    def subject_of(self, purpose: str, token: str) -> str | None:
        """What a living right is for, without using it."""
        with self._store.reading() as conn:
            return conn.execute(select(_TOKENS.c.subject).where(*self._living(purpose, token, ""))).scalar()

    def spend(self, purpose: str, token: str, *, holder: str) -> str | None:
        """Use a right: its subject, once; None ever after, and where it is another's or has run out."""
        with self._store.writing(durable=True) as conn:
            living = self._living(purpose, token, holder)
            subject = conn.execute(select(_TOKENS.c.subject).where(*living)).scalar()
            done = conn.execute(update(_TOKENS).where(*living).values(spent_at=self._store.clock()))
        return subject if done.rowcount == 1 else None

    def _living(self, purpose: str, token: str, holder: str) -> list[Any]:
        return [
            _TOKENS.c.token == hashed(token),
            _TOKENS.c.purpose == purpose,
            _TOKENS.c.holder == holder,
            _TOKENS.c.spent_at.is_(None),
            _TOKENS.c.expires_at > self._store.clock(),
        ]

    def _note(self, conn: Connection, who: str, what: str, data: dict[str, Any]) -> None:
        self._store.audit.append(conn, who, what, _AUDIT_REF, data)


def _one(conn: Connection, condition: Any) -> Person | None:
    row = conn.execute(select(_PEOPLE).where(condition)).mappings().first()
    return None if row is None else _person(row)


def _person(row: Any) -> Person:
    kept = {name: row[name] for name in Person.model_fields}
    return Person(**(kept | {"keeps_people": bool(row["keeps_people"]), "tastes": json.loads(row["tastes"])}))
