"""The typical loads of docs/decide.md: each a wish as a team would write it, and what comes in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.cost.break_even.comparison_data import shown
from components.cost.break_even.ways import DAYS_PER_MONTH, Traffic
from components.cost.prices.hosted_price import HOSTED_MODEL
from components.sizing.demand import Demand
from components.wish import DeploymentWish

#: The model of all loads: the one whose price at a hosted API is known, so that the same thing is compared.
MODEL = HOSTED_MODEL


@dataclass(frozen=True, slots=True)
class Load:
    """One typical load: the wish as a team would write it, and what comes in."""

    title: str
    words: str
    wish: DeploymentWish
    requests_per_hour: int
    hours_per_month: int
    cold_starts_per_day: int

    @property
    def demand(self) -> Demand:
        """The wish as sizing takes it."""
        return self.wish.demand("team")

    @property
    def traffic(self) -> Traffic:
        """The same as break-even takes it."""
        hours = Decimal(self.hours_per_month) / Decimal(DAYS_PER_MONTH.numerator) * DAYS_PER_MONTH.denominator
        return Traffic(Decimal(self.requests_per_hour), hours, Decimal(self.cold_starts_per_day))

    @property
    def told(self) -> str:
        """The load in a sentence."""
        demand = self.demand
        prompt = demand.typical_tokens - demand.typical_answer_tokens
        starts = "one cold start" if self.cold_starts_per_day == 1 else f"{self.cold_starts_per_day} cold starts"
        return (
            f"{self.words[0].upper()}{self.words[1:]}: {self.requests_per_hour:,} requests an hour of {prompt:,} + "
            f"{demand.typical_answer_tokens:,} tokens, {self.hours_per_month} hours a month "
            f"({shown(self.traffic.hours_per_day)} a day), {starts} a day, up to {demand.peak_concurrent_requests} requests at "
            f"once of at most {demand.context_tokens:,} tokens."
        )


LOADS = (
    Load(
        "A chat for a team",
        "some 30 people on working days",
        DeploymentWish(
            name="chat",
            model=MODEL,
            context_tokens=16_384,
            peak_concurrent_requests=4,
            typical_tokens=2000,
            active_hours_per_month=160,
            scale_to_zero=True,
        ),
        requests_per_hour=60,
        hours_per_month=160,
        cold_starts_per_day=2,
    ),
    Load(
        "A busy assistant",
        "a product's users, from morning to night",
        DeploymentWish(
            name="assistant", model=MODEL, context_tokens=32_768, peak_concurrent_requests=48, typical_tokens=4000
        ),
        requests_per_hour=2000,
        hours_per_month=480,
        cold_starts_per_day=1,
    ),
    Load(
        "A nightly batch",
        "documents, four hours a night; may be interrupted",
        DeploymentWish(
            name="batch",
            model=MODEL,
            context_tokens=16_384,
            peak_concurrent_requests=32,
            typical_tokens=6000,
            active_hours_per_month=122,
            workload="batch",
            scale_to_zero=True,
        ),
        requests_per_hour=1500,
        hours_per_month=122,
        cold_starts_per_day=1,
    ),
)
