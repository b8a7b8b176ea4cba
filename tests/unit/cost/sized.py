"""Sizing records of a test's own: placed once, then changed in what a cost depends on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache

from components.cost.plan.deployment_cost import DeploymentCost, deployment_cost
from components.sizing.catalogue import load_catalogue
from components.sizing.demand import Demand, Supply
from components.sizing.placement import place
from components.sizing.record import SizingRecord

SUPPLY = Supply(
    region="us-central1",
    zones=("us-central1-a", "us-central1-b"),
    engine_version="0.33.0",
    purchase_order=("spot", "on-demand"),
    batch_purchase_order=("spot", "on-demand"),
    gke_quota={"nvidia-l4": 64},
    cloud_run_quota={"nvidia-l4": 8},
)
DEMAND = Demand("search", "ranker", "gemma-4-e4b-it", 16384, 8, 3000, 375, 1, 200, runs_on="gke")


@cache
def record(runs_on: str = "gke") -> SizingRecord:
    """One replica of E4B on an L4."""
    return place(replace(DEMAND, runs_on=runs_on), SUPPLY, load_catalogue())  # pyright: ignore[reportArgumentType]


def changed(
    key: str = "search/ranker",
    *,
    peak: int = 8,
    slots: int = 8,
    hours: int = 200,
    replicas: tuple[int, int] = (1, 1),
    per_host: int = 1,
    usd: Decimal = Decimal("0.512012"),
    high: bool = False,
) -> SizingRecord:
    """The record with another load, place or price; a machine's price is that of all its replicas."""
    team, _, name = key.partition("/")
    made = record()
    demand = replace(
        DEMAND,
        team=team,
        name=name,
        peak_concurrent_requests=peak,
        active_hours_per_month=hours,
        high_availability=high,
    )
    config = made.budget.config._replace(max_num_seqs=slots)
    return replace(
        made,
        demand=demand,
        budget=replace(made.budget, config=config),
        min_replicas=replicas[0],
        max_replicas=replicas[1],
        replicas_per_host=per_host,
        usd_per_hour=usd,
    )


def cost(sized: SizingRecord, share: str | Decimal = "0.5", *, paused: bool = False) -> DeploymentCost:
    """Its month."""
    return deployment_cost(sized, load_catalogue(), Decimal(share), paused=paused)
