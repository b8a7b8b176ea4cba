"""A stand-in for GitHub's REST API of one repository: what our commands ask of it, with its pages, permissions and limits.

Source: docs.github.com/rest (2026): pagination by the Link header, 403 for a token that may only read, 422 for a bad field.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "example/gemma-platform"
TOKEN = "a-token"  # noqa: S105 - of the stand-in
BOT = {"login": "github-actions[bot]"}
Body = dict[str, Any]


class RefusedError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class FakeGitHub:
    """The repository's comments, statuses, issues and pull requests, and every request that came."""

    def __init__(self) -> None:
        self.may_write = True
        self.page_limit = 100
        self.comments: dict[int, list[Body]] = {}
        self.statuses: list[Body] = []
        self.issues: list[Body] = []
        self.pulls: list[Body] = []
        self.pulls_of_commit: dict[str, list[Body]] = {}
        self.requests: list[tuple[str, str]] = []
        self.url = ""
        self._last_id = 0

    def environ(self, **more: str) -> dict[str, str]:
        """What GitHub Actions sets for a job."""
        return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN, **more}

    def writes(self) -> list[str]:
        """Methods and paths of the requests that would have changed something."""
        return [f"{method} {path}" for method, path in self.requests if method != "GET"]

    def comment(self, number: int, body: str, login: str = BOT["login"]) -> Body:
        """A comment as it stands after somebody wrote it."""
        made = {
            "id": self.next_id(),
            "body": body,
            "user": {"login": login},
            "html_url": f"{self.url}/c/{self._last_id}",
        }
        self.comments.setdefault(number, []).append(made)
        return made

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Body) -> Any:
        """What the API answers; a list is cut into pages by the caller."""
        if method != "GET" and not self.may_write:
            raise RefusedError(403, "Resource not accessible by integration")
        for wanted, pattern, handler in self._routes():
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return handler(*found.groups(), query=query, body=body)
        raise RefusedError(404, "Not Found")

    def _routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("GET", r"issues/(\d+)/comments", self._list_comments),
            ("POST", r"issues/(\d+)/comments", self._create_comment),
            ("PATCH", r"issues/comments/(\d+)", self._change_comment),
            ("POST", r"statuses/([0-9a-f]{40})", self._create_status),
            ("GET", r"issues", self._list_issues),
            ("POST", r"issues", self._create_issue),
            ("PATCH", r"issues/(\d+)", self._change_issue),
            ("GET", r"commits/([0-9a-f]{40})/pulls", self._list_pulls_of_commit),
            ("GET", r"pulls", self._list_pulls),
            ("POST", r"pulls", self._create_pull),
            ("PATCH", r"pulls/(\d+)", self._change_pull),
        ]

    def _list_comments(self, number: str, **_: Any) -> list[Body]:
        return self.comments.get(int(number), [])

    def _create_comment(self, number: str, *, body: Body, **_: Any) -> Body:
        return self.comment(int(number), _text(body, "body"))

    def _change_comment(self, comment: str, *, body: Body, **_: Any) -> Body:
        for each in (each for written in self.comments.values() for each in written):
            if each["id"] == int(comment):
                each["body"] = _text(body, "body")
                return each
        raise RefusedError(404, "Not Found")

    def _create_status(self, commit: str, *, body: Body, **_: Any) -> Body:
        if body.get("state") not in ("error", "failure", "pending", "success"):
            raise RefusedError(422, "Validation Failed: state")
        if len(body.get("description", "")) > 140:
            raise RefusedError(422, "Validation Failed: description is too long (maximum is 140 characters)")
        self.statuses.append({"sha": commit, **body})
        return body

    def _list_issues(self, *, query: Mapping[str, str], **_: Any) -> list[Body]:
        label, state = query.get("labels"), query.get("state", "open")
        return [one for one in self.issues if one["state"] == state and (not label or label in one["labels"])]

    def _create_issue(self, *, body: Body, **_: Any) -> Body:
        made = {"number": self.next_id(), "state": "open", "user": BOT, "labels": [], **body}
        self.issues.append(made)
        return made

    def _change_issue(self, number: str, *, body: Body, **_: Any) -> Body:
        return _changed(self.issues, int(number), body)

    def _list_pulls_of_commit(self, commit: str, **_: Any) -> list[Body]:
        return self.pulls_of_commit.get(commit, [])

    def _list_pulls(self, *, query: Mapping[str, str], **_: Any) -> list[Body]:
        head = query.get("head", "").partition(":")[2]
        return [one for one in self.pulls if one["state"] == "open" and (not head or one["head"] == head)]

    def _create_pull(self, *, body: Body, **_: Any) -> Body:
        if any(one["head"] == body["head"] and one["state"] == "open" for one in self.pulls):
            raise RefusedError(422, f"Validation Failed: A pull request already exists for {body['head']}")
        made = {"number": self.next_id(), "state": "open", **body}
        self.pulls.append(made)
        return made

    def _change_pull(self, number: str, *, body: Body, **_: Any) -> Body:
        return _changed(self.pulls, int(number), body)


@contextmanager
def serve() -> Iterator[FakeGitHub]:
    """Serve a fresh repository on a free port of the loopback while the context lasts."""
    github = FakeGitHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(github))
    github.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(github: FakeGitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def do_PATCH(self) -> None:
            self._serve("PATCH")

        def log_message(self, format: str, *args: object) -> None:
            return

        def _serve(self, method: str) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            prefix = f"/repos/{REPOSITORY}/"
            github.requests.append((method, parts.path.removeprefix(prefix)))
            try:
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    raise RefusedError(401, "Bad credentials")
                if not parts.path.startswith(prefix):
                    raise RefusedError(404, "Not Found")
                found = github.answer(method, parts.path.removeprefix(prefix), query, body)
            except RefusedError as error:
                self._send(error.status, {"message": str(error)})
                return
            self._send(201 if method == "POST" else 200, *self._page(found, parts.path, query))

        def _page(self, found: Any, path: str, query: Mapping[str, str]) -> tuple[Any, str]:
            if not isinstance(found, list):
                return found, ""
            size, page = min(int(query.get("per_page", "30")), github.page_limit), int(query.get("page", "1"))
            more = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
            link = f'<{github.url}{path}?{more}&page={page + 1}>; rel="next"' if len(found) > size * page else ""
            return found[size * (page - 1) : size * page], link

        def _send(self, status: int, body: Any, link: str = "") -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if link:
                self.send_header("Link", link)
            self.end_headers()
            self.wfile.write(content)

    return Handler


def _text(body: Body, field: str) -> str:
    if len(body[field]) > 65_536:
        raise RefusedError(422, "Validation Failed: body is too long (maximum is 65536 characters)")
    return body[field]


def _changed(found: list[Body], number: int, body: Body) -> Body:
    for one in found:
        if one["number"] == number:
            one.update(body)
            return one
    raise RefusedError(404, "Not Found")
