"""What an application team writes: one YAML file a team. Fields are only ever added.

Owns what belongs to the team; the models that it wants to call are `components/wish.py`'s.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from components.labels import VALUE_PATTERN
from components.wish import NAME_PATTERN, DeploymentWish, Email, Form, Name, Positive

__all__ = ["NAME_PATTERN", "DeploymentWish", "Email", "LabelValue", "Name", "Positive", "TeamFile"]

LabelValue = Annotated[str, Field(pattern=VALUE_PATTERN)]


class TeamFile(Form):
    """One team of an environment and the models it wants to call."""

    schema_version: Literal[1] = Field(alias="schema", description="Version of this form.")
    team: Name = Field(
        description="Name of the team: a DNS label of at most 20 characters, equal to the name of this file."
    )
    owner: LabelValue = Field(description="Who owns it: lower-case letters, digits, - and _. Becomes a label.")
    contact: Email = Field(description="E-mail address to ask. Becomes an annotation.")
    group: Email | None = Field(
        default=None,
        description="Google group with access to the namespace and to the team's endpoints. Default: none.",
    )
    on_call_group: Email | None = Field(
        default=None,
        description="Google group of those on call: may delete pods, and stop and start a deployment. Default: none.",
    )
    cost_center: LabelValue = Field(description="Who pays: lower-case letters, digits, - and _. Becomes a label.")
    monthly_budget_usd: Annotated[Decimal, Field(gt=0)] = Field(description="Budget of the team in USD a month.")
    deployments: tuple[DeploymentWish, ...] = Field(default=(), description="The models that the team wants to call.")
