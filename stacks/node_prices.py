"""What the nodes of an environment cost an hour, by price class: every GPU node pool and the system pool. Pure."""

from __future__ import annotations

from decimal import Decimal

from components.cost.errors import CostError
from components.cost.opencost.price_file import SYSTEM_OPTION, gpu_machine_price, price_class, system_machine_price
from stacks.plan import Plan
from stacks.pools import PlannedLadder, PlannedPool
from stacks.problems import Problem, SettingsError
from stacks.settings import EnvironmentSettings


def class_of_pool(ladder: PlannedLadder, pool: PlannedPool) -> str:
    """The price class of a GPU node pool's nodes."""
    return price_class(_machine_of(ladder), ladder.record.region, pool.option)


def class_of_system_nodes(settings: EnvironmentSettings) -> str:
    """The price class of the system nodes."""
    return price_class(settings.cluster.system_machine_type, settings.region, SYSTEM_OPTION)


def node_prices(plan: Plan) -> dict[str, Decimal]:
    """USD an hour by class. Reservations of one machine type are one class: all cost what it costs on demand.

    Raises SettingsError with every class of which no price is known.
    """
    settings, catalogue = plan.environment.settings, plan.environment.catalogue
    supply = settings.supply(plan.today)
    found: dict[str, Decimal] = {}
    problems: list[Problem] = []
    for ladder in plan.ladders:
        for pool in ladder.pools:
            try:
                price = gpu_machine_price(_machine_of(ladder), pool.option, catalogue, supply)
                found[class_of_pool(ladder, pool)] = price
            except CostError as error:
                problems.append(_problem(plan, f"{pool.key}: {error}"))
    try:
        price = system_machine_price(settings.cluster.system_machine_type, settings.region)
        found[class_of_system_nodes(settings)] = price
    except CostError as error:
        problems.append(_problem(plan, str(error)))
    if problems:
        raise SettingsError(plan.environment.name, problems)
    return found


def _machine_of(ladder: PlannedLadder) -> str:
    if ladder.record.machine_type is None:
        raise AssertionError(f"ladder {ladder.name} stands for a record that is not on GKE")
    return ladder.record.machine_type


def _problem(plan: Plan, message: str) -> Problem:
    """The setting that asks for all prices is the one that can do without them."""
    return Problem(
        f"Pulumi.{plan.environment.name}.yaml",
        None,
        "cost_monitoring",
        f"{message}, or set cost_monitoring.enabled: false",
    )
