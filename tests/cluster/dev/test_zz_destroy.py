"""dev, removed: a team, then every object of the stack one by one, then the cluster. Named so that it runs last."""

from __future__ import annotations

from tests.cluster import removal
from tests.cluster.conftest import Stage


def test_a_team_goes_with_all_that_it_has(dev: Stage) -> None:
    other = removal.identities(dev, "team-support")
    assert removal.identities(dev, "team-payments").keys() >= {"InferenceService team-payments/assistant"}
    removed = removal.remove_team(dev, "payments")
    assert removed.exit_code == 0, removed.output
    removal.check_nothing_left(dev, "team-payments")
    assert removal.identities(dev, "team-support") == other


def test_no_finalizer_holds_an_object_of_the_stack(dev: Stage) -> None:
    destroyed = removal.destroy_objects(dev)
    assert destroyed.exit_code == 0, destroyed.output
    removal.check_cluster_empty(dev)


def test_the_nodes_go_with_the_rest(dev: Stage) -> None:
    removal.check_rest_goes(dev)
