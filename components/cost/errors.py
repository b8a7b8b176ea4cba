"""The one error that cost raises for what its user can mend."""

from __future__ import annotations


class CostError(ValueError):
    """A cost that cannot be told; the message says what is missing or wrong, and what to do."""
