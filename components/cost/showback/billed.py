"""Whose a row of the billing export is: which family it belongs to, and among whom it is divided. Pure.

The labels join: everything that the platform makes carries `team`, GKE adds namespace, node pool and the pods' labels to the
rows of its nodes (cost allocation is on). What carries none and is no service of the platform is nobody's that is known.
Source of GKE's labels: docs.cloud.google.com/kubernetes-engine/docs/how-to/cost-allocations (2026).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from components.cost.showback.actuals import Row
from components.cost.showback.items import Credit, Family, Item, Whose
from components.cost.showback.month import SECONDS_OF_HOUR
from components.cost.showback.records import Record
from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.labels import PLATFORM_TEAM, SHARED, TEAM

#: Google's names of services. What is sold by Compute Engine and moves data is network.
_FAMILY: dict[str, Family] = {
    "Cloud Run": "Cloud Run",
    "Cloud Run Functions": "Cloud Run",
    "Cloud Storage": "buckets",
    "Networking": "network",
    "Compute Engine": "cluster",
    "Kubernetes Engine": "cluster",
}
_MOVES_DATA = ("network", "egress", "data transfer", "cloud nat", "static ip", "external ip", "load balanc")
#: Services that the platform uses for all without a label that could say so.
PLATFORM_SERVICES = (
    *("Artifact Registry", "Cloud DNS", "Cloud Key Management Service (KMS)", "Cloud Logging", "Cloud Monitoring"),
    *(
        "Cloud Pub/Sub",
        "Secret Manager",
        "Stackdriver Monitoring",
        "Container Registry Vulnerability Scanning",
        "Invoice",
    ),
)
NAMESPACE, NODE_POOL, POD_LABEL = "k8s-namespace", "goog-k8s-node-pool-name", "k8s-label/"
#: What GKE calls the part of its nodes that no pod asked for.
UNALLOCATED = "kube:unallocated"


@dataclass(frozen=True, slots=True)
class Billed:
    """What rows come to: amounts to divide, what is given back, hours of Cloud Run's instances by deployment, and the sum of the
    rows of each family before anything is given back."""

    items: list[Item]
    credits: list[Credit]
    instance_hours: dict[str, Decimal]
    totals: dict[Family, Decimal]


def family_of(row: Row) -> Family:
    """The family of a row."""
    family = _FAMILY.get(row.service, "other services")
    moves_data = any(word in row.sku.lower() for word in _MOVES_DATA)
    return "network" if family == "cluster" and moves_data else family


def billed(
    rows: Iterable[Row], families: Iterable[Family], records: Mapping[str, Record], pools: Mapping[str, str]
) -> Billed:
    """The rows of some families. `pools` has the machine type of each GPU node pool by its name."""
    wanted = frozenset(families)
    costs: dict[tuple[Family, str, Whose, tuple[str, ...]], Decimal] = defaultdict(Decimal)
    given: dict[tuple[Family, str], Decimal] = defaultdict(Decimal)
    hours: dict[str, Decimal] = defaultdict(Decimal)
    totals: dict[Family, Decimal] = defaultdict(Decimal)
    for row in rows:
        family = family_of(row)
        if family not in wanted:
            continue
        whose, names = _whose(row, family, records, pools)
        costs[family, row.sku, whose, names] += row.cost
        given[family, row.sku] += row.credit
        totals[family] += row.cost
        if family == "Cloud Run" and whose is Whose.DIRECT and "GPU" in row.sku and row.usage_unit == "seconds":
            hours[names[0]] += row.usage_amount / SECONDS_OF_HOUR / records[names[0]].gpu_count
    return Billed(
        [Item(family, sku, usd, whose, names) for (family, sku, whose, names), usd in sorted(costs.items()) if usd],
        [Credit(family, sku, usd) for (family, sku), usd in sorted(given.items()) if usd],
        dict(hours),
        dict(totals),
    )


def _whose(
    row: Row, family: Family, records: Mapping[str, Record], pools: Mapping[str, str]
) -> tuple[Whose, tuple[str, ...]]:
    team = row.labels.get(TEAM)
    if family == "cluster":
        return _on_nodes(row, records, pools)
    if family == "Cloud Run" and (deployment := _service(row, team, records)):
        return Whose.DIRECT, (deployment,)
    if team in (PLATFORM_TEAM, SHARED) or (team is None and (family == "network" or row.service in PLATFORM_SERVICES)):
        return Whose.COMMON, ()
    if team in {record.team for record in records.values()}:
        return Whose.TEAM, (str(team),)
    return Whose.UNATTRIBUTED, ()


def _on_nodes(row: Row, records: Mapping[str, Record], pools: Mapping[str, str]) -> tuple[Whose, tuple[str, ...]]:
    """Rows of nodes by namespace, as GKE divides them; the fee of the cluster is for all."""
    if row.service == "Kubernetes Engine":
        return Whose.COMMON, ()
    namespace = row.labels.get(NAMESPACE)
    if namespace == UNALLOCATED and (machine := pools.get(row.labels.get(NODE_POOL, ""))):
        return Whose.IDLE, (machine,)
    if namespace is None:
        shared = row.labels.get(TEAM) in (PLATFORM_TEAM, SHARED)
        return (Whose.COMMON if shared else Whose.UNATTRIBUTED), ()
    own = [record for record in records.values() if record.runs_on == "gke" and record.place == namespace]
    if not own:
        return Whose.COMMON, ()
    name = row.labels.get(f"{POD_LABEL}{INFERENCE_SERVICE_LABEL}")
    by_name = [record for record in own if record.name == name] or (own if len(own) == 1 else [])
    return (Whose.DIRECT, (by_name[0].deployment,)) if by_name else (Whose.TEAM, (own[0].team,))


def _service(row: Row, team: str | None, records: Mapping[str, Record]) -> str | None:
    """The deployment that a row of Cloud Run is of: by the service, which the detailed export names, or as the team's only
    one."""
    on_cloud_run = [record for record in records.values() if record.runs_on == "cloud-run"]
    service = row.resource.rpartition("/")[2]
    for record in on_cloud_run:
        if record.place == service:
            return record.deployment
    own = [record for record in on_cloud_run if record.team == team]
    return own[0].deployment if len(own) == 1 and not service else None
