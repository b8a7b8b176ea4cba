"""What somebody can put right."""

from __future__ import annotations


class CiError(Exception):
    """What is wrong, where, and what to do, as one or more sentences."""
