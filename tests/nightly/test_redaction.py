"""A password in a log that was mailed to somebody: everything a week of runs writes, searched byte by byte."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from loguru import logger

from agent.errors import DRIFT, SignedOut
from agent.home import Home
from agent.log import set_up
from fixtures.kernel.serving import Served
from flows.archive import archive
from flows.backup import backup
from flows.context import Context, opened
from flows.debug import debug
from flows.export import export
from flows.login import login
from flows.message_log import message_log
from flows.notify import notify
from flows.sync import sync
from tests.conftest import Run, settings_text
from tests.nightly.provider import Provider

BUYER = "홍길동-구매자-이름"
PLANTED = "sk-live-51HxPLANTEDsecret0123456789"


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """A file's bytes, and those of what is packed into it."""
    data = path.read_bytes()
    yield str(path), data
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for name in packed.namelist():
                yield f"{path}!{name}", packed.read(name)
    elif data.startswith(b"\x28\xb5\x2f\xfd"):
        yield f"{path}!", zstandard.ZstdDecompressor().decompress(data)


@pytest.fixture
def watched(home: Home, mock: Served, robot: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """A home with a target and a log of everything."""
    lines = settings_text(mock).replace("[[account]]", '[notify]\nto = ["group"]\n[[account]]', 1)
    home.settings_file.write_text(lines, encoding="utf-8")
    monkeypatch.setenv("REBUTTAL_NOTIFY_GROUP", robot.url)
    set_up(home, verbose=True, as_json=True, stream=io.StringIO())
    with opened(home) as ctx:
        yield ctx
    logger.remove()


@pytest.mark.mock(cases=2)
def test_no_secret_is_in_anything_that_was_written(
    watched: Context, mock: Served, run: Run[Any], robot: Provider, tmp_path: Path
) -> None:
    ctx, codes = watched, []

    def code() -> str:
        codes.append(mock.otp())
        return codes[-1]

    [account] = ctx.settings.account
    run(login(ctx, account, headless=True, code_from=code))
    assert codes
    run(sync(ctx, ctx.settings.account))
    rows = ctx.store.cases.rows()
    mock.event("message", case_id=rows[0].case_id, text=f"{BUYER} {PLANTED}")
    run(sync(ctx, ctx.settings.account))
    run(debug(ctx, rows[0].ref, headed=False, slow_s=0))
    mock.fault("rename_label", "/orders", count="all", **{"from": "분쟁 상태", "to": "사건"})
    assert run(sync(ctx, ctx.settings.account, full=True)).exit_code == DRIFT
    mock.clear_faults()
    mock.fault("sign_out", "/", count="all")
    run(sync(ctx, ctx.settings.account))
    logger.error("sign-in with {}", mock.password)
    try:
        raise SignedOut(ctx.store.alarms.open()[0].words)
    except SignedOut as fault:
        logger.opt(exception=fault).error("password={} cookie: JSESSIONID={}", mock.password, PLANTED)
    notify(ctx, digest=True)
    state = ctx.vault.load("coupang:main")
    assert state is not None
    out = tmp_path / "out"
    out.mkdir()
    (out / "cases.json").write_bytes(export(ctx, format="json"))
    (out / "cases.csv").write_bytes(export(ctx, format="csv"))
    (out / "cases.xlsx").write_bytes(export(ctx, format="xlsx"))
    (out / "deadlines.ics").write_bytes(export(ctx, format="ics"))
    (out / "messages.csv").write_bytes(message_log(ctx, format="csv"))
    (out / "case.zip").write_bytes(archive(ctx, rows[0].ref))
    backup(ctx, out / "home.zip")

    session = [cookie["value"] for cookie in state["cookies"] if len(cookie["value"]) >= 16]
    assert session, "a test without a session proves nothing"
    nowhere = [mock.password, *session, "robot-key-123456789"]
    files = [path for folder in (ctx.home.path, out) for path in folder.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} >= {"logs", "out"}
    found = [
        (secret[:6], name)
        for path in files
        for name, data in contents(path)
        for secret in nowhere
        if secret.encode() in data or json.dumps(secret)[1:-1].encode() in data
    ]
    assert found == []

    told = {"a notice": "\n".join(robot.got).encode()}
    told |= {
        str(p): p.read_bytes() for p in files if p.parent.name == "logs" or p.suffix == ".ics" or p.name == "error.json"
    }
    assert len(told) >= 4
    assert robot.got
    for name, data in told.items():
        assert BUYER.encode() not in data, name
        assert PLANTED.encode() not in data, name
        assert not [code for code in codes if re.search(rb"(?<!\d)" + code.encode() + rb"(?!\d)", data)], name


def test_the_search_would_find_a_secret(tmp_path: Path) -> None:
    plain, packed, pressed = tmp_path / "a.log", tmp_path / "b.zip", tmp_path / "c"
    plain.write_bytes(PLANTED.encode())
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("x", PLANTED)
    pressed.write_bytes(zstandard.ZstdCompressor().compress(PLANTED.encode()))
    for path in (plain, packed, pressed):
        assert any(PLANTED.encode() in data for _, data in contents(path))
