"""Fixture: prod, brought up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.paths import Layout
from tests.cluster.conftest import Stage, make_stage, running_cluster


@pytest.fixture(scope="package")
def prod(request: pytest.FixtureRequest, set_up: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """prod, brought up; its tests leave it as they found it, but the last ones, which remove it."""
    with running_cluster(request.session, "prod") as layout:
        stage = make_stage(layout, tmp_path_factory.mktemp("prod"), "prod")
        stage.up()
        yield stage
