"""The one error that sizing raises for what a caller can mend, and the near-miss hint used in its messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches


class SizingError(Exception):
    """A wish or a catalogue entry that cannot be used; the message says what was wrong and what is possible.

    `field` names the wish's field where one alone is at fault.
    """

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """A tail for an error message: the nearest allowed word, then all of them. Starts with a separator.

    Among similar words the one that shares the most parts wins: `gemma-4-26b-it` means `gemma-4-26b-a4b-it` before
    `gemma-4-e2b-it`, though the latter differs in fewer letters.
    """
    choices = list(allowed)
    by_lower = {choice.lower(): choice for choice in choices}
    similar = get_close_matches(found.lower(), by_lower, n=5)
    parts = _parts(found)
    # of equals the first, which is the most similar
    nearest = max(similar, key=lambda word: len(parts & _parts(word)), default=None)
    hint = f"; did you mean '{by_lower[nearest]}'?" if nearest else ";"
    return f"{hint} allowed: {', '.join(choices)}"


def _parts(word: str) -> set[str]:
    return set(re.split(r"[-_/. ]", word.lower()))
