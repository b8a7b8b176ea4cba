"""Whether the network of an environment has room for all nodes that its plan may need at once. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from components.google.ranges import check_room
from stacks.environment import Environment
from stacks.pools import PlannedLadder
from stacks.problems import Problem
from stacks.settings import EnvironmentSettings

#: Nodes that an upgrade adds to the system pool (components/google/cluster.py; a test holds the two together). It adds none to
#: GPU pools.
SYSTEM_SURGE = 1


def network_problems(environment: Environment, ladders: Iterable[PlannedLadder]) -> list[Problem]:
    """A network that is too small for its nodes, the last of which would never get an address."""
    settings = environment.settings
    system, gpu = system_nodes(settings), sum(ladder.nodes for ladder in ladders)
    try:
        check_room(settings.network_range, system + gpu)
    except ValueError as error:
        whose = f"{system} of them are system nodes, {gpu} have GPUs, at peak and during a rollout"
        reason = f"{error}. {whose}: fewer are needed with a lower peak"
        return [Problem(f"Pulumi.{environment.name}.yaml", None, "network_range", reason)]
    return []


def system_nodes(settings: EnvironmentSettings) -> int:
    """Most system nodes: those of every zone that they are in, and what an upgrade adds."""
    zones = 1 if settings.cluster.location == "zonal" else len(settings.zones)
    return zones * settings.cluster.system_nodes_per_zone + SYSTEM_SURGE
