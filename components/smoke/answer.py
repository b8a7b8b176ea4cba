"""What a server answered, and how a message shows it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Most characters of an answer that a message shows.
EXCERPT_CHARACTERS = 160

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. No field has a token in it."""

    status: int
    content_type: str
    location: str
    text: str

    @property
    def came(self) -> str:
        """Status and beginning."""
        return f"{self.status} with {excerpt(self.text)}"


def is_page(text: str) -> bool:
    """True for HTML and the like, which an engine does not answer."""
    return text.lstrip()[:1] == "<"


def excerpt(text: str) -> str:
    """The beginning of an answer on one line; of a page, its title."""
    title = _TITLE.search(text) if is_page(text) else None
    words = " ".join((title.group(1) if title else text).split())
    shown = words if len(words) <= EXCERPT_CHARACTERS else f"{words[:EXCERPT_CHARACTERS]}..."
    if not shown:
        return "no content"
    return f"a page '{shown}'" if is_page(text) else f"'{shown}'"
