"""Plays the ingress in front of engines: finds the deployment by its Host, asks for a token, and passes streams on as they come.

What it answers by itself is what Envoy answers: 404 without content for a host that it does not know, and 503 with a text where
nothing listens behind it; and what an authorization service answers: 401.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.tools.smoke_recorded import kind_of

#: Not passed on: they belong to one connection.
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
INGRESS = "ingress"


@dataclass(frozen=True)
class Passed:
    """One request: what it was, who answered it, and how."""

    kind: str
    server: str
    status: int


class Ingress(ThreadingHTTPServer):
    """The ingress. `route` tells name and address of the engine for a kind of request."""

    daemon_threads = True

    def __init__(self, host: str, token: str | None, route: Callable[[str], tuple[str, str]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host, self.token, self.route = host, token, route
        self.passed: list[Passed] = []
        self.waiting = threading.Event()
        """Set once a request has found nothing behind the ingress."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def servers(self, kind: str) -> set[str]:
        """Who answered the requests of a kind with 200."""
        return {passed.server for passed in self.passed if (passed.kind, passed.status) == (kind, 200)}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def ingress(self) -> Ingress:
        assert isinstance(self.server, Ingress)
        return self.server

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are recorded instead."""

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = kind_of(self.path, json.loads(body) if body else {})
        if self.headers.get("Host") != self.ingress.host:
            self._answer(kind, 404, b"", None)
        elif self.ingress.token and self.headers.get("Authorization") != f"Bearer {self.ingress.token}":
            self._answer(kind, 401, b'{"error": "a valid token is needed"}', "application/json")
        else:
            name, address = self.ingress.route(kind)
            connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
            try:
                connection.request(self.command, self.path, body=body, headers=dict(self.headers.items()))
                self._pass_back(kind, name, connection.getresponse())
            except ConnectionRefusedError:
                self.ingress.waiting.set()
                self._answer(kind, 503, b"upstream connect error or disconnect/reset before headers", "text/plain")
            finally:
                connection.close()

    def _pass_back(self, kind: str, name: str, answer: http.client.HTTPResponse) -> None:
        self.ingress.passed.append(Passed(kind, name, answer.status))
        self.send_response_only(answer.status)
        for header, value in answer.getheaders():
            if header.lower() not in HOP:
                self.send_header(header, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := answer.read1(65536):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def _answer(self, kind: str, status: int, content: bytes, content_type: str | None) -> None:
        self.ingress.passed.append(Passed(kind, INGRESS, status))
        self.send_response_only(status)
        self.send_header("server", "envoy")
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _pass_on  # noqa: N815 - the names that http.server looks for


@contextlib.contextmanager
def ingress_to(host: str, token: str | None, route: Callable[[str], tuple[str, str]]) -> Iterator[Ingress]:
    """A running ingress."""
    ingress = Ingress(host, token, route)
    thread = threading.Thread(target=ingress.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield ingress
    finally:
        ingress.shutdown()
        ingress.server_close()
        thread.join()
