"""What the platform's engineers agree to lose: resources that a change may replace or delete, each for a while."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from policy.plan_check.alarms import Acknowledgement
from stacks.setting_groups import Day, SettingsGroup


class AcknowledgementSettings(SettingsGroup):
    """One cluster, node pool, bucket or secret that a change may replace or delete."""

    resource: Annotated[str, Field(pattern=r"^\S+$")] = Field(
        description="Its name as a preview shows it, or <type>::<name> where two have the same name."
    )
    reason: Annotated[str, Field(min_length=10)] = Field(
        description="Why that is meant, and what becomes of what it holds."
    )
    expires: Day = Field(description="Last day on which it holds, in UTC.")

    @property
    def acknowledgement(self) -> Acknowledgement:
        """As the check of a plan takes it."""
        return Acknowledgement(self.resource, self.reason, self.expires)
