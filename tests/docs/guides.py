"""The guides of docs/CONTRIBUTING.md as steps: files that are written, lines that are put into files, commands that are run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.committed_files import ROOT
from tests.docs.command_lines import commands
from tests.docs.documents import Block, blocks

PAGE = "docs/CONTRIBUTING.md"


@dataclass(frozen=True, slots=True)
class Step:
    """One block that is written: a new file, text at the end of one, or lines after a line that stands there once."""

    place: str
    file: str
    how: Literal["new", "append", "after"]
    anchor: str
    text: str

    def problem(self, root: Path) -> str | None:
        """Why it cannot be done in a tree."""
        path = root / self.file
        if self.how == "new":
            return f"{self.place}: {self.file} is there already" if path.exists() else None
        if not path.exists():
            return f"{self.place}: there is no {self.file}"
        count = path.read_text(encoding="utf-8").splitlines().count(self.anchor) if self.how == "after" else 1
        return None if count == 1 else f"{self.place}: {self.file} has the line '{self.anchor}' {count} times, not once"

    def do(self, root: Path) -> None:
        """Does it; AssertionError where it cannot be done."""
        problem = self.problem(root)
        assert problem is None, problem
        path = root / self.file
        old = "" if self.how == "new" else path.read_text(encoding="utf-8")
        if self.how == "after":
            new = re.sub(rf"^{re.escape(self.anchor)}\n", lambda line: line[0] + self.text, old, flags=re.MULTILINE)
        else:
            new = old + ("\n" if old else "") + self.text
        path.write_text(new, encoding="utf-8")


def step_of(block: Block) -> Step:
    """The step that a block with `file=` is. Raises ValueError for words behind its fence that say nothing."""
    words = shlex.split(block.info)[1:]
    given = dict(word.split("=", 1) for word in words if "=" in word)
    how: Literal["new", "append", "after"] = "after" if "after" in given else "append" if "append" in words else "new"
    if given.keys() - {"file", "after"} or [word for word in words if "=" not in word and word != "append"]:
        raise ValueError(f"{block.place}: '{block.info}' says more than file=, after= and append")
    return Step(block.place, given["file"], how, given.get("after", ""), block.text)


def steps() -> list[Step]:
    """Every step of the page, in its order."""
    return [step_of(block) for block in _blocks() if " file=" in block.info]


def guide_commands() -> Iterator[list[str]]:
    """The commands of the guides, which are the chapters "Add a ..."."""
    for block in _blocks():
        if block.language == "sh" and _chapter(block).startswith("Add a "):
            yield from commands(block.text)


def _chapter(block: Block) -> str:
    """The heading under which a block stands."""
    above = (ROOT / PAGE).read_text(encoding="utf-8").splitlines()[: block.line]
    return next(line.removeprefix("## ") for line in reversed(above) if line.startswith("## "))


def _blocks() -> list[Block]:
    return [block for block in blocks() if block.file == PAGE]
