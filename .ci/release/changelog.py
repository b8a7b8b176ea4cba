"""How `## Unreleased` of docs/changelog.md becomes the section of a release. Pure; what is written there by hand is kept."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

from semver import Version

from release.errors import ReleaseError

FILE = "docs/changelog.md"
UNRELEASED = "## Unreleased"
_HEADING = re.compile(r"^## .*$", re.MULTILINE)
_CODE = re.compile(r"(`[^`]*`)")
#: What Markdown would read as something else than itself in the subject of a commit.
_SPECIAL = re.compile(r"([\\<>*_\[\]])")


@dataclass(frozen=True, slots=True)
class Released:
    """The changelog with a release in it."""

    text: str
    #: The section of the release, its heading included.
    section: str
    #: What was written by hand, for the message of the tag.
    notes: str


def release_section(
    text: str, version: Version, day: datetime.date, subjects: Sequence[str], since: str | None
) -> Released:
    """Gives what is unreleased the heading of a release, adds the subjects of its commits, and opens a new Unreleased.

    `since` is the tag before it, None for the first release. Raises ReleaseError where the file is not as it has to be.
    """
    headings = list(_HEADING.finditer(text))
    names = [heading[0].strip() for heading in headings]
    if names.count(UNRELEASED) != 1:
        raise ReleaseError(
            f"{FILE}: the heading '{UNRELEASED}' stands there {names.count(UNRELEASED)} times; write it once, above all releases"
        )
    if any(name.split()[1:2] == [str(version)] for name in names):
        raise ReleaseError(
            f"{FILE}: has a section about {version} already; release another version or remove the section"
        )
    place = names.index(UNRELEASED)
    start = headings[place].end()
    end = headings[place + 1].start() if place + 1 < len(headings) else len(text)
    notes = text[start:end].strip("\n")
    parts = [f"## {version} ({day.isoformat()})", *([notes] if notes else []), _commits(subjects, since)]
    section = "\n\n".join(parts) + "\n"
    rest = text[end:]
    return Released(text[:start] + "\n\n" + section + ("\n" + rest if rest else ""), section, notes)


def _commits(subjects: Sequence[str], since: str | None) -> str:
    count = f"{len(subjects)} commit{'s' if len(subjects) != 1 else ''}"
    title = f"{count} since {since}" if since else f"{count}, the first release"
    lines = "\n".join(f"- {_escaped(subject)}" for subject in subjects)
    return f"<details><summary>{title}</summary>\n\n{lines}\n\n</details>"


def _escaped(subject: str) -> str:
    """The subject of a commit as Markdown that shows just that; code in it stays code."""
    parts = _CODE.split(subject)
    return "".join(part if part.startswith("`") else _SPECIAL.sub(r"\\\1", part) for part in parts)
