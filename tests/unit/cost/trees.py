"""Environments of a test's own: the committed files in a folder, with other teams or settings."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import yaml

from components.cost.plan.environment_cost import EnvironmentCost
from stacks.costs import cost_of
from stacks.environment import read_environment
from stacks.plan import Plan, make_plan
from tests.committed_files import CommittedFiles

TODAY = datetime.date(2026, 11, 25)


class Project(CommittedFiles):
    """A copy of the project's files that can be changed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "dev", "prod")

    def setting(self, name: str, **values: Any) -> Project:
        """Sets settings of an environment."""
        path = self.folder / f"Pulumi.{name}.yaml"
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        data["config"]["gemma-platform:environment"].update(values)
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        return self

    def team(self, name: str, team: str, *deployments: dict[str, Any], budget: int = 100_000) -> Project:
        """Writes a team's file."""
        content = {
            "schema": 1,
            "team": team,
            "owner": team,
            "contact": f"{team}@example.com",
            "cost_center": "cc-1",
            "monthly_budget_usd": budget,
            "deployments": list(deployments),
        }
        path = self.folder / "stacks" / name / "teams" / f"{team}.yaml"
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return self

    def plan(self, name: str = "dev", today: datetime.date = TODAY) -> Plan:
        """The plan of an environment."""
        return make_plan(read_environment(self.folder, name)[0], today)

    def cost(self, name: str = "dev") -> EnvironmentCost:
        """Its cost."""
        return cost_of(self.plan(name))
