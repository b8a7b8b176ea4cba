"""dev, removed: a team, then every object of the stack one by one, then the cluster. These tests come last in their cluster."""

from __future__ import annotations

import pytest

from tests.cluster import removal
from tests.cluster.conftest import Stage


@pytest.fixture(scope="module")
def standing(stage: Stage) -> Stage:
    """As the tests of faults leave it, which is as an update from nothing does; brought up where they did not run."""
    if not stage.sandbox.resources(stage.env):
        stage.up()
    return stage


def test_a_team_goes_with_all_that_it_has(standing: Stage) -> None:
    other = removal.identities(standing, "team-support")
    assert removal.identities(standing, "team-payments").keys() >= {"InferenceService team-payments/assistant"}
    removed = removal.remove_team(standing, "payments")
    assert removed.exit_code == 0, removed.output
    removal.check_nothing_left(standing, "team-payments")
    assert removal.identities(standing, "team-support") == other


def test_no_finalizer_holds_an_object_of_the_stack(standing: Stage) -> None:
    destroyed = removal.destroy_objects(standing)
    assert destroyed.exit_code == 0, destroyed.output
    removal.check_cluster_empty(standing)


def test_the_nodes_go_with_the_rest(standing: Stage) -> None:
    removal.check_rest_goes(standing)
