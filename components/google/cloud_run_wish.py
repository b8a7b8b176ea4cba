"""What a Cloud Run service serves: stated in its arguments, or derived from a wish in them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.argument_error import ArgumentError, ArgumentProblem, check_given, check_way
from components.labels import GOOGLE_KEYS
from components.planned_model import PlannedModel
from components.served_model import STREAM, ServedModelArgs
from components.sizing.catalogue import Catalogue
from components.sizing.demand import Supply
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
DERIVED = ("model", "checkpoint", "usd_per_month", "inputs", "cold_start_seconds")
#: Arguments that belong to a wish.
OF_WISH = ("ownership", "engine")


@dataclass(frozen=True, slots=True)
class CloudRunServing:
    """What is served, and under which labels; `planned` is what the wish became, None without one."""

    model: ServedModelArgs
    checkpoint: str
    revision: str | None
    weights: str
    labels: dict[str, str]
    usd_per_month: str
    inputs: list[str]
    cold_start_seconds: int
    planned: PlannedModel | None = None


def cloud_run_serving(args: Mapping[str, Any], catalogue: Catalogue) -> CloudRunServing:
    """What the arguments of CloudRunModel say. Raises ArgumentError in their terms."""
    if check_way(args, DERIVED, OF_WISH):
        return _wished(args, catalogue)
    check_given(args, ["labels"], f"needed: {', '.join(GOOGLE_KEYS)}")
    return CloudRunServing(
        model=args["model"],
        checkpoint=args["checkpoint"],
        revision=args.get("revision"),
        weights=args.get("weights", STREAM),
        labels=args["labels"],
        usd_per_month=args["usd_per_month"],
        inputs=args["inputs"],
        cold_start_seconds=args["cold_start_seconds"],
    )


def _wished(args: Mapping[str, Any], catalogue: Catalogue) -> CloudRunServing:
    if "revision" in args:
        raise ArgumentError(ArgumentProblem(("revision",), "follows from wish; engine.revisions names another one"))
    check_given(args, ["ownership"], "a wish needs it for its labels")
    wish = read_wish(args["wish"], args["name"], "cloud-run", args.get("stable_revision"))
    planned = plan_wish(
        wish,
        read_ownership(args["ownership"]),
        _supply(args, catalogue),
        catalogue,
        bucket=args["bucket_name"],
        engine=args.get("engine", {}),
        weights_on_cloud_run=args.get("weights", STREAM),
    )
    return CloudRunServing(
        model=planned.with_peak_cost,
        checkpoint=planned.checkpoint,
        revision=planned.revision,
        weights=planned.weights_way,
        labels=labels_of(planned.labels.google(), args.get("labels")),
        usd_per_month=str(planned.cost.amounts.expected),
        inputs=list(wish.inputs),
        cold_start_seconds=planned.limits.cold_start,
        planned=planned,
    )


def _supply(args: Mapping[str, Any], catalogue: Catalogue) -> Supply:
    """Cloud Run's GPUs in the region and nothing else."""
    check_known(("region",), args["region"], sorted({region for gpu in catalogue.cloud_run for region in gpu.regions}))
    quota = int(args.get("gpu_quota", PLENTY))
    return Supply(
        region=args["region"],
        zones=(),
        engine_version=engine_version(args.get("engine", {}), catalogue),
        purchase_order=("on-demand",),
        batch_purchase_order=("on-demand",),
        gke_quota={},
        cloud_run_quota={gpu.accelerator: quota for gpu in catalogue.cloud_run},
    )
