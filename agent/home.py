"""The home: the one folder in which everything of an operator lies, and where each thing lies in it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from agent.errors import UsageFault
from agent.words import say

HOME_VARIABLE = "REBUTTAL_HOME"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


class Home:
    """A data folder; two homes on one machine know nothing of each other.

    Nothing is touched until `create()`.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).expanduser().absolute()

    @classmethod
    def chosen(cls, given: Path | str | None = None, environ: Mapping[str, str] = os.environ) -> Home:
        """The home named by `given` (`--home`), else by `REBUTTAL_HOME`, else the system's place for data."""
        if given:
            return cls(given)
        if named := environ.get(HOME_VARIABLE, "").strip():
            return cls(named)
        from platformdirs import user_data_path

        return cls(user_data_path("rebuttal", appauthor=False))

    def __repr__(self) -> str:
        return f"Home({str(self.path)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Home) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def settings_file(self) -> Path:
        """`rebuttal.toml`."""
        return self.path / "rebuttal.toml"

    @property
    def env_file(self) -> Path:
        """`.env`, the only file that holds passwords in the clear."""
        return self.path / ".env"

    @property
    def key_file(self) -> Path:
        """Where the vault's key lies on a machine without a keyring."""
        return self.path / "vault.key"

    @property
    def database(self) -> Path:
        """The SQLite file, unless the settings name another database."""
        return self.path / "rebuttal.db"

    @property
    def blobs(self) -> Path:
        """Seen pages, documents and pictures, by content hash."""
        return self.path / "blobs"

    @property
    def sessions(self) -> Path:
        """Encrypted session states."""
        return self.path / "sessions"

    @property
    def profiles(self) -> Path:
        """Browser profiles of accounts with `browser = "persistent"`."""
        return self.path / "profiles"

    @property
    def bundles(self) -> Path:
        """What a failure leaves: picture, seen page, address."""
        return self.path / "bundles"

    @property
    def logs(self) -> Path:
        """Log files."""
        return self.path / "logs"

    @property
    def exports(self) -> Path:
        """What `export` writes when no other place is named."""
        return self.path / "exports"

    @property
    def locks(self) -> Path:
        """One lock file an account."""
        return self.path / "locks"

    @property
    def portals(self) -> Path:
        """The operator's own labels and policies."""
        return self.path / "portals"

    def own_labels(self, portal: str) -> Path:
        """The operator's labels for a portal, merged over the shipped ones; need not exist."""
        return self.portals / portal / "labels.toml"

    def own_policy(self, portal: str) -> Path:
        """The operator's rules for a portal, merged over the shipped ones; need not exist."""
        return self.portals / portal / "policy.toml"

    def profile(self, account: str) -> Path:
        """The browser profile of `coupang:main`."""
        return self.profiles / file_name(account)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that `create` makes."""
        return (
            self.blobs,
            self.sessions,
            self.profiles,
            self.bundles,
            self.logs,
            self.exports,
            self.locks,
            self.portals,
        )

    def create(self) -> Home:
        """Make what is missing, readable by the owner alone (0700 where the system has such rights); idempotent.

        Raises `UsageFault` when the place is a file or can't be written.
        """
        if self.path.exists() and not self.path.is_dir():
            raise UsageFault(
                say("{path} is a file, and the home must be a folder.", path=self.path),
                say("Name another folder with --home or {variable}.", variable=HOME_VARIABLE),
            )
        try:
            for folder in (self.path, *self.folders):
                if not folder.is_dir():
                    folder.mkdir(mode=PRIVATE_FOLDER, parents=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as fault:
            raise UsageFault(
                say("The home {path} can't be written: {why}.", path=self.path, why=fault.strerror or fault),
                say(
                    "Give yourself the right to write there, or name another folder with --home or {variable}.",
                    variable=HOME_VARIABLE,
                ),
            ) from None
        return self


def file_name(account: str) -> str:
    """`coupang:main` as a file name that every system takes."""
    return account.replace(":", "-")


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all, and durable when this returns."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
