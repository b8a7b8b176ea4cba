"""The ways to serve one load beside each other, as docs/decide.md tells them: what each costs, and where another is cheaper.

Placement and cost reckon; here is decided only which ways are shown and how they are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from components.cost.break_even.alternatives import alternatives
from components.cost.break_even.bands import Band, WithFixedCost, bands, equal_price
from components.cost.break_even.comparison_data import shown
from components.cost.break_even.crossings import Axis
from components.cost.break_even.ways import HOURS_OF_DAY, Hosted, Served, Traffic, Way, hosted, served
from components.cost.money import dollars
from components.cost.prices.hosted_price import HOSTED_INPUT, HOSTED_OUTPUT
from components.markdown import table
from components.sizing.catalogue import Catalogue
from components.sizing.demand import Demand, Supply
from components.sizing.record import SizingRecord
from stacks.decide.loads import Load

#: How far requests an hour are looked at, as a multiple of what one replica carries: the pattern repeats with each further one.
REPLICAS = 4
#: Stretches that are told before it is said that more follow.
TOLD = 3


def compared(load: Load, supply: Supply, catalogue: Catalogue, cluster: Decimal) -> dict[str, Any]:
    """One load as the template shows it; `cluster` is what a new one costs a month."""
    demand = load.demand
    found = alternatives(demand, supply, catalogue, ())
    gke = _named(found.gke, "GKE")
    cloud_run = _named(found.cloud_run, "Cloud Run")
    new = [WithFixedCost(way, cluster, f"{way.name[:-1]}, new cluster)") for way in gke]
    api = hosted(demand, HOSTED_INPUT, HOSTED_OUTPUT)
    own: list[Way] = [*gke, *cloud_run]
    most = REPLICAS * max(way.carries.typical for way in (*gke, *cloud_run))

    def along(ways: Sequence[Way], axis: Axis) -> list[Band]:
        return bands(ways, load.traffic, axis, most if axis == "requests an hour" else Decimal(HOURS_OF_DAY))

    with_api = along([*own, api], "requests an hour")
    best = min(own, key=lambda way: (way.exact(load.traffic), way.name))
    return {
        "title": load.title,
        "words": load.told,
        "ways": table(
            ("way", "where", "USD a month", "equals a hosted API at, USD a million tokens"),
            [_row(way, load.traffic, demand) for way in sorted([*own, *new, api], key=lambda w: w.exact(load.traffic))],
            {2, 3},
        ),
        "own": best.name,
        "own_usd": dollars(best.month(load.traffic)),
        "own_equals": _equal(best, load.traffic, demand),
        "hosted_usd": dollars(api.month(load.traffic)),
        "against_hosted": _told(with_api, "requests an hour"),
        "own_by_requests": _told(along(own, "requests an hour"), "requests an hour"),
        "own_by_hours": _told(along(own, "hours a day"), "hours a day"),
        "new_by_hours": _told(along([*cloud_run, *new], "hours a day"), "hours a day"),
        "hosted_below": _first_end(with_api, api),
        "always_on": _told(along([*gke[1:], *cloud_run[:1]], "hours a day"), "hours a day"),
    }


def _named(record: SizingRecord | None, name: str) -> list[Served]:
    """The place with no replica while nobody calls, and with one always."""
    if record is None:
        return []
    return [
        replace(served(record, count), name=f"{name} ({words})")
        for count, words in ((0, "from zero"), (1, "one always"))
    ]


def _row(way: Way, traffic: Traffic, demand: Demand) -> tuple[str, ...]:
    below = way.way if isinstance(way, WithFixedCost) else way
    where = below.host if isinstance(below, Served) else "-"
    equal = "-" if isinstance(way, Hosted) else _equal(way, traffic, demand)
    return way.name, where, dollars(way.month(traffic)), equal


def _equal(way: Way, traffic: Traffic, demand: Demand) -> str:
    price = equal_price(way, traffic, demand)
    return "-" if price is None else f"{price:.2f}"


def _told(found: Sequence[Band], axis: Axis) -> str:
    """The stretches in a sentence."""
    first, *others = found
    if not others:
        return f"{first.way.name}, whatever the {axis}"
    told = [f"{first.way.name} below {shown(first.end)} {axis}"]
    told += [f"{band.way.name} from {shown(band.start)}" for band in others[: TOLD - 1]]
    return "; ".join(told) + (f"; taking turns from {shown(found[TOLD].start)}" if found[TOLD:] else "")


def _first_end(found: Sequence[Band], way: Way) -> str | None:
    """Where the first stretch ends, if it is of that way; None where another is cheaper from the start."""
    return shown(found[0].end) if found[0].way is way else None
