"""Where one way to serve becomes cheaper than another: exact points, solved piece by piece and never read off a grid.

Along requests an hour the cost of replicas is a staircase and that of a hosted model a line; along hours a day and cold starts a
day all costs are lines with a bend. Between two neighbouring steps or bends every difference is a straight line, whose root is
known in closed form; at a step the difference may also change its sign without being zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from components.cost.break_even.ways import HOURS_OF_DAY, Number, Traffic, Way, decimal

Axis = Literal["requests an hour", "hours a day", "cold starts a day"]
#: Cold starts a day that are looked at: one an hour.
MOST_COLD_STARTS = 24


@dataclass(frozen=True, slots=True)
class Crossing:
    """From `at` on, `cheaper` costs less than `dearer`, which costs less below. `usd` is their month there, before a jump."""

    axis: Axis
    at: Decimal
    cheaper: str
    dearer: str
    usd: Decimal


def crossings(first: Way, second: Way, traffic: Traffic, axis: Axis, most: Number) -> list[Crossing]:
    """All points along `axis` up to `most` at which the cheaper of two ways changes, the rest of the traffic as it is."""
    cost_first, cost_second = along(first, traffic, axis), along(second, traffic, axis)
    ends = _ends(first, second, traffic, axis, Fraction(most))

    def difference(value: Fraction) -> Fraction:
        return cost_first(value) - cost_second(value)

    found: list[Crossing] = []
    below = Fraction(0)  # the last difference that was not zero
    for low, high in pairwise(ends):
        middle = (low + high) / 2
        at_middle, at_high = difference(middle), difference(high)
        slope = (at_high - at_middle) / (high - middle)
        after_low = at_middle - slope * (middle - low)
        if below * after_low < 0:  # a jump at the step
            found.append(_crossing(axis, low, first, second, after_low, cost_first(low)))
        root = low - after_low / slope if slope else None
        if root is not None and low < root < high:
            found.append(_crossing(axis, root, first, second, slope, cost_first(root)))
            below = at_high
        elif root is not None and root == low and below * at_high < 0:
            found.append(_crossing(axis, low, first, second, at_high, cost_first(low)))
        below = at_high or after_low or below
    return found


def cheapest(ways: Iterable[Way], traffic: Traffic) -> Way:
    """The way with the least cost; of equals the first by name."""
    return min(ways, key=lambda way: (way.exact(traffic), way.name))


def along(way: Way, traffic: Traffic, axis: Axis) -> Callable[[Fraction], Fraction]:
    """The cost of a way as a function of one part of the traffic."""
    if axis == "requests an hour":
        return lambda value: way.exact(replace(traffic, requests_per_hour=value))
    if axis == "hours a day":
        return lambda value: way.exact(replace(traffic, hours_per_day=value))
    return lambda value: way.exact(replace(traffic, cold_starts_per_day=value))


def _crossing(axis: Axis, at: Fraction, first: Way, second: Way, after: Fraction, usd: Fraction) -> Crossing:
    """`after` is the difference behind the point: above zero the second way is the cheaper one there."""
    cheaper, dearer = (second, first) if after > 0 else (first, second)
    return Crossing(axis, decimal(at), cheaper.name, dearer.name, decimal(usd))


def _ends(first: Way, second: Way, traffic: Traffic, axis: Axis, most: Fraction) -> list[Fraction]:
    """The ends of the pieces on which both costs are straight lines."""
    points: set[Fraction] = {Fraction(0), most}
    for way in (first, second):
        if axis == "requests an hour":
            points |= set(way.steps(most))
        elif way.wake_hours:
            # there the starts of a day and their tails fill all of it that has no traffic
            filled = Fraction(traffic.cold_starts_per_day) * way.wake_hours
            quiet = HOURS_OF_DAY - Fraction(traffic.hours_per_day)
            points.add(HOURS_OF_DAY - filled if axis == "hours a day" else quiet / way.wake_hours)
    return sorted(point for point in points if 0 <= point <= most)
