"""Fixture: dev, of which nothing is there at first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.paths import Layout
from tests.cluster.conftest import Stage, running_cluster
from tests.cluster.dev.conftest import make_dev


@pytest.fixture(scope="package")
def stage(request: pytest.FixtureRequest, set_up: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A cluster in which nothing is yet."""
    with running_cluster(request.session, "life") as layout:
        yield make_dev(layout, tmp_path_factory.mktemp("life"))
