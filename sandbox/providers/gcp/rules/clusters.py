"""What clusters and node pools have in common: names, places, and how a pool names its cluster."""

from __future__ import annotations

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import ZONE
from sandbox.providers.gcp.resource_type import World
from sandbox.providers.values import items, known

NAME = r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?"
NAME_RULE = "1 to 40 lower-case letters, digits and hyphens, a letter first, no hyphen last"


def cluster_of(world: World, inputs: Properties) -> str:
    """The cluster's id; a node pool may name its cluster by name or by id."""
    cluster = str(inputs["cluster"])
    if "/" in cluster:
        return cluster
    return f"projects/{world.project_of(inputs)}/locations/{world.location_of(inputs)}/clusters/{cluster}"


def zone_rule(inputs: Properties) -> list[Failure]:
    """Zones that are not in the region."""
    location = inputs.get("location")
    region = ZONE.sub(r"\1", str(location)) if known(location) else None
    found: list[Failure] = []
    for index, zone in enumerate(items(inputs.get("nodeLocations"))):
        if known(zone) and region is not None and not str(zone).startswith(f"{region}-"):
            found.append((f"nodeLocations[{index}]", f"{zone} is not in the cluster's region {region}"))
    return found
