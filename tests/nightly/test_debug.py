"""A mark of ours in a record, a cookie in a trace that is mailed around: what watching a run must not cause."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from agent.browser.narrate import TAG, Narrator
from agent.browser.recording import masked_trace
from agent.errors import DONE, PERSON
from fixtures.kernel.serving import Served
from flows.context import Context
from flows.debug import debug
from flows.export import export
from flows.sync import sync
from tests.conftest import Run
from tests.submit.conftest import Appeal, appeal, clock

__all__ = ["appeal", "clock"]
ONE = pytest.mark.mock(cases=2)


@ONE
def test_nothing_of_ours_is_on_a_page_when_it_is_read(signed_in: Context, run: Run[Any], mock: Served) -> None:
    narrator = Narrator(slow_s=0)
    report = run(sync(signed_in, signed_in.settings.account, narrator=narrator))
    assert report.exit_code == DONE
    assert any("reads the page" in str(step) for step in narrator.steps)
    for page in signed_in.store.pages.iterate(latest_only=False):
        assert TAG.encode() not in signed_in.store.pages.get(page.sha256)
    told = export(signed_in, format="json")
    run(sync(signed_in, signed_in.settings.account, full=True))
    assert json.loads(export(signed_in, format="json"))[0]["revision"] == json.loads(told)[0]["revision"]


@ONE
def test_the_mark_names_the_step_and_its_button_waits_and_goes_on(
    signed_in: Context, run: Run[Any], mock: Served
) -> None:
    marks: list[str] = []
    pages: list[Any] = []

    class Watched(Narrator):
        async def at(self, page: Any, step: Any) -> None:
            pages.append(page)
            await super().at(page, step)

    async def looked(seconds: float) -> None:
        found = await pages[-1].query_selector(TAG)
        marks.append("there" if found else "")
        if found and len(marks) >= 4 and not {"waits", "goes"} & set(marks):
            await pages[-1].evaluate("tag => document.querySelector(tag).toggle()", TAG)  # as its button does
            await narrator.heard.wait()
            marks.append("waits" if narrator.waits else "goes")
            await pages[-1].evaluate("tag => document.querySelector(tag).toggle()", TAG)

    narrator = Watched(slow_s=0, sleep=looked)
    report = run(sync(signed_in, signed_in.settings.account, narrator=narrator))
    assert report.exit_code == DONE
    assert "there" in marks
    assert "waits" in marks
    assert not narrator.waits


@ONE
def test_a_watched_case_leaves_a_trace_and_a_film_without_a_secret(
    signed_in: Context, run: Run[Any], mock: Served
) -> None:
    run(sync(signed_in, signed_in.settings.account))
    before = export(signed_in, format="json")
    ref = signed_in.store.cases.rows()[0].ref
    report = run(debug(signed_in, ref, headed=False, slow_s=0))
    assert report.exit_code == DONE, report.public()
    assert report.differs == []
    assert {Path(one).name for one in report.files} == {"trace-1.zip", "film-1.webp"}
    state = signed_in.vault.load("coupang:main")
    assert state is not None
    values = [cookie["value"] for cookie in state["cookies"] if len(cookie["value"]) >= 10]
    assert values
    for file in report.files:
        assert_without(Path(file), values)
    assert export(signed_in, format="json") == before


@ONE
def test_a_watched_case_at_the_sign_in_page_leaves_nothing(signed_in: Context, run: Run[Any], mock: Served) -> None:
    run(sync(signed_in, signed_in.settings.account))
    ref = signed_in.store.cases.rows()[0].ref
    mock.fault("sign_out", "/orders", count="all")
    report = run(debug(signed_in, ref, headed=False, slow_s=0))
    assert report.exit_code == PERSON
    assert report.files == []


@pytest.mark.long
def test_a_packet_is_rehearsed_up_to_the_click_and_nothing_is_sent(appeal: Appeal, run: Run[Any], mock: Served) -> None:
    appeal.approve()
    report = run(debug(appeal.ctx, appeal.key.ref, headed=False, slow_s=0))
    assert "Rehearsed" in str(report.rehearsal)
    assert "looks for the button, and does not press it" in report.steps or "attaches the files" in report.steps
    assert appeal.arrived() == []


def test_a_trace_is_masked_in_lines_bodies_and_headers() -> None:
    import io

    secret = "c0ffee-session-0123456789"
    line = {"type": "resource-snapshot", "snapshot": {"request": {"cookies": [{"name": "SID", "value": secret}],
            "headers": [{"name": "Cookie", "value": f"SID={secret}"}, {"name": "Accept", "value": "text/html"}],
            "url": f"http://127.0.0.1/?token={secret}"}, "status": 200}}  # fmt: skip
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as packed:
        packed.writestr("0-trace.network", json.dumps(line) + "\n")
        packed.writestr("resources/a.html", f"<p>{secret} li@example.com</p>")
        packed.writestr("resources/b.dat", b"\xff\xfe" + secret.encode())
    masked = masked_trace(raw.getvalue(), {secret})
    with zipfile.ZipFile(io.BytesIO(masked)) as packed:
        everything = b"".join(packed.read(name) for name in packed.namelist())
        told = json.loads(packed.read("0-trace.network"))
    assert secret.encode() not in everything
    assert b"li@example.com" not in everything
    assert told["snapshot"]["status"] == 200
    assert told["snapshot"]["request"]["headers"][1]["value"] == "text/html"


def assert_without(file: Path, values: list[str]) -> None:
    data = file.read_bytes()
    if file.suffix == ".zip":
        with zipfile.ZipFile(file) as packed:
            data = b"".join(packed.read(name) for name in packed.namelist())
    for value in values:
        assert value.encode() not in data, file.name
