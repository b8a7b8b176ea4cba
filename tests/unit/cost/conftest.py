"""A project that a test may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cost.trees import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The committed environments."""
    return Project(tmp_path)
