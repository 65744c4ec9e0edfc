"""A store window that is restarted under the seller, or closed after us: what asking its keeper prevents."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from agent.browser.keepers import Keeper, keeper_of
from agent.errors import NeedsPerson, PortalDown, UsageFault
from tests.conftest import Run

Answerer = Callable[[str, dict[str, Any]], dict[str, Any]]
SECRETS = {
    "REBUTTAL_ADSPOWER_KEY": "ads-key",
    "REBUTTAL_ZINIAO_COMPANY": "公司",
    "REBUTTAL_ZINIAO_USERNAME": "li",
    "REBUTTAL_ZINIAO_PASSWORD": "store-password",
}


class Program:
    """The local interface of a program that keeps browsers: what it was asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.keys: set[str | None] = set()
        self.answer: Answerer = lambda path, given: {}
        self.port = 0

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@pytest.fixture
def program() -> Iterator[Program]:
    made = Program()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._serve(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})

        def do_POST(self) -> None:
            self._serve(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _serve(self, path: str, given: dict[str, Any]) -> None:
            made.asked.append((path, given))
            made.keys.add(self.headers.get("Authorization"))
            body = json.dumps(made.answer(path, given)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def keeper(program: Program, kind: str, folder: Path, profile: str = "k1abc") -> Keeper:
    found = keeper_of(f"{kind}://127.0.0.1:{program.port}/{profile}", SECRETS.get, folder / "ports.json")
    assert found is not None

    async def no_wait(seconds: float) -> None:
        """The one second between two requests, not waited for."""

    found.sleep = no_wait
    return found


def test_adspower_attaches_to_what_is_open_and_starts_what_is_not(
    program: Program, tmp_path: Path, run: Run[Any]
) -> None:
    ws, active = {"ws": {"puppeteer": "ws://127.0.0.1:9333/devtools/browser/x"}}, {"status": "Active"}
    busy = [True]

    def answer(path: str, given: dict[str, Any]) -> dict[str, Any]:
        assert given["profile_id"] == "k1abc"
        if busy:
            busy.pop()
            return {"code": -1, "msg": "Too many request per second, please check"}
        return {"code": 0, "data": ws | active if path.endswith("start") else {"status": "Inactive"}}

    program.answer = answer
    kept = run(keeper(program, "adspower", tmp_path).open())
    assert (kept.address, kept.ours) == ("ws://127.0.0.1:9333/devtools/browser/x", True)
    assert [path.rpartition("/")[2] for path in program.paths] == ["active", "active", "start"]
    assert program.keys == {"Bearer ads-key"}
    program.answer = lambda path, given: {"code": 0, "data": ws | active}
    program.asked.clear()
    assert run(keeper(program, "adspower", tmp_path).open()).ours is False
    assert [path.rpartition("/")[2] for path in program.paths] == ["active"], "nothing is started again"


def test_bitbrowser_knows_what_was_open(program: Program, tmp_path: Path, run: Run[Any]) -> None:
    ports: dict[str, str] = {"k1abc": "5544"}
    opened = {"ws": "ws://127.0.0.1:5544/devtools/browser/y", "http": "127.0.0.1:5544"}
    program.answer = lambda path, given: {"success": True, "data": ports if path.endswith("ports") else opened}
    assert run(keeper(program, "bitbrowser", tmp_path).open()).ours is False
    ports.clear()
    kept = run(keeper(program, "bitbrowser", tmp_path).open())
    assert (kept.address, kept.ours) == (opened["ws"], True)
    run(kept.keeper.close())
    assert program.asked[-1] == ("/browser/close", {"id": "k1abc"})


def test_ziniao_never_restarts_a_store_that_runs(program: Program, tmp_path: Path, run: Run[Any]) -> None:
    running: list[dict[str, str]] = []

    def answer(path: str, given: dict[str, Any]) -> dict[str, Any]:
        if path == "/json/version":
            return {"webSocketDebuggerUrl": "ws://x"}
        assert given["password"] == "store-password"
        if given["action"] == "startBrowser":
            return {"statusCode": "0", "debuggingPort": program.port}
        return {"statusCode": "0", "browsers": running}

    program.answer = answer
    kept = run(keeper(program, "ziniao", tmp_path, "店铺一").open())
    assert (kept.address, kept.ours) == (f"http://127.0.0.1:{program.port}", True)
    running.append({"browserName": "店铺一"})
    again = run(keeper(program, "ziniao", tmp_path, "店铺一").open())
    assert (again.address, again.ours) == (kept.address, False), "by the port that was remembered"
    (tmp_path / "ports.json").unlink()
    program.asked.clear()
    with pytest.raises(NeedsPerson):
        run(keeper(program, "ziniao", tmp_path, "店铺一").open())
    assert [given["action"] for _, given in program.asked] == ["getRunningInfo"]


def test_ziniao_without_its_account_says_what_is_missing(program: Program, tmp_path: Path, run: Run[Any]) -> None:
    found = keeper_of(f"ziniao://127.0.0.1:{program.port}/s", lambda name: None, tmp_path / "ports.json")
    assert found is not None
    with pytest.raises(UsageFault, match="REBUTTAL_ZINIAO_PASSWORD"):
        run(found.open())
    assert program.asked == []


@pytest.mark.parametrize("kind", ["adspower", "bitbrowser", "ziniao"])
def test_a_program_that_refuses_or_points_elsewhere_is_not_believed(
    program: Program, tmp_path: Path, run: Run[Any], kind: str
) -> None:
    program.answer = lambda path, given: {"code": 9, "success": False, "msg": "no such profile", "statusCode": "-10003"}
    with pytest.raises(NeedsPerson):
        run(keeper(program, kind, tmp_path).open())
    away = {"status": "Active", "ws": {"puppeteer": "ws://203.0.113.9:1/x"}}
    program.answer = lambda path, given: {
        "code": 0, "success": True, "statusCode": "0", "debuggingPort": 99999,
        "data": away if kind == "adspower" else {"ws": "ws://203.0.113.9:1/x"},
    }  # fmt: skip
    with pytest.raises(NeedsPerson):
        run(keeper(program, kind, tmp_path).open())


def test_a_program_on_another_machine_gets_no_keys(tmp_path: Path, run: Run[Any]) -> None:
    with pytest.raises(UsageFault, match="not on this machine"):
        keeper_of("adspower://203.0.113.9:50325/k1", SECRETS.get, tmp_path / "ports.json")
    silent = keeper_of("adspower://127.0.0.1:9/k1", SECRETS.get, tmp_path / "ports.json")
    assert silent is not None
    with pytest.raises(PortalDown):
        run(silent.open())
