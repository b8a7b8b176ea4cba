"""A month as it is reported: measured use and sources put together, divided, reconciled, and looked through. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from components.cost.errors import CostError
from components.cost.money import CENT, ZERO
from components.cost.showback.billed import Billed
from components.cost.showback.bills import Bill, bills
from components.cost.showback.cluster_series import ClusterMonth
from components.cost.showback.division import divide_credits, divide_month
from components.cost.showback.engine_series import Engine, EngineUse, missing_metrics, serving_hours, use_of
from components.cost.showback.items import Family
from components.cost.showback.keys import keys
from components.cost.showback.month import Month
from components.cost.showback.nodes import ClassUse, DividedNodes, IdleNode, divide_nodes
from components.cost.showback.recommendations import Recommendation
from components.cost.showback.reconciliation import Reconciled, reconcile
from components.cost.showback.records import Record
from components.cost.showback.rule import FairnessRule
from components.cost.showback.usage import Usage

OPENCOST = "OpenCost, by Prometheus"


@dataclass(frozen=True, slots=True)
class ClassPrice:
    """Nodes of one price class: their hours, what the source says, and what the catalogue would."""

    used: ClassUse
    listed: Decimal

    @property
    def gap(self) -> Decimal:
        """How much more the source says."""
        return self.used.usd - self.listed


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is reported of a month. `without_source` are the families that nobody reported."""

    environment: str
    month: Month
    rule: FairnessRule
    bills: tuple[Bill, ...]
    usages: Mapping[str, Usage]
    #: What each deployment's engines served; none where nobody measured it.
    uses: Mapping[str, EngineUse]
    records: Mapping[str, Record]
    reconciled: tuple[Reconciled, ...]
    classes: tuple[ClassPrice, ...]
    idle: tuple[IdleNode, ...]
    without_source: tuple[Family, ...]
    budgets: Mapping[str, Decimal]
    warnings: tuple[str, ...]
    recommendations: tuple[Recommendation, ...] = ()

    @property
    def total(self) -> Decimal:
        """All bills together."""
        return sum((bill.total for bill in self.bills), ZERO)

    @property
    def teams(self) -> dict[str, Decimal]:
        """Sums of bills by team; platform and unattributed are among them where they pay."""
        found: dict[str, Decimal] = {}
        for bill in self.bills:
            found[bill.team] = found.get(bill.team, ZERO) + bill.total
        return dict(sorted(found.items()))

    def of_team(self, team: str) -> Report:
        """What one team sees: its own bills and advice. What all sources come to stays, as the frame that it is part of."""
        own = {name: usage for name, usage in self.usages.items() if usage.team == team}
        return replace(
            self,
            bills=tuple(bill for bill in self.bills if bill.team == team),
            usages=own,
            uses={name: use for name, use in self.uses.items() if name in own},
            idle=(),
            classes=(),
            budgets={name: usd for name, usd in self.budgets.items() if name == team},
            recommendations=tuple(each for each in self.recommendations if each.deployment in own),
        )


@dataclass(frozen=True, slots=True)
class Sources:
    """What a month is made of. `cluster` is read whatever the declared source of its cost is: it says who held what."""

    cluster: ClusterMonth
    engines: Mapping[Engine, EngineUse]
    billed: Billed
    declared: Mapping[Family, str]


