"""A stand-in for Hugging Face on the loopback: listing in pages, LFS files redirected to a second server, faults on demand.

The shape of listing, headers and redirect is that of huggingface.co (`/api/models/{id}/tree/{revision}`, `/resolve/`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 2


@dataclass
class FakeHub:
    """What the hub holds and how it fails."""

    repository: str
    commit: str
    files: dict[str, bytes]
    lfs: set[str]
    token: str | None = None
    """Asked for when set."""
    cut_after: dict[str, int] = field(default_factory=dict)
    """Files of which the first answer breaks off after as many bytes."""
    damaged: dict[str, bytes] = field(default_factory=dict)
    """Files that are sent with another content than listed."""
    hold: str | None = None
    """A file that is never sent."""
    held: threading.Event = field(default_factory=threading.Event)
    downloads: list[tuple[str, str | None]] = field(default_factory=list)
    """File and Range header of each download."""
    tokens_at_content_network: list[str] = field(default_factory=list)
    url: str = ""
    content_network: str = ""

    def rows(self) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = []
        for path, content in sorted(self.files.items()):
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
            row: dict[str, object] = {"type": "file", "path": path, "size": len(content), "oid": blob}
            if path in self.lfs:
                sha256 = hashlib.sha256(content).hexdigest()
                row |= {"oid": "0" * 40, "lfs": {"oid": sha256, "size": len(content), "pointerSize": 135}}
            rows.append(row)
        return [{"type": "directory", "path": "extra", "size": 0, "oid": "1" * 40}, *rows]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> FakeHub:
        assert isinstance(self.server, _Server)
        return self.server.hub

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def answer(
        self, status: int, content: bytes, headers: dict[str, str] | None = None, cut: int | None = None
    ) -> None:
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:cut])
        if cut is not None:
            self.close_connection = True

    def send_file(self, path: str) -> None:
        if path == self.hub.hold:
            self.hub.held.set()
            self.rfile.read(1)  # until the loader is gone
            self.close_connection = True
            return
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.hub.downloads.append((path, asked))
        content = self.hub.damaged.get(path, self.hub.files[path])
        ranged = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if asked else None
        self.answer(206 if asked else 200, content[start:], ranged, cut=self.hub.cut_after.pop(path, None))


class _Api(_Handler):
    def do_GET(self) -> None:
        hub, address = self.hub, urlsplit(self.path)
        path = unquote(address.path)
        tree, resolve = f"/api/models/{hub.repository}/tree/{hub.commit}", f"/{hub.repository}/resolve/{hub.commit}/"
        if hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}":
            self.answer(401, b'{"error":"Access to this repository is restricted"}')
        elif path == tree:
            first = int(parse_qs(address.query).get("cursor", ["0"])[0])
            rows, headers = hub.rows(), {}
            if first + PAGE < len(rows):
                headers["Link"] = f'<{hub.url}{tree}?recursive=true&cursor={first + PAGE}>; rel="next"'
            self.answer(200, json.dumps(rows[first : first + PAGE]).encode(), headers)
        elif path.startswith(resolve) and (name := path.removeprefix(resolve)) in hub.files:
            if name in hub.lfs:
                linked = {"X-Linked-Size": str(len(hub.files[name])), "X-Repo-Commit": hub.commit}
                self.answer(
                    302, b"", {"Location": f"{hub.content_network}/{name}?X-Signature=secret-signature", **linked}
                )
            else:
                self.send_file(name)
        else:
            self.answer(404, b'{"error":"Entry not found"}')


class _ContentNetwork(_Handler):
    def do_GET(self) -> None:
        if "Authorization" in self.headers:
            self.hub.tokens_at_content_network.append(self.headers["Authorization"])
        self.send_file(unquote(urlsplit(self.path).path).lstrip("/"))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: FakeHub, handler: type[_Handler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.hub = hub

    def handle_error(self, request: object, client_address: object) -> None:
        """A killed loader leaves broken connections; nothing to report."""


@contextlib.contextmanager
def serve_hub(hub: FakeHub) -> Iterator[FakeHub]:
    """Run both servers; the hub's `url` is then its endpoint."""
    servers = [_Server(hub, handler) for handler in (_Api, _ContentNetwork)]
    hub.url, hub.content_network = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
