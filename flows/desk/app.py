"""The desk as one ASGI application: addresses, who may go there, and what stands before them all."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from agent.store.people import Role
from flows.context import Context
from flows.desk import board, case, draft, numbers, packet, papers, people, progress, signing
from flows.desk.call import Handler, endpoint
from flows.desk.guarding import Guard, TooLarge, answers_to
from flows.desk.state import Desk
from flows.desk.work import Works

PORT = 8760
_A_YEAR = "public, max-age=31536000, immutable"
_CASE = "{store}/{channel}/{case_id:path}"
_LARGE = ("/draft/",)


def build(ctx: Context, *, host: str = "127.0.0.1", port: int = PORT, names: Iterable[str] = ()) -> Starlette:
    """The application over the home of `ctx`; it answers to the addresses of `host` and to `names` only."""
    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(Guard, hosts=answers_to(host, port, names), large=_LARGE)],
        exception_handlers={TooLarge: _too_large, 404: _not_found},
    )
    app.state.desk = Desk(ctx, port, Works(ctx))
    return app


def _routes() -> list[BaseRoute]:
    return [
        Route("/static/{name}", _static),
        _at("/sign-in", signing.sign_in, None, post=True, get=True),
        _at("/sign-out", signing.sign_out, "look", post=True),
        _at("/first/{token}", signing.first, None, post=True, get=True),
        _at("/password/{token}", signing.invited, None, post=True, get=True),
        _at("/language", signing.language, None, post=True),
        _at("/", board.show, "look"),
        _at("/numbers", numbers.show, "look"),
        _at(f"/case/{_CASE}", case.show, "look"),
        _at("/read/{store}", case.sync, "draft", post=True),
        _at("/seen/{sha256}/" + _CASE, papers.seen, "look"),
        _at("/frame/{sha256}/" + _CASE, papers.frame, "look"),
        _at("/document/{sha256}/" + _CASE, papers.document, "look"),
        _at("/document-page/{sha256}/{number:int}/" + _CASE, papers.document_page, "look"),
        _at("/picture/{sha256}/" + _CASE, papers.picture, "look"),
        _at("/evidence/{action}/{number:int}/" + _CASE, papers.evidence, "look"),
        _at(f"/draft/{_CASE}", draft.show, "draft"),
        _at(f"/draft/{_CASE}", draft.save, "draft", post=True),
        _at(f"/packet/{_CASE}", packet.show, "look"),
        _at(f"/approve/{_CASE}", packet.approve, "approve", post=True),
        _at(f"/reject/{_CASE}", packet.reject, "approve", post=True),
        _at(f"/send/{_CASE}", packet.send, "approve", post=True),
        _at(f"/settle/{_CASE}", packet.settle, "approve", post=True),
        _at("/work/{work}", progress.show, "look"),
        _at("/work/{work}/part", progress.part, "look"),
        Route("/work/{work}/events", progress.events),
        _at("/people", people.listing, "look"),
        _at("/people", people.add, "look", post=True, people_only=True),
        _at("/people/{person}", people.change, "look", post=True, people_only=True),
        _at("/people/{person}/link", people.renew, "look", post=True, people_only=True),
        _at("/me", people.me, "look"),
        _at("/me", people.tastes, "look", post=True),
        _at("/me/password", people.password, "look", post=True),
    ]


def _at(
    path: str, handler: Handler, role: Role | None, *, post: bool = False, get: bool = False, people_only: bool = False
) -> Route:
    """`handler` at `path` for GET, or for POST, or both."""
    methods = (["POST"] if post else []) + (["GET"] if get or not post else [])
    return Route(path, endpoint(handler, role=role, people=people_only), methods=methods)


async def _static(request: Request) -> Response:
    """The desk's own style, script and sign; nothing is looked up on the disk by a name from outside."""
    desk: Desk = request.app.state.desk
    for asset in desk.assets.values():
        if asset.address == request.url.path:
            return Response(asset.data, media_type=asset.media_type, headers={"Cache-Control": _A_YEAR})
    return Response(status_code=404)


async def _too_large(request: Request, fault: Exception) -> Response:
    return PlainTextResponse("too large", 413)


async def _not_found(request: Request, fault: Exception) -> Response:
    from agent.words import say, speak

    desk: Desk = request.app.state.desk
    speak(desk.language(request, None))
    return PlainTextResponse(str(say("There is nothing here.")), 404)
