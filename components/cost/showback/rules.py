"""Recording rules and alerts about cost, for any Prometheus and for Managed Prometheus: the one place where they are written.
Pure.

They serve dashboards and alerts and are estimates: rates are extrapolated, and nothing shared is divided. Bills are made of raw
samples (samples.py). Budgets, list prices and bands of an environment stand in them as numbers, so that they are written anew
when these change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from components.cost.showback import series
from components.sizing.replicas import GKE_NODE_REMOVAL_SECONDS, GKE_SCALE_DOWN_DELAY_SECONDS, HOURS_PER_MONTH

#: As often as OpenCost is scraped. A sample is seen for less than five minutes: rules that ask others would find nothing now and
#: then at that interval (Prometheus 3 does not see one that is five minutes old).
INTERVAL = "1m"
#: Percent by which OpenCost's price may differ from the catalogue's: that of the check after an update.
MOST_DRIFT = Decimal("0.02")
#: How much of a month's budget an hour may burn at twice its pace, before people are told at once.
FAST_BURN = 2
#: Share of the time without a request below which a busy deployment's cost of a token says something about its speed.
BUSY = Decimal("0.5")
#: Share of a day in which a deployment served, below which it is called idle.
LEAST_SERVING = Decimal("0.05")
#: Minutes after which the autoscaler should have removed a node, doubled.
IDLE_MINUTES = 2 * (GKE_SCALE_DOWN_DELAY_SECONDS + GKE_NODE_REMOVAL_SECONDS) // 60

USD_HOUR = "gemma:deployment:usd_per_hour"
TEAM_USD_HOUR = "gemma:namespace:usd_per_hour"
IDLE_USD_HOUR = "gemma:idle_node:usd_per_hour"
SERVING = "gemma:deployment:serving"
TOKENS = "gemma:deployment:tokens_per_second"
WORK = "gemma:deployment:weighted_tokens_per_second"
USD_MILLION = "gemma:deployment:usd_per_million_tokens"
BUDGET = "gemma:namespace:budget_usd_per_month"
LIST_PRICE = "gemma:price_class:list_usd_per_hour"
PRICE = "gemma:price_class:usd_per_hour"
BAND = "gemma:deployment:usd_per_million_tokens_at_most"

_HELD = f'{series.HELD_GPUS}{{container!="",node!=""}} > 0'
#: Which deployment a pod is of.
_POD = (
    f'max by (namespace, pod, model_name) (label_replace({series.POD_LABELS}{{{series.OF_INFERENCE_SERVICE}!=""}}, '
    f'"model_name", "$1", "{series.OF_INFERENCE_SERVICE}", "(.+)"))'
)
#: Which class a node is of.
_CLASS = (
    f'max by (node, price_class) (label_replace({series.NODE_LABELS}{{{series.OF_PRICE_CLASS}!=""}}, '
    f'"price_class", "$1", "{series.OF_PRICE_CLASS}", "(.+)"))'
)
_NODE_PRICE = f"max by (node) ({series.NODE_PRICE})"
_ENGINE = "namespace, model_name"


@dataclass(frozen=True, slots=True)
class Limits:
    """What alerts compare with: budgets by namespace, list prices by class, and the most that a million tokens should cost, by
    namespace and deployment."""

    environment: str
    budgets: Mapping[str, Decimal]
    list_prices: Mapping[str, Decimal]
    bands: Mapping[tuple[str, str], Decimal]


def rule_groups(limits: Limits, answer_weight: Decimal) -> dict[str, Any]:
    """All groups, as a rule file holds them."""
    return {
        "groups": [
            {"name": "gemma-cost-limits", "interval": INTERVAL, "rules": _constants(limits)},
            {"name": "gemma-cost", "interval": INTERVAL, "rules": _records(answer_weight)},
            {"name": "gemma-cost-alerts", "interval": INTERVAL, "rules": _alerts(limits.environment)},
        ]
    }


def _constants(limits: Limits) -> list[dict[str, Any]]:
    found = [_constant(BUDGET, usd, namespace=namespace) for namespace, usd in sorted(limits.budgets.items())]
    found += [_constant(LIST_PRICE, usd, price_class=name) for name, usd in sorted(limits.list_prices.items())]
    found += [
        _constant(BAND, usd, namespace=namespace, model_name=name)
        for (namespace, name), usd in sorted(limits.bands.items())
    ]
    return found


def _constant(name: str, value: Decimal, **labels: str) -> dict[str, Any]:
    return {"record": name, "expr": f"vector({value:f})", "labels": labels}


def _records(answer_weight: Decimal) -> list[dict[str, Any]]:
    per_node = f"sum by (node) ({_HELD})"
    held = f"sum by (namespace, pod, node) ({_HELD})"
    prompt, cached, answer = (
        f"sum by ({_ENGINE}) (rate({name}[15m]))" for name in (series.PROMPT, series.CACHED, series.ANSWER)
    )
    return [
        {
            "record": USD_HOUR,
            "expr": f"sum by ({_ENGINE}) ({held} / on (node) group_left {per_node} * on (node) group_left {_NODE_PRICE} "
            f"* on (namespace, pod) group_left (model_name) {_POD})",
        },
        {"record": TEAM_USD_HOUR, "expr": f"sum by (namespace) ({USD_HOUR})"},
        {
            "record": IDLE_USD_HOUR,
            "expr": f"({_NODE_PRICE} and on (node) max by (node) ({series.NODE_GPUS}) > 0) unless on (node) {per_node}",
        },
        {
            "record": SERVING,
            "expr": f"avg by ({_ENGINE}) (max by (namespace, pod, model_name) ({series.RUNNING}) > bool 0)",
        },
        {"record": TOKENS, "expr": f"{prompt} + {answer}"},
        {"record": WORK, "expr": f"{prompt} - {cached} + {answer_weight:f} * {answer}"},
        {
            "record": USD_MILLION,
            "expr": f"avg_over_time({USD_HOUR}[6h]) / (avg_over_time({TOKENS}[6h]) > 0) / 3600 * 1000000",
        },
        {
            "record": PRICE,
            "expr": f"max by (price_class) ({_NODE_PRICE} * on (node) group_left (price_class) {_CLASS})",
        },
    ]


def _alerts(environment: str) -> list[dict[str, Any]]:
    month = f"avg_over_time({TEAM_USD_HOUR}[1d]) * {HOURS_PER_MONTH}"
    fast = f"avg_over_time({TEAM_USD_HOUR}[1h]) * {HOURS_PER_MONTH}"
    engines = f"max by ({_ENGINE}) ({series.RUNNING})"
    return [
        _alert(
            "BudgetBurn",
            f"{month} > on (namespace) {BUDGET}",
            "6h",
            "warning",
            environment,
            '{{ $labels.namespace }} spends USD {{ $value | printf "%.0f" }} a month at today\'s pace, above its budget',
        ),
        _alert(
            "BudgetBurnFast",
            f"{fast} > on (namespace) {FAST_BURN} * {BUDGET}",
            "30m",
            "critical",
            environment,
            '{{ $labels.namespace }} spends USD {{ $value | printf "%.0f" }} a month at this hour\'s pace, '
            f"more than {FAST_BURN} times its budget",
        ),
        _alert(
            "IdleGpuNode",
            f"{IDLE_USD_HOUR} > 0",
            f"{IDLE_MINUTES}m",
            "warning",
            environment,
            'GPU node {{ $labels.node }} has no pod and costs USD {{ $value | printf "%.2f" }} an hour',
        ),
        _alert(
            "IdleDeployment",
            f"avg_over_time({SERVING}[1d]) < {LEAST_SERVING} and on ({_ENGINE}) {USD_HOUR} > 0",
            "1h",
            "warning",
            environment,
            "{{ $labels.namespace }}/{{ $labels.model_name }} holds GPUs and served {{ $value | humanizePercentage }} of a day; "
            "scale_to_zero would release them",
        ),
        _alert(
            "PriceDrift",
            f"abs({PRICE} / on (price_class) {LIST_PRICE} - 1) > {MOST_DRIFT}",
            "1h",
            "warning",
            environment,
            "OpenCost's price of {{ $labels.price_class }} is {{ $value | humanizePercentage }} off the catalogue's; run "
            "`python -m components.cost check-opencost`",
        ),
        _alert(
            "NodeWithoutListPrice",
            f"{PRICE} unless on (price_class) {LIST_PRICE}",
            "1h",
            "warning",
            environment,
            "nodes of {{ $labels.price_class }} run, of which the catalogue's price is not among these rules; write them anew",
        ),
        _alert(
            "CostPerTokenAboveBand",
            f"{USD_MILLION} > on ({_ENGINE}) {BAND} and on ({_ENGINE}) avg_over_time({SERVING}[6h]) > {BUSY}",
            "1h",
            "warning",
            environment,
            'a million tokens of {{ $labels.namespace }}/{{ $labels.model_name }} cost USD {{ $value | printf "%.2f" }}, above '
            "the estimate's band, although it is busy",
        ),
        _alert(
            "EngineMetricsMissing",
            f"{USD_HOUR} > 0 unless on ({_ENGINE}) {engines}",
            f"{IDLE_MINUTES}m",
            "critical",
            environment,
            "{{ $labels.namespace }}/{{ $labels.model_name }} holds GPUs and lacks series of its engine: no bill can be made",
        ),
    ]


def _alert(name: str, expr: str, lasting: str, severity: str, environment: str, summary: str) -> dict[str, Any]:
    return {
        "alert": f"Gemma{name}",
        "expr": expr,
        "for": lasting,
        "labels": {"severity": severity, "environment": environment},
        "annotations": {"summary": summary},
    }
