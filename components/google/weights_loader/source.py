"""What a source of a checkpoint can do; `gcs_source` and `hub_source` are the two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .plan import SourceObject, Transfer
from .target import Target

Advance = Callable[[int], None]
"""Called with the bytes that were copied since the last call; raises when the load is being given up."""


class Source(Protocol):
    """Where a checkpoint comes from."""

    @property
    def location(self) -> str:
        """As the manifest records it."""
        ...

    def list_objects(self, prefix: str) -> list[SourceObject]:
        """Every object of the checkpoint, with names that are safe below `prefix`.

        Raises MissingSourceError when there is none.
        """
        ...

    def copy(self, transfer: Transfer, target: Target, advance: Advance) -> str:
        """Copy one object; returns the CRC32C that it must have in the target.

        Raises ConflictError when either end was changed meanwhile.
        """
        ...
