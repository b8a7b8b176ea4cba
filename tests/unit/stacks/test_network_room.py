"""A network that is too small or in the way of others, and zones that are none, are refused before anything is registered."""

from __future__ import annotations

import dataclasses
import datetime
import shutil
from pathlib import Path

import pytest
import yaml

from stacks.describe.resource_graph import resource_graph
from stacks.environment import Environment, read_environment
from stacks.network_room import SYSTEM_SURGE, network_problems, system_nodes
from stacks.plan import make_plan
from stacks.problems import SettingsError
from stacks.settings import EnvironmentSettings

ROOT = Path(__file__).resolve().parents[3]
DAY = datetime.date(2026, 11, 25)


def environment(name: str = "dev", **settings: object) -> Environment:
    """The committed one with some settings changed."""
    found, _ = read_environment(ROOT, name)
    return dataclasses.replace(found, settings=found.settings.model_copy(update=settings))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network_range": "10.0.0.0/16"}, "network_range: 10.0.0.0/16 is too small: .* a block of at least /14"),
        ({"network_range": "8.8.0.0/14"}, "network_range: 8.8.0.0/14 is not private; use a block inside 10.0.0.0/8"),
        (
            {"peered_ranges": ["10.0.16.0/24"]},
            "network_range 10.0.0.0/13: the range of services 10.0.16.0/20 overlaps 10.0.16.0/24, .*; use another block",
        ),
        ({"zones": ["us-central1-"]}, "zones us-central1- are not in the region us-central1, as us-central1-a is"),
        ({"zones": ["us-central1-a", "us-central1-a"]}, "zones names one more than once: us-central1-a, us-central1-a"),
    ],
)
def test_places_that_cannot_be_are_refused_with_field_value_and_what_is_possible(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    raw = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
    raw["config"]["gemma-platform:environment"] |= change
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "stacks" / "dev", tmp_path / "stacks" / "dev")
    with pytest.raises(SettingsError, match=message):
        read_environment(tmp_path, "dev")


def test_a_zone_for_accelerators_alone_is_one_of_its_region() -> None:
    raw = environment().settings.model_dump()
    assert EnvironmentSettings.model_validate({**raw, "zones": ["us-central1-ai1a"]}).zones == ("us-central1-ai1a",)


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
