"""`rebuttal desk`: serve the desk on this machine, and show a browser the way."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

from agent.errors import UsageFault
from agent.home import write_private
from agent.words import Words, say
from flows.context import Context
from flows.desk.guarding import loopback
from flows.people import first_link


def desk(
    ctx: Context,
    *,
    host: str,
    port: int,
    names: tuple[str, ...] = (),
    browser: bool = True,
    tell: Callable[[Words], None],
) -> None:
    """Serve until it is stopped (Ctrl-C). Port 0 takes a free one; `UsageFault` where it can't listen."""
    import uvicorn

    from flows.desk.app import build

    listener = _listen(host, port)
    port = listener.getsockname()[1]
    app = build(ctx, host=host, port=port, names=names)
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}/"
    token = first_link(ctx)
    if not loopback(host):
        tell(
            say(
                "Others on the network can reach {host}. Without HTTPS in front of it, passwords travel readable.",
                host=host,
            )
        )
    tell(say("The desk is at {address} (Ctrl-C ends it).", address=address))
    if token is not None:
        address = f"{address}first/{token}"
        tell(
            say(
                "Nobody is known yet. Whoever opens this link first, within an hour, is the first: {link}", link=address
            )
        )
    way = _way(ctx, address) if browser else None
    if way is not None:
        threading.Timer(0.5, lambda: webbrowser.open(way.as_uri())).start()
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        lifespan="off",
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=64 * 1024,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        if way is not None:
            way.unlink(missing_ok=True)
        app.state.desk.works.wait()  # a packet that is being sent is not left in the middle


def _way(ctx: Context, address: str) -> Path:
    """A page that leads to the desk, for this user's eyes only: a program's arguments can be read by every user."""
    path = ctx.home.path / "desk.html"
    write_private(
        path, f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={address}">'.encode()
    )
    return path


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: nobody else may listen at the same place
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as fault:
        listener.close()
        raise UsageFault(
            say("The desk can't listen at {host}:{port}: {why}.", host=host, port=port, why=fault.strerror or fault),
            say("Is it running already? Else choose another with --port."),
        ) from None
    return listener
