"""A server of recorded answers: an OpenAI-compatible engine without a model, good as recorded or bad as a test says.

It looks at what it is asked: the tool's call is answered only to a request that offers the tool, the picture's colour only to one
that carries a picture of it. What `recorded/` holds says where its form comes from.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image

RECORDED = Path(__file__).parent / "recorded"
MODEL = "assistant"


@dataclass
class Reply:
    """One answer."""

    body: bytes | str = b""
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Break the connection off at the end, before the announced length."""
    delay_seconds: float = 0
    """Wait so long between two lines of the body."""


def recording(name: str) -> dict[str, Any]:
    """What one file of `recorded/` holds."""
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def answer(name: str) -> Reply:
    """The recorded answer of that name."""
    recorded = recording(name)
    if "events" in recorded:
        return stream([*map(json.dumps, recorded["events"]), "[DONE]"])
    return Reply(json.dumps(recorded["answer"]))


def stream(data: list[str]) -> Reply:
    """A stream of server-sent events."""
    return Reply("".join(f"data: {text}\n\n" for text in data), content_type="text/event-stream; charset=utf-8")


class RecordedEngine(ThreadingHTTPServer):
    """The server. `replies` by kind of request: health, models, chat, stream, tool, image."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: dict[str, Reply] = {"health": Reply()}
        self.replies |= {name: answer(name) for name in ("models", "chat", "stream", "tool", "image")}
        self.token: str | None = None
        """Asked for when set."""
        self.first: list[Reply] = []
        """Answers to the first requests, whatever they are."""
        self.requests: list[tuple[str, str | None, str | None]] = []
        """Kind, Host and Authorization of each."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that stops reading is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def _answer(self) -> None:
        engine = self.server
        assert isinstance(engine, RecordedEngine)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = kind_of(self.path, json.loads(body) if body else {})
        engine.requests.append((kind, self.headers.get("Host"), self.headers.get("Authorization")))
        if engine.first:
            self._send(engine.first.pop(0))
        elif engine.token is not None and self.headers.get("Authorization") != f"Bearer {engine.token}":
            self._send(Reply('{"error": "no valid token"}', 401))
        else:
            self._send(engine.replies.get(kind, Reply('{"detail": "Not Found"}', 404)))

    def _send(self, reply: Reply) -> None:
        content = reply.body.encode() if isinstance(reply.body, str) else reply.body
        self.send_response_only(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(content) + reply.cut))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for line in content.splitlines(keepends=True):
            self.wfile.write(line)
            time.sleep(reply.delay_seconds)
        self.close_connection = reply.cut

    do_GET = do_POST = _answer  # noqa: N815 - the names that http.server looks for


def kind_of(path: str, body: dict[str, Any]) -> str:
    """What a request is; `unknown` where it is none of those that the recordings answer."""
    if path in ("/health", "/v1/models"):
        return path.rpartition("/")[2]
    if path != "/v1/chat/completions" or body.get("model") != MODEL:
        return "unknown"
    if body.get("tools"):
        offered = [tool["function"]["name"] for tool in body["tools"]]
        return "tool" if offered == ["get_weather"] and body["tool_choice"] == "auto" else "unknown"
    content = body["messages"][-1]["content"]
    if isinstance(content, list):
        return "image" if any(_is_red(part) for part in content) else "unknown"
    return "stream" if body.get("stream") else "chat"


def _is_red(part: dict[str, Any]) -> bool:
    if part["type"] != "image_url":
        return False
    kind, _, data = part["image_url"]["url"].partition(";base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
    colours = picture.getcolors() or []
    return kind == "data:image/png" and len(colours) == 1 and colours[0][1] == (230, 0, 0)


@contextlib.contextmanager
def recorded_engine() -> Iterator[RecordedEngine]:
    """A running server."""
    engine = RecordedEngine()
    thread = threading.Thread(target=engine.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield engine
    finally:
        engine.shutdown()
        engine.server_close()
        thread.join()
