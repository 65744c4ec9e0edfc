"""What is kept of an installed schedule: since when there is one, and of which kind."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.home import Home, write_private


def state_file(home: Home) -> Path:
    """`schedule.json` in the home."""
    return home.path / "schedule.json"


def installed(home: Home) -> dict[str, Any] | None:
    """What `schedule install` noted; None where no schedule is installed."""
    try:
        told = json.loads(state_file(home).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def installed_at(home: Home) -> datetime | None:
    """Since when there is a schedule."""
    told = installed(home)
    return datetime.fromisoformat(told["installed_at"]) if told and told.get("installed_at") else None


def note(home: Home, facts: dict[str, Any] | None) -> None:
    """Note an installed schedule, or with None that there is none any more."""
    if facts is None:
        state_file(home).unlink(missing_ok=True)
    else:
        write_private(state_file(home), json.dumps(facts, ensure_ascii=False, indent=1).encode())
