"""What a plan costs: its deployments, and the parts that they share, counted from the plan and the settings. Pure.

`stacks/describe/idle_cost.py` counts the same parts from the resources that are registered; a test holds the two together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from components.cost.errors import CostError
from components.cost.plan import shared_cost
from components.cost.plan.amounts import in_cents
from components.cost.plan.environment_cost import EnvironmentCost, SharedCost, TeamBudget, environment_cost
from components.cost.plan.node_disks import GPU_DISK_GB, SYSTEM_DISK_GB, SYSTEM_DISK_TYPE
from components.cost.prices import shared_prices as prices
from components.cost.prices.price_date import Source
from components.sizing.replicas import HOURS_PER_MONTH
from stacks.plan import Plan
from stacks.planned_deployment import PlannedDeployment

#: Machines as a mean over the month: at the least, as expected, at the most.
Machines = tuple[Decimal, Decimal, Decimal]


def cost_of(plan: Plan) -> EnvironmentCost:
    """The month of an environment. Raises CostError for a machine in use of which no price is known."""
    settings = plan.environment.settings
    return environment_cost(
        plan.environment.name,
        settings.region,
        settings.cost.expected_share,
        [planned.cost for planned in plan.deployments],
        _shared(plan),
        [
            TeamBudget(loaded.team.team, loaded.team.monthly_budget_usd, loaded.file)
            for loaded in plan.environment.teams
        ],
    )


def _shared(plan: Plan) -> list[SharedCost]:
    """All shared parts. The controllers live on the system nodes and cost nothing beside them."""
    settings = plan.environment.settings
    region, cluster = settings.region, settings.cluster
    nodes = cluster.system_nodes_per_zone * (1 if cluster.location == "zonal" else len(settings.zones))
    fee = shared_cost.cluster_fee()
    found = [_always("fee of the cluster", fee, f"USD {prices.CLUSTER_HOUR} an hour", prices.GKE)]
    machine = cluster.system_machine_type
    system = shared_cost.machines(machine, region, nodes)
    if system is None:
        raise CostError(
            f"no price is known for {machine} as on-demand in {region}, the machine type of the system nodes; add it to "
            "MACHINE_HOUR of components/cost/prices/shared_prices.py with its source"
        )
    words = f"{nodes} x {machine}, USD {prices.MACHINE_HOUR[machine, region]} an hour"
    found.append(_always("system nodes, with all controllers", system, words, prices.CATALOGUE))
    disks = shared_cost.boot_disks(SYSTEM_DISK_TYPE, SYSTEM_DISK_GB, region, nodes)
    words = f"{nodes} x {SYSTEM_DISK_GB} GB {SYSTEM_DISK_TYPE}"
    found.append(_always("boot disks of the system nodes", disks, words, prices.CATALOGUE))
    found += _gpu_disks(plan)
    found.append(_nat(plan, nodes))
    found.append(_bucket(plan))
    if settings.encryption is not None:
        count = len(settings.encryption.purposes)
        words = f"{count} versions at USD {prices.KEY_VERSION_MONTH}; each rotation adds one"
        found.append(_always("encryption keys", shared_cost.keys(count), words, prices.KMS))
    return [*found, *(SharedCost(what, None, how, None) for what, how in _by_use(plan))]


def _gpu_disks(plan: Plan) -> list[SharedCost]:
    """Disks of the GPU nodes, one line for each type of disk."""
    region = plan.environment.settings.region
    on: dict[str, list[PlannedDeployment]] = defaultdict(list)
    for planned in plan.deployments:
        if planned.record.boot_disk_type is not None:
            on[planned.record.boot_disk_type].append(planned)
    found = []
    for disk, members in sorted(on.items()):
        machines = _machines(members)
        usd = [shared_cost.boot_disks(disk, GPU_DISK_GB, region, count) for count in machines]
        known = [amount for amount in usd if amount is not None]
        words = f"{_spread(machines)} GPU nodes with {GPU_DISK_GB} GB {disk}"
        amounts = in_cents(*known) if len(known) == len(usd) else None
        if amounts is None:
            words += f", no price known in {region}"
        found.append(SharedCost(f"boot disks of the GPU nodes ({disk})", amounts, words, prices.CATALOGUE))
    return found


def _nat(plan: Plan, system_nodes: int) -> SharedCost:
    on_gke = [planned for planned in plan.deployments if planned.pool is not None]
    least, busy, most = (count + system_nodes for count in _machines(on_gke))
    amounts = in_cents(shared_cost.nat(least), shared_cost.nat(busy), shared_cost.nat(most))
    words = (
        f"{_spread((least, busy, most))} nodes at USD {prices.NAT_MACHINE_HOUR} an hour (all: at most {prices.NAT_MOST_HOUR}), "
        f"one address at USD {prices.NAT_ADDRESS_HOUR}; traffic by GiB is not in it"
    )
    return SharedCost("Cloud NAT", amounts, words, prices.NAT)


def weights_bytes(plan: Plan) -> int:
    """Bytes of all checkpoints that the deployments load, paused ones included; each revision once."""
    loads = {one: planned.record for planned in plan.deployments for one in planned.loads}
    return shared_cost.weights_bytes(loads, plan.environment.catalogue)


def _bucket(plan: Plan) -> SharedCost:
    settings, size = plan.environment.settings, weights_bytes(plan)
    # a bucket in two regions has a location of its own, of which no price is known
    usd = shared_cost.bucket(size, settings.region) if settings.bucket.dual_region is None else None
    words = shared_cost.bucket_words(size)
    return _always("model bucket", usd, words, prices.CATALOGUE)


def _by_use(plan: Plan) -> Iterable[tuple[str, str]]:
    """What is paid by something that no program knows beforehand."""
    settings = plan.environment.settings
    yield "logs, metrics and traffic", "by volume"
    if settings.secrets:
        yield "secrets", "USD 0.06 for each version"
    if settings.mirror is not None:
        yield "mirrored images", "by GB"
    if settings.ingress.exposure != "cluster":
        yield "load balancer", "by hour and volume"


def _always(what: str, usd: Decimal | None, how: str, source: Source) -> SharedCost:
    """A part that costs the same whatever is asked."""
    if usd is None:
        return SharedCost(what, None, f"{how}, no price known", source)
    return SharedCost(what, in_cents(usd, usd, usd), how, source)


def _machines(deployments: Iterable[PlannedDeployment]) -> Machines:
    """Machines of these deployments on GKE, as means over the month."""
    hours = [planned.cost.machine_hours for planned in deployments]
    least, busy, most = (sum((each[column] for each in hours), Decimal(0)) / HOURS_PER_MONTH for column in range(3))
    return least, busy, most


def _spread(machines: Machines) -> str:
    """`1 to 3`, or `1` where it is always the same."""
    least, _, most = (
        f"{count:f}".rstrip("0").rstrip(".") if "." in f"{count:f}" else f"{count:f}" for count in machines
    )
    return least if least == most else f"{least} to {most}"
