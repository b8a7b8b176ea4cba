"""Fixtures: dev, brought up, and what its tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.cluster.layout import ClusterLayout
from sandbox.paths import Layout
from tests.cluster.conftest import Stage, make_stage, running_cluster
from tests.cluster.dev.payments import KEY, latest_revision
from tests.cluster.undisturbed import seen, write_record

TEAM_FILE = "stacks/dev/teams/payments.yaml"
ON_CALL = "payments-oncall@example.com"


def make_dev(layout: ClusterLayout, folder: Path) -> Stage:
    """dev with a group of those on call, as a team asks for it in its file; nothing is brought up yet."""
    stage = make_stage(layout, folder, "dev")
    stage.sandbox.edit(TEAM_FILE, "cost_center:", f"on_call_group: {ON_CALL}\ncost_center:")
    return stage


@pytest.fixture(scope="package")
def dev(request: pytest.FixtureRequest, set_up: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """dev, brought up; its tests leave it as they found it."""
    with running_cluster(request.session, "dev") as layout:
        stage = make_dev(layout, tmp_path_factory.mktemp("dev"))
        stage.up()
        if not request.config.getoption("--keep-cluster"):
            write_record(tmp_path_factory, seen(stage))
        yield stage


@pytest.fixture(scope="package")
def described(dev: Stage) -> dict[str, Any]:
    """The stack's outputs."""
    return dev.sandbox.stack_outputs(dev.env)


@pytest.fixture(scope="package")
def host(described: dict[str, Any]) -> str:
    """The host at which the stack says that the model is found."""
    return urlsplit(described["deployments"][KEY]["base_url"]).hostname or ""


@pytest.fixture(scope="module")
def revision(dev: Stage) -> str:
    """The model's newest revision, once it is ready."""
    return latest_revision(dev)
