"""Which way is the cheapest one from where to where along a part of the traffic, and which hosted price a way equals. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, pairwise

from components.cost.break_even.crossings import Axis, along, crossings
from components.cost.break_even.ways import Number, Traffic, Way, decimal, hosted
from components.sizing.demand import Demand


@dataclass(frozen=True, slots=True)
class Band:
    """From `start` to `end` nothing costs less than `way`."""

    start: Decimal
    end: Decimal
    way: Way


@dataclass(frozen=True, slots=True)
class WithFixedCost:
    """A way that needs something which costs the same each month whatever is asked, such as a cluster of its own."""

    way: Way
    usd: Decimal
    name: str

    def exact(self, traffic: Traffic) -> Fraction:
        """USD a month."""
        return self.way.exact(traffic) + Fraction(self.usd)

    def month(self, traffic: Traffic) -> Decimal:
        """USD a month."""
        return decimal(self.exact(traffic))

    def steps(self, most: Fraction) -> list[Fraction]:
        """Those of the way itself."""
        return self.way.steps(most)

    @property
    def wake_hours(self) -> Fraction:
        """Those of the way itself."""
        return self.way.wake_hours


def bands(ways: Sequence[Way], traffic: Traffic, axis: Axis, most: Number) -> list[Band]:
    """The cheapest way on each stretch up to `most`, the rest of the traffic as it is; of equals the first by name."""
    points = {Decimal(0), decimal(Fraction(most))}
    for first, second in combinations(ways, 2):
        points |= {point.at for point in crossings(first, second, traffic, axis, most)}
    found: list[Band] = []
    costs = {way.name: along(way, traffic, axis) for way in ways}
    for start, end in pairwise(sorted(points)):
        middle = (Fraction(start) + Fraction(end)) / 2
        best = min(ways, key=lambda way: (costs[way.name](middle), way.name))
        if found and found[-1].way is best:
            found[-1] = Band(found[-1].start, end, best)
        else:
            found.append(Band(start, end, best))
    return found


def equal_price(way: Way, traffic: Traffic, demand: Demand) -> Decimal | None:
    """USD a million tokens, prompt and answer alike, at which a hosted model costs as much as `way`; None without requests."""
    at_one_dollar = hosted(demand, Decimal(1), Decimal(1)).exact(traffic)
    return decimal(way.exact(traffic) / at_one_dollar) if at_one_dollar else None
