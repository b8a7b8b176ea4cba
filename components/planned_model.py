"""From a wish to what is served: place, engine arguments, time limits, labels and price of one model. Pure.

The one way from a wish to a model, for the platform's own stack and for a component that is given a `wish`. It knows neither
settings files nor Pulumi: who offers what, and what the operator has decided, comes in as plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from components.cost.plan.deployment_cost import DeploymentCost, deployment_cost
from components.cost.plan.load import EXPECTED_SHARE
from components.cost.plan.published_cost import KEY as COST
from components.cost.plan.published_cost import published_cost
from components.kubernetes.inference_service import STANDARD
from components.labels import Labels, make_labels
from components.served_model import (
    STREAM,
    USD_PER_MONTH_PEAK,
    ServedModelArgs,
    served_model,
    weights_folder,
    weights_place,
)
from components.sizing.catalogue import Catalogue
from components.sizing.demand import Supply
from components.sizing.extra_checkpoints import extra_checkpoints
from components.sizing.placement import place
from components.sizing.published import published
from components.sizing.record import SizingRecord
from components.sizing.speed import longest_generation_seconds
from components.time_limits import TimeLimits, time_limits
from components.weights_way import probe_seconds, start_seconds, weights_way
from components.wish import DeploymentWish
from components.wish_rules import check_adapters, check_canary, mode_of


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose model it is, as labels say it."""

    team: str
    owner: str
    cost_center: str


@dataclass(frozen=True, slots=True)
class Operation:
    """What the operator has decided for all models, beside what may be bought.

    `weights_on_cloud_run` is `stream` or `mount`; `revisions` has the revision to serve of a checkpoint, before the catalogue's;
    `image` turns the engine's public reference into the one that is pulled. `where` and `where_revisions` name what the requester
    and the operator can change, for messages.
    """

    bucket: str
    where: str
    where_revisions: str
    weights_on_cloud_run: str = STREAM
    revisions: Mapping[str, str] = field(default_factory=dict)
    image: Callable[[str], str] = str
    expected_share: Decimal = EXPECTED_SHARE


@dataclass(frozen=True, slots=True)
class PlannedModel:
    """One wish with its place, labels and what is served."""

    wish: DeploymentWish
    record: SizingRecord
    cost: DeploymentCost
    labels: Labels
    model: ServedModelArgs
    limits: TimeLimits
    revision: str
    #: Where the engine reads its weights, and its drafter if it has one; how it reads the former.
    weights: str
    weights_way: str
    drafter: str | None
    #: (id, revision) of the checkpoints that must be in the bucket: its own, and the drafter's.
    loads: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """`<team>/<deployment>`."""
        return self.record.demand.key

    @property
    def checkpoint(self) -> str:
        """Id of the checkpoint that it serves."""
        return self.record.budget.config.checkpoint.id

    @property
    def on_gke(self) -> bool:
        """True on GKE, False on Cloud Run."""
        return self.record.runs_on == "gke"

    @property
    def standard_mode(self) -> bool:
        """True on GKE without Knative."""
        return self.on_gke and self.model["mode"] == STANDARD

    @property
    def with_peak_cost(self) -> ServedModelArgs:
        """What is served on Cloud Run, with the most that it may cost among the annotations of the service."""
        peak = {USD_PER_MONTH_PEAK: str(self.cost.amounts.peak)}
        return {**self.model, "annotations": {**self.model["annotations"], **peak}}

    @property
    def plain_record(self) -> dict[str, Any]:
        """The sizing record as plain data, with what the platform adds to it: how it is served, within which limits, and what a
        month of it is expected to cost (`cost`; the record's own `usd_per_month` is what placement compared).
        """
        return {
            **published(self.record, self.weights, self.drafter),
            "image": self.model["image"],  # where it is pulled from, which may be a mirror
            "mode": self.model["mode"] if self.on_gke else "cloud-run",
            COST: published_cost(self.cost),
            "seconds": {
                "longest_generation": self.limits.longest_generation,
                "request": self.limits.request,
                "startup": self.limits.startup,
                "startup_probe": self.limits.startup_probe,
                "progress_deadline": self.limits.progress_deadline,
                "cold_start": self.limits.cold_start,
            },
        }


def plan_model(
    wish: DeploymentWish, ownership: Ownership, supply: Supply, catalogue: Catalogue, operation: Operation
) -> PlannedModel:
    """Decides everything about one wish.

    Raises SizingError where it cannot be placed, and ValueError for what stands in the way of serving it, prices that nobody
    knows included.
    """
    record = place(wish.demand(ownership.team), supply, catalogue, operation.where)
    checkpoint = record.budget.config.checkpoint
    revision = _revision_of(checkpoint.id, checkpoint.revision, operation)
    mode = mode_of(wish)
    check_canary(wish, record, mode)
    check_adapters(wish, ownership.team)
    way = weights_way(record, operation.weights_on_cloud_run)
    weights = weights_place(way, operation.bucket, weights_folder(checkpoint.id, revision))
    extras = extra_checkpoints(record, catalogue)
    drafters = [(e.id, _revision_of(e.id, e.revision, operation)) for e in extras if e.kind == "drafter"]
    drafter = weights_place(STREAM, operation.bucket, weights_folder(*drafters[0])) if drafters else None
    limits = _limits_of(record, way)
    return PlannedModel(
        wish=wish,
        record=record,
        cost=deployment_cost(record, catalogue, operation.expected_share, paused=wish.paused),
        labels=make_labels(ownership.owner, ownership.cost_center, ownership.team, record.budget.config.model),
        model=served_model(
            record,
            weights,
            limits,
            mode=mode,
            bucket_name=operation.bucket,
            drafter=drafter,
            reads=sorted({extra.id for extra in extras}),
            image=operation.image(record.image),
            paused=wish.paused,
            canary_percent=wish.canary_percent,
        ),
        limits=limits,
        revision=revision,
        weights=weights,
        weights_way=way,
        drafter=drafter,
        loads=((checkpoint.id, revision), *drafters),
    )


def _limits_of(record: SizingRecord, way: str) -> TimeLimits:
    """The time limits of a deployment whose weights are read in that way."""
    return time_limits(
        longest_generation_seconds(record),
        start_seconds(record, way),
        probe_seconds(record, way),
        from_zero=record.min_replicas == 0,
        new_node=record.runs_on == "gke",
    )


def _revision_of(checkpoint: str, known: str | None, operation: Operation) -> str:
    """The revision that is served; `known` is the catalogue's.

    Raises ValueError where nobody has stated one: weights without one could be anything.
    """
    revision = operation.revisions.get(checkpoint) or known
    if revision is None:
        raise ValueError(
            f"no revision of {checkpoint} is known: load it once (the loader prints its revision) and write that into "
            f"{operation.where_revisions}"
        )
    return revision
