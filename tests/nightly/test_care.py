"""Two years of cases on a full disk, a machine that burns: what retention, backup and restore are for."""

from __future__ import annotations

import json
import os
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from agent.errors import StoreFault, UsageFault
from agent.home import Home
from agent.locks import account_lock
from agent.records import Outcome, SeenRef, Status
from flows.backup import backup, restore
from flows.context import opened
from flows.doctor import examine
from flows.export import export
from flows.prune import prune
from tests.flows.conftest import Desk

OVER = {
    "status": Status(shown="종결", is_="won"),
    "deadlines": (),
    "outcome": Outcome(result="approved"),
    "actions": (),
}


def read_once(desk: Desk, case_id: str, **changes: object) -> str:
    """A case with its page, as a sync leaves it; gives the hash of the page."""
    page = json.dumps({"html": case_id}).encode()
    at = desk.clock()
    sha = desk.ctx.store.pages.put("coupang", "main", "dispute", case_id, page, at, channel="refund_disputes")
    desk.case(case_id=case_id, order_id=case_id, seen=SeenRef(sha256=sha, at=at), **changes)
    return sha


def test_only_what_ended_long_ago_goes(desk: Desk) -> None:
    old = read_once(desk, "OLD", **OVER)
    still_open = read_once(desk, "OPEN")
    listed = read_once(desk, "LISTED", **OVER)
    desk.clock.move(days=541)
    young = read_once(desk, "YOUNG", **OVER)
    from agent.store import ListRow

    rows = [ListRow(case_id="LISTED", text_hash="0" * 64)]
    desk.ctx.store.listing.save("coupang", "main", "refund_disputes", rows, desk.clock())
    assert prune(desk.ctx, dry_run=True).refs == ["coupang:main/refund_disputes/OLD"]
    report = prune(desk.ctx)
    assert (report.counts["cases"], report.counts["files"]) == (1, 1)
    assert {row.case_id for row in desk.ctx.store.cases.rows()} == {"OPEN", "LISTED", "YOUNG"}
    for sha in (still_open, listed, young):
        desk.ctx.store.blobs.get(sha)
    with pytest.raises(StoreFault):
        desk.ctx.store.blobs.get(old)
    assert desk.ctx.store.audit.verify() is None
    assert prune(desk.ctx).counts["cases"] == 0


def test_nothing_under_180_days_goes_whatever_the_settings_say(desk: Desk) -> None:
    read_once(desk, "OLD", **OVER)
    desk.clock.move(days=179)
    shorter = desk.ctx.settings.model_copy(update={"retention_days": 1})
    desk.ctx.settings = shorter
    assert prune(desk.ctx).counts["cases"] == 0


def test_what_was_sent_stays_so_that_it_is_never_sent_again(desk: Desk) -> None:
    case = desk.case()
    desk.draft(case)
    desk.approve(case)
    desk.case(**OVER)
    desk.clock.move(days=600)
    assert prune(desk.ctx).counts["cases"] == 1
    assert len(desk.ctx.store.ledger.approvals(case.key)) == 1


def test_nothing_goes_while_an_account_is_read(desk: Desk) -> None:
    read_once(desk, "OLD", **OVER)
    desk.clock.move(days=600)
    with account_lock(desk.ctx.home, "coupang:main"):
        report = prune(desk.ctx)
    assert report.busy == "coupang:main"
    assert len(desk.ctx.store.cases.rows()) == 1


# -- backup --------------------------------------------------------------------------------------------------------


def test_a_home_comes_back_on_another_machine_without_its_secrets(desk: Desk, told_home: Home, tmp_path: Path) -> None:
    read_once(desk, "COO1")
    told_home.env_file.write_text("REBUTTAL_COUPANG_MAIN_PASSWORD=hunter2-secret\n", encoding="utf-8")
    told_home.own_labels("coupang").parent.mkdir(parents=True)
    told_home.own_labels("coupang").write_text("# mine\n", encoding="utf-8")
    before = export(desk.ctx, format="json")
    file = tmp_path / "home.zip"
    backup(desk.ctx, file)
    assert b"hunter2-secret" not in file.read_bytes()
    with zipfile.ZipFile(file) as packed:
        assert not [
            name for name in packed.namelist() if name.startswith(("sessions", ".env", "vault", "logs", "locks"))
        ]
        assert packed.testzip() is None
    if os.name == "posix":
        assert file.stat().st_mode & 0o077 == 0
    other = Home(tmp_path / "elsewhere" / "home")
    restore(other, file)
    with opened(other, clock=desk.clock) as ctx:
        assert export(ctx, format="json") == before
        assert ctx.store.audit.verify() is None
        assert ctx.vault.load("coupang:main") is None
        [page] = ctx.store.pages.iterate()
        assert ctx.store.pages.get(page.sha256)
    assert other.own_labels("coupang").read_text(encoding="utf-8") == "# mine\n"


