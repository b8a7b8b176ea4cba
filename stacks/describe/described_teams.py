"""Which team files a generated page describes, so that a team's pull request need not hold pages that it did not write."""

from __future__ import annotations

import hashlib
from pathlib import Path

#: Hexadecimal digits of the digest.
DIGITS = 12


def teams_digest(root: Path) -> str:
    """Digest of the names and contents of the team files of all environments."""
    digest = hashlib.sha256()
    for path in sorted((root / "stacks").glob("*/teams/*.y*ml")):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:DIGITS]
