"""Stands between the loader and fake-gcs-server: records every request and can hold one, or damage what it wrote."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

#: Not passed on: they belong to one connection.
HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


class Proxy(ThreadingHTTPServer):
    """A proxy for one test."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.requests: list[str] = []
        """`METHOD path?query` of each, decoded, in the order in which they came."""
        self.hold: Callable[[str], bool] = lambda request: False
        """Requests for which it is true are never answered."""
        self.held = threading.Event()
        self.after: Callable[[str], None] = lambda request: None
        """Called when a request has been answered by the server, before the loader sees the answer."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def writes(self) -> list[str]:
        """The requests that change something."""
        return [request for request in self.requests if not request.startswith("GET ")]

    def handle_error(self, request: object, client_address: object) -> None:
        """A killed loader leaves broken connections; nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def proxy(self) -> Proxy:
        assert isinstance(self.server, Proxy)
        return self.server

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are recorded instead."""

    def _pass_on(self) -> None:
        request = f"{self.command} {unquote(self.path)}"
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.proxy.requests.append(request)
        if self.proxy.hold(request):
            self.proxy.held.set()
            self.rfile.read(1)  # until the loader is gone
            self.close_connection = True
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        headers["Host"] = self.headers["Host"]  # the server builds addresses of uploads from it
        connection = http.client.HTTPConnection(self.proxy.upstream, timeout=30)
        connection.request(self.command, self.path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        self.proxy.after(request)
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815 - the names that http.server looks for


@contextlib.contextmanager
def proxy_to(upstream: str) -> Iterator[Proxy]:
    """A running proxy in front of `upstream`."""
    proxy = Proxy(upstream)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
