"""Signed-in sessions, encrypted on disk: whoever copies the home can't walk into a store with it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from agent.errors import StoreFault, UsageFault
from agent.home import PRIVATE_FILE, Home, file_name, write_private
from agent.records.base import iso
from agent.records.case import canonical
from agent.settings import secret
from agent.words import Words, say

KEY_VARIABLE = "REBUTTAL_KEY"
SERVICE, ENTRY = "rebuttal", "vault"
ANSWER_LIMIT_S = 5.0
"""How long the system's keyring may take: a locked one asks on a screen that nobody sees at night."""
_KEY_BYTES, _NONCE_BYTES, _SALT_BYTES = 32, 12, 16
_VERSION = 1

KeyPlace = Literal["environment", "file", "keyring"]
T = TypeVar("T")


@dataclass(frozen=True)
class SessionFacts:
    """What may be known of a kept session without opening it."""

    account: str
    saved_at: datetime
    expires_at: datetime | None
    """When its first sign-in cookie ends; None when all last as long as the browser."""


class Vault:
    """The sessions of one home.

    The key is, in this order: `REBUTTAL_KEY` (32 bytes in base64, or a passphrase); the home's key file, if it has
    one; the system's keyring; and on a machine that has none of these (a plain server, CI) a key file made in the
    home, readable by its owner alone. Such a file guards a copied `sessions` folder, not a copied home: `doctor` says
    so. The alternative would be no nightly run at all on such machines, or the sessions in the clear.
    """

    def __init__(
        self, home: Home, environ: Mapping[str, str] = os.environ, answer_limit_s: float = ANSWER_LIMIT_S
    ) -> None:
        self._home = home
        self._environ = environ
        self._answer_limit_s = answer_limit_s
        self._found: tuple[bytes, KeyPlace] | None = None

    def save(self, account: str, state: dict[str, Any], at: datetime | None = None) -> SessionFacts:
        """Keep the browser's storage state of `account` (`coupang:main`), in place of what was kept."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        expires_at = _first_expiry(state)
        head = {
            "version": _VERSION,
            "account": account,
            "saved_at": iso(at or datetime.now(UTC)),
            "expires_at": iso(expires_at) if expires_at else None,
        }
        nonce = os.urandom(_NONCE_BYTES)
        plain = json.dumps(state, ensure_ascii=False).encode()
        sealed = AESGCM(self._key()).encrypt(nonce, plain, canonical(head))
        body = {"nonce": base64.b64encode(nonce).decode(), "sealed": base64.b64encode(sealed).decode()}
        write_private(self._file(account), json.dumps(head | body, indent=1).encode())
        return _facts(head)

    def load(self, account: str) -> dict[str, Any] | None:
        """The kept state, None when none is kept; `StoreFault` when it can't be opened."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        kept = self._read(account)
        if kept is None:
            return None
        try:
            head = {name: kept[name] for name in ("version", "account", "saved_at", "expires_at")}
            nonce, sealed = (base64.b64decode(kept[name], validate=True) for name in ("nonce", "sealed"))
            if head["account"] != account or len(nonce) != _NONCE_BYTES:
                raise self._unusable(account)
            state: dict[str, Any] = json.loads(AESGCM(self._key()).decrypt(nonce, sealed, canonical(head)))
        except (InvalidTag, KeyError, TypeError, ValueError):
            raise self._unusable(account) from None
        return state

    def forget(self, account: str) -> bool:
        """Throw the kept session away; whether there was one."""
        try:
            self._file(account).unlink()
        except FileNotFoundError:
            return False
        return True

    def about(self, account: str) -> SessionFacts | None:
        """When the kept session was saved and when it ends, without the key; None when none is kept."""
        kept = self._read(account)
        if kept is None:
            return None
        try:
            return _facts(kept)
        except (KeyError, TypeError, ValueError):
            raise self._unusable(account) from None

    def key_place(self) -> KeyPlace | None:
        """Where the key lies, or would be put; None when only a new key file can help. Makes nothing."""
        if self._found:
            return self._found[1]
        if secret(self._home, KEY_VARIABLE, self._environ):
            return "environment"
        if self._home.key_file.exists():
            return "file"
        return "keyring" if self._ask_keyring(_backend) else None

    def _file(self, account: str) -> Path:
        return self._home.sessions / f"{file_name(account)}.session"

    def _read(self, account: str) -> dict[str, Any] | None:
        try:
            kept = json.loads(self._file(account).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            raise self._unusable(account) from None
        except OSError as fault:
            raise StoreFault(
                say(
                    "The kept session of {account} can't be read: {why}.", account=account, why=fault.strerror or fault
                ),
            ) from None
        if not isinstance(kept, dict):
            raise self._unusable(account)
        return kept

    def _unusable(self, account: str) -> StoreFault:
        return StoreFault(
            say(
                "The kept session of {account} can't be opened: it was changed, or made with another key.",
                account=account,
            ),
            say("Sign in again: rebuttal login {account}", account=account),
            account=account,
        )

    def _key(self) -> bytes:
        if self._found is None:
            self._found = self._find_key()
        return self._found[0]

    def _find_key(self) -> tuple[bytes, KeyPlace]:
        if given := secret(self._home, KEY_VARIABLE, self._environ):
            from agent.log import hide

            hide(given)
            return self._from_text(given), "environment"
        if self._home.key_file.exists():
            return self._from_file(), "file"
        if self._ask_keyring(_backend):
            return self._from_keyring(), "keyring"
        return self._make_file(), "file"

    def _from_text(self, given: str) -> bytes:
        try:
            raw = base64.b64decode(given, validate=True)
        except binascii.Error:
            raw = b""
        if len(raw) == _KEY_BYTES:
            return raw
        return hashlib.scrypt(given.encode(), salt=self._salt(), n=2**15, r=8, p=1, maxmem=2**26, dklen=_KEY_BYTES)

    def _salt(self) -> bytes:
        """The salt of a passphrase: made once, not secret."""
        file = self._home.sessions / "salt"
        return _made_once(file, os.urandom(_SALT_BYTES))

    def _from_file(self) -> bytes:
        try:
            raw = base64.b64decode(self._home.key_file.read_bytes().strip(), validate=True)
        except OSError as fault:
            raise StoreFault(
                say("The key file {path} can't be read: {why}.", path=self._home.key_file, why=fault.strerror or fault),
                say("Give yourself the right to read it."),
            ) from None
        except binascii.Error:
            raw = b""
        if len(raw) != _KEY_BYTES:
            raise StoreFault(
                say("The key file {path} is damaged.", path=self._home.key_file),
                say("Put it back from a copy, or delete it and sign in again."),
            )
        return raw

    def _make_file(self) -> bytes:
        _made_once(self._home.key_file, base64.b64encode(os.urandom(_KEY_BYTES)))
        return self._from_file()

    def _from_keyring(self) -> bytes:
        def fetch() -> str | None:
            import keyring

            return keyring.get_password(SERVICE, ENTRY)

        def make() -> str | None:
            import keyring

            keyring.set_password(SERVICE, ENTRY, base64.b64encode(os.urandom(_KEY_BYTES)).decode())
            # What is read back counts: another process may have made a key at the same moment.
            return keyring.get_password(SERVICE, ENTRY)

        kept = self._ask_keyring(fetch) or self._ask_keyring(make)
        try:
            raw = base64.b64decode(kept or "", validate=True)
        except binascii.Error:
            raw = b""
        if len(raw) != _KEY_BYTES:
            raise _keyring_fault(say("its entry “{entry}” is damaged", entry=f"{SERVICE}/{ENTRY}"))
        return raw

    def _ask_keyring(self, question: Callable[[], T]) -> T:
        """The answer of the system's keyring; one that is locked, slow or broken is a `UsageFault`, never a wait."""
        answers: list[T] = []
        faults: list[Exception] = []

        def ask() -> None:
            try:
                answers.append(question())
            except Exception as fault:
                faults.append(fault)

        thread = threading.Thread(target=ask, name="keyring", daemon=True)
        thread.start()
        thread.join(self._answer_limit_s)
        if answers:
            return answers[0]
        if faults:
            raise _keyring_fault(faults[0])
        raise _keyring_fault(say("it did not answer within {seconds} seconds", seconds=f"{self._answer_limit_s:g}"))


def _backend() -> str | None:
    """The name of the keyring of this system, None when there is none that keeps anything."""
    import keyring
    from keyring.backends import chainer, fail, null

    found = keyring.get_keyring()
    if isinstance(found, fail.Keyring | null.Keyring):
        return None
    if isinstance(found, chainer.ChainerBackend) and not found.backends:
        return None
    return type(found).__module__


def _keyring_fault(why: Words | Exception) -> UsageFault:
    return UsageFault(
        say("The keyring of this system can't be used: {why}.", why=why),
        say("Unlock it, or put a key of your own into {variable} (see .env).", variable=KEY_VARIABLE),
    )


def _made_once(file: Path, fresh: bytes) -> bytes:
    """What `file` holds; it is made of `fresh` when it is not there, and the first of two makers wins."""
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE)
    except FileExistsError:
        return file.read_bytes()
    with os.fdopen(handle, "wb") as opened:
        opened.write(fresh)
        opened.flush()
        os.fsync(opened.fileno())
    return fresh


def _first_expiry(state: dict[str, Any]) -> datetime | None:
    """When the first sign-in cookie ends: of those that scripts may not read, or of all where there are none such."""
    cookies = [c for c in state.get("cookies") or () if isinstance(c.get("expires"), int | float) and c["expires"] > 0]
    guarded = [c for c in cookies if c.get("httpOnly")]
    ends = [float(c["expires"]) for c in guarded or cookies]
    return datetime.fromtimestamp(min(ends), UTC) if ends else None


def _facts(head: Mapping[str, Any]) -> SessionFacts:
    return SessionFacts(
        account=head["account"],
        saved_at=datetime.fromisoformat(head["saved_at"]),
        expires_at=datetime.fromisoformat(head["expires_at"]) if head["expires_at"] else None,
    )
