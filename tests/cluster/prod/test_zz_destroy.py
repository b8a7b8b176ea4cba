"""prod, removed in the way that docs/google.md and docs/serving.md describe for what is protected. Named so that it runs last."""

from __future__ import annotations

import pytest

from tests.cluster import removal
from tests.cluster.conftest import Stage

#: Removal of what is not protected, of a team and of a whole stack, is shown with dev.
pytestmark = pytest.mark.slow

TEAMS = ("team-payments", "team-support")


def test_a_protected_team_refuses_and_loses_nothing_until_its_guard_is_lifted(prod: Stage) -> None:
    before = {team: removal.identities(prod, team) for team in TEAMS}
    guard = removal.urn_of(prod, "TeamGuard::support")
    refused = removal.remove_team(prod, "support")
    assert refused.exit_code != 0
    assert f'resource "{guard}" cannot be deleted' in refused.output
    assert {team: removal.identities(prod, team) for team in TEAMS} == before

    prod.sandbox.pulumi("state", "unprotect", guard, "--yes", "--stack", "prod", check=True)
    removed = removal.remove_team(prod, "support")
    assert removed.exit_code == 0, removed.output
    removal.check_nothing_left(prod, "team-support")
    assert removal.identities(prod, "team-payments") == before["team-payments"]


def test_a_protected_environment_refuses_before_anything_is_deleted(prod: Stage) -> None:
    before = removal.identities(prod, "team-payments")
    refused = prod.sandbox.destroy("prod")
    assert refused.exit_code != 0
    assert removal.urn_of(prod, "TeamGuard::payments") in refused.output
    assert removal.identities(prod, "team-payments") == before


def test_no_finalizer_holds_an_object_of_the_stack_once_protection_is_lifted(prod: Stage) -> None:
    prod.sandbox.edit("Pulumi.prod.yaml", "deletion_protection: true", "deletion_protection: false")
    prod.up()
    prod.sandbox.pulumi("state", "unprotect", "--all", "--yes", "--stack", "prod", check=True)
    destroyed = removal.destroy_objects(prod)
    assert destroyed.exit_code == 0, destroyed.output
    removal.check_cluster_empty(prod)


def test_the_nodes_go_with_the_rest(prod: Stage) -> None:
    removal.check_rest_goes(prod)
