"""Finds a Chromium-family browser on this machine, or provides one.

`find_browser` and `find_headless_shell` only look, so that every launch can ask them; `main` (`python -m
agent.browser.provide`, the last step of `make setup`) also starts what it found once, and installs a browser when none
answers.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from agent.words import say

BROWSER_VARIABLE = "REBUTTAL_BROWSER"
HEADLESS_SHELL_VARIABLE = "REBUTTAL_HEADLESS_SHELL"

ANSWER_LIMIT_S = 20
DOWNLOAD_LIMIT_S = 300
INSTALL_LIMIT_S = 600

_COMMANDS = (
    "google-chrome-stable",
    "google-chrome",
    "chromium",
    "chromium-browser",
    "microsoft-edge-stable",
    "microsoft-edge",
    "chrome",
    "msedge",
)
_SHELL_PACKAGE = "chromium-headless-shell"
_SHELL_COMMANDS = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")

_LINUX_PLACES = (
    "/opt/google/chrome/chrome",
    "/usr/bin/google-chrome",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/lib/chromium/chromium",
    "/opt/microsoft/msedge/msedge",
)
_LINUX_SHELL_PLACES = ("/usr/bin/chromium-headless-shell", "/usr/lib/chromium/headless_shell")
_MACOS_APPLICATIONS = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_WINDOWS_PROGRAMS = (
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
_WINDOWS_FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")

# Playwright names the folder inside its download after system and machine: "chrome-linux64", "chrome-mac-arm64", …
_CACHED_BROWSERS = (
    "chrome-linux*/chrome",
    "chrome-mac*/*.app/Contents/MacOS/*",
    "chrome-win*/chrome.exe",
)
_CACHED_SHELLS = (
    "chrome-*/headless_shell",
    "chrome-*/headless_shell.exe",
    "chrome-headless-shell-*/chrome-headless-shell",
    "chrome-headless-shell-*/chrome-headless-shell.exe",
)

_SNAP_CHROMIUM = Path("/snap/bin/chromium")
NO_SCREEN = (
    say("A window can't be opened: this machine has no screen."),
    say(
        "Sign in with `--headless --code -`, leave --headed out of other commands, or give them a screen that is"
        " not there: `xvfb-run rebuttal …`."
    ),
)
"""What is said, with the next step, where no window can open: on a server, or in a shell that came over the network."""


def has_screen() -> bool:
    """Whether a window can open. Only Linux is known to run without a screen."""
    return not sys.platform.startswith("linux") or any(os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY"))


def find_browser(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The browser to launch, or None; nothing is started.

    `REBUTTAL_BROWSER` (a path, or a command on PATH) decides alone: when it names nothing that is there, the answer is
    None and never some other browser.
    """
    if named := environ.get(BROWSER_VARIABLE, "").strip():
        return _named(named, environ)
    return next(_browsers(environ), None)


