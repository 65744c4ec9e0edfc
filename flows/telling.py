"""Telling one target one message, once, by apprise; and saying truly whether it was taken, refused, or nobody knows.

Apprise answers yes or no. WeCom, DingTalk and Feishu say HTTP 200 also where they refuse (a wrong key, a missing
keyword, too many messages), and a time-out is a no that may be a yes. So the answer itself is listened to.
"""

from __future__ import annotations

import contextlib
import re
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from agent.errors import UsageFault
from agent.home import Home
from agent.log import hide
from agent.settings import secret
from agent.words import Words, say

Outcome = Literal["taken", "refused", "unknown"]
"""`refused`: it certainly did not come. `unknown`: it may have come, and nobody can tell."""
_LOCK = threading.Lock()
_SHORTEST_PIECE = 8


@dataclass(frozen=True)
class Answer:
    """What came of one message; `why` names no address."""

    outcome: Outcome
    why: str = ""


@dataclass
class _Heard:
    outcome: Outcome | None = None
    why: str = ""


def address(home: Home, target: str) -> str:
    """The address of a target, from the environment or `.env`; kept out of every log. Raises `UsageFault`."""
    variable = f"REBUTTAL_NOTIFY_{target.upper()}"
    url = secret(home, variable)
    if not url:
        raise UsageFault(
            say("The target “{target}” of [notify] has no address.", target=target),
            say("Put it into {path}: {variable}=wecombot://…", path=home.env_file, variable=variable),
        )
    hide(url)
    # A service may show a part of it alone (its key, its token); a host is no secret, and hiding it would hide too much.
    for piece in re.split(r"[/?&=@:#]+", unquote(url.partition("://")[2])):
        if len(piece) >= _SHORTEST_PIECE and "." not in piece:
            hide(piece)
    return url


def tell(url: str, title: Words | str, text: str) -> Answer:
    """Send one message; never raises for what happens on the way. An address of no known service is a `UsageFault`."""
    import apprise

    asset = apprise.AppriseAsset(app_id="Rebuttal", app_desc="Rebuttal", async_mode=False)
    target = apprise.Apprise(asset=asset)
    with warnings.catch_warnings():  # its services are loaded now, and one of them uses what Python 3.13 has no more
        warnings.simplefilter("ignore", DeprecationWarning)
        known = target.add(url)
    if not known:
        raise UsageFault(
            say("This address of a target is of no known service."),
            say("Write it as apprise does, such as wecombot://KEY, dingtalk://TOKEN or mailto://…"),
        )
    with _listening() as heard:
        try:
            taken = bool(target.notify(body=text, title=str(title), body_format=apprise.NotifyFormat.TEXT))
        except Exception as fault:  # a service's own fault must not stop the others
            return Answer("unknown", type(fault).__name__)
    if taken:
        return Answer("taken")
    return Answer(heard.outcome or "unknown", heard.why)


@contextlib.contextmanager
def _listening() -> Iterator[_Heard]:
    """Hear what the service answers: every one of apprise's that speaks HTTP goes through this one method."""
    import requests

    heard = _Heard()
    plain = requests.Session.send

    def send(self: Any, request: Any, **how: Any) -> Any:
        try:
            answer = plain(self, request, **how)
        except (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError) as fault:
            heard.outcome, heard.why = "refused", type(fault).__name__
            raise
        except requests.exceptions.ConnectionError as fault:
            reached = "NewConnectionError" not in repr(fault) and "NameResolutionError" not in repr(fault)
            heard.outcome, heard.why = ("unknown" if reached else "refused"), type(fault).__name__
            raise
        except requests.exceptions.RequestException as fault:
            heard.outcome, heard.why = "unknown", type(fault).__name__
            raise
        if answer.status_code >= 400:
            heard.outcome = "unknown" if answer.status_code >= 500 else "refused"
            heard.why = f"HTTP {answer.status_code}"
        elif code := _refusal(answer):
            heard.outcome, heard.why = "refused", code
            raise requests.exceptions.RequestException(code)
        return answer

    with _LOCK:
        requests.Session.send = send  # type: ignore[method-assign]
        try:
            yield heard
        finally:
            requests.Session.send = plain  # type: ignore[method-assign]


def _refusal(answer: Any) -> str:
    """The error code of a service that refuses with HTTP 200; "" where it took the message."""
    try:
        told = answer.json()
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    host = urlsplit(answer.url).hostname or ""
    names = ["errcode"] + (
        ["code", "StatusCode"] if host.endswith(("feishu.cn", "larksuite.com", "larkoffice.com")) else []
    )
    for name in names:
        if told.get(name) not in (None, 0, "0"):
            return f"{name} {told[name]}"
    return ""
