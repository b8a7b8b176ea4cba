"""GitHub's REST API for one repository: JSON in and out, all pages of a list, and errors as sentences.

The address, the repository and the token come from the variables that GitHub Actions sets. Decides nothing.
Source: docs.github.com/rest, version 2022-11-28 (2026).
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

API_VERSION = "2022-11-28"
PAGE_SIZE = 100
TIME_LIMIT_SECONDS = 30
FORBIDDEN, NOT_FOUND = 403, 404
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')


class GitHubError(Exception):
    """What GitHub refused, or what is missing to ask it, as one sentence. `status` is 0 where GitHub gave no answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class GitHub:
    """One repository, seen with one token."""

    url: str
    repository: str
    token: str = field(repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> GitHub:
        """The repository and token of the job; raises GitHubError for what is missing."""
        missing = [name for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN") if not environ.get(name)]
        if missing:
            raise GitHubError(
                f"{' and '.join(missing)} must be set: GitHub Actions sets the first, `env:` of the step the other"
            )
        repository = environ["GITHUB_REPOSITORY"]
        if not _REPOSITORY.fullmatch(repository):
            raise GitHubError(f"GITHUB_REPOSITORY is '{repository}'; it is owner/name")
        url = environ.get("GITHUB_API_URL") or "https://api.github.com"
        return cls(url.rstrip("/"), repository, environ["GITHUB_TOKEN"])

    def get(self, path: str) -> Any:
        """What stands at a path below the repository."""
        return self._ask("GET", self._address(path))[0]

    def pages(self, path: str) -> Iterator[Any]:
        """The items of a list, over all its pages."""
        address: str | None = f"{self._address(path)}{'&' if '?' in path else '?'}per_page={PAGE_SIZE}"
        while address:
            items, links = self._ask("GET", address)
            yield from items
            found = _NEXT.search(links)
            address = found.group(1) if found else None
            if address and not address.startswith(f"{self.url}/"):
                raise GitHubError("GitHub named a next page on another host; the token is not sent there")

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Creates something below the repository."""
        return self._ask("POST", self._address(path), body)[0]

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Changes something below the repository."""
        return self._ask("PATCH", self._address(path), body)[0]

    def _address(self, path: str) -> str:
        return f"{self.url}/repos/{self.repository}/{path}"

    def _ask(self, method: str, address: str, body: Mapping[str, Any] | None = None) -> tuple[Any, str]:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": API_VERSION,
        }
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data, headers, method=method)  # noqa: S310 - the API's own address
        path = address.removeprefix(self.url)
        try:
            with urllib.request.urlopen(request, timeout=TIME_LIMIT_SECONDS) as answer:  # noqa: S310
                return json.loads(answer.read() or b"null"), answer.headers.get("Link", "")
        except urllib.error.HTTPError as error:
            said = f"GitHub answered {error.code} to {method} {path}: {_message(error.read())}"
            raise GitHubError(said, error.code) from None
        except (OSError, ValueError) as error:
            raise GitHubError(f"GitHub gave no answer to {method} {path}: {error}") from None


def _message(content: bytes) -> str:
    """What an error's body says."""
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace") or "nothing more"
