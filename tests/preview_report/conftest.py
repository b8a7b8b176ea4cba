"""The environment of the pull requests, brought up once."""

from __future__ import annotations

import pytest

from sandbox.paths import Layout
from tests.preview_report.running import bring_up
from tests.sandbox.conftest import set_up
from tests.sandbox.harness import Sandbox

__all__ = ["set_up"]


@pytest.fixture(scope="session")
def base(set_up: Layout, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The environment as it is before any of them; a test changes copies of it."""
    return bring_up(tmp_path_factory.mktemp("base"))
