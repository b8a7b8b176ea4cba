"""What changes against the deployed stack: every cause is told, differences are those of the shown cents, bad outputs fail."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.cost.errors import CostError
from components.cost.money import dollars
from components.cost.plan.amounts import Amounts
from components.cost.plan.changes import Change, changes, in_sum, told
from components.cost.plan.environment_cost import EnvironmentCost, SharedCost, environment_cost
from components.cost.plan.published_cost import published_cost, published_total
from stacks.cost_notes import PreviewCost, cost_notes
from stacks.costs import cost_of
from tests.unit.cost.trees import Project

PAYMENTS, SUPPORT = "stacks/dev/teams/payments.yaml", "stacks/dev/teams/support.yaml"


def outputs(cost: EnvironmentCost) -> dict[str, Any]:
    """What a stack with this cost would have published, through JSON."""
    records = {each.deployment: {"cost": published_cost(each)} for each in cost.deployments}
    return json.loads(json.dumps({"records": records, "cost": published_total(cost)}))


def of(found: list[Change], what: str) -> Change:
    """The change of one line."""
    (change,) = (each for each in found if each.what == what)
    return change


def test_nothing_changes_against_itself(project: Project) -> None:
    cost = project.cost()
    assert changes(cost, outputs(cost)) == []
    assert cost_notes(cost, outputs(cost))[0].endswith("unchanged")


def test_a_mere_price_change_shows_with_both_prices(project: Project) -> None:
    before = outputs(project.cost())
    adjusted = {"sku": "g2-standard-24", "percent": 10, "reason": "contract", "date": "2026-11-01"}
    cost = project.setting("dev", price_adjustments=[adjusted]).cost()
    (change,) = changes(cost, before)
    # 1.200136 + 10 % = 1.320150 (rounded to a millionth) x 730 = 963.7095
    assert change.expected == Decimal("963.71") - Decimal("876.10")
    assert change.causes == ("price: 1.200136 an hour -> 1.320150 an hour",)
    assert told(change) == (
        "payments/assistant: +$87.61 a month expected, now 963.71 (price: 1.200136 an hour -> 1.320150 an hour)"
    )


def test_hours_replicas_machine_and_option_are_told_as_causes(project: Project) -> None:
    before = outputs(project.cost())
    project.setting(
        "dev", purchase_order=["on-demand"], quota={"gke": {"nvidia-l4": 64}, "cloud_run": {"nvidia-l4": 3}}
    )
    project.edit(PAYMENTS, "peak_concurrent_requests: 16", "peak_concurrent_requests: 96")
    project.edit(SUPPORT, "active_hours_per_month: 160", "active_hours_per_month: 300")
    found = changes(project.cost(), before)
    causes = {each.what: [cause.partition(":")[0] for cause in each.causes] for each in found}
    assert causes["payments/assistant"] == ["option", "replicas", "price"]
    assert causes["support/helpdesk"] == ["active hours"]
    assert of(found, "support/helpdesk").expected == Decimal("426.28") - Decimal("227.35")  # 300 x 1.42092
    assert [abs(each.expected) for each in found] == sorted((abs(each.expected) for each in found), reverse=True)


def test_what_comes_and_goes_is_told_with_all_that_it_costs(project: Project) -> None:
    before = outputs(project.cost())
    (project.folder / SUPPORT).unlink()
    one = {"name": "ranker", "model": "gemma-4-e4b-it", "context_tokens": 8192, "peak_concurrent_requests": 4}
    found = changes(project.team("dev", "search", {**one, "runs_on": "gke"}).cost(), before)
    assert of(found, "support/helpdesk").causes == ("removed",)
    assert of(found, "support/helpdesk").expected == Decimal("-227.35")
    new = of(found, "search/ranker")
    assert (new.causes, new.expected) == (("added",), new.after.expected)
    assert of(found, "Cloud NAT").causes[0].startswith("how: 2 nodes")


def test_a_change_at_the_peak_alone_is_told_as_such(project: Project) -> None:
    before = outputs(project.setting("dev", quota={"gke": {"nvidia-l4": 64}, "cloud_run": {"nvidia-l4": 3}}).cost())
    project.edit(PAYMENTS, "peak_concurrent_requests: 16", "peak_concurrent_requests: 40")
    change = of(changes(project.cost(), before), "payments/assistant")
    assert (change.expected, change.peak > 0) == (0, True)
    assert "the same expected, +$" in told(change)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), st.decimals("0", "9999", places=2)), st.data())
def test_the_sum_of_changes_is_the_difference_of_the_totals(after: dict[str, Decimal], data: st.DataObject) -> None:
    before = data.draw(st.dictionaries(st.sampled_from("abcdef"), st.decimals("0", "9999", places=2)))

    def block(usd: Decimal) -> dict[str, str]:
        return {f"{name}_usd_per_month": str(usd) for name in ("minimum", "expected", "peak", "idle")}

    shared = [SharedCost(name, Amounts(usd, usd, usd), "", None) for name, usd in after.items()]
    cost = environment_cost("dev", "r", Decimal("0.5"), [], shared, [])
    found = changes(cost, {"records": {}, "cost": {"shared": {name: block(usd) for name, usd in before.items()}}})
    assert in_sum(found) == sum(after.values()) - sum(before.values())
    for change in found:
        assert Decimal(dollars(change.after.expected).replace(",", "")) - Decimal(
            dollars(change.before.expected).replace(",", "")
        ) == (change.expected)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda o: o.pop("records"), "the outputs have no `records`"),
        (lambda o: o.update(records=[]), "the outputs have no `records`"),
        (lambda o: o["records"]["payments/assistant"].pop("cost"), "record of payments/assistant states no cost"),
        (lambda o: o["records"].update({"payments/assistant": 7}), "record of payments/assistant states no cost"),
        (lambda o: o["records"]["payments/assistant"]["cost"].update(currency="EUR"), "payments/assistant is in EUR"),
        (
            lambda o: o["records"]["payments/assistant"]["cost"].update(peak_usd_per_month="much"),
            "says peak_usd_per_month: 'much', which is no amount",
        ),
        (
            lambda o: o["records"]["payments/assistant"]["cost"].update(peak_usd_per_month="-1"),
            "says peak_usd_per_month: '-1', which is no amount",
        ),
        (lambda o: o.pop("cost"), "the outputs have no `cost` of the shared parts"),
    ],
)
def test_outputs_that_cannot_be_compared_fail_with_one_sentence(project: Project, change: Any, words: str) -> None:
    cost = project.cost()
    bad = outputs(cost)
    change(bad)
    with pytest.raises(CostError, match=words) as caught:
        changes(cost, bad)
    assert "\n" not in str(caught.value)


def test_a_preview_tells_total_range_year_and_change(project: Project) -> None:
    before = outputs(project.cost())
    project.edit(SUPPORT, "active_hours_per_month: 160", "active_hours_per_month: 300")
    preview = PreviewCost(project.plan())
    summary, line = preview.notes(before)
    assert summary == (
        "cost: USD 1,509.74 a month expected (1,083.46 to 2,120.73, 18,116.88 a year, 612.07 of it idle); +$198.93 against what "
        "is deployed"
    )
    assert line.startswith("cost: support/helpdesk: +$198.93 a month expected, now 426.28 (active hours: 160 -> 300)")
    assert preview.notes({})[0].endswith("nothing is deployed to compare with")
    assert "not compared: the outputs have no `cost`" in preview.notes({"records": before["records"]})[0]


def test_a_preview_tells_the_largest_changes_only(project: Project) -> None:
    wishes = [
        {
            "name": f"m{number}",
            "model": "gemma-4-e4b-it",
            "context_tokens": 8192,
            "peak_concurrent_requests": 4,
            "runs_on": "gke",
        }
        for number in range(9)
    ]
    before = outputs(project.cost())
    project.setting("dev", quota={"gke": {"nvidia-l4": 64}, "cloud_run": {"nvidia-l4": 3}}).team("dev", "many", *wishes)
    notes = PreviewCost(project.plan()).notes(before)
    assert len(notes) == 7
    assert notes[-1].endswith("smaller changes: python -m components.cost plan")


def test_what_a_stack_publishes_is_one_number_in_records_and_outputs(project: Project) -> None:
    plan = project.plan()
    cost = cost_of(plan)
    for planned in plan.deployments:
        block = planned.published["cost"]
        assert block["expected_usd_per_month"] == str(planned.cost.amounts.expected)
        assert json.loads(json.dumps(block)) == block
    assert PreviewCost(plan).outputs["cost"]["expected_usd_per_month"] == str(cost.total.expected)


def test_an_update_does_not_fail_for_a_cost_that_cannot_be_told(project: Project) -> None:
    project.edit("Pulumi.dev.yaml", "location: zonal", "location: zonal\n      system_machine_type: n2-standard-4")
    preview = PreviewCost(project.plan())
    assert (preview.outputs, preview.notes({})) == ({}, [])
    assert preview.warnings[0].startswith("cost: no price is known for n2-standard-4")
