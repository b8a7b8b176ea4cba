"""What a component tells of a wish beside its endpoint: where it was placed, and what a month is expected to cost."""

from typing import Any

import pulumi

from components.planned_model import PlannedModel


def described(planned: PlannedModel | None) -> tuple[pulumi.Output[str] | None, pulumi.Output[str] | None]:
    """(placement in words, USD a month); nothing where there was no wish."""
    if planned is None:
        return None, None
    return pulumi.Output.from_input(planned.record.placement), pulumi.Output.from_input(
        str(planned.cost.amounts.expected)
    )


def outputs_of(
    endpoint: pulumi.Output[Any], placement: pulumi.Output[str] | None, usd_per_month: pulumi.Output[str] | None
) -> dict[str, Any]:
    """The outputs to register; without a wish the endpoint alone."""
    more = {"placement": placement, "expected_usd_per_month": usd_per_month}
    return {"endpoint": endpoint, **{name: value for name, value in more.items() if value is not None}}
