"""Tables headed "command": their rows, and the command line that each is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.committed_files import ROOT
from tests.docs.documents import documents

MODULE = re.compile(r"`\.venv/bin/python -m ([\w.]+)`")
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of such a table. `module` is the command line that the sentence above the table is about."""

    place: str
    module: str | None
    first: str
    rest: str

    @property
    def commands(self) -> list[str]:
        """The commands in its first cell."""
        return CODE.findall(self.first)


def rows(file: str, text: str) -> Iterator[Row]:
    """The rows of the tables headed "command"; the sentence above says of which module, if of one."""
    module, inside, above = None, False, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("| command |"):
            named = MODULE.findall(above)
            module, inside = (named[-1] if named else None), True
        elif inside and not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|--"):
            first, _, rest = line[1:].partition(" | ")
            yield Row(f"{file}:{number}", module, first, rest)
        above = line or above


def all_rows() -> list[Row]:
    """Those of every document."""
    return [row for file in documents() for row in rows(file, (ROOT / file).read_text(encoding="utf-8"))]
