"""Fixtures of the tests that run the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.paths import Layout
from tests.sandbox.harness import Sandbox


@pytest.fixture(scope="session")
def set_up() -> Layout:
    """The finished set-up; without it every test that asks for it fails with one sentence."""
    layout = Layout()
    try:
        layout.engine_programs()
    except FileNotFoundError as error:
        pytest.fail(f"these tests need the sandbox: {error}", pytrace=False)
    return layout


@pytest.fixture
def sandbox(set_up: Layout, tmp_path: Path) -> Sandbox:
    """A fresh instance with a copy of this repository."""
    return Sandbox.create(tmp_path)


@pytest.fixture
def tiny(set_up: Layout, tmp_path: Path) -> Sandbox:
    """A fresh instance with a program that needs no provider: one component and one output."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "Pulumi.yaml").write_text(
        "name: tiny\nruntime: {name: python, options: {toolchain: pip, virtualenv: .venv}}\n", encoding="utf-8"
    )
    (source / "Pulumi.dev.yaml").write_text(
        "# Written by hand.\nconfig:\n  tiny:word:   hello   # to be kept as it is\n", encoding="utf-8"
    )
    (source / "__main__.py").write_text(
        "import pulumi\n"
        "pulumi.ComponentResource('tiny:index:Thing', 'thing').register_outputs({})\n"
        "pulumi.export('word', pulumi.Config().require('word'))\n",
        encoding="utf-8",
    )
    return Sandbox.create(tmp_path, project=source, policy_pack=None)
