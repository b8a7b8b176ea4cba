"""What a deployment on GKE serves: stated in its arguments, or derived from a wish in them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast, get_args

from components.argument_error import ArgumentError, ArgumentProblem, check_given, check_way
from components.kubernetes.cluster_endpoint import WaysIn, cluster_endpoint
from components.kubernetes.priority_classes import BATCH, INTERACTIVE
from components.labels import KUBERNETES_KEYS
from components.planned_model import PlannedModel
from components.served_endpoint import Endpoint
from components.served_model import ServedModelArgs
from components.sizing.catalogue import Catalogue, PurchaseOption
from components.sizing.demand import Demand, Reservation, Supply
from components.sizing.errors import SizingError
from components.sizing.placement import place
from components.wished_model import (
    PLENTY,
    check_known,
    engine_version,
    labels_of,
    plan_wish,
    read_ownership,
    read_wish,
)

#: Arguments that follow from a wish; without one, all of them are needed.
DERIVED = ("model", "record", "endpoint")
#: Arguments that belong to a wish; the first three are needed with one.
OF_WISH = ("bucket_name", "nodes", "ownership", "catalogue", "engine", "ways_in")


@dataclass(frozen=True, slots=True)
class ClusterServing:
    """What is served, how it is called, and under which labels; `planned` is what the wish became, None without one."""

    model: ServedModelArgs
    record: dict[str, Any]
    endpoint: Endpoint
    labels: dict[str, str]
    priority_class: str
    planned: PlannedModel | None = None


def cluster_serving(args: Mapping[str, Any], catalogue: Catalogue) -> ClusterServing:
    """What the arguments of GemmaDeployment say. Raises ArgumentError in their terms."""
    if check_way(args, DERIVED, OF_WISH):
        return _wished(args, catalogue)
    check_given(args, ["labels"], f"needed: {', '.join(KUBERNETES_KEYS)}")
    return ClusterServing(
        args["model"], args["record"], args["endpoint"], args["labels"], args.get("priority_class", INTERACTIVE)
    )


def _wished(args: Mapping[str, Any], catalogue: Catalogue) -> ClusterServing:
    check_given(args, OF_WISH[:3], "a wish needs it")
    wish = read_wish(args["wish"], args["name"], "gke")
    engine, nodes = args.get("engine", {}), args["nodes"]
    ownership = read_ownership(args["ownership"])
    supply = _supply(nodes, engine_version(engine, catalogue), catalogue)
    pool_alone = _with_machine(catalogue, nodes["machine_type"])
    try:
        planned = plan_wish(wish, ownership, supply, pool_alone, bucket=args["bucket_name"], engine=engine)
    except ArgumentError as refused:
        raise ArgumentError(
            *refused.problems, *_other_machine(wish.demand(ownership.team), supply, catalogue)
        ) from None
    ways_in = args.get("ways_in")
    ways = (
        WaysIn(ways_in["domain"], ways_in.get("external", False), ways_in.get("tokens", False)) if ways_in else WaysIn()
    )
    if ways.external and not ways.tokens:
        raise ArgumentError(
            ArgumentProblem(("ways_in", "external"), "needs tokens: anybody on the internet could use the GPUs")
        )
    return ClusterServing(
        model=planned.model,
        record=planned.plain_record,
        endpoint=cluster_endpoint(planned, args["namespace_name"], ways),
        labels=labels_of(planned.labels.kubernetes(), args.get("labels")),
        priority_class=args.get("priority_class", BATCH if wish.workload == "batch" else INTERACTIVE),
        planned=planned,
    )


def _supply(nodes: Mapping[str, Any], version: str, catalogue: Catalogue) -> Supply:
    """The pool's machine as it is bought, and nothing else."""
    option = nodes.get("purchase_option", "on-demand")
    check_known(("nodes", "region"), nodes["region"], list(catalogue.regions))
    check_known(("nodes", "machine_type"), nodes["machine_type"], [machine.id for machine in catalogue.machines])
    check_known(("nodes", "purchase_option"), option, list(get_args(PurchaseOption)))
    if strangers := [zone for zone in nodes["zones"] if not zone.startswith(f"{nodes['region']}-")]:
        raise ArgumentError(
            ArgumentProblem(("nodes", "zones"), f"found {', '.join(strangers)}, not in region {nodes['region']}")
        )
    if not nodes["zones"]:
        raise ArgumentError(ArgumentProblem(("nodes", "zones"), "is empty; name the zones of the pool"))
    order = (cast(PurchaseOption, option),)
    # the pool exists, so what it is bought with does too; placement only asks whether there is one
    held = Reservation(nodes.get("reservation", "held"), nodes["machine_type"], PLENTY, nodes["zones"][0])
    accelerator = catalogue.accelerator(catalogue.machine(nodes["machine_type"]).accelerator).node_label
    return Supply(
        region=nodes["region"],
        zones=tuple(nodes["zones"]),
        engine_version=version,
        purchase_order=order,
        batch_purchase_order=order,
        gke_quota={accelerator: int(nodes.get("gpus", PLENTY))},
        cloud_run_quota={},
        reservations=(held,) if option == "reservation" else (),
    )


def _other_machine(demand: Demand, supply: Supply, catalogue: Catalogue) -> list[ArgumentProblem]:
    """The cheapest machine type that would do, bought in the same way, where the pool's own does not."""
    plenty = {each.node_label: PLENTY for each in catalogue.accelerators}
    try:
        record = place(demand, replace(supply, gke_quota=plenty, reservations=()), catalogue)
    except SizingError:
        return []
    return [ArgumentProblem(("nodes", "machine_type"), f"a pool of {record.machine_type} would do")]


# sizing compares catalogues by identity and keeps what it has worked out for each
@lru_cache(maxsize=32)
def _with_machine(catalogue: Catalogue, machine_type: str) -> Catalogue:
    """The catalogue with the pool's machine alone, so that nothing is placed anywhere else."""
    return replace(catalogue, machines=(catalogue.machine(machine_type),))
