"""What an environment costs in a month without a single request: what stays running, and what is paid by size.

Prices and arithmetic are those of `components/cost`; here stands what of the registered resources they are applied to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from components.cost.money import dollars, to_cents
from components.cost.plan import shared_cost
from components.cost.prices import shared_prices as prices
from components.markdown import table
from stacks.costs import weights_bytes
from stacks.describe.missing import MissingRowError
from stacks.describe.resource_graph import CLUSTER, Node, ResourceGraph
from stacks.plan import PlannedDeployment

NODE_POOL = "gcp:container/nodePool:NodePool"

#: Parts of a type whose resources cost nothing, or only with use, and so never when idle.
FREE = (
    "gcp:artifactregistry/repositoryIamMember:",
    "gcp:billing/",
    "gcp:certificatemanager/",  # up to 100 certificates
    "gcp:cloudquota/",
    "gcp:cloudrunv2/job",  # paid while it runs
    "gcp:cloudrunv2/service",  # its minimum instances are counted from the sizing records
    "gcp:compute/address:",  # an internal one
    "gcp:compute/firewall",
    "gcp:compute/regionSslPolicy:",
    "gcp:compute/sSLPolicy:",
    "gcp:compute/network",
    "gcp:compute/route:",
    "gcp:compute/router:",
    "gcp:compute/subnetwork",
    "gcp:dns/recordSet:",
    "gcp:iam/",
    "gcp:kms/keyRing",
    "gcp:kms/cryptoKeyIAMMember:",
    "gcp:logging/",
    "gcp:monitoring/dashboard:",
    "gcp:monitoring/notificationChannel:",
    "gcp:organizations/iam",
    "gcp:projects/",
    "gcp:pubsub/",  # paid by message
    "gcp:secretmanager/secretIamMember:",
    "gcp:serviceaccount/",
    "gcp:storage/bucketIAMMember:",
    "gcp:storage/managedFolder",
    "kubernetes:",  # lives on the nodes, which are counted; minimum replicas too
)
#: What is paid by something that no program knows beforehand: (what is paid, where its price stands).
BY_USE = {
    "gcp:compute/globalAddress:GlobalAddress": (
        "by hour while unused, not looked up",
        "cloud.google.com/vpc/network-pricing",
    ),
    "kubernetes:gateway.networking.k8s.io/v1:Gateway": (
        "load balancer by hour and volume, not looked up",
        "cloud.google.com/load-balancing/pricing",
    ),
    "gcp:artifactregistry/repository:Repository": ("images by GB", "cloud.google.com/artifact-registry/pricing"),
    "gcp:dns/managedZone:ManagedZone": (
        "USD 0.20, and USD 0.40 for a million names asked for",
        "cloud.google.com/dns/pricing, 2026-09-20",
    ),
    "gcp:monitoring/alertPolicy:AlertPolicy": ("conditions, not looked up", "cloud.google.com/stackdriver/pricing"),
    "kubernetes:core/v1:PersistentVolumeClaim": ("disk by GB", "cloud.google.com/compute/disks-image-pricing"),
    "gcp:secretmanager/secret:Secret": ("USD 0.06 for each version", "cloud.google.com/secret-manager/pricing, 2026"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that costs in a month without a request. `usd` is None where it is not known or depends on use."""

    what: str
    usd: Decimal | None
    how: str
    source: str


def idle_lines(graph: ResourceGraph) -> list[Line]:
    """Everything that costs. Raises MissingRowError for a type of which no table says what it costs idle."""
    lines = []
    for node in graph.resources:
        if node.type in _COUNTED:
            lines += _COUNTED[node.type](graph, node)
        elif node.type in BY_USE:
            how, source = BY_USE[node.type]
            lines.append(Line(f"{node.kind} {node.name}", None, how, source))
        elif not node.type.startswith(FREE):
            raise MissingRowError(
                f"{node.type} ({node.name}) has no row in FREE, BY_USE or _COUNTED of stacks/describe/idle_cost.py"
            )
    lines += [_replicas(planned) for planned in graph.plan.deployments]
    return sorted(lines, key=lambda line: (line.usd is None, -(line.usd or 0), line.what))


def idle_table(graph: ResourceGraph) -> str:
    """The lines as a table with their sum."""
    lines = idle_lines(graph)
    known = sum((to_cents(line.usd) for line in lines if line.usd is not None), Decimal(0))
    rows = [
        [line.what, "not known" if line.usd is None else dollars(line.usd), line.how, line.source] for line in lines
    ]
    rows.append(["**what is known**", f"**{dollars(known)}**", "", ""])
    return table(["what", "USD a month", "how", "price from"], rows)


def _cluster(graph: ResourceGraph, node: Node) -> list[Line]:
    zonal = graph.plan.environment.settings.cluster.location == "zonal"
    credit = f"; a credit of USD {dollars(prices.FREE_TIER_MONTH)} for one zonal cluster of the billing account is not taken off"
    how = f"USD {prices.CLUSTER_HOUR} an hour{credit if zonal else ''}"
    return [Line("fee of the cluster", shared_cost.cluster_fee(), how, str(prices.GKE))]


