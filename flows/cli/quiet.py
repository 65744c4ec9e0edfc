"""The log of a call that has no home to write to: nothing below a warning, and nothing unmasked."""

from __future__ import annotations

import logging
import os
import sys


def quiet() -> None:
    """Let libraries' warnings through, masked, without loading loguru: `--help` and `--version` need no log."""
    os.environ.setdefault("LOGURU_AUTOINIT", "False")  # else loguru would print every step, unmasked, once imported
    logging.basicConfig(handlers=[_Masked(sys.stderr)], level=logging.WARNING, force=True)


class _Masked(logging.StreamHandler):  # type: ignore[type-arg]
    def format(self, record: logging.LogRecord) -> str:
        from agent.log import redact

        return redact(super().format(record))
