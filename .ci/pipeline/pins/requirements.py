"""Requirements files as text: which packages are asked for, and the same text with other versions. Pure.

A file names what is asked for first, and after the line `# Needed by the above...` what that needs in turn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NEEDED = "# Needed by the above"
_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?P<extras>\[[^\]]*\])?==(?P<version>[^\s;#]+)")


@dataclass(frozen=True, slots=True)
class Update:
    """One package whose version changes. `old` is empty for one that is new, `new` for one that nothing needs any more."""

    package: str
    old: str
    new: str


def canonical(name: str) -> str:
    """A package's name as indexes compare it (packaging.python.org, name normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def asked_for(text: str) -> list[str]:
    """The packages that a file asks for itself, with extras and without versions."""
    wanted = text.partition(NEEDED)[0]
    return [f"{pin['name']}{pin['extras'] or ''}" for line in wanted.splitlines() if (pin := _PIN.match(line))]


def rewrite(text: str, versions: Mapping[str, str], new: Mapping[str, str] | None = None) -> tuple[str, list[Update]]:
    """The text with these versions, and what changed. `versions` holds all that is needed now, by canonical name.

    `new` are needed packages that no file pins yet; they go to the end. A package that is needed no more goes.
    """
    lines, updates = [], []
    needed_in_turn = False
    for line in text.splitlines():
        needed_in_turn = needed_in_turn or line.startswith(NEEDED)
        pin = _PIN.match(line)
        if pin is None:
            lines.append(line)
            continue
        version = versions.get(canonical(pin["name"]))
        if version is None and needed_in_turn:
            updates.append(Update(pin["name"], pin["version"], ""))
            continue
        if version is not None and version != pin["version"]:
            updates.append(Update(pin["name"], pin["version"], version))
            line = f"{line[: pin.start('version')]}{version}{line[pin.end('version') :]}"
        lines.append(line)
    for name, version in sorted((new or {}).items()):
        lines.append(f"{name}=={version}")
        updates.append(Update(name, "", version))
    return "\n".join(lines) + "\n", updates


def pinned(text: str) -> set[str]:
    """Canonical names of all that a file pins."""
    return {canonical(pin["name"]) for line in text.splitlines() if (pin := _PIN.match(line))}
