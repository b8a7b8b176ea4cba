"""Requests to Hugging Face: the token, what an answer's status means, and nothing else.

The token goes to the hub's own host only: `requests` drops it when a download is redirected to a content network.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests

from .errors import BadCredentialsError, BadRequestError, MissingSourceError, TransferFailedError

#: Environment variables, named as in `huggingface_hub`; a job fills the first from Secret Manager.
TOKEN_VARIABLE = "HF_TOKEN"  # noqa: S105 - its name, not the token
ENDPOINT_VARIABLE = "HF_ENDPOINT"
DEFAULT_ENDPOINT = "https://huggingface.co"

#: To connect, and between two pieces of an answer; seconds.
TIMEOUT_S = (10, 60)

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Hub:
    """An endpoint with the token for it."""

    endpoint: str = DEFAULT_ENDPOINT
    token: str | None = field(default=None, repr=False)
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        if self.token and not re.fullmatch(r"[\x21-\x7e]+", self.token):
            raise BadRequestError(f"{TOKEN_VARIABLE}: holds blanks, line breaks or other characters that no token has")
        address = urlsplit(self.endpoint)
        if address.scheme != "https" and address.hostname not in _LOOPBACK:
            raise BadRequestError(f"{ENDPOINT_VARIABLE}: must be an https address, since the token is sent to it")

    @classmethod
    def from_environment(cls) -> Hub:
        """The hub that the environment names; a token is optional, since most checkpoints are public."""
        endpoint = os.environ.get(ENDPOINT_VARIABLE, "").strip().rstrip("/")
        return cls(endpoint or DEFAULT_ENDPOINT, os.environ.get(TOKEN_VARIABLE, "").strip() or None)

    def get(self, address: str, what: str, start: int = 0) -> requests.Response:
        """The streamed answer to a GET below the endpoint, from byte `start` on; the caller closes it.

        Raises this loader's errors for every status but 200, or 206 where `start` was asked for, and
        `requests.RequestException` for what fails below HTTP.
        """
        if not address.startswith(f"{self.endpoint}/"):
            raise TransferFailedError(f"{what}: the hub pointed to another host for a listing; not followed")
        headers = {"Accept-Encoding": "identity"}  # bytes are counted and hashed as stored
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if start:
            headers["Range"] = f"bytes={start}-"
        answer = self.session.get(address, headers=headers, stream=True, timeout=TIMEOUT_S)
        expected = 206 if start else 200
        if answer.status_code == expected and (not start or _starts_at(answer, start)):
            return answer
        answer.close()
        raise self._error(answer.status_code, what)

    def _error(self, status: int, what: str) -> Exception:
        if status in (401, 403):
            if self.token:
                advice = f"the token in {TOKEN_VARIABLE} has no access; accept the licence there, or use another token"
            else:
                advice = f"it is gated, private or does not exist; set {TOKEN_VARIABLE} if it needs a token"
            return BadCredentialsError(f"{what}: the hub refused ({status}): {advice}")
        if status == 404:
            return MissingSourceError(f"{what}: the hub does not have it (404); check the repository and the revision")
        return TransferFailedError(f"{what}: the hub answered {status}")


def _starts_at(answer: requests.Response, start: int) -> bool:
    return answer.headers.get("Content-Range", "").startswith(f"bytes {start}-")
