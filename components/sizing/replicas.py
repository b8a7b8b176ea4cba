"""How many replicas serve a peak, and the hours for which they are paid."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import ceil

from components.sizing.demand import Demand, RunsOn

#: Hours of a month in plans (365 x 24 / 12).
HOURS_PER_MONTH = 730
#: A team states its hours of traffic a month, not their days: a working day of eight hours is assumed (estimate).
HOURS_OF_ACTIVE_DAY = 8

#: After the last request Cloud Run keeps an instance for up to 15 minutes (docs.cloud.google.com/run, 2026).
CLOUD_RUN_IDLE_SECONDS = 15 * 60
#: On GKE a replica is kept for as long as the platform sets its scale-down delay to, and the cluster autoscaler removes a node
#: that was not needed for 10 minutes (kubernetes/autoscaler FAQ, scale-down-unneeded-time, 2026).
GKE_SCALE_DOWN_DELAY_SECONDS = 10 * 60
GKE_NODE_REMOVAL_SECONDS = 10 * 60


@dataclass(frozen=True, slots=True)
class Replicas:
    """Fewest and most replicas, and how many requests each runs at once when the peak is spread over those that carry it."""

    least: int
    most: int
    requests_each: int


def minimum_replicas(demand: Demand) -> int:
    """Replicas that always run: one, none with scale_to_zero, two with high availability."""
    if demand.high_availability:
        return 2
    return 0 if demand.scale_to_zero else 1


def spread(demand: Demand, requests_each: int, per_host: int) -> Replicas | None:
    """The fewest replicas that carry the peak when each can run `requests_each` requests at once.

    With high availability one replica may be lost and the others still carry the peak. `per_host` replicas share a machine, which
    must be filled exactly; None where a minimum replica would leave part of it empty, or where one machine would hold the
    replicas that high availability wants apart.
    """
    least = minimum_replicas(demand)
    if least % per_host or (demand.high_availability and per_host > 1):
        return None
    carrying = ceil(demand.peak_concurrent_requests / requests_each)
    most = max(2, carrying + 1) if demand.high_availability else carrying
    most = ceil(most / per_host) * per_host
    carrying = most - 1 if demand.high_availability else most
    return Replicas(least, most, ceil(demand.peak_concurrent_requests / carrying))


def paid_hours(demand: Demand, replicas: Replicas, runs_on: RunsOn, startup_seconds: int) -> Decimal:
    """Replica-hours a month: the minimum all month, the others while there is traffic.

    Those others also pay one start and one idle tail for each day with traffic, and never more than the whole month.
    """
    above = _hours_above_minimum(demand.active_hours_per_month, runs_on, startup_seconds)
    return replicas.least * HOURS_PER_MONTH + (replicas.most - replicas.least) * above


@lru_cache(maxsize=10_000)
def _hours_above_minimum(active_hours: int, runs_on: RunsOn, startup_seconds: int) -> Decimal:
    idle = CLOUD_RUN_IDLE_SECONDS if runs_on == "cloud-run" else GKE_SCALE_DOWN_DELAY_SECONDS + GKE_NODE_REMOVAL_SECONDS
    active = Decimal(active_hours)
    days = active / HOURS_OF_ACTIVE_DAY
    return min(Decimal(HOURS_PER_MONTH), active + days * (startup_seconds + idle) / 3600)
