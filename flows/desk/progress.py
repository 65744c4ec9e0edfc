"""Work under way, told live: as server-sent events, and to browsers without scripts by reloading."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from agent.records import CaseKey
from agent.words import speak
from flows.desk.call import Call, NotThere, at
from flows.desk.state import Desk
from flows.desk.work import Work

_LOOK_S = 0.25
_LONGEST_S = 1800.0


def show(call: Call) -> Response:
    """How far it is, and at the end what came of it."""
    work = call.desk.works.get(call.request.path_params["work"])
    if work is None:
        raise NotThere
    return call.page("work.html", work=work, back=_back(work), results=_results(work))


def part(call: Call) -> Response:
    """The moving part of the page alone."""
    work = call.desk.works.get(call.request.path_params["work"])
    if work is None:
        raise NotThere
    return call.page("work_steps.html", work=work, back=_back(work), results=_results(work))


async def events(request: Request) -> Response:
    """A line whenever there is news, until the work is done. Who may look may watch."""
    desk: Desk = request.app.state.desk
    token = request.cookies.get(desk.cookie)
    session = await asyncio.to_thread(desk.ctx.store.people.session, token) if token else None
    work = desk.works.get(request.path_params["work"])
    if session is None or work is None:
        return Response(status_code=404)
    speak(desk.language(request, session))
    return StreamingResponse(_news(work, request), media_type="text/event-stream")


async def _news(work: Work, request: Request) -> AsyncIterator[str]:
    told, waited = -1, 0.0
    while waited < _LONGEST_S:
        version, ended = work.version, work.ended_at is not None
        if version != told:
            told = version
            yield f"event: {'done' if ended else 'news'}\ndata: {version}\n\n"
        if ended or await request.is_disconnected():
            return
        await asyncio.sleep(_LOOK_S)
        waited += _LOOK_S


def _back(work: Work) -> str:
    """Where to go on from here."""
    store, _, rest = work.scope.partition("/")
    if not rest:
        return "/"
    portal, _, account = store.partition(":")
    channel, _, case_id = rest.partition("/")
    return at("packet", CaseKey(portal=portal, account=account, channel=channel, case_id=case_id))


def _results(work: Work) -> list[object]:
    """What came of each packet or channel, as the commands tell it."""
    report = work.report
    return list(getattr(report, "results", None) or getattr(report, "channels", None) or [])
