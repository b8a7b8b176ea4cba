"""What a report follows from, and the digest by which an update is held to it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

#: Hexadecimal digits of a digest as it is shown and compared.
SHOWN_DIGITS = 12
#: Digits of a part, enough to see which one differs.
PART_DIGITS = 6
#: What each part stands for, in words.
WORDS = {
    "tree": "the files of the project",
    "state": "the deployed state",
    "prices": "the prices",
    "date": "the day",
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """Digests of the files and of the state and prices, and the day as of which it is previewed."""

    tree: str
    state: str
    prices: str
    date: str

    @property
    def digest(self) -> str:
        """One digest of all of them."""
        text = "\n".join(f"{name}: {value}" for name, value in self.parts.items())
        return hashlib.sha256(text.encode()).hexdigest()[:SHOWN_DIGITS]

    @property
    def parts(self) -> dict[str, str]:
        """Each by its name."""
        return asdict(self)

    @property
    def short_parts(self) -> str:
        """Each in a few digits, for people."""
        return ", ".join(
            f"{name} {value if name == 'date' else value[:PART_DIGITS]}" for name, value in self.parts.items()
        )


def difference(found: Inputs, digest: str, parts: Mapping[str, str] | None) -> str | None:
    """What differs from the digest that is expected, in a sentence; None where nothing does.

    `parts` are those behind the expected digest, where they are known.
    """
    if found.digest == digest:
        return None
    text = f"the digest is {found.digest} now ({found.short_parts}), not {digest}"
    if parts is None:
        return f"{text}; give the JSON file of the report instead of its digest to be told what differs"
    differs = [name for name, value in found.parts.items() if parts.get(name) != value]
    words = " and ".join(f"{WORDS[name]} ({name})" for name in differs) or "nothing that it names"
    return f"{text}: what differs is {words}"
