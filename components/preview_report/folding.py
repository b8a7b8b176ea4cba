"""Keeps a text short enough for a comment: what stands lowest is shortened first, and says so. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Characters of a report, below the 65,536 that a comment may have (docs.github.com/rest/issues/comments, 2026).
LIMIT = 60_000


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a text, and what stands for it where it would be too much; None for one that stays."""

    text: str
    short: str | None = None


def fold(blocks: Sequence[Block], limit: int = LIMIT) -> str:
    """The blocks one below the other, in fewer than `limit` characters where that can be had."""
    shown = [block.text for block in blocks]
    for number in range(len(blocks) - 1, -1, -1):
        if len(_joined(shown)) < limit:
            break
        short = blocks[number].short
        if short is not None:
            shown[number] = short
    return _joined(shown)


def _joined(texts: Sequence[str]) -> str:
    return "\n\n".join(text for text in texts if text) + "\n"
