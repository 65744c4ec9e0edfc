"""A stranger at the desk's door: guessing, forging, coming by another name; and what a session is worth."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette

from flows import people
from flows.desk import guarding
from flows.desk.guarding import answers_to
from flows.desk.limits import Bucket
from tests.desk.conftest import BASE, PASSWORD, Clock, Desk, Visitor

FORM = {"name": "li", "password": PASSWORD, "again": PASSWORD}


def first(desk: Desk, visitor: Any) -> Visitor:
    """The first person, made by the link."""
    one: Visitor = visitor()
    token = people.first_link(desk.ctx)
    assert one.post(f"/first/{token}", FORM).status_code == 303
    return one


def test_the_first_link_makes_one_first_person(desk: Desk, visitor: Any) -> None:
    """Whoever reads it later on a screen or in a history gets nothing."""
    token = people.first_link(desk.ctx)
    li = visitor()
    assert "li" in li.get(f"/first/{token}").text
    assert li.post(f"/first/{token}", FORM).headers["location"] == "/"
    assert li.get("/people").status_code == 200
    stranger = visitor()
    assert stranger.post(f"/first/{token}", FORM | {"name": "eve"}).status_code == 400
    assert stranger.get(f"/first/{token}").status_code == 400
    assert [p.name for p in desk.ctx.store.people.all()] == ["li"]
    assert people.first_link(desk.ctx) is None


def test_a_newer_first_link_voids_the_older(desk: Desk, visitor: Any) -> None:
    """And an hour voids both."""
    old, new = people.first_link(desk.ctx), people.first_link(desk.ctx)
    assert visitor().post(f"/first/{old}", FORM).status_code == 400
    desk.clock.move(hours=2)
    assert visitor().post(f"/first/{new}", FORM).status_code == 400
    assert desk.ctx.store.people.count() == 0


def test_a_weak_password_does_not_spend_the_link(desk: Desk, visitor: Any) -> None:
    """The first person may try again."""
    token, one = people.first_link(desk.ctx), visitor()
    for wrong in ("short", "aaaaaaaaaaaaaa"):
        assert one.post(f"/first/{token}", {"name": "li", "password": wrong, "again": wrong}).status_code == 400
    assert one.post(f"/first/{token}", FORM | {"again": "another thing entirely"}).status_code == 400
    assert one.post(f"/first/{token}", FORM).status_code == 303


def test_only_a_hash_of_the_password_is_kept(desk: Desk, visitor: Any) -> None:
    """Whoever steals the database still has to guess, at 64 MB a guess; the session's token is not in it either."""
    li = first(desk, visitor)
    (person,) = desk.ctx.store.people.all()
    assert person.password is not None and person.password.startswith("$argon2id$")
    desk.ctx.store.close()
    kept = b"".join(path.read_bytes() for path in desk.ctx.home.path.glob("rebuttal.db*"))
    assert PASSWORD.encode() not in kept
    assert li.cookies[li.state.cookie].encode() not in kept


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(desk: Desk, visitor: Any) -> None:
    """HttpOnly, SameSite=Strict, for this desk alone."""
    one = visitor()
    answer = one.post(f"/first/{people.first_link(desk.ctx)}", FORM)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie
    assert "domain" not in cookie


def test_a_session_that_was_planted_is_never_taken_over(desk: Desk, visitor: Any) -> None:
    """Session fixation: who set the cookie before the sign-in knows nothing of the session after it."""
    first(desk, visitor)
    victim = visitor()
    planted = "planted-by-an-attacker-planted-by-an-attacker"
    victim.cookies[victim.state.cookie] = planted
    assert victim.post("/sign-in", {"name": "li", "password": PASSWORD}, csrf=False).status_code == 303
    assert victim.cookies[victim.state.cookie] != planted
    assert desk.ctx.store.people.session(planted) is None
    again = victim.cookies[victim.state.cookie]
    assert victim.post("/sign-in", {"name": "li", "password": PASSWORD}).status_code == 303
    assert victim.cookies[victim.state.cookie] != again
    assert desk.ctx.store.people.session(again) is None, "the session before is over"


