"""Small HTTPS servers of the sandbox: one handler, one certificate."""

from __future__ import annotations

import ssl
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.cluster.keys import Signed


class QuietHandler(BaseHTTPRequestHandler):
    """Keeps connections open, and says nothing of single requests."""

    protocol_version = "HTTP/1.1"
    timeout = 300

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing of single requests."""

    def answer(self, content: bytes, kind: str, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """The whole answer; to HEAD its headers alone."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def make_server(host: str, port: int, signed: Signed, handler: type[QuietHandler]) -> ThreadingHTTPServer:
    """An HTTPS server that answers once it is told to serve."""
    server = ThreadingHTTPServer((host, port), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:  # the library reads files only
        file.write(signed.certificate_pem() + signed.key_pem())
        file.flush()
        context.load_cert_chain(file.name)
    # each connection greets in a thread of its own: one that says nothing must not keep the others waiting
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server
