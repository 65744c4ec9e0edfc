"""A stolen or swapped session, or a night that hangs on a locked keyring: what the vault prevents."""

import base64
import json
import os
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from agent.errors import StoreFault, UsageFault
from agent.home import Home
from agent.vault import Vault

STATE = {
    "cookies": [
        {"name": "SID", "value": "planted-cookie", "expires": 1_900_000_000, "httpOnly": True},
        {"name": "ad", "value": "x", "expires": 1_700_000_000, "httpOnly": False},
        {"name": "tab", "value": "y", "expires": -1, "httpOnly": True},
    ],
    "origins": [{"origin": "http://127.0.0.1", "localStorage": [{"name": "이름", "value": "가"}]}],
}
ENVIRON = {"REBUTTAL_KEY": "a passphrase of some length"}


class Memory(KeyringBackend):
    """A keyring that keeps in memory."""

    priority = 9

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class Locked(Memory):
    """A keyring that waits for somebody to unlock it."""

    def __init__(self, until: threading.Event) -> None:
        super().__init__()
        self.until = until

    def get_password(self, service: str, username: str) -> str | None:
        self.until.wait()
        return None


class Broken(Memory):
    """A keyring that refuses."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("the collection is locked")


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    yield
    keyring.set_keyring(before)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path).create()


def session_file(home: Home) -> Path:
    return home.sessions / "coupang-main.session"


@pytest.mark.parametrize("key", ["a passphrase", base64.b64encode(bytes(range(32))).decode()])
def test_a_session_comes_back_as_it_was(home: Home, key: str) -> None:
    Vault(home, {"REBUTTAL_KEY": key}).save("coupang:main", STATE)
    assert Vault(home, {"REBUTTAL_KEY": key}).load("coupang:main") == STATE


def test_nothing_of_a_session_is_readable_on_the_disk(home: Home) -> None:
    Vault(home, ENVIRON).save("coupang:main", STATE)
    for file in home.path.rglob("*"):
        if file.is_file():
            assert b"planted-cookie" not in file.read_bytes()
            assert base64.b64encode(b"planted-cookie") not in file.read_bytes()


def test_its_end_is_known_without_the_key(home: Home) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    Vault(home, ENVIRON).save("coupang:main", STATE, at)
    facts = Vault(home, {}).about("coupang:main")
    assert facts is not None
    assert facts.saved_at == at
    assert facts.expires_at == datetime.fromtimestamp(1_900_000_000, UTC)


def test_a_session_without_an_end_has_none(home: Home) -> None:
    assert Vault(home, ENVIRON).save("coupang:main", {"cookies": []}).expires_at is None


def test_what_was_never_kept_is_none(home: Home) -> None:
    vault = Vault(home, ENVIRON)
    assert vault.load("coupang:main") is None
    assert vault.about("coupang:main") is None
    assert vault.forget("coupang:main") is False


def test_what_is_forgotten_is_gone(home: Home) -> None:
    vault = Vault(home, ENVIRON)
    vault.save("coupang:main", STATE)
    assert vault.forget("coupang:main") is True
    assert vault.load("coupang:main") is None


def test_another_key_says_sign_in_again(home: Home) -> None:
    Vault(home, ENVIRON).save("coupang:main", STATE)
    with pytest.raises(StoreFault) as fault:
        Vault(home, {"REBUTTAL_KEY": "another"}).load("coupang:main")
    assert "rebuttal login coupang:main" in str(fault.value.todo)


def test_one_account_can_not_be_given_the_session_of_another(home: Home) -> None:
    vault = Vault(home, ENVIRON)
    vault.save("coupang:main", STATE)
    kept = json.loads(session_file(home).read_bytes())
    other = home.sessions / "coupang-second.session"
    other.write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(StoreFault):
        vault.load("coupang:second")
    other.write_text(json.dumps(kept | {"account": "coupang:second"}), encoding="utf-8")
    with pytest.raises(StoreFault):
        vault.load("coupang:second")


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": "2099-01-01T00:00:00Z"},
        {"saved_at": "2099-01-01T00:00:00Z"},
        {"version": 2},
        {"nonce": "AAAAAAAAAAAAAAAA"},
        {"nonce": "?"},
        {"sealed": "AAAA"},
        {"sealed": None},
        {"nonce": ""},
    ],
)
def test_a_changed_file_is_never_opened(home: Home, change: dict[str, object]) -> None:
    vault = Vault(home, ENVIRON)
    vault.save("coupang:main", STATE)
    kept = json.loads(session_file(home).read_bytes())
    session_file(home).write_text(json.dumps(kept | change), encoding="utf-8")
    with pytest.raises(StoreFault, match="can't be opened"):
        vault.load("coupang:main")


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b"{}", b"\xff\xfe"])
def test_a_truncated_file_says_sign_in_again(home: Home, left: bytes) -> None:
    session_file(home).write_bytes(left)
    for ask in (Vault(home, ENVIRON).load, Vault(home, ENVIRON).about):
        with pytest.raises(StoreFault, match="can't be opened"):
            ask("coupang:main")


def test_a_failed_save_leaves_the_old_session(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(home, ENVIRON)
    vault.save("coupang:main", STATE)

    def fails(_: int) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        with pytest.raises(OSError, match="no space"):
            vault.save("coupang:main", {"cookies": []})
    assert vault.load("coupang:main") == STATE


def test_the_keyring_of_the_system_is_used_where_there_is_one(home: Home) -> None:
    memory = Memory()
    keyring.set_keyring(memory)
    Vault(home, {}).save("coupang:main", STATE)
    assert list(memory.kept) == [("rebuttal", "vault")]
    assert not home.key_file.exists()
    assert Vault(home, {}).load("coupang:main") == STATE
    assert Vault(home, {}).key_place() == "keyring"


def test_without_a_keyring_the_key_lies_in_a_file_of_the_owner_alone(home: Home) -> None:
    assert Vault(home, {}).key_place() is None
    Vault(home, {}).save("coupang:main", STATE)
    if os.name == "posix":
        assert stat.S_IMODE(home.key_file.stat().st_mode) == 0o600
    assert Vault(home, {}).key_place() == "file"
    keyring.set_keyring(Memory())  # a keyring that comes later must not lock us out
    assert Vault(home, {}).load("coupang:main") == STATE


def test_a_damaged_key_file_is_named(home: Home) -> None:
    home.key_file.write_text("AAAA", encoding="utf-8")
    with pytest.raises(StoreFault, match="is damaged"):
        Vault(home, {}).save("coupang:main", STATE)


def test_a_locked_keyring_is_not_waited_for(home: Home) -> None:
    until = threading.Event()
    keyring.set_keyring(Locked(until))
    try:
        with pytest.raises(UsageFault, match="did not answer") as fault:
            Vault(home, {}, answer_limit_s=0.05).save("coupang:main", STATE)
    finally:
        until.set()
    assert "REBUTTAL_KEY" in str(fault.value.todo)
    assert not home.key_file.exists()


def test_a_refusing_keyring_is_named(home: Home) -> None:
    keyring.set_keyring(Broken())
    with pytest.raises(UsageFault, match="the collection is locked"):
        Vault(home, {}).save("coupang:main", STATE)
    assert not home.key_file.exists()


def test_one_home_can_not_open_the_sessions_of_another(tmp_path: Path) -> None:
    one, two = Home(tmp_path / "one").create(), Home(tmp_path / "two").create()
    Vault(one, {}).save("coupang:main", STATE)
    Vault(two, {}).save("coupang:main", {})
    session_file(two).write_bytes(session_file(one).read_bytes())
    with pytest.raises(StoreFault):
        Vault(two, {}).load("coupang:main")


def test_the_key_may_stand_in_the_env_file(home: Home) -> None:
    home.env_file.write_text("REBUTTAL_KEY=of-the-file\n", encoding="utf-8")
    Vault(home, {}).save("coupang:main", STATE)
    assert Vault(home, {"REBUTTAL_KEY": "of-the-file"}).load("coupang:main") == STATE