def test_guessing_a_password_soon_has_to_wait(desk: Desk, visitor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five tries, then nothing is even looked at; the right password is refused as well, so that nothing is learned."""
    first(desk, visitor)
    looked: list[str] = []

    def recognised(ctx: Any, name: str, password: str) -> None:
        looked.append(password)

    monkeypatch.setattr(people, "recognised", recognised)
    guesser = visitor()
    codes = [guesser.post("/sign-in", {"name": " LI", "password": f"guess {n}"}).status_code for n in range(8)]
    assert codes == [403] * 5 + [429] * 3
    assert len(looked) == 5
    answer = guesser.post("/sign-in", {"name": "li", "password": PASSWORD})
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
    other = visitor(place="192.0.2.9")
    assert other.post("/sign-in", {"name": "li", "password": "x"}).status_code == 403, "others are not locked out"


def test_guessing_many_names_from_one_place_has_to_wait_too(visitor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One password tried on everybody."""
    monkeypatch.setattr(people, "recognised", lambda *given: None)
    guesser = visitor()
    codes = [guesser.post("/sign-in", {"name": f"name {n}", "password": "x"}).status_code for n in range(25)]
    assert codes[:20] == [403] * 20 and codes[-1] == 429


def test_a_wrong_name_and_a_wrong_password_look_the_same(desk: Desk, visitor: Any) -> None:
    """Nobody learns who works here."""
    first(desk, visitor)
    one = visitor().post("/sign-in", {"name": "li", "password": "not this one at all"})
    other = visitor().post("/sign-in", {"name": "nobody", "password": "not this one at all"})
    assert one.status_code == other.status_code == 403
    assert one.text.replace('value="li"', "") == other.text.replace('value="nobody"', "")


def test_signing_out_ends_the_session_everywhere(desk: Desk, visitor: Any) -> None:
    """A copied cookie is worth nothing afterwards."""
    one = visitor("look")
    copied = dict(one.cookies)
    assert one.get("/").status_code == 200
    assert one.post("/sign-out").status_code == 303
    thief = visitor()
    thief.cookies = copied
    assert thief.get("/").headers["location"] == "/sign-in"


def test_a_session_ends_by_itself(visitor: Any, clock: Clock) -> None:
    """Unused for eight hours, or after sixteen at the latest."""
    idle, busy = visitor("look"), visitor("draft")
    for _ in range(4):
        clock.move(hours=3)
        assert busy.get("/").status_code == 200
    assert idle.get("/").status_code == 303
    clock.move(hours=5)
    assert busy.get("/").status_code == 303


def test_who_is_stopped_is_out_at_once(desk: Desk, visitor: Any) -> None:
    """Not at the end of their session."""
    keeper, other = visitor("approve", name="li", keeps_people=True), visitor("approve", name="wang")
    assert other.get("/").status_code == 200
    keeper.post(f"/people/{other.person.id}", {"role": "approve", "stopped": "yes"})
    assert other.get("/").status_code == 303


def test_a_new_password_ends_every_session(desk: Desk, visitor: Any) -> None:
    """Also that of whoever stole the old one; the owner goes on with a new one."""
    li = first(desk, visitor)
    thief = visitor()
    thief.cookies = dict(li.cookies)
    assert thief.get("/").status_code == 200
    changed = li.post(
        "/me/password", {"old": PASSWORD, "password": "quite another lamp", "again": "quite another lamp"}
    )
    assert changed.headers["location"] == "/me"
    assert thief.get("/").status_code == 303
    assert li.get("/").status_code == 200


def test_after_signing_in_nobody_is_sent_to_another_site(visitor: Any) -> None:
    """`next` comes from the address."""
    one = visitor("look")
    for there in ("//evil.example/", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\r\nX: y"):
        answer = one.get(f"/sign-in?next={there!s}".replace("\r\n", "%0d%0a"))
        assert answer.headers["location"] == "/", there
    assert one.get("/sign-in?next=/numbers").headers["location"] == "/numbers"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8760", "127.0.0.1:9999", "127.0.0.1", "", "localhost:8760.evil.example"]
)
def test_another_hosts_name_is_not_answered(visitor: Any, host: str) -> None:
    """DNS rebinding: the attacker's name points here, and his page is of the same origin as what it asks for."""
    one = visitor("look")
    answer = one.get("/", Host=host)
    assert answer.status_code == 421 and "Rebuttal" not in answer.text
    for own in ("localhost:8760", "127.0.0.1:8760", "[::1]:8760"):
        assert one.get("/", Host=own).status_code == 200


def test_the_host_check_is_what_keeps_rebinding_out(visitor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the attacker's name would be answered."""
    monkeypatch.setattr(guarding.Guard, "_refused", lambda self, scope: None)
    assert visitor("look").get("/", Host="evil.example").status_code == 200


def test_names_that_were_given_are_answered() -> None:
    """Behind a proxy of one's own."""
    hosts = answers_to("0.0.0.0", 8760, ["Desk.Example"])
    assert {"desk.example", "desk.example:8760", "127.0.0.1:8760"} <= hosts
    assert "0.0.0.0:8760" not in hosts


FORGED = [
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": ""},
    {"Origin": "null", "Sec-Fetch-Site": ""},
    {"Origin": "", "Sec-Fetch-Site": ""},
    {"Origin": "http://127.0.0.1:9999", "Sec-Fetch-Site": "same-site"},
    {"Origin": "http://127.0.0.1:9999", "Sec-Fetch-Site": ""},
]


@pytest.mark.parametrize("headers", FORGED)
def test_a_form_of_another_site_is_refused(visitor: Any, desk: Desk, headers: dict[str, str]) -> None:
    """Even with the right token in it."""
    keeper = visitor("approve", name="li", keeps_people=True)
    answer = keeper.post("/people", {"name": "eve", "role": "approve"}, headers=headers)
    assert answer.status_code == 403
    assert desk.ctx.store.people.named("eve") is None


def test_a_form_without_this_sessions_token_is_refused(visitor: Any, desk: Desk) -> None:
    """Nor with another session's."""
    keeper, other = visitor("approve", name="li", keeps_people=True), visitor("look")
    for token in ("", "x", other.csrf):
        answer = keeper.post("/people", {"name": "eve", "role": "approve", "csrf": token}, csrf=False)
        assert answer.status_code == 403
    assert desk.ctx.store.people.named("eve") is None
    assert keeper.post("/people", {"name": "eve", "role": "look"}).status_code == 200


def test_another_site_can_not_load_parts_of_the_desk(visitor: Any) -> None:
    """Nor frame it; a link from elsewhere may lead here."""
    one = visitor("look")
    assert one.get("/numbers", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status_code == 403
    assert one.get("/numbers", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status_code == 200


def test_every_answer_has_its_headers(visitor: Any, app: Starlette) -> None:
    """No script but the desk's own, framed by nobody, kept in no cache, no address told to others."""
    one = visitor("look")
    for path in (
        "/",
        "/numbers",
        "/people",
        "/me",
        "/nothing",
        "/case/a:b/c/d",
        next(iter(one.state.assets.values())).address,
    ):
        headers = one.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store" or path.startswith("/static/")
        assert "server" not in headers


def test_too_much_at_once_is_refused(visitor: Any) -> None:
    """A form is small; whoever sends more, said or unsaid, is cut off."""
    one = visitor("look")
    assert one.post("/me", {"language": "x" * (2 << 20)}).status_code == 413

    async def unsaid() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    headers = {"Origin": BASE, "Content-Type": "application/x-www-form-urlencoded"}
    assert one._ask("POST", "/me", content=unsaid(), headers=headers).status_code == 413


def test_a_flood_from_one_place_is_slowed(visitor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts cost the most; links keep working. The clock stands still, so that a slow machine is no excuse."""
    still = functools.partial(Bucket, clock=lambda: 100.0)
    monkeypatch.setattr(guarding, "Bucket", still)
    one = visitor("look")
    codes = [one.post("/nothing").status_code for _ in range(62)]
    assert codes[:60] == [404] * 60 and codes[60:] == [429] * 2
    assert one.get("/me").status_code == 200


def test_an_invitation_works_once(visitor: Any, desk: Desk) -> None:
    """The keeper never knows the password."""
    keeper = visitor("approve", name="li", keeps_people=True)
    page = keeper.post("/people", {"name": "Wang Fang", "role": "draft"}).text
    link = page[page.index("/password/") :].partition("<")[0]
    wang = visitor()
    assert wang.post(link, {"password": PASSWORD, "again": PASSWORD}).status_code == 303
    assert wang.get("/me").status_code == 200 and "Wang Fang" in wang.get("/me").text
    assert visitor().post(link, {"password": PASSWORD, "again": PASSWORD}).status_code == 400
    assert keeper.post("/people", {"name": "wang  FANG", "role": "look"}).status_code == 400, (
        "no second person by a blank"
    )


def test_somebody_always_keeps_the_list(visitor: Any, desk: Desk) -> None:
    """Else nobody could ever be added or stopped."""
    keeper = visitor("approve", name="li", keeps_people=True)
    assert keeper.post(f"/people/{keeper.person.id}", {"role": "look"}).status_code == 400
    assert keeper.get("/people").status_code == 200
    assert [link.what for link in desk.ctx.store.audit.story("people")] == ["person added"]
