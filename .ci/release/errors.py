"""What makes a release impossible, told all at once."""

from __future__ import annotations

from collections.abc import Sequence


class ReleaseError(Exception):
    """A release is refused; each problem is a sentence that says what to do. Nothing was changed."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems
