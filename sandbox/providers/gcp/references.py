"""What must exist before something can name it: networks, service accounts, identity pools.

The real services refuse such requests with these or similar words (seen in public issue threads, 2026).
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.providers.api import Properties
from sandbox.providers.gcp.resource_type import World, at, known

NETWORK = "gcp:compute/network:Network"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
CLUSTER = "gcp:container/cluster:Cluster"
ACCOUNT = "gcp:serviceaccount/account:Account"

LINK = re.compile(r"^https://[a-z.]+\.googleapis\.com/(compute/)?(v1|beta)/")
POOL = re.compile(r"([a-z0-9-]+\.svc\.id\.goog)")


def network_id(world: World, inputs: Properties, value: str) -> str:
    """The id of a network that is named by its link, its id or its bare name."""
    path = LINK.sub("", value)
    return path if "/" in path else f"projects/{world.project_of(inputs)}/global/networks/{path}"


def subnetwork_id(world: World, inputs: Properties, value: str, region: str) -> str:
    """The id of a subnetwork that is named by its link, its id or its bare name."""
    path = LINK.sub("", value)
    return path if "/" in path else f"projects/{world.project_of(inputs)}/regions/{region}/subnetworks/{path}"


def needs_network(world: World, inputs: Properties) -> str | None:
    """A refusal when the network of `inputs` does not exist. Every project is taken to have the one called default."""
    value = inputs.get("network")
    if value is None or value == "default":
        return None
    network = network_id(world, inputs, value)
    return None if world.cloud.get(NETWORK, network) else f"Error 404: The resource '{network}' was not found, notFound"


def needs_subnetwork(world: World, inputs: Properties, region: str) -> str | None:
    """A refusal when the subnetwork of `inputs` does not exist."""
    value = inputs.get("subnetwork")
    if value is None or value == "default":
        return None
    subnetwork = subnetwork_id(world, inputs, value, region)
    if world.cloud.get(SUBNETWORK, subnetwork):
        return None
    return f"Error 404: The resource '{subnetwork}' was not found, notFound"


def needs_account(world: World, email: Any) -> str | None:
    """A refusal when a service account of the provider's own project does not exist; others cannot be looked at."""
    match = re.fullmatch(r"[a-z0-9-]+@([a-z0-9-]+)\.iam\.gserviceaccount\.com", str(email))
    if match is None or match.group(1) != world.project:
        return None
    if world.cloud.get(ACCOUNT, f"projects/{world.project}/serviceAccounts/{email}"):
        return None
    return f"Error 400: Service account {email} does not exist., badRequest"


def needs_member(world: World, inputs: Properties) -> str | None:
    """A refusal when `member` is an account, or an identity of a pool, of this project that does not exist."""
    member = str(inputs["member"])
    pool = POOL.search(member)
    if pool is None:
        return needs_account(world, member.partition(":")[2])
    if pool.group(1) != f"{world.project}.svc.id.goog" or _has_pool(world):
        return None
    # the pool comes with the project's first cluster that has Workload Identity
    return f"Error 400: Identity Pool does not exist ({pool.group(1)}). Please check that you specified a valid resource name"


def _has_pool(world: World) -> bool:
    clusters = (record["inputs"] for record in world.cloud.all(CLUSTER))
    return any(known(at(inputs, "workloadIdentityConfig", "workloadPool")) for inputs in clusters)
