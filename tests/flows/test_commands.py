"""As an operator types it, from the list to the approval: answers in words and in JSON, refusals with their codes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from agent.home import Home
from agent.words import speak, spoken
from flows.cli import main
from flows.context import opened
from tests.evidence.made import NOTE, a_case, picture
from tests.flows.conftest import Clock, Desk

Answer = tuple[int, str, str]
Run = Callable[..., Answer]
CASE = "COO123456789"


@pytest.fixture
def clock() -> Clock:
    """The machine's own clock, which the commands go by."""
    made = Clock()
    made.at = datetime.now(UTC)
    return made


@pytest.fixture
def command(
    desk: Desk, desk_home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Runs a command line in the desk's home, where one case ends in two days."""
    monkeypatch.setenv("REBUTTAL_LANGUAGE", "en")
    [due] = a_case().deadlines
    desk.case(deadlines=(due.model_copy(update={"at": desk.clock() + timedelta(days=2)}),))
    before = spoken()

    def once(*argv: str) -> Answer:
        code = main(["--home", str(desk_home.path), *argv])
        out = capsys.readouterr()
        return code, out.out, out.err

    yield once
    speak(before)
    logger.remove()


@pytest.fixture
def drafted(command: Run, desk: Desk) -> Run:
    """The same, with a draft that is ready."""
    note, proof, parcel = desk.folder / "note.txt", desk.folder / "proof.jpg", desk.folder / "parcel.jpg"
    note.write_text(NOTE, encoding="utf-8")
    proof.write_bytes(picture())
    parcel.write_bytes(picture(seed=2))
    code, out, _ = command(
        "draft", CASE, "--action", "appeal", "--set", "appeal_type=delivery_proof", "--text", str(note),
        "--file", f"DeliveryProof={proof}", "--file", f"ShipmentPhoto={parcel}",
    )  # fmt: skip
    assert (code, "The draft is ready" in out) == (0, True)
    return command


def told(answer: Answer) -> Any:
    """The one JSON value of an answer."""
    return json.loads(answer[1])


def test_the_way_from_the_list_to_the_approval(drafted: Run) -> None:
    assert CASE in drafted("cases", "--due", "48h")[1]
    assert CASE in drafted("show", CASE)[1]
    assert "Nothing was sent" not in drafted("evidence", "lint", CASE)[1]
    sent = told(drafted("packet", CASE, "--json"))
    code, out, _ = drafted("approve", CASE, "--digest", sent["digest"][:8])
    assert (code, sent["digest"][:12] in out) == (0, True)
    assert told(drafted("cases", "--json"))[0]["sending"] == "approved"
    assert told(drafted("audit", "verify", "--json"))["whole"] is True
    assert [link["what"] for link in told(drafted("audit", "show", CASE, "--json"))] == [
        "drafted", "frozen", "approved",
    ]  # fmt: skip
    assert drafted("reject", CASE, "--why", "wrong day")[0] == 0
    assert told(drafted("cases", "--json"))[0]["sending"] == "ready"


def test_everything_is_one_json_value_when_asked_for(drafted: Run) -> None:
    for argv in (
        ("cases",), ("show", CASE), ("export",), ("evidence", "list", CASE), ("evidence", "lint", CASE),
        ("packet", CASE), ("audit", "show"), ("draft", CASE, "--action", "appeal"), ("pause", "coupang"),
        ("resume", "coupang"), ("reject", CASE, "--why", "no"),
    ):  # fmt: skip
        answer = drafted(*argv, "--json")
        assert answer[0] == 0, argv
        assert told(answer) is not None


def test_a_draft_with_findings_is_saved_with_exit_code_0_and_shown(command: Run) -> None:
    code, out, err = command("draft", CASE, "--action", "appeal")
    assert (code, err) == (0, "")
    assert "CP6.placeholder" in out
    assert "{carrier}" in out
    assert told(command("cases", "--json"))[0]["sending"] == "drafted"


@pytest.mark.parametrize(("argv", "code", "said"), [
    (("show", "COO999"), 2, "No case is named"),
    (("packet", CASE), 2, "There is no draft"),
    (("approve", CASE, "--digest", "0123abcd"), 2, "There is no draft"),
    (("reject", CASE, "--why", "x"), 2, "nothing to reject"),
    (("cases", "--status", "closd"), 2, "Did you mean closed?"),
    (("draft", CASE, "--action", "escalate"), 2, "has no action"),
    (("draft", CASE, "--action", "appeal", "--file", "DeliveryProof=gone.jpg"), 2, "There is no file"),
    (("draft", CASE, "--action", "appeal", "--override", "x.y=z"), 2, "no finding"),
    (("pause", "cupang"), 2, "Did you mean coupang?"),
])  # fmt: skip
def test_a_refusal_is_one_sentence_a_next_step_and_a_code(
    command: Run, argv: tuple[str, ...], code: int, said: str
) -> None:
    answer = command(*argv)
    assert (answer[0], answer[1]) == (code, "")
    assert said in answer[2]
    assert len(answer[2].strip().splitlines()) <= 2
    assert "Traceback" not in answer[2]


def test_a_wrong_digest_is_refused_with_the_place_to_look(drafted: Run) -> None:
    code, _, err = drafted("approve", CASE, "--digest", "0123abcd")
    assert code == 2
    assert "rebuttal packet" in err


def test_a_draft_that_is_not_clean_is_not_approved(drafted: Run, desk: Desk) -> None:
    (desk.folder / "proof.jpg").write_bytes(b"")
    for argv in (("packet", CASE), ("approve", CASE, "--digest", "0123abcd")):
        code, _, err = drafted(*argv)
        assert code == 14
        assert "CP6.empty" in err


def test_the_table_is_written_where_it_is_wanted(command: Run, tmp_path: Path) -> None:
    assert command("export", "--format", "csv", "--out", str(tmp_path / "cases.csv"))[0] == 0
    [row] = csv.DictReader(io.StringIO((tmp_path / "cases.csv").read_text(encoding="utf-8-sig"), newline=""))
    assert (row["order_id"], row["order_hold"]) == (CASE, "yes")


def test_the_refusals_are_given_in_chinese_too(command: Run, desk_home: Home) -> None:
    text = desk_home.settings_file.read_text(encoding="utf-8")
    desk_home.settings_file.write_text('language = "zh-CN"\n' + text, encoding="utf-8")
    with opened(desk_home):
        pass
    for argv, said in (
        (("show", "COO999"), "没有名为“COO999”的案件"),
        (("packet", CASE), "还没有草稿"),
        (("reject", CASE, "--why", "x"), "没有可否决的"),
    ):
        assert said in command(*argv)[2]
    assert "缺少" in command("evidence", "list", CASE)[1]
