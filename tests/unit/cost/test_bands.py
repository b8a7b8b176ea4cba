"""Which way is the cheapest from where to where, and which hosted price a way equals: against prices that are easy to follow."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from components.cost.break_even.bands import WithFixedCost, bands, equal_price
from components.cost.break_even.ways import DAYS_PER_MONTH, Hosted, Traffic
from components.sizing.demand import Demand
from components.wish import DeploymentWish

TRAFFIC = Traffic(Decimal(100), Decimal(24), Decimal(0))
#: Requests of a month at one an hour, all day.
HOURS = 24 * DAYS_PER_MONTH


@dataclass(frozen=True, slots=True)
class Flat:
    """Costs the same whatever is asked, and jumps by as much with each further `carries` requests an hour."""

    name: str
    usd: int
    carries: int

    def exact(self, traffic: Traffic) -> Fraction:
        return Fraction(self.usd * max(1, -(-int(Fraction(traffic.requests_per_hour)) // self.carries)))

    def month(self, traffic: Traffic) -> Decimal:
        return Decimal(int(self.exact(traffic)))

    def steps(self, most: Fraction) -> list[Fraction]:
        return [Fraction(self.carries * count) for count in range(int(most / self.carries) + 1)]

    @property
    def wake_hours(self) -> Fraction:
        return Fraction(0)


def api(usd_per_request: str) -> Hosted:
    """A hosted model whose request of one token in and one out costs so much."""
    each = Decimal(usd_per_request) * 1_000_000 / 2
    return Hosted(1, 1, each, each)


def test_the_hosted_model_is_cheapest_until_its_requests_cost_as_much_as_the_replica() -> None:
    hosted, own = api("0.01"), Flat("own", 73, 1_000_000)  # 730 hours: 7.30 a month for each request an hour
    found = bands([hosted, own], TRAFFIC, "requests an hour", Decimal(100))
    assert [(band.way.name, band.start, band.end) for band in found] == [
        ("hosted API", Decimal(0), Decimal(10)),
        ("own", Decimal(10), Decimal(100)),
    ]


def test_a_second_replica_makes_the_hosted_model_cheapest_once_more() -> None:
    hosted, own = api("0.01"), Flat("own", 73, 12)
    found = bands([hosted, own], TRAFFIC, "requests an hour", Decimal(24))
    assert [(band.way.name, band.start) for band in found] == [
        ("hosted API", 0),
        ("own", 10),
        ("hosted API", 12),
        ("own", 20),
    ]


def test_of_three_ways_the_one_that_is_never_the_cheapest_neither_shows_nor_cuts_a_stretch() -> None:
    ways = [api("0.01"), Flat("own", 73, 1_000_000), Flat("dear", 74, 1_000_000)]
    found = bands(ways, TRAFFIC, "requests an hour", Decimal(100))
    assert [(band.way.name, band.start, band.end) for band in found] == [("hosted API", 0, 10), ("own", 10, 100)]


def test_of_equals_the_first_by_name_is_taken() -> None:
    ways = [Flat("b", 73, 10), Flat("a", 73, 10)]
    (band,) = bands(ways, TRAFFIC, "requests an hour", Decimal(100))
    assert band.way.name == "a"


def test_a_fixed_cost_moves_the_crossing_by_what_it_costs() -> None:
    own = WithFixedCost(Flat("own", 73, 1_000_000), Decimal(73), "own, new")
    assert own.month(TRAFFIC) == Decimal(146)
    found = bands([api("0.01"), own], TRAFFIC, "requests an hour", Decimal(100))
    assert [(band.way.name, band.start) for band in found] == [("hosted API", 0), ("own, new", 20)]


def demand() -> Demand:
    """Requests of 1,000 tokens, 125 of them the answer."""
    wish = DeploymentWish(
        name="a", model="gemma-4-e4b-it", context_tokens=4000, peak_concurrent_requests=1, typical_tokens=1000
    )
    return wish.demand("team")


def test_at_the_equal_price_the_hosted_model_costs_what_the_way_costs() -> None:
    own = Flat("own", 73, 1_000_000)
    price = equal_price(own, TRAFFIC, demand())
    assert price == Decimal(1)  # 100 requests an hour of 1,000 tokens in 730 hours are 73 million tokens
    again = Hosted(875, 125, Decimal(1), Decimal(1))
    assert again.exact(TRAFFIC) == own.exact(TRAFFIC)


def test_without_requests_no_price_is_equal() -> None:
    assert equal_price(Flat("own", 73, 10), Traffic(Decimal(0), Decimal(24), Decimal(0)), demand()) is None
