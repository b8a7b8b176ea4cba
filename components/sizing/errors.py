"""The one error that sizing raises for what a caller can mend, and the near-miss hint used in its messages."""

from __future__ import annotations

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
    """A tail for an error message: the nearest allowed word, then all of them. Starts with a separator."""
    choices = list(allowed)
    near = get_close_matches(found.lower(), [choice.lower() for choice in choices], n=1)
    hint = next((f"; did you mean '{c}'?" for c in choices if near and c.lower() == near[0]), "")
    return f"{hint or ';'} allowed: {', '.join(choices)}"