def make_report(
    environment: str,
    month: Month,
    rule: FairnessRule,
    records: Mapping[str, Record],
    sources: Sources,
    prices: Mapping[str, Decimal],
    budgets: Mapping[str, Decimal],
    families: Sequence[Family],
) -> Report:
    """The report of a month. `prices` are USD an hour of the catalogue by price class.

    Raises CostError where a deployment held time and its metrics are missing, and for a class without a price.
    """
    divided = divide_nodes(sources.cluster.nodes, sources.cluster.pods)
    # what was held on GKE is known by pod, on Cloud Run by what was billed
    missing_metrics(divided.held_hours, records, sources.engines)
    usages = {key: _usage(record, divided, sources, use_of(record, sources.engines)) for key, record in records.items()}
    items = [*sources.billed.items]
    if sources.declared.get("cluster") == OPENCOST:
        items += [*divided.items, *sources.cluster.others]
    parts = divide_month(items, usages.values(), rule)
    back = divide_credits(sources.billed.credits, parts, keys(usages.values(), rule))
    classes = [ClassPrice(used, _list_price(used.price_class, prices) * used.hours) for used in divided.classes]
    listed: dict[Family, Decimal] = {"cluster": sum((each.listed for each in classes), Decimal(0))}
    if "Cloud Run" in sources.declared:
        hours = sources.billed.instance_hours
        listed["Cloud Run"] = sum((records[key].usd_per_hour * held for key, held in hours.items()), Decimal(0))
    # fees have no list price among the classes: they are taken as they are
    listed["cluster"] += sum((item.amount for item in sources.cluster.others), Decimal(0))
    return Report(
        environment=environment,
        month=month,
        rule=rule,
        bills=tuple(bills(parts, back, usages.values())),
        usages=usages,
        uses={key: use for key, record in records.items() if (use := use_of(record, sources.engines))},
        records=records,
        reconciled=tuple(reconcile(parts, back, sources.declared, _totals(sources, divided), listed)),
        classes=tuple(classes),
        idle=tuple(divided.idle),
        without_source=tuple(family for family in families if family not in sources.declared),
        budgets=budgets,
        warnings=tuple(_warnings(sources, records, usages)),
    )


def _usage(record: Record, divided: DividedNodes, sources: Sources, use: EngineUse | None) -> Usage:
    if record.runs_on == "gke":
        held = divided.held_hours.get(record.deployment, Decimal(0))
        pods = [pod for pod in sources.cluster.pods if pod.deployment == record.deployment]
        serving = serving_hours(use, pods) if use else None
    else:
        held = sources.billed.instance_hours.get(record.deployment, Decimal(0))
        serving = min(sum(use.hours.values(), Decimal(0)), held) if use else None
    return Usage(
        deployment=record.deployment,
        resident_gib=record.resident_gib,
        active_parameters=record.active_parameters,
        held_hours=held,
        serving_hours=serving,
        tokens=use.tokens if use else None,
        machine_types=frozenset(divided.held_types.get(record.deployment, ())),
    )


def _list_price(price_class: str, prices: Mapping[str, Decimal]) -> Decimal:
    if price_class not in prices:
        raise CostError(
            f"unknown price: nodes of {price_class} ran, and the catalogue has no price of that class (known: "
            f"{', '.join(sorted(prices))}); add it to `prices` of the organisation's catalogue"
        )
    return prices[price_class]


def _totals(sources: Sources, divided: DividedNodes) -> dict[Family, Decimal]:
    """What the sources say themselves, not what was made of it."""
    found: dict[Family, Decimal] = dict(sources.billed.totals)
    if sources.declared.get("cluster") == OPENCOST:
        fees = sum((item.amount for item in sources.cluster.others), Decimal(0))
        found["cluster"] = fees + sum((used.usd for used in divided.classes), Decimal(0))
    return found


def _warnings(sources: Sources, records: Mapping[str, Record], usages: Mapping[str, Usage]) -> Iterable[str]:
    if sources.cluster.gap_hours >= 1:
        hours = sources.cluster.gap_hours.quantize(CENT)
        yield f"for {hours} hours no node was measured; nodes without a pod then cost nothing here"
    for pod in sources.cluster.pods:
        if pod.deployment is None:
            continue
        record = records[pod.deployment]
        use = use_of(record, sources.engines)
        if use and pod.name not in use.hours and pod.seconds > record.startup_seconds:
            hours = (pod.seconds / 3600).quantize(CENT)
            yield f"{pod.deployment}: pod {pod.name} held GPUs for {hours} hours without a metric of its engine"
    for key, usage in usages.items():
        if usage.tokens is None and records[key].runs_on == "cloud-run":
            yield f"{key}: tokens on Cloud Run are not measured without a metrics sidecar; its key is memory alone"
