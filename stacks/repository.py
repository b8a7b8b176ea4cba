"""Where this repository lives and who looks after it, for what is generated for the host of its code. Nothing else needs it.

Change ORGANISATION and NAME when you take the platform over, then run `make docs`: they are placeholders.
"""

from __future__ import annotations

HOST = "github.com"
ORGANISATION = "example-org"
NAME = "gemma-platform"


def group(owner: str) -> str:
    """The handle of an owner: the team of the organisation that has the name of the owner label."""
    return f"@{ORGANISATION}/{owner}"