def find_headless_shell(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The windowless build for reading runs, or None; `REBUTTAL_HEADLESS_SHELL` decides alone, as in `find_browser`."""
    if named := environ.get(HEADLESS_SHELL_VARIABLE, "").strip():
        return _named(named, environ)
    return next(_headless_shells(environ), None)


def answers(browser: Path) -> str | None:
    """The version a browser tells within `ANSWER_LIMIT_S` seconds, or None if it cannot be started."""
    if sys.platform == "win32":
        # chrome.exe --version prints nothing there and opens a window.
        return browser.stem if browser.is_file() else None
    return _told([str(browser), "--version"])


def main() -> int:
    """Print the browser that will be used and return 0, installing one if need be; else say what to do and return 1."""
    if not _driver_starts():
        _add_driver_library()
        if not _driver_starts():
            return _fault(
                "Playwright's own driver does not start: on Linux install libatomic (Debian, Ubuntu: libatomic1), "
                "and run `make setup` again; `python -m playwright --version` shows what is missing."
            )
    if named := os.environ.get(BROWSER_VARIABLE, "").strip():
        browser = _named(named, os.environ)
        if browser is None or (version := answers(browser)) is None:
            return _fault(f"{BROWSER_VARIABLE} names {named}, which does not start: correct it, or remove it.")
        return _found(browser, version)
    for provide in (_look, _download, _add_libraries, _install_package):
        provide()
        for browser in _browsers(os.environ):
            if version := answers(browser):
                _add_shell()
                return _found(browser, version)
    return _fault(
        "No browser could be provided: install Google Chrome, Microsoft Edge or Chromium, "
        f"or set {BROWSER_VARIABLE} to the path of one, and run `make setup` again."
    )


def _look() -> None:
    """The first try changes nothing: a browser may be here already."""


def _download() -> None:
    print("No Chrome, Edge or Chromium here: downloading Chromium with Playwright.", flush=True)
    _run([sys.executable, "-m", "playwright", "install", "chromium"], DOWNLOAD_LIMIT_S)


def _add_libraries() -> None:
    """What Playwright downloads needs libraries that a bare Linux has not."""
    root = _as_root()
    if root is not None and any(_cached("chromium-*", _CACHED_BROWSERS, os.environ)):
        print("The downloaded Chromium does not start: adding the system libraries it needs.", flush=True)
        _run([*root, sys.executable, "-m", "playwright", "install-deps", "chromium"], INSTALL_LIMIT_S)


def _install_package() -> None:
    # What the package recommends brings a printer service and a newer systemd; the fonts are all we want of it.
    _apt_install("That did not help: installing the system's chromium package.", "chromium", "fonts-liberation")


def _add_shell() -> None:
    """The windowless build, where the system has it as a package: nothing needs it, and an account that is read in it
    costs a fraction of the processor time and memory, for a whole browser opens a window's worth of its own pages."""
    if os.environ.get(HEADLESS_SHELL_VARIABLE) or find_headless_shell() is not None:
        return
    if sys.platform.startswith("linux") and _told(["apt-cache", "show", _SHELL_PACKAGE]):
        _apt_install("Adding the windowless Chromium, in which reading costs much less.", _SHELL_PACKAGE)


def _driver_starts() -> bool:
    return _told([sys.executable, "-m", "playwright", "--version"]) is not None


def _add_driver_library() -> None:
    # Seen on a minimal Debian 12: Playwright's node asks for libatomic.so.1, and chromium does not bring it.
    _apt_install("Playwright's driver does not start: adding the library it needs.", "libatomic1")


def _apt_install(sentence: str, *packages: str) -> None:
    """Install packages where that is possible without asking for a password, saying so first."""
    root = _as_root()
    if root is not None and shutil.which("apt-get"):
        print(sentence, flush=True)
        apt_get = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=60"]
        _run([*apt_get, "update"], INSTALL_LIMIT_S)
        _run([*apt_get, "install", "-y", "--no-install-recommends", *packages], INSTALL_LIMIT_S)


def _browsers(environ: Mapping[str, str]) -> Iterator[Path]:
    """Every browser that is there, the one to prefer first.

    Snap packages come last: they may not read a profile in a hidden folder or in the system's temporary one.
    """
    snaps = []
    for browser in (*_standard_browsers(environ), *_on_path(_COMMANDS, environ)):
        if _is_snap(browser):
            snaps.append(browser)
        elif browser.is_file():
            yield browser
    yield from _cached("chromium-*", _CACHED_BROWSERS, environ)
    if _SNAP_CHROMIUM.exists():
        yield from snaps


def _headless_shells(environ: Mapping[str, str]) -> Iterator[Path]:
    if sys.platform.startswith("linux"):
        yield from (place for place in map(Path, _LINUX_SHELL_PLACES) if place.is_file())
    yield from _on_path(_SHELL_COMMANDS, environ)
    yield from _cached("chromium_headless_shell-*", _CACHED_SHELLS, environ)


def _standard_browsers(environ: Mapping[str, str]) -> Iterator[Path]:
    if sys.platform == "win32":
        folders = [Path(environ[name]) for name in _WINDOWS_FOLDERS if environ.get(name)]
        yield from (folder / program for program in _WINDOWS_PROGRAMS for folder in folders)
    elif sys.platform == "darwin":
        folders = [Path("/Applications"), Path.home() / "Applications"]
        yield from (folder / application for application in _MACOS_APPLICATIONS for folder in folders)
    else:
        yield from map(Path, _LINUX_PLACES)


def _on_path(commands: Sequence[str], environ: Mapping[str, str]) -> Iterator[Path]:
    for command in commands:
        if found := shutil.which(command, path=environ.get("PATH")):
            yield Path(found)


def _cached(folders: str, programs: Sequence[str], environ: Mapping[str, str]) -> Iterator[Path]:
    """What Playwright downloaded completely, the newest build first."""
    builds = sorted(_playwright_cache(environ).glob(folders), key=_build_number, reverse=True)
    for build in builds:
        if (build / "INSTALLATION_COMPLETE").exists():
            yield from (program for pattern in programs for program in build.glob(pattern) if program.is_file())


def _build_number(folder: Path) -> int:
    number = folder.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _playwright_cache(environ: Mapping[str, str]) -> Path:
    chosen = environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    if chosen == "0":
        import playwright

        return Path(playwright.__file__).parent / "driver" / "package" / ".local-browsers"
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "ms-playwright"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ms-playwright"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ms-playwright"


def _named(name: str, environ: Mapping[str, str]) -> Path | None:
    path = Path(name).expanduser()
    if path.is_file():
        return path
    return next(_on_path([name], environ), None)


def _is_snap(browser: Path) -> bool:
    """Whether it is a snap, or Ubuntu's script in its place, which may have no snap behind it."""
    try:
        if browser.is_relative_to("/snap") or browser.resolve().name == "snap":
            return True
        with browser.open("rb") as opened:
            start = opened.read(4096)
    except OSError:
        return False
    return start.startswith(b"#!") and b"/snap/bin/" in start


def _as_root() -> list[str] | None:
    """What to put before a command that root must run; None if that would need a password."""
    if sys.platform == "win32":
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def _told(command: Sequence[str]) -> str | None:
    """What a command printed; None if it printed nothing, failed, or took longer than `ANSWER_LIMIT_S` seconds."""
    try:
        told = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_LIMIT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout.strip() or None if told.returncode == 0 else None


def _run(command: Sequence[str], limit_s: float) -> bool:
    """Whether a command succeeded within its time; one that is still running then is ended with its children."""
    try:
        process = psutil.Popen(list(command), stdin=subprocess.DEVNULL)
    except OSError:
        return False
    try:
        return bool(process.wait(limit_s) == 0)
    except psutil.TimeoutExpired:
        print(f"Ended after {limit_s:.0f} seconds: {' '.join(command)}", file=sys.stderr)
        return False
    finally:
        if process.is_running():
            family = [*process.children(recursive=True), process]
            for member in family:
                member.kill()
            psutil.wait_procs(family, timeout=2)


def _found(browser: Path, version: str) -> int:
    print(f"Browser: {browser} ({version})")
    return 0


def _fault(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
