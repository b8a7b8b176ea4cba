"""All ways to serve one deployment beside each other, and every point at which the cheaper one changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from components.cost.break_even.alternatives import Alternatives, ways_with
from components.cost.break_even.crossings import MOST_COLD_STARTS, Crossing, crossings
from components.cost.break_even.token_cost import requests_per_hour
from components.cost.break_even.ways import DAYS_PER_MONTH, HOURS_OF_DAY, Hosted, Served, Traffic, Way, served
from components.sizing.demand import Demand
from components.sizing.record import SizingRecord

#: Machine types that are shown beside the planned one: the cheapest under the stated traffic.
MACHINES_SHOWN = 5
#: How far requests an hour are looked at, as a multiple of what the planned replicas carry at most.
BEYOND_PEAK = 4


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ways` are those shown, the planned one first; `most` is as far as requests an hour are looked at."""

    demand: Demand
    traffic: Traffic
    ways: tuple[Way, ...]
    crossings: tuple[Crossing, ...]
    most: Fraction
    why_not: dict[str, str]


def expected_traffic(record: SizingRecord, share: Decimal) -> Traffic:
    """The traffic of the plan: `share` of the peak concurrency in the active hours, and one cold start a day.

    A replica that holds `n` requests at once carries so many an hour; a share of the peak is that share of what they carry.
    """
    demand, slots = record.demand, record.budget.load.concurrent_requests
    busy = requests_per_hour(record).typical * share * demand.peak_concurrent_requests / slots
    hours = demand.active_hours_per_month / DAYS_PER_MONTH
    return Traffic(busy, hours, Decimal(1))


def compare(found: Alternatives, traffic: Traffic, minimums: Sequence[int] | None, api: Hosted | None) -> Comparison:
    """GKE and Cloud Run with each number of minimum instances, the cheapest machine types, and the hosted model.

    Without `minimums` they are none, one, and as many as the wish needs.
    """
    record = found.planned
    planned = served(record)
    peak = Fraction(planned.carries.typical) * max(1, record.max_replicas)
    most = max(Fraction(traffic.requests_per_hour), peak) * BEYOND_PEAK
    gke = [] if found.gke is None else ways_with(found.gke, minimums)
    cloud_run = [] if found.cloud_run is None else ways_with(found.cloud_run, minimums)
    on_runtime: list[Served] = [*gke, *cloud_run]
    of_hosts = sorted((served(each) for each in found.machines), key=lambda way: (way.exact(traffic), way.name))
    machines = [way for way in of_hosts if way.host not in {each.host for each in gke}][:MACHINES_SHOWN]
    pairs: list[tuple[Way, Way]] = [(a, b) for a in gke for b in cloud_run]
    base = gke[0] if gke else planned
    pairs += [(base, way) for way in machines if gke]
    hosted: list[Way] = [] if api is None else [api]
    pairs += [(way, each) for each in hosted for way in on_runtime]
    points: list[Crossing] = []
    for first, second in pairs:
        points += crossings(first, second, traffic, "requests an hour", most)
        points += crossings(first, second, traffic, "hours a day", Decimal(HOURS_OF_DAY))
        points += crossings(first, second, traffic, "cold starts a day", Decimal(MOST_COLD_STARTS))
    ways: list[Way] = [*on_runtime, *machines, *hosted]
    ways.sort(key=lambda way: way.name != planned.name)  # stable: the planned one first
    return Comparison(record.demand, traffic, tuple(ways), tuple(points), most, found.why_not)
