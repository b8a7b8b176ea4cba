"""What the user can put right."""

from __future__ import annotations


class ReportError(Exception):
    """Nothing could be previewed, and why, as a sentence."""
