"""A network that is too small for the nodes of a plan is refused with the plan, before anything is registered."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import pytest

from stacks.describe.resource_graph import resource_graph
from stacks.environment import Environment, read_environment
from stacks.network_room import SYSTEM_SURGE, network_problems, system_nodes
from stacks.plan import make_plan
from stacks.problems import SettingsError

ROOT = Path(__file__).resolve().parents[3]
DAY = datetime.date(2026, 11, 25)


def environment(name: str = "dev", **settings: object) -> Environment:
    """The committed one with some settings changed."""
    found, _ = read_environment(ROOT, name)
    return dataclasses.replace(found, settings=found.settings.model_copy(update=settings))


def test_system_nodes_are_those_of_every_zone_and_the_one_that_an_upgrade_adds() -> None:
    assert system_nodes(environment("dev").settings) == 1 + SYSTEM_SURGE
    assert system_nodes(environment("prod").settings) == 3 + SYSTEM_SURGE
    (pool,) = [
        node
        for node in resource_graph(make_plan(environment("dev"), DAY)).of("gcp:container/nodePool:NodePool")
        if node.name == "cluster-system"
    ]
    assert pool.inputs["upgradeSettings"]["maxSurge"] == SYSTEM_SURGE


def test_all_ladders_and_the_system_nodes_must_fit_together() -> None:
    small = environment("prod", network_range="10.0.0.0/14")  # 512 nodes, of which 4 are the system's
    (first, *_) = make_plan(small, DAY).ladders
    ladders = [dataclasses.replace(first, nodes=500), dataclasses.replace(first, nodes=8)]
    assert network_problems(small, ladders) == []
    (problem,) = network_problems(small, [*ladders, dataclasses.replace(first, nodes=1)])
    assert str(problem) == (
        "Pulumi.prod.yaml: network_range: 10.0.0.0/14 has room for 512 nodes, 513 are needed, of which each takes 256 pod "
        "addresses; use a block of at least /13. 4 of them are system nodes, 509 have GPUs, at peak and during a rollout: "
        "fewer are needed with a lower peak"
    )


def test_a_plan_that_its_network_cannot_hold_is_refused() -> None:
    quota = environment().settings.quota.model_copy(update={"gke": {"nvidia-l4": 100_000}})
    small = environment(network_range="10.0.0.0/14", quota=quota)
    (payments, *others) = small.teams
    (wish, *_) = payments.team.deployments
    busy = payments.team.model_copy(
        update={"deployments": (wish.model_copy(update={"peak_concurrent_requests": 200_000}),)}
    )
    with pytest.raises(SettingsError, match=r"network_range: 10\.0\.0\.0/14 has room for 512 nodes"):
        make_plan(dataclasses.replace(small, teams=(dataclasses.replace(payments, team=busy), *others)), DAY)
