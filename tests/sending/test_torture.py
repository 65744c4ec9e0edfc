"""The torture run in small: killed at every step, and with each guard taken away to see that the judge bites."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from loguru import logger
from playwright.async_api import Error
from sqlalchemy import Connection

from agent.browser.guard import SendingGuard
from agent.errors import PacketAltered
from agent.records import CaseKey
from agent.sending import ledger, send, standing
from agent.sending.body import PacketCheck
from agent.sending.ledger import Ledger
from agent.sending.packet import Packet, PacketField, PacketFile
from fixtures.kernel.discover import portal_names
from flows import reconcile, submit
from tests.portals.main import main_of, portals
from tests.torture import chromium, fast
from tests.torture.chromium_run import content_arrived, content_of
from tests.torture.judge import Verdict
from tests.torture.machine import Death, DiskTrouble
from tests.torture.memory_page import MemoryForm, Weather

IN_A_BROWSER = (3, range(2))
"""Seed and numbers of the runs with a real Chromium that everyone makes; `make torture` makes as many as wanted."""
STEPS = 62
"""As many as one submission has, and a few more."""


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    logger.disable("flows")
    yield
    logger.enable("flows")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fast.empty_database(tmp_path_factory.mktemp("empty"))


Drill = Callable[..., Verdict]


@pytest.fixture
def drill(template: Path, tmp_path: Path) -> Drill:
    """One approved case, sent once in a weather, with a death or a trouble, then calm."""

    def play(weather: Weather | None = None, seed: int = 0, **danger: Any) -> Verdict:
        folder = tmp_path / "drill"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with fast.in_memory():
            one = fast.Run(0, seed, folder, template, plain=True)
            verdict: Verdict = one.drill(weather or Weather(), **danger)
            return verdict

    return play


@pytest.mark.parametrize(
    ("answer", "power"),
    [("receipt", False), ("drop_after", True), ("late", False)],
    ids=["killed", "power lost, the answer too", "killed, the portal slow"],
)
def test_killed_at_every_step_there_is_one_appeal_and_the_record_ends_true(
    drill: Drill, answer: str, power: bool
) -> None:
    total = Verdict()
    for step in range(1, STEPS, 1 if answer == "receipt" else 3):
        verdict = drill(Weather(answer), seed=step, death=Death(step, power, delivers=step % 2 == 0))
        assert verdict.bad == 0, (step, verdict.notes)
        assert verdict.left_unknown == 0, (step, verdict.reasons)
        assert verdict.confirmed <= 1
        total.add(verdict)
    assert total.confirmed > total.runs / 2
    assert {"power lost" if power else "killed"} <= set(total.faults)


@pytest.mark.parametrize("kind", ["full", "locked"])
def test_a_disk_that_fails_at_any_transaction_loses_nothing(drill: Drill, kind: str) -> None:
    for first in range(1, 14):
        count = 50 if first % 2 else 1
        verdict = drill(seed=first, trouble=DiskTrouble(kind, first, count))
        assert (verdict.bad, verdict.left_unknown) == (0, 0), (first, count, verdict.notes)


def test_a_run_is_the_same_every_time(template: Path, tmp_path: Path) -> None:
    with fast.in_memory():
        (first, told), (second, again) = (fast.run(5, 17, tmp_path, template) for _ in range(2))
    assert told == again
    assert vars(first) == vars(second)


def test_some_runs_in_memory_find_nothing(template: Path, tmp_path: Path) -> None:
    total = Verdict()
    with fast.in_memory():
        for number in range(25):
            verdict, told = fast.run(2, number, tmp_path, template)
            assert verdict.bad == 0, f"--fast --seed 2 --only {number}: {verdict.notes} {told}"
            total.add(verdict)
    assert total.submissions > 12 and total.confirmed > 8


def test_every_portal_with_a_mock_can_be_tortured() -> None:
    assert portals() == list(portal_names())


@pytest.mark.long
@pytest.mark.parametrize("portal", [name for name in portals() if name != "coupang"])
def test_a_run_at_each_other_portal_finds_nothing(portal: str, capsys: pytest.CaptureFixture[str]) -> None:
    [(_, verdict)] = chromium.runs(1, [0], portal=portal)
    assert verdict.bad == 0, (verdict.notes, capsys.readouterr().out)
    assert verdict.submissions == 1


@pytest.mark.parametrize(
    ("of", "key", "value"),
    [("fields", "dispute_text_reason", ["!"]), ("fields", "dispute_reason_id", ["11"]), ("fields", "return_sn", ["?"])],
    ids=["text", "choice", "case"],
)
def test_an_answer_that_arrives_with_another_text_choice_case_or_file_is_seen(of: str, key: str, value: Any) -> None:
    main, case = main_of("shopee"), CaseKey(portal="shopee", account="main", channel="returns", case_id="R1")
    fields = (
        PacketField(key="reason", kind="choice", value="right_item"),
        PacketField(key="text", kind="text", value="a\nb"),
    )
    file = PacketFile(kind="P", upload_name="p.jpg", size=3, sha256="s", media_type="image/jpeg", path="p.jpg")
    packet = Packet(case=case, order_id="O1", case_revision="", action="appeal", fields=fields, files=(file,),
                    policy_version="", by="li")  # fmt: skip
    uploaded = [{"name": "p.jpg", "size": 3, "sha256": "s"}]
    request = {"path": "/", "files": [], "fields": {"return_sn": ["R1"], "dispute_reason_id": ["10"],
               "dispute_text_reason": ["a\r\nb"], "image_list": ["[]"]}}  # fmt: skip
    approved = content_of(main, packet)
    assert content_arrived(main, request, uploaded, packet) == approved
    assert content_arrived(main, request, [uploaded[0] | {"sha256": "t"}], packet) != approved
    assert content_arrived(main, request | {of: request[of] | {key: value}}, uploaded, packet) != approved  # type: ignore[operator]


def test_a_few_runs_in_a_real_browser_find_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    total = Verdict()
    for _, verdict in chromium.runs(IN_A_BROWSER[0], list(IN_A_BROWSER[1])):
        total.add(verdict)
    assert total.bad == 0, (total.notes, capsys.readouterr().out)
    assert total.runs == len(IN_A_BROWSER[1]) and total.submissions >= 1


# -- each guard away -----------------------------------------------------------------------------------------------


async def _retries(self: SendingGuard, route: Any, request: Any, address: str, *, sending: bool = False) -> str | None:
    """A guard that makes the request again when the connection breaks, as a browser does."""
    for last in (False, True):
        try:
            response = await route.fetch(url=address, max_retries=0, max_redirects=0, timeout=1)
        except Error as fault:
            if last:
                return str(fault)
            continue
        await route.fulfill(response=response)
        break
    return None


async def _second_too(self: SendingGuard, route: Any, request: Any, address: str) -> str | None:
    self.released += 1
    self.fault = await self._once(route, request, address, sending=True)
    self.over = True
    return None


@contextmanager
def _in_memory_only(self: Ledger, name: str) -> Iterator[Connection]:
    self._step(name)
    with self._store.writing(durable=False) as conn:
        yield conn
        self._step(f"{name}:written")
    self._step(f"{name}:committed")


async def _all_is_well(self: MemoryForm, packet: object) -> list[Any]:
    return []


def _as_refused(self: send.Sending, attempt: Any, fault: object, shown: str) -> Any:
    return self.ledger.settle(attempt.id, "refused", words="?", by="?")


_OLD = timedelta(0)
GUARDS: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "the request is repeated when the connection breaks": (
        [mock.patch.object(SendingGuard, "_once", _retries)], {"weather": Weather("drop_after")}, "duplicates"),
    "a second request of the page leaves too": (
        [mock.patch.object(SendingGuard, "_sending", _second_too),
         mock.patch.object(SendingGuard, "_unrouted", lambda *_: None)],
        {"weather": Weather(script="double_form")}, "duplicates"),
    "what leaves is not looked at": (
        [mock.patch.object(PacketCheck, "sending", lambda *_: None)], {"weather": Weather(script="swap_note")},
        "altered"),
    "choices are not looked at": (
        [mock.patch.object(PacketCheck, "_other_fields", lambda *_: None)], {"weather": Weather(script="swap_choice")},
        "altered"),
    "files are not looked at": (
        [mock.patch.object(PacketCheck, "_other_files", lambda *_: None)], {"weather": Weather(script="swap_file")},
        "altered"),
    "the form is not read back": (
        [mock.patch.object(MemoryForm, "differences", _all_is_well),
         mock.patch.object(PacketCheck, "_other_fields", lambda *_: None)],
        {"weather": Weather(script="rewrites_note")}, "altered"),
    "every refusal on the page is believed": (
        [mock.patch.object(SendingGuard, "refusal_counts", property(lambda self: True))],
        {"weather": Weather("drop_after", "fetch")}, "wrongly_refused"),
    "what is unknown is called refused": (
        [mock.patch.object(send.Sending, "_unknown", _as_refused)], {"weather": Weather("drop_after")},
        "wrongly_refused"),
    "a portal that is slow is taken for one that has nothing": (
        [mock.patch.object(reconcile, "SETTLE_AFTER", _OLD), mock.patch.object(reconcile, "CLICK_WITHIN", _OLD)],
        {"weather": Weather("late"), "after": "reconcile"}, "wrongly_refused"),
    "a click may come however late": (
        [mock.patch.object(ledger, "CLICK_WITHIN", timedelta(days=1))],
        {"weather": Weather("late"), "sleeps_s": 800, "after": "reconcile"}, "wrongly_refused"),
    "attempts are not forced to the disk": (
        [mock.patch.object(Ledger, "_write", _in_memory_only)],
        {"death": Death(29, power=True)}, "lost"),
    "a failing disk after the click is told as not sent": (
        [mock.patch.object(send, "OutcomeUnknown", PacketAltered)], {"trouble": DiskTrouble("full", 6, 50)},
        "wrongly_refused"),
    "the case is not compared": (
        [mock.patch.object(send, "refuse_if_moved", lambda *_: None)], {"before": "amount"}, "unapproved"),
    "the rules are not compared": (
        [mock.patch.object(submit._Submission, "_still_true", lambda self: self.ctx.store.cases.get(self.packet.case))],
        {"before": "policy"}, "unapproved"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(GUARDS))
def test_with_this_guard_away_the_judge_finds_the_damage(name: str, drill: Drill) -> None:
    patches, how, count = GUARDS[name]
    assert drill(**how).bad == 0, "with the guard in place"
    for patch in patches:
        patch.start()
    try:
        found = Verdict()
        for seed in range(6):
            found.add(drill(seed=seed, **how))
            if getattr(found, count):
                break
    finally:
        for patch in patches:
            patch.stop()
    assert getattr(found, count) > 0, (found, name)


def test_with_the_look_for_an_open_attempt_away_the_database_itself_refuses_a_second_one(drill: Drill) -> None:
    with mock.patch.object(standing, "free", lambda *_: None):
        for seed in range(3):
            verdict = drill(Weather("late"), seed=seed, after="approve")
            assert (verdict.bad, verdict.submissions) == (0, 1), verdict.notes
