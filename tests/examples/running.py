"""Runs an example of `examples/` in the sandbox, in a copy of the repository, where what it names exists."""

from __future__ import annotations

from pathlib import Path

from sandbox.instance import Instance
from sandbox.paths import Layout
from tests.examples.existing import prepare
from tests.sandbox.harness import Sandbox


def run_example(folder: Path, name: str, layout: Layout | None = None) -> Sandbox:
    """The example with the engine of `layout`; a Python program has its virtual environment where its settings say."""
    repository = Sandbox.create(folder).project
    program = repository / "examples" / name
    if (program / "requirements.txt").exists():
        (program / ".venv").symlink_to(Layout().venv, target_is_directory=True)
    example = Sandbox(program, Instance(folder / "instance", layout or Layout()), policy_pack=None)
    prepare(example)
    return example
