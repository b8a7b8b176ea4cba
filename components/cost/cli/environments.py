"""What a command line reads of the stacks: an environment with its plan, and what the deployed stack published.

The command line stands above the stacks, although it is part of the components: nothing else of them may know one.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.cost.errors import CostError
from components.cost.plan.environment_cost import EnvironmentCost
from components.sizing.catalogue import Catalogue
from components.sizing.demand import Demand, Supply
from components.sizing.errors import did_you_mean
from components.smoke.errors import WrongUseError
from components.smoke.stack_outputs import read_outputs

if TYPE_CHECKING:
    from stacks.environment import Environment
    from stacks.plan import Plan


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """One environment as its files describe it. `fails_over_budget` is False where a budget only warns."""

    cost: EnvironmentCost
    today: datetime.date
    fails_over_budget: bool


def day_of(text: str | None) -> datetime.date | None:
    """The day that `--today` names. Raises CostError for what is none."""
    try:
        return None if text is None else datetime.date.fromisoformat(text)
    except ValueError:
        raise CostError(f"--today: found '{text}'; write a day such as 2026-11-25") from None


def plan_of(name: str, today: str | None) -> Plan:
    """The plan of an environment as of a day: the one given, else that of its settings. Raises CostError with every problem."""
    from stacks.plan import make_plan
    from stacks.problems import SettingsError

    given = day_of(today)
    environment, day = _environment(name)
    try:
        return make_plan(environment, given or day)
    except SettingsError as error:
        raise CostError(str(error)) from None


def prices_of(plan: Plan) -> dict[str, Decimal]:
    """USD an hour of its nodes by price class. Raises CostError with every class of which no price is known."""
    from stacks.node_prices import node_prices
    from stacks.problems import SettingsError

    try:
        return node_prices(plan)
    except SettingsError as error:
        raise CostError(str(error)) from None


def read_plan(name: str, today: str | None) -> Read:
    """The cost of an environment as of a day. Raises CostError with every problem of its files."""
    from policy.levels import advisory_in
    from policy.rules.team_cost import MONTHLY_BUDGET
    from stacks.costs import cost_of

    check_name(name)
    plan = plan_of(name, today)
    return Read(cost_of(plan), plan.today, MONTHLY_BUDGET not in advisory_in(name))


def read_demand(name: str, deployment: str) -> tuple[Demand, Supply, Catalogue, Any]:
    """(the wish, the supply, the catalogue, the share that is expected) of one deployment of an environment."""
    check_name(name)
    environment, day = _environment(name)
    wishes = {
        f"{loaded.team.team}/{wish.name}": wish.demand(loaded.team.team)
        for loaded in environment.teams
        for wish in loaded.team.deployments
    }
    if deployment not in wishes:
        raise CostError(f"--deployment: {name} has no '{deployment}'{did_you_mean(deployment, wishes)}")
    settings = environment.settings
    return wishes[deployment], settings.supply(day), environment.catalogue, settings.cost.expected_share


def deployed(outputs: str | None, name: str) -> tuple[Mapping[str, Any] | None, str]:
    """(the outputs of the deployed stack, why there are none).

    Raises CostError for a file that was named and cannot be used; a stack that cannot be asked is only told.
    """
    try:
        text = read_outputs(outputs, name)
    except WrongUseError as error:
        if outputs is not None:
            raise CostError(str(error)) from None
        return None, str(error)
    where = "standard input" if outputs == "-" else outputs or f"the stack {name}"
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        raise CostError(f"{where}: no JSON as `pulumi stack output --json` prints it") from None
    if not isinstance(found, dict):
        raise CostError(f"{where}: no mapping of outputs as `pulumi stack output --json` prints it")
    if not found and outputs is None:
        return None, f"the stack {name} was never updated"
    return found, ""


def check_name(name: str) -> None:
    """Raises CostError for a name that is no environment of this folder; it names those that there are."""
    from stacks.environment_names import environment_names

    there = environment_names(Path.cwd())
    if not there:
        raise CostError(f"{Path.cwd()} holds no Pulumi.<environment>.yaml; run this in the folder of Pulumi.yaml")
    if name not in there:
        raise CostError(f"--env: there is no environment '{name}'{did_you_mean(name, there)}")


def _environment(name: str) -> tuple[Environment, datetime.date]:
    """(an environment of this folder, its day). Raises CostError with every problem of its files."""
    from stacks.environment import read_environment
    from stacks.problems import SettingsError

    try:
        return read_environment(Path.cwd(), name)
    except SettingsError as error:
        raise CostError(str(error)) from None
