"""What a report reads of an environment's files: its rule, budgets, prices, pools, and what its teams wish for."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from components.cost.cli.environments import check_name, plan_of, prices_of
from components.cost.errors import CostError
from components.cost.opencost.price_file import gpu_machine_price
from components.cost.showback.nodes import Node
from components.cost.showback.rule import FairnessRule, rule_of
from components.naming import Scope, Service, cloud_name
from components.sizing.catalogue import Catalogue, PurchaseOption
from components.sizing.demand import Demand, Supply
from components.sizing.errors import SizingError


@dataclass(frozen=True, slots=True)
class ReportEnvironment:
    """One environment. `pools` has the machine type of each GPU node pool by its cloud name."""

    name: str
    scope: Scope
    today: datetime.date
    rule: FairnessRule
    budgets: Mapping[str, Decimal]
    demands: Mapping[str, Demand]
    supply: Supply
    catalogue: Catalogue
    prices: Mapping[str, Decimal]
    pools: Mapping[str, str]
    cluster: str
    prometheus_url: str | None
    labels: Mapping[str, str]
    #: Groups of recording rules and alerts.
    rules: Mapping[str, Any]

    def list_prices(self, nodes: Iterable[Node]) -> dict[str, Decimal]:
        """USD an hour by class: of the pools as planned now, and of other classes that ran, where the catalogue knows them."""
        found = dict(self.prices)
        for node in nodes:
            machine, region, option = (*node.price_class.split("_"), "", "", "")[:3]
            if node.price_class not in found and region == self.supply.region and option:
                try:
                    found[node.price_class] = gpu_machine_price(machine, _option(option), self.catalogue, self.supply)
                except (CostError, SizingError, KeyError, ValueError):
                    continue  # whoever needs the price names the class
        return found


def read_report_environment(name: str, today: str | None) -> ReportEnvironment:
    """Raises CostError with every problem of its files."""
    # the command line stands above the stacks, although it is part of the components
    from stacks.cost_rules import cost_rules

    check_name(name)
    plan = plan_of(name, today)
    prices = prices_of(plan)
    environment, settings = plan.environment, plan.environment.settings
    scope = Scope(settings.project, name)
    return ReportEnvironment(
        name=name,
        scope=scope,
        today=plan.today,
        rule=rule_of(settings.cost.work_share, settings.cost.answer_weight, f"Pulumi.{name}.yaml"),
        budgets={loaded.team.team: loaded.team.monthly_budget_usd for loaded in environment.teams},
        demands={planned.key: planned.record.demand for planned in plan.deployments},
        supply=settings.supply(plan.today),
        catalogue=environment.catalogue,
        prices=prices,
        pools={
            cloud_name(Service.NODE_POOL, scope, pool.key): ladder.record.machine_type
            for ladder in plan.ladders
            for pool in ladder.pools
            if ladder.record.machine_type is not None
        },
        cluster=cloud_name(Service.CLUSTER, scope),
        prometheus_url=settings.cost_monitoring.prometheus_url,
        labels=plan.shared_labels.kubernetes(),
        rules=cost_rules(plan, prices),
    )


def _option(text: str) -> PurchaseOption:
    """A purchase option as the catalogue calls it; raises ValueError for anything else."""
    for option in ("on-demand", "reservation", "flex-start", "spot"):
        if text == option:
            return option
    raise ValueError(text)
