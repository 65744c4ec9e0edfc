"""A page that tries every way a page has to send something, served on loopback; it knows what reached it."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

WAYS = """
  const hit = (name) => '/hit/' + name, tried = [];
  const say = (name) => { tried.push(name); document.title = tried.length; };
  const post = (name, more) => fetch(hit(name), {method: 'POST', body: 'x', ...more}).catch(() => {});
  const form = (name, target) => {
    const f = document.createElement('form'); f.method = 'post'; f.action = hit(name); f.target = target;
    document.body.append(f); f.submit(); say(name);
  };
  const frame = (name, src) => {
    const i = document.createElement('iframe'); i.name = name; if (src) i.src = src; document.body.append(i); return i;
  };
  const tried_in = (name) => new Promise((done) => addEventListener('message', (e) => e.data === name && done()));
  const worker = (name, kind, url) => new Promise((done) => {
    try {
      const made = new kind(url); made.onerror = done;
      (made.port ?? made).onmessage = done; if (made.port) made.port.start();
    } catch { done(); }
  }).then(() => say(name));
  (async () => {
    await post('fetch'); say('fetch');
    await new Promise((done) => {
      const x = new XMLHttpRequest(); x.onloadend = done; x.open('PUT', hit('xhr')); x.send('x');
    }); say('xhr');
    navigator.sendBeacon(hit('beacon'), 'x'); say('beacon');
    await post('keepalive', {keepalive: true}); say('keepalive');
    try { fetchLater(hit('later'), {method: 'POST', body: 'x', activateAfter: 0}); } catch {} say('later');
    const a = document.createElement('a'); a.href = '#here'; a.ping = hit('ping'); document.body.append(a); a.click();
    say('ping');
    new Image().src = 'https://picture.invalid/x.png'; say('csp');
    await worker('worker', Worker, '/worker.js');
    if (window.SharedWorker) await worker('shared', SharedWorker, '/shared.js'); else say('shared');
    frame('inside'); form('form in a frame', 'inside');
    frame('same', '/frame/same'); await tried_in('same'); say('frame');
    frame('foreign', 'http://localhost:' + location.port + '/frame/foreign'); await tried_in('foreign');
    say('foreign frame');
    form('popup by form', '_blank');
    window.open('/frame/popup', '_blank'); say('popup');
    window.open('/frame/orphan', '_blank', 'noopener'); say('orphan popup');
    addEventListener('pagehide', () => {
      navigator.sendBeacon(hit('parting beacon'), 'x');
      fetch(hit('parting keepalive'), {method: 'POST', body: 'x', keepalive: true});
    }); say('parting');
  })();
"""
TRIES = 16
"""How many `say` there are: the page's title in the end."""
ALL = {
    "fetch", "xhr", "beacon", "keepalive", "later", "ping", "csp", "worker", "shared", "form in a frame", "same",
    "foreign", "popup by form", "popup", "orphan", "parting beacon", "parting keepalive",
}  # fmt: skip
"""What reaches the server from an unguarded page."""


@dataclass
class Leaky:
    """The served page: its address, and what arrived."""

    base_url: str
    arrived: set[str] = field(default_factory=set)
    repeated: int = 0
    """How often a body came to the place that a 307 pointed to."""
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, name: str) -> None:
        """Something arrived."""
        with self._changed:
            self.arrived.add(name)
            self._changed.notify_all()

    def wait_for(self, wanted: set[str], timeout_s: float = 20) -> bool:
        """Until all of `wanted` arrived."""
        with self._changed:
            return self._changed.wait_for(lambda: wanted <= self.arrived, timeout_s)


class _Handler(http.server.BaseHTTPRequestHandler):
    leaky: Leaky
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        kind, body, more = "text/html", "<!doctype html><meta charset=utf-8><body>", {}
        if self.path == "/ways":
            body += f"<script>{WAYS}</script>"
            more["content-security-policy"] = "img-src 'none'; report-uri /hit/csp"
        elif self.path == "/moved":
            body += "<form method=post action=/moved><input name=a></form>"
        elif self.path.startswith("/frame/"):
            name = self.path.removeprefix("/frame/")
            said = f".catch(() => 0).then(() => parent.postMessage('{name}', '*'))"
            body += f"<script>fetch('/hit/{name}', {{method: 'POST', body: 'x', mode: 'no-cors'}}){said}</script>"
        elif self.path == "/worker.js":
            kind, body = (
                "text/javascript",
                "fetch('/hit/worker', {method: 'POST', body: 'x'}).finally(() => postMessage(1))",
            )
        elif self.path == "/shared.js":
            kind, body = (
                "text/javascript",
                (
                    "onconnect = (e) => fetch('/hit/shared', {method: 'POST', body: 'x'}).finally(() => e.ports[0].postMessage(1))"
                ),
            )
        self._answer(200, body.encode(), {"content-type": kind, **more})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/moved":
            self._answer(307, b"", {"location": "/elsewhere"})
            return
        if self.path == "/elsewhere":
            self.leaky.repeated += 1
        self.leaky.note(self.path.removeprefix("/hit/").replace("%20", " "))
        self._answer(200, b"ok", {})

    do_PUT = do_POST

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


@contextlib.contextmanager
def served() -> Iterator[Leaky]:
    """Serve it while the block runs."""

    class Handler(_Handler):
        pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        leaky = Leaky(f"http://127.0.0.1:{server.server_port}")
        Handler.leaky = leaky
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield leaky
        finally:
            server.shutdown()
            thread.join()
