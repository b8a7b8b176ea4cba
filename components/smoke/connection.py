"""Requests to one deployment as a caller sends them: its token, its host name, patience while it starts, and nothing hidden.

The token goes to the deployment's own server only: redirections are not followed, and no netrc file is read.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from components.served_endpoint import NO_AUTHENTICATION
from components.smoke.answer import Answer
from components.smoke.diagnosis import WAITED_FOR, of_status, of_transport
from components.smoke.errors import CheckFailedError, WrongUseError
from components.smoke.progress import Progress
from components.smoke.targets import CLUSTER_SUFFIX, TOKEN_VARIABLE, Target

#: To connect; seconds.
CONNECT_SECONDS = 10.0
#: Limit of a request once the deployment has answered.
REQUEST_SECONDS = 120.0
#: Between tries while the deployment is not ready: doubled each time, up to the second number.
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0
#: No answer of these requests is longer.
MOST_BYTES = 1_000_000

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_token(token: str | None) -> None:
    """Raises WrongUseError for a value that no token has."""
    if token is not None and not re.fullmatch(r"[\x21-\x7e]+", token):
        raise WrongUseError(f"{TOKEN_VARIABLE}: holds blanks, line breaks or other characters that no token has")


def check_via(via: str) -> str:
    """Scheme, host and port of `via`. Raises WrongUseError."""
    match = re.fullmatch(r"(https?://[\w.:\[\]-]+)/?", via)
    if match is None:
        raise WrongUseError(f"--via {via}: must be an address without a path, such as http://127.0.0.1:8080")
    return match.group(1)


class Connection:
    """Sends the requests of one target, through `via` instead of by its host's own address where that is given."""

    def __init__(
        self, target: Target, token: str | None, via: str | None, start_seconds: float, progress: Progress
    ) -> None:
        self.target = target
        # a token goes to nobody who does not ask for it, and is shown nowhere
        self._secret, self._token = token, token if target.authentication != NO_AUTHENTICATION else None
        self._progress = progress
        self._server = via or target.origin
        self._limit = self.start_seconds = start_seconds
        self._session = requests.Session()
        self._session.mount("https://", _NamedHost(urlsplit(target.base_url).hostname or ""))
        if self._token is not None:
            _check_way(self._server)

    def get(self, url: str, *, token: str | None) -> Answer:
        """The answer to a GET."""
        return self._whole(*self._sent("GET", url, None, token))

    def own_get(self, url: str) -> Answer:
        """The answer to a GET with the caller's token. Raises CheckFailedError unless it is 200."""
        return self._accepted(self.get(url, token=self._token))

    def own_post(self, url: str, body: dict[str, Any]) -> Answer:
        """The same for a POST."""
        return self._accepted(self._whole(*self._sent("POST", url, body, self._token)))

    def lines(self, url: str, body: dict[str, Any]) -> Iterator[tuple[float, str]]:
        """The lines of a stream of server-sent events as they come, each with the seconds since the request was sent."""
        response, sent = self._sent("POST", url, body, self._token)
        with response:
            if response.status_code != 200:
                self._accepted(self._whole(response, sent))
            kind = response.headers.get("Content-Type", "nothing")
            if not kind.startswith("text/event-stream"):
                raise CheckFailedError(f"expected a stream (text/event-stream), came {kind}")
            try:
                # byte by byte: a line is then seen when it comes, also where a server sends no chunks
                for line in response.iter_lines(chunk_size=1):
                    seconds = time.monotonic() - sent
                    if seconds > self._limit:
                        raise CheckFailedError(f"the stream did not end within {self._limit:.0f} s")
                    yield seconds, self._redacted(line.decode("utf-8", errors="replace"))
            except requests.RequestException as error:
                raise self._no_answer(error) from error

    def _sent(
        self, method: str, url: str, body: dict[str, Any] | None, token: str | None
    ) -> tuple[requests.Response, float]:
        """The beginning of an answer, and when its request was sent; tries again while the deployment is not ready."""
        deadline, pause = time.monotonic() + self._limit, PAUSE_SECONDS
        address = self._server + url.removeprefix(self.target.origin)
        while True:
            sent = time.monotonic()
            try:
                response = self._session.request(
                    method,
                    address,
                    json=body,
                    headers={"Host": self.target.host, "Accept-Encoding": "identity"},
                    auth=_Bearer(token),
                    timeout=(CONNECT_SECONDS, max(1.0, deadline - sent)),
                    stream=True,
                    allow_redirects=False,
                )
                if response.status_code not in WAITED_FOR:
                    self._limit = min(self.start_seconds, REQUEST_SECONDS)
                    return response, sent
                answer = self._whole(response, sent)
                failure = of_status(answer, self.target)
            except requests.RequestException as error:
                failure = self._no_answer(error)
            if not failure.passing:
                raise failure
            if time.monotonic() + pause > deadline:
                raise CheckFailedError(f"within {self._limit:.0f} s: {failure}", final=True)
            self._progress.note(str(failure))
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _whole(self, response: requests.Response, sent: float) -> Answer:
        content = b""
        with response:
            try:
                for piece in response.iter_content(65536):
                    content += piece
                    if len(content) > MOST_BYTES or time.monotonic() - sent > self.start_seconds + REQUEST_SECONDS:
                        break
            except requests.RequestException as error:
                raise self._no_answer(error) from error
        headers = response.headers
        return Answer(
            response.status_code,
            headers.get("Content-Type", ""),
            self._redacted(headers.get("Location", "")),
            self._redacted(content.decode("utf-8", errors="replace")),
        )

    def _accepted(self, answer: Answer) -> Answer:
        if answer.status != 200:
            raise of_status(answer, self.target)
        return answer

    def _no_answer(self, error: requests.RequestException) -> CheckFailedError:
        return of_transport(error, self.target, urlsplit(self._server).netloc, self._limit)

    def _redacted(self, text: str) -> str:
        return text.replace(self._secret, "***") if self._secret else text


class _Bearer(AuthBase):
    """The token of a request, or none; being set, it also keeps `requests` from looking into a netrc file."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            r.headers["Authorization"] = f"Bearer {self._token}"
        return r


class _NamedHost(HTTPAdapter):
    """TLS for the deployment's host, also where the connection goes to another address."""

    def __init__(self, host: str) -> None:
        self._host = host
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, server_hostname=self._host, **pool_kwargs)


def _check_way(server: str) -> None:
    """A token travels in the clear only inside this machine, which a port-forward begins at, and inside a cluster."""
    parts = urlsplit(server)
    host = parts.hostname or ""
    if parts.scheme == "http" and host not in _LOOPBACK and not host.endswith((CLUSTER_SUFFIX, ".svc")):
        raise WrongUseError(
            f"{server}: the token would travel unencrypted; use https, or a port forwarded to 127.0.0.1"
        )
