"""A comparison of ways to serve as plain data and as rows of tables."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from components.cost.break_even.comparison import Comparison
from components.cost.break_even.crossings import Crossing, cheapest
from components.cost.break_even.token_cost import Spread
from components.cost.break_even.ways import DAYS_PER_MONTH, Hosted, Number, Served, Way, decimal
from components.cost.money import dollars, to_cents
from components.cost.plan.plan_data import FORM, spread_data
from components.cost.plan.plan_rows import Rows, band
from components.cost.plan.published_cost import CURRENCY

_TENTH = Decimal("0.1")


def comparison_data(comparison: Comparison) -> dict[str, Any]:
    """The comparison as `cost break-even --json` prints it; points are exact to the digits of Decimal."""
    traffic = comparison.traffic
    return {
        "form": FORM,
        "deployment": comparison.demand.key,
        "model": comparison.demand.model,
        "currency": CURRENCY,
        "traffic": {
            "requests_per_hour": str(_plain(traffic.requests_per_hour)),
            "hours_per_day": str(_plain(traffic.hours_per_day)),
            "cold_starts_per_day": str(_plain(traffic.cold_starts_per_day)),
            "input_tokens": comparison.demand.typical_tokens - comparison.demand.typical_answer_tokens,
            "output_tokens": comparison.demand.typical_answer_tokens,
        },
        "requests_per_hour_looked_at": str(_plain(comparison.most)),
        "ways": [_way(way, comparison) for way in comparison.ways],
        "crossings": [
            {
                "axis": point.axis,
                "at": str(point.at),
                "cheaper_from_there": point.cheaper,
                "cheaper_below": point.dearer,
                "usd_per_month": str(to_cents(point.usd)),
            }
            for point in comparison.crossings
        ],
        "not_possible": comparison.why_not,
    }


def traffic_words(comparison: Comparison) -> str:
    """What is compared."""
    demand, traffic = comparison.demand, comparison.traffic
    prompt = demand.typical_tokens - demand.typical_answer_tokens
    hours = Fraction(traffic.hours_per_day)
    return (
        f"{demand.key} ({demand.model}): {shown(traffic.requests_per_hour)} requests an hour of {prompt:,} + "
        f"{demand.typical_answer_tokens:,} tokens, {shown(hours)} hours a day ({shown(hours * DAYS_PER_MONTH)} a month), "
        f"{shown(traffic.cold_starts_per_day)} cold starts a day"
    )


def way_rows(comparison: Comparison) -> Rows:
    """What each way costs under the traffic."""
    best = cheapest(comparison.ways, comparison.traffic)
    rows = []
    for way in comparison.ways:
        month = dollars(way.month(comparison.traffic))
        mark = "cheapest" if way is best else ""
        if isinstance(way, Served):
            tokens = way.tokens
            rows.append(
                (
                    way.name,
                    month,
                    f"{way.usd_per_hour:f}",
                    str(way.replicas(comparison.traffic.requests_per_hour)),
                    _count(way.carries),
                    "-" if tokens.prompt is None else band(tokens.prompt),
                    band(tokens.answer),
                    mark,
                )
            )
        elif isinstance(way, Hosted):
            prices = (f"{way.usd_input:f}", f"{way.usd_output:f}")
            rows.append((way.name, month, "-", "-", "any", *prices, mark))
    header = (
        "way",
        "USD a month",
        "replica-hour",
        "replicas",
        "requests an hour of one (estimate)",
        "USD a million input tokens",
        "output tokens",
        "",
    )
    return Rows("Under this traffic", header, frozenset({1, 2, 3}), tuple(rows))


def crossing_rows(comparison: Comparison) -> Rows:
    """Where another way becomes the cheaper one."""
    rows = tuple(
        (f"from {shown(point.at)} {point.axis}", point.cheaper, point.dearer, dollars(point.usd))
        for point in comparison.crossings
    )
    header = ("", "is cheaper", "than", "USD a month there")
    return Rows("Break-even", header, frozenset({3}), rows)


def source_words(comparison: Comparison) -> str:
    """Where the prices are from."""
    sources = dict.fromkeys(way.price_source for way in comparison.ways if isinstance(way, Served))
    return f"prices: {'; '.join(sources)}"


def shown(number: Number) -> str:
    """A number for people: whole from a hundred on, else with its tenths, or to three digits where it is small."""
    value = _plain(number)
    if abs(value) >= 100:
        return f"{value.quantize(Decimal(1), ROUND_HALF_UP):,}"
    if abs(value) >= 1 or value == 0:
        return f"{value.quantize(_TENTH, ROUND_HALF_UP):f}"
    return f"{float(value):.3g}"


def _plain(number: Number) -> Decimal:
    return decimal(number) if isinstance(number, Fraction) else number


def _count(spread: Spread) -> str:
    return f"{shown(spread.typical)} ({shown(spread.low)} to {shown(spread.high)})"


def _way(way: Way, comparison: Comparison) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": way.name, "usd_per_month": str(to_cents(way.month(comparison.traffic)))}
    if isinstance(way, Served):
        tokens = way.tokens
        plain |= {
            "runs_on": way.runs_on,
            "minimum": way.minimum,
            "replicas": way.replicas(comparison.traffic.requests_per_hour),
            "usd_per_replica_hour": f"{way.usd_per_hour:f}",
            "price_source": way.price_source,
            "requests_per_hour_of_a_replica": spread_data(way.carries),
            "usd_per_million_input_tokens": None if tokens.prompt is None else spread_data(tokens.prompt),
            "usd_per_million_output_tokens": spread_data(tokens.answer),
        }
    elif isinstance(way, Hosted):
        plain |= {
            "usd_per_million_input_tokens": str(way.usd_input),
            "usd_per_million_output_tokens": str(way.usd_output),
        }
    return plain


def points_on(comparison: Comparison, axis: str) -> list[Crossing]:
    """The points along one part of the traffic."""
    return [point for point in comparison.crossings if point.axis == axis]
