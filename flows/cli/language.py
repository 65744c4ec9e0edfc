"""Which language a command speaks, decided before anything heavy is loaded."""

from __future__ import annotations

import locale
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from agent.home import Home

LANGUAGE_VARIABLE = "REBUTTAL_LANGUAGE"
_SET = re.compile(r"^\s*language\s*=\s*[\"']([A-Za-z_-]+)[\"']", re.MULTILINE)


def decide(home: Home, environ: Mapping[str, str] = os.environ) -> str:
    """The language of the home's settings, else of `REBUTTAL_LANGUAGE`, else of the system."""
    return _of_settings(home.settings_file) or environ.get(LANGUAGE_VARIABLE) or system_language(environ)


def system_language(environ: Mapping[str, str] = os.environ) -> str:
    """The language of the system, `en` when it tells none."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if told := environ.get(variable):
            return told
    if sys.platform == "win32":
        import ctypes

        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "en")
    return "en"


def _of_settings(file: Path) -> str | None:
    """Only peeked at: whatever else is wrong with the file is said by the command that needs it."""
    try:
        text = file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return None
    # Up to the first table: an account's own keys are not the operator's.
    found = _SET.search(re.split(r"^\s*\[", text, maxsplit=1, flags=re.MULTILINE)[0])
    return found[1] if found else None
