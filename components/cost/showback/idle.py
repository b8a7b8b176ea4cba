"""Idle GPUs by name: what they cost, and what would release them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.cost.money import to_cents
from components.cost.showback.report import Report
from components.sizing.replicas import GKE_NODE_REMOVAL_SECONDS

#: Share of held time without a request from which a deployment is named (own choice).
MOSTLY_WAITING = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Idle:
    """GPUs that did nothing for some hours."""

    what: str
    hours: Decimal
    usd: Decimal
    release: str


def idle_gpus(report: Report) -> list[Idle]:
    """Nodes without a pod, and deployments that waited for most of the time that they held; the dearest first."""
    found = [
        Idle(
            f"node {node.node} ({node.price_class})",
            node.hours,
            to_cents(node.usd),
            "no pod was on it: the autoscaler removes such a node after "
            f"{GKE_NODE_REMOVAL_SECONDS // 60} minutes; longer ones come from a minimum size, a pod that cannot be moved, or a "
            "reservation",
        )
        for node in report.idle
    ]
    waiting = {bill.holder: bill.waiting for bill in report.bills}
    for key, usage in report.usages.items():
        if usage.serving_hours is None or not usage.held_hours:
            continue
        hours = usage.held_hours - usage.serving_hours
        if hours / usage.held_hours >= MOSTLY_WAITING:
            found.append(
                Idle(f"{key}, held without a request", hours, waiting.get(key, Decimal(0)), _release(report, key))
            )
    return sorted(found, key=lambda each: (-each.usd, each.what))


def _release(report: Report, key: str) -> str:
    record = report.records[key]
    file = f"stacks/{report.environment}/teams/{record.team}.yaml"
    if record.min_replicas == 0:
        return "it may stop already: requests come too often for it to be released"
    if record.min_replicas > 1:
        return (
            f"`availability: high` keeps {record.min_replicas} replicas; drop it, or add `scale_to_zero: true` ({file})"
        )
    return f"`scale_to_zero: true`, or `paused: true` until it is needed ({file})"
