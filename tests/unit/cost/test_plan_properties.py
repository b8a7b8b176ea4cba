"""What holds of every plan, on exact amounts, and what a plan refuses."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.cost.errors import CostError
from components.cost.plan.amounts import total
from components.cost.plan.environment_cost import SharedCost, TeamBudget, environment_cost
from components.cost.plan.load import replicas_at
from components.sizing.prices import Rung
from stacks.problems import SettingsError
from tests.unit.cost.sized import changed, cost, record
from tests.unit.cost.trees import Project


@st.composite
def loads(draw: st.DrawFn) -> dict[str, Any]:
    """A load with the replicas that carry it, as placement would choose them."""
    slots, per_host, high = draw(st.integers(1, 64)), draw(st.sampled_from([1, 2, 4])), draw(st.booleans())
    peak = draw(st.integers(1, 500))
    least = draw(st.integers(0, 3)) * per_host
    carrying = -(-peak // slots) + (1 if high else 0)
    most = max(least, -(-carrying // per_host) * per_host)
    usd = draw(st.decimals("0.000001", "99", places=6))
    return {
        "peak": peak,
        "slots": slots,
        "per_host": per_host,
        "high": high,
        "replicas": (least, most),
        "usd": usd,
        "hours": draw(st.integers(0, 730)),
    }


shares = st.decimals("0.01", "1", places=2)


@settings(deadline=None)
@given(loads(), shares)
def test_the_least_is_not_above_the_expected_nor_that_above_the_peak(load: dict[str, Any], share: Decimal) -> None:
    month = cost(changed(**load), share).amounts
    assert 0 <= month.minimum <= month.expected <= month.peak
    assert 0 <= month.idle <= month.minimum


@settings(deadline=None)
@given(loads(), shares, st.integers(0, 730))
def test_more_active_hours_are_never_cheaper(load: dict[str, Any], share: Decimal, hours: int) -> None:
    fewer, more = sorted((hours, load["hours"]))
    first, second = (cost(changed(**{**load, "hours": each}), share) for each in (fewer, more))
    assert first.amounts.expected <= second.amounts.expected
    assert first.amounts.idle >= second.amounts.idle


@settings(deadline=None)
@given(loads(), shares, shares)
def test_a_larger_share_of_the_peak_is_never_cheaper(load: dict[str, Any], one: Decimal, other: Decimal) -> None:
    sized = changed(**load)
    assert cost(sized, min(one, other)).amounts.expected <= cost(sized, max(one, other)).amounts.expected


@settings(deadline=None)
@given(loads())
def test_the_whole_peak_takes_the_most_replicas_and_a_whole_month_of_it_costs_the_peak(load: dict[str, Any]) -> None:
    sized = changed(**{**load, "hours": 730})
    month = cost(sized, "1")
    if load["per_host"] == 1 and load["replicas"][0] <= replicas_at(sized, Decimal(1)):
        assert month.amounts.expected == month.amounts.peak
    assert month.amounts.idle == 0


@settings(deadline=None)
@given(st.lists(loads(), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_teams_does_not_matter_and_totals_add_up(
    found: list[dict[str, Any]], order: random.Random
) -> None:
    costs = [cost(changed(f"team-{number % 3}/model-{number}", **load)) for number, load in enumerate(found)]
    budgets = [TeamBudget(f"team-{number}", Decimal(10), "file") for number in range(3)]
    shared = [SharedCost("fee", costs[0].amounts, "", None), SharedCost("logs", None, "", None)]
    plan = environment_cost("dev", "us-central1", Decimal("0.5"), costs, shared, budgets)
    assert total([*plan.teams.values(), plan.shared_total]) == plan.total
    assert plan.total.year == 12 * plan.total.expected
    mixed = order.sample(costs, len(costs))
    assert environment_cost("dev", "us-central1", Decimal("0.5"), mixed, shared, budgets[::-1]) == plan


def test_one_replica_of_a_shared_machine_pays_all_of_it() -> None:
    half = changed(peak=1, slots=8, replicas=(0, 4), per_host=4, hours=100, usd=Decimal("0.25"))
    # one replica on a machine of four: 4 x 0.25 x 100
    assert cost(half).amounts.expected == Decimal("100.00")
    assert cost(half).machines == (0, 1, 1)


def test_paused_costs_nothing_whatever_it_would_cost() -> None:
    month = cost(changed(replicas=(2, 4), peak=32), paused=True)
    assert (month.amounts.peak, month.replicas) == (0, (0, 0, 0))


def test_with_high_availability_one_replica_more_than_carries_the_share_runs() -> None:
    # 32 of 64 at once over 16 a replica are 2, and one may be lost
    assert replicas_at(changed(peak=64, slots=16, replicas=(2, 5), high=True), Decimal("0.5")) == 3


@pytest.mark.parametrize("option", ["flex-start", "spot"])
def test_an_option_in_use_without_a_price_fails_by_name(option: Any) -> None:
    ladder = (Rung(option, None), Rung("on-demand", Decimal("0.853624")))
    with pytest.raises(CostError, match=f"no price is known for g2-standard-8 as {option} in us-central1"):
        cost(replace(record(), ladder=ladder))


def test_a_machine_without_a_price_on_demand_fails_by_name() -> None:
    with pytest.raises(CostError, match="no price is known for g2-standard-8 as on-demand in europe-west4"):
        cost(replace(record(), region="europe-west4"))


def test_a_plan_with_an_option_without_a_price_is_refused_with_the_file_and_the_way_out(project: Project) -> None:
    project.setting("dev", purchase_order=["flex-start", "spot"])
    with pytest.raises(SettingsError) as caught:
        project.plan()
    assert "payments.yaml:10: deployments[0]: no price is known for g2-standard-24 as flex-start" in str(caught.value)
    assert "add the price to `prices` of the organisation's catalogue" in str(caught.value)


def test_the_price_of_the_organisations_own_catalogue_is_enough(project: Project) -> None:
    row = 'prices: [{machine: g2-standard-24, region: us-central1, on-demand: "2.0", spot: "1.0", flex-start: "1.5"}]'
    (project.folder / "own.yaml").write_text(row, encoding="utf-8")
    cost = project.setting("dev", purchase_order=["flex-start", "spot"], catalogue="own.yaml").cost()
    (assistant,) = (each for each in cost.deployments if each.deployment == "payments/assistant")
    assert {each.option: each.usd_per_hour for each in assistant.options} == {
        "flex-start": Decimal("1.5"),
        "spot": Decimal(1),
    }


def test_system_nodes_without_a_price_fail_by_name(project: Project) -> None:
    settings = project.folder / "Pulumi.dev.yaml"
    text = settings.read_text(encoding="utf-8").replace(
        "      location: zonal\n", "      location: zonal\n      system_machine_type: n2-standard-4\n"
    )
    settings.write_text(text, encoding="utf-8")
    with pytest.raises(
        CostError, match="n2-standard-4 as on-demand in us-central1, the machine type of the system nodes"
    ):
        project.cost()


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_every_host_of_the_committed_environments_has_all_prices_in_use(project: Project, name: str) -> None:
    plan = project.plan(name)
    assert plan.deployments
    for planned in plan.deployments:
        priced = {each.option for each in planned.cost.options}
        assert priced == {rung.option for rung in planned.record.ladder}, planned.key
        assert planned.cost.usd_per_hour > 0
