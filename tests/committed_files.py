"""A copy of the committed environments' files that a test can change."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[1]


class CommittedFiles:
    """The settings, team files and waivers of environments, in a folder of a test's own."""

    def __init__(self, folder: Path, *environments: str) -> None:
        self.folder = folder
        shutil.copy(ROOT / "Pulumi.yaml", folder)
        for name in environments:
            shutil.copy(ROOT / f"Pulumi.{name}.yaml", folder)
            shutil.copytree(ROOT / "stacks" / name, folder / "stacks" / name)

    def edit(self, file: str, old: str, new: str) -> Self:
        """Replaces the one place where `old` stands."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return self

    def write(self, file: str, text: str) -> Self:
        """Writes a file."""
        (self.folder / file).write_text(text, encoding="utf-8")
        return self
