"""What measures cost in the cluster: OpenCost with the prices of this environment's nodes, and rules with its budgets.

Part of the composer: wires components as the settings ask for them and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pulumi

from components.cost.opencost.price_file import render_prices
from components.kubernetes.cost_monitoring import CostMonitoring, CostMonitoringArgs
from stacks.cost_rules import cost_rules
from stacks.plan import Plan
from stacks.serving import Serving


def monitor_costs(
    plan: Plan, serving: Serving, cluster_name: str, prices: Mapping[str, Decimal], on_cluster: pulumi.ResourceOptions
) -> CostMonitoring | None:
    """Registers it after the serving stack; None where the settings want none. `prices` are those of node_prices.py."""
    settings = plan.environment.settings
    if not settings.cost_monitoring.enabled:
        return None
    args = CostMonitoringArgs(
        project=settings.project,
        project_number=settings.project_number,
        cluster_name=cluster_name,
        prices=render_prices(prices),
        rules=cost_rules(plan, prices),
        mirror=serving.mirror,
        labels=plan.shared_labels.kubernetes(),
    )
    if settings.cost_monitoring.prometheus_url is not None:
        args["prometheus_url"] = settings.cost_monitoring.prometheus_url
    after = pulumi.ResourceOptions.merge(on_cluster, pulumi.ResourceOptions(depends_on=[serving.stack]))
    return CostMonitoring("cost-monitoring", args, after)