@pytest.mark.parametrize("harm", ["cut", "changed", "outside", "database"])
def test_a_backup_that_is_not_whole_restores_nothing(desk: Desk, tmp_path: Path, harm: str) -> None:
    read_once(desk, "COO1")
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    backup(desk.ctx, good)
    if harm == "cut":
        bad.write_bytes(good.read_bytes()[:-300])
    else:
        with zipfile.ZipFile(good) as old, zipfile.ZipFile(bad, "w") as new:
            facts = json.loads(old.read("manifest.json"))
            for name in facts["files"]:
                data = old.read(name)
                if harm == "changed" and name.startswith("blobs/"):
                    data += b"x"
                if harm == "database" and name == "rebuttal.db":
                    import hashlib

                    data = data[:4096] + b"\0" * 4096 + data[8192:]
                    facts["files"][name] = hashlib.sha256(data).hexdigest()
                new.writestr(name, data)
            if harm == "outside":
                new.writestr("../out.txt", b"")
                facts["files"]["../out.txt"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            new.writestr("manifest.json", json.dumps(facts))
    target = Home(tmp_path / "target")
    with pytest.raises(UsageFault):
        restore(target, bad)
    assert not target.path.exists()
    assert not (tmp_path / "out.txt").exists()
    assert not list(tmp_path.glob(".target*"))


def test_a_home_that_holds_something_is_not_overwritten(desk: Desk, told_home: Home, tmp_path: Path) -> None:
    file = tmp_path / "home.zip"
    backup(desk.ctx, file)
    with pytest.raises(UsageFault, match="not empty"):
        restore(told_home, file)


def test_doctor_names_a_damaged_database_and_changes_nothing(desk: Desk, told_home: Home) -> None:
    desk.case()
    desk.ctx.store.close()
    with closing(sqlite3.connect(told_home.database)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(told_home.database.read_bytes())
    data[4096:12288] = b"\xff" * 8192
    told_home.database.write_bytes(data)
    [found] = [check for check in examine(told_home).checks if check.name == "database"]
    assert found.state == "fault"
    assert "rebuttal restore" in str(found.todo)
    assert told_home.database.read_bytes() == bytes(data)


@pytest.mark.parametrize(
    ("file", "text", "state", "said"),
    [
        ("coupang/labels.toml", '[dispute.amount]\nko = ["환불금"]\n', "ok", "coupang/labels.toml"),
        ("coupang/labels.toml", "[dispute", "fault", "labels.toml"),
        ("coupang/policy.toml", "[channels.refund_disputes.actions.appeal.fields.note]\nmax_chars = 'many'\n", "fault", "max_chars"),
        ("coupang/lables.toml", "", "note", "not read by anything"),
        ("kupang/labels.toml", "", "note", "not read by anything"),
    ],
)  # fmt: skip
def test_doctor_reads_what_the_operator_wrote_for_a_portal(
    told_home: Home, file: str, text: str, state: str, said: str
) -> None:
    own = told_home.portals / file
    own.parent.mkdir(parents=True)
    own.write_text(text, encoding="utf-8")
    [found] = [check for check in examine(told_home).checks if check.name == "own_files"]
    assert (found.state, said in str(found.said)) == (state, True)
    assert own.read_text(encoding="utf-8") == text


def test_two_homes_know_nothing_of_each_other(desk: Desk, told_home: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "second").create()
    other.settings_file.write_bytes(told_home.settings_file.read_bytes())
    desk.case()
    with opened(other, clock=desk.clock) as second:
        assert second.store.cases.rows() == []
        assert second.vault.load("coupang:main") is None
        with account_lock(told_home, "coupang:main"), account_lock(other, "coupang:main"):
            pass