def _node_pool(graph: ResourceGraph, node: Node) -> list[Line]:
    """Nodes that stay, and their disks. GPU nodes stay for minimum replicas, whose line holds the price of the machine."""
    config, count = node.inputs["nodeConfig"], _nodes(graph, node)
    if not count:
        return []
    region, machine = graph.plan.environment.settings.region, config["machineType"]
    lines = []
    if "guestAccelerators" not in config:
        hour = prices.MACHINE_HOUR.get((machine, region))
        usd = shared_cost.machines(machine, region, count)
        price = f"no price known in {region}" if hour is None else f"USD {hour} an hour"
        lines.append(Line(f"nodes of {node.name}", usd, f"{count} x {machine}, {price}", str(prices.CATALOGUE)))
    disk, size = config.get("diskType", prices.DEFAULT_DISK_TYPE), config.get("diskSizeGb", prices.DEFAULT_DISK_GB)
    gb_month = prices.DISK_GB_MONTH.get((disk, region))
    usd = shared_cost.boot_disks(disk, size, region, count)
    price = f"no price known in {region}" if gb_month is None else f"USD {gb_month} per GB"
    lines.append(Line(f"boot disks of {node.name}", usd, f"{count} x {size} GB {disk}, {price}", str(prices.CATALOGUE)))
    return lines


def _nat(graph: ResourceGraph, node: Node) -> list[Line]:
    machines = sum(_nodes(graph, pool) for pool in graph.of(NODE_POOL))
    machine, address = prices.NAT_MACHINE_HOUR, prices.NAT_ADDRESS_HOUR
    how = f"{machines} nodes at USD {machine} an hour and one address at USD {address}; traffic by GiB"
    return [Line("Cloud NAT", shared_cost.nat(machines), how, str(prices.NAT))]


def _bucket(graph: ResourceGraph, node: Node) -> list[Line]:
    location, size = str(node.inputs["location"]).lower(), weights_bytes(graph.plan)
    price = prices.BUCKET_GB_MONTH.get(location)
    how = "no price known for its location" if price is None else f"USD {price} per GB"
    words = f"{shared_cost.bucket_words(size)}; {how}"
    return [Line(f"bucket {node.name}", shared_cost.bucket(size, location), words, str(prices.CATALOGUE))]


def _key(graph: ResourceGraph, node: Node) -> list[Line]:
    how = "one version; each rotation adds one"
    return [Line(f"key {node.name}", shared_cost.keys(1), how, str(prices.KMS))]


def _service(graph: ResourceGraph, node: Node) -> list[Line]:
    if node.inputs.get("spec", {}).get("type") != "LoadBalancer":
        return []
    return [
        Line(
            f"load balancer {node.name}", None, "by hour and GB, not looked up", "cloud.google.com/vpc/network-pricing"
        )
    ]


#: What has an amount of its own, or none by what it declares.
_COUNTED: dict[str, Callable[[ResourceGraph, Node], list[Line]]] = {
    CLUSTER: _cluster,
    NODE_POOL: _node_pool,
    "gcp:compute/routerNat:RouterNat": _nat,
    "gcp:kms/cryptoKey:CryptoKey": _key,
    "gcp:storage/bucket:Bucket": _bucket,
    "kubernetes:core/v1:Service": _service,
}


def _nodes(graph: ResourceGraph, pool: Node) -> int:
    """Nodes of a pool that stay when there is nothing to do."""
    key = graph.owner(pool).name
    for ladder in graph.plan.ladders:
        if key in (keys := [planned.key for planned in ladder.pools]):
            # minimum replicas stand in the first pool that can be had; the others stay empty
            held = [planned for planned in graph.plan.deployments if planned.pool == ladder.name]
            return sum(planned.cost.machines[0] for planned in held) if key == keys[0] else 0
    scaling = pool.inputs.get("autoscaling", {})
    zones = len(pool.inputs.get("nodeLocations", ())) or 1
    each = max(pool.inputs.get("nodeCount", 0), scaling.get("minNodeCount", 0))
    return max(each * zones, scaling.get("totalMinNodeCount", 0))


def _replicas(planned: PlannedDeployment) -> Line:
    cost, record = planned.cost, planned.record
    what, least = f"minimum replicas of {planned.key}", cost.replicas[0]
    if not least:
        return Line(
            what, cost.amounts.minimum, f"none: {'paused' if cost.paused else 'scales to zero'}", "sizing record"
        )
    billed = cost.machines[0] * cost.replicas_per_host  # a machine is paid as a whole
    shape = record.machine_type or "Cloud Run instance"
    bought = f" ({record.purchase_option})" if record.purchase_option else ""
    whole = f", paid as {billed}" if billed != least else ""
    how = f"{least}{whole} on {shape}{bought}, USD {record.usd_per_hour:f} an hour each"
    return Line(what, cost.amounts.minimum, how, record.price_source)
