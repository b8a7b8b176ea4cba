"""Ways to serve one deployment and what they cost under a given traffic: replicas of a place, or a hosted model paid by token.

Inside it is reckoned in fractions, so that points of break-even are exact; what comes out is Decimal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Protocol

from components.cost.break_even.token_cost import (
    MILLION,
    SECONDS_OF_HOUR,
    Spread,
    TokenCost,
    requests_per_hour,
    token_cost,
)
from components.cost.errors import CostError
from components.cost.plan.deployment_cost import host_name
from components.sizing.demand import Demand
from components.sizing.record import SizingRecord
from components.sizing.replicas import (
    CLOUD_RUN_IDLE_SECONDS,
    GKE_NODE_REMOVAL_SECONDS,
    GKE_SCALE_DOWN_DELAY_SECONDS,
    HOURS_PER_MONTH,
)

HOURS_OF_DAY = 24
#: Days of a month in plans: 730 hours are 30.4167 days.
DAYS_PER_MONTH = Fraction(HOURS_PER_MONTH, HOURS_OF_DAY)
Number = Decimal | Fraction


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is asked: typical requests an hour while there is traffic, its hours a day, and how often a day it begins after a
    pause in which what may stop has stopped.
    """

    requests_per_hour: Number
    hours_per_day: Number
    cold_starts_per_day: Number

    def __post_init__(self) -> None:
        for name, value in (
            ("requests an hour", self.requests_per_hour),
            ("hours a day", self.hours_per_day),
            ("cold starts a day", self.cold_starts_per_day),
        ):
            most = HOURS_OF_DAY if name == "hours a day" else None
            known = isinstance(value, Fraction) or value.is_finite()
            if not known or value < 0 or (most is not None and value > most):
                raise CostError(f"{name}: found {value}; write 0 {'or more' if most is None else f'to {most}'}")


class Way(Protocol):
    """Anything that has a cost a month under a traffic."""

    @property
    def name(self) -> str: ...

    def exact(self, traffic: Traffic) -> Fraction:
        """USD a month."""
        ...

    def month(self, traffic: Traffic) -> Decimal:
        """The same, not rounded to cents."""
        ...

    def steps(self, most: Fraction) -> list[Fraction]:
        """Requests an hour, up to `most`, above which the cost jumps."""
        ...

    @property
    def wake_hours(self) -> Fraction:
        """Hours that a cold start costs beside those with traffic."""
        ...


@dataclass(frozen=True, slots=True)
class Served:
    """Replicas of one place. `carries` is what one replica serves in an hour, with its band; `spare` may be lost."""

    name: str
    runs_on: str
    host: str
    option: str | None
    price_source: str
    usd_per_hour: Decimal
    carries: Spread
    tokens: TokenCost
    replicas_per_host: int
    minimum: int
    spare: int
    wake_seconds: int

    @property
    def wake_hours(self) -> Fraction:
        """A start, and the time for which what is idle is kept."""
        return Fraction(self.wake_seconds, SECONDS_OF_HOUR)

    def replicas(self, requests_an_hour: Number) -> int:
        """Replicas that are paid for while so many requests come; a machine is paid as a whole."""
        carrying = ceil(Fraction(requests_an_hour) / Fraction(self.carries.typical))
        return self._whole(max(self.minimum, carrying + self.spare if carrying else 0))

    def exact(self, traffic: Traffic) -> Fraction:
        """Replicas for the traffic in its hours, the minimum otherwise, and what the others' starts and idle tails cost."""
        busy, least = self.replicas(traffic.requests_per_hour), self._whole(self.minimum)
        hours = Fraction(traffic.hours_per_day)
        quiet = HOURS_OF_DAY - hours
        wakes = min(Fraction(traffic.cold_starts_per_day) * self.wake_hours, quiet) if hours else Fraction(0)
        day = busy * hours + least * quiet + (busy - least) * wakes
        return Fraction(self.usd_per_hour) * day * DAYS_PER_MONTH

    def month(self, traffic: Traffic) -> Decimal:
        """USD a month."""
        return decimal(self.exact(traffic))

    def steps(self, most: Fraction) -> list[Fraction]:
        """Every multiple of what a replica carries."""
        each = Fraction(self.carries.typical)
        return [each * count for count in range(int(most / each) + 1)]

    def with_minimum(self, minimum: int) -> Served:
        """The same with another minimum. Raises CostError for a negative one."""
        if minimum < 0:
            raise CostError(f"minimum instances: found {minimum}; write 0 or more")
        return replace(self, minimum=minimum, name=f"{self.host}, minimum {minimum}")

    def _whole(self, replicas: int) -> int:
        return -(-replicas // self.replicas_per_host) * self.replicas_per_host


@dataclass(frozen=True, slots=True)
class Hosted:
    """A model that somebody else serves, paid by token; prices in USD a million tokens."""

    prompt_tokens: int
    answer_tokens: int
    usd_input: Decimal
    usd_output: Decimal
    name: str = "hosted API"

    def __post_init__(self) -> None:
        for name, price in (("--api-input", self.usd_input), ("--api-output", self.usd_output)):
            if not price.is_finite() or price <= 0:
                raise CostError(f"{name}: found {price}; a price in USD a million tokens is above zero")

    @property
    def usd_per_request(self) -> Fraction:
        """What a typical request costs."""
        usd = self.prompt_tokens * Fraction(self.usd_input) + self.answer_tokens * Fraction(self.usd_output)
        return usd / MILLION

    def exact(self, traffic: Traffic) -> Fraction:
        """Every request, and nothing else."""
        requests = Fraction(traffic.requests_per_hour) * Fraction(traffic.hours_per_day) * DAYS_PER_MONTH
        return requests * self.usd_per_request

    def month(self, traffic: Traffic) -> Decimal:
        """USD a month."""
        return decimal(self.exact(traffic))

    def steps(self, most: Fraction) -> list[Fraction]:
        """None: each request costs the same."""
        return []

    @property
    def wake_hours(self) -> Fraction:
        """None: it is always there."""
        return Fraction(0)


def decimal(value: Fraction) -> Decimal:
    """A fraction to the digits of Decimal."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def served(record: SizingRecord, minimum: int | None = None) -> Served:
    """The place of a record as a way to serve; without `minimum` it keeps as many replicas as it was sized with."""
    least = record.min_replicas if minimum is None else minimum
    bought = f" ({record.purchase_option})" if record.purchase_option else ""
    on_cloud_run = record.runs_on == "cloud-run"
    tail = CLOUD_RUN_IDLE_SECONDS if on_cloud_run else GKE_SCALE_DOWN_DELAY_SECONDS + GKE_NODE_REMOVAL_SECONDS
    host = f"{host_name(record)}{bought}" if on_cloud_run else f"GKE {host_name(record)}{bought}"
    return Served(
        name=f"{host}, minimum {least}",
        runs_on=record.runs_on,
        host=host,
        option=record.purchase_option,
        price_source=record.price_source,
        usd_per_hour=record.usd_per_hour,
        carries=requests_per_hour(record),
        tokens=token_cost(record),
        replicas_per_host=record.replicas_per_host,
        minimum=least,
        spare=1 if record.demand.high_availability else 0,
        wake_seconds=record.startup_seconds + tail,
    )


def hosted(demand: Demand, usd_input: Decimal, usd_output: Decimal) -> Hosted:
    """A hosted model with the typical request of a deployment."""
    answer = demand.typical_answer_tokens
    return Hosted(demand.typical_tokens - answer, answer, usd_input, usd_output)
