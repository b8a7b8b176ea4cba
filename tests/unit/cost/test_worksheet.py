"""A plan computed by hand, each number with its arithmetic, against the code to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from components.cost.plan.amounts import Amounts
from components.cost.plan.environment_cost import EnvironmentCost
from stacks.describe.idle_cost import idle_lines
from stacks.describe.resource_graph import resource_graph
from tests.unit.cost.trees import Project

# Prices of us-central1, USD an hour, from prices.yaml: g2-standard-24 spot 1.200136, on-demand 2.000833; g2-standard-8 spot
# 0.512012, on-demand 0.853624. Cloud Run, USD a second: L4 0.0001867, vCPU 0.000018, GiB 0.000002.
# A month has 730 hours; half of the peak is expected in the active hours.
WORKSHEET = {
    # 26B on 2 x L4, 96 at once at the peak, 32 a replica: 1 always, 48 / 32 = 1.5, so 2 in 220 h, 96 / 32 = 3 at most
    "payments/assistant": (
        "876.10",  # minimum: 1 x 730 x 1.200136 = 876.09928
        "1140.13",  # expected: (2 x 220 + 1 x 510) x 1.200136 = 950 x 1.200136 = 1,140.12920
        "2628.30",  # peak: 3 x 730 x 1.200136 = 2,628.29784
        "612.07",  # idle: 1 x (730 - 220) x 1.200136 = 612.06936
    ),
    # two replicas on one g2-standard-24, from zero: 100 / 50 = 2 at most, 50 / 50 = 1 in 101 h, which pays the whole machine
    "search/ranker": (
        "0.00",  # minimum: nothing runs
        "121.21",  # expected: 1 machine x 101 x 1.200136 = 121.213736
        "876.10",  # peak: 1 machine x 730 x 1.200136 = 876.09928
        "0.00",  # idle: no minimum replica
    ),
    # high availability: 2 always, and 2 carry the peak when one is lost
    "search/night": (
        "747.54",  # minimum: 2 x 730 x 0.512012 = 747.53752
        "747.54",  # expected: the same
        "747.54",  # peak: the same
        "645.14",  # idle: 2 x (730 - 100) x 0.512012 = 645.13512
    ),
    # paused: nothing but its weights
    "search/old": ("0.00", "0.00", "0.00", "0.00"),
    # Cloud Run from zero: (0.0001867 + 8 x 0.000018 + 32 x 0.000002) x 3600 = 1.42092 an hour
    "support/helpdesk": (
        "0.00",  # minimum
        "227.35",  # expected: 1 x 160 x 1.42092 = 227.34720
        "1037.27",  # peak: 1 x 730 x 1.42092 = 1,037.27160
        "0.00",  # idle
    ),
}
SHARED = {
    "fee of the cluster": ("73.00",) * 3,  # 730 x 0.10
    "system nodes, with all controllers": ("97.84",) * 3,  # 1 x 730 x 0.134023 = 97.83679
    "boot disks of the system nodes": ("10.00",) * 3,  # 1 x 100 GB x 0.10
    "boot disks of the GPU nodes (pd-balanced)": (
        "60.00",  # 1 + 0 + 2 machines x 200 GB x 0.10
        "68.79",  # (950 + 101 + 1460) / 730 = 3.439726 machines x 20.00 = 68.79452
        "120.00",  # 3 + 1 + 2 machines x 20.00
    ),
    "Cloud NAT": (
        "7.74",  # ((1 + 3) x 0.0014 + 0.005) x 730 = 7.73800
        "8.19",  # 0.0014 x (730 + 2511) + 0.005 x 730 = 4.53740 + 3.65 = 8.18740
        "10.80",  # ((1 + 6) x 0.0014 + 0.005) x 730 = 10.80400
    ),
    # 28,670,000,000 (26B fp8) + 15,992,595,884 (E4B, for two deployments) + 11,513,490,068 (E4B w4a16) = 56,176,085,952 bytes,
    # / 2^30 = 52.31805 GiB x 0.020 = 1.046361
    "model bucket": ("1.05",) * 3,
}
TEAMS = {
    "payments": ("876.10", "1140.13", "2628.30", "612.07"),
    "search": ("747.54", "868.75", "1623.64", "645.14"),  # 121.21 + 747.54; 876.10 + 747.54
    "support": ("0.00", "227.35", "1037.27", "0.00"),
}
# minimum: 876.10 + 747.54 + shared (73.00 + 97.84 + 10.00 + 60.00 + 7.74 + 1.05 = 249.63)
# expected: 1,140.13 + 868.75 + 227.35 + shared (73.00 + 97.84 + 10.00 + 68.79 + 8.19 + 1.05 = 258.87)
# peak: 2,628.30 + 1,623.64 + 1,037.27 + shared (73.00 + 97.84 + 10.00 + 120.00 + 10.80 + 1.05 = 312.69)
TOTAL = ("1873.27", "2495.10", "5601.90", "1257.21")
YEAR = "29941.20"  # 12 x 2,495.10


def made(project: Project) -> Project:
    """The environment of the worksheet."""
    e4b = {"model": "gemma-4-e4b-it", "context_tokens": 16384, "typical_tokens": 3000, "runs_on": "gke"}
    two_on_a_machine = {
        "deployment": "search/ranker",
        "machine_type": "g2-standard-24",
        "tensor_parallel_size": 1,
        "reason": "two replicas on one machine",
        "expires": "2026-12-31",
    }
    project.setting(
        "dev", quota={"gke": {"nvidia-l4": 64}, "cloud_run": {"nvidia-l4": 3}}, overrides=[two_on_a_machine]
    )
    project.edit("stacks/dev/teams/payments.yaml", "peak_concurrent_requests: 16", "peak_concurrent_requests: 96")
    ranker = {"name": "ranker", "peak_concurrent_requests": 100, "active_hours_per_month": 101, "scale_to_zero": True}
    night = {
        "name": "night",
        "peak_concurrent_requests": 64,
        "active_hours_per_month": 100,
        "availability": "high",
        "checkpoint": "google/gemma-4-E4B-it-qat-w4a16-ct",
    }
    old = {"name": "old", "peak_concurrent_requests": 8, "paused": True}
    return project.team("dev", "search", {**e4b, **ranker}, {**e4b, **night}, {**e4b, **old})


@pytest.fixture
def cost(project: Project) -> EnvironmentCost:
    return made(project).cost()


def amounts(written: tuple[str, ...]) -> Amounts:
    """Amounts of the worksheet."""
    return Amounts(*(Decimal(each) for each in written))


def test_every_deployment_costs_what_the_worksheet_says(cost: EnvironmentCost) -> None:
    assert {each.deployment: each.amounts for each in cost.deployments} == {
        name: amounts(written) for name, written in WORKSHEET.items()
    }


def test_every_shared_part_costs_what_the_worksheet_says(cost: EnvironmentCost) -> None:
    known = {part.what: part.amounts for part in cost.shared if part.amounts is not None}
    assert known == {name: amounts(written) for name, written in SHARED.items()}


def test_teams_and_the_environment_are_sums_of_what_is_shown(cost: EnvironmentCost) -> None:
    assert cost.teams == {name: amounts(written) for name, written in TEAMS.items()}
    assert cost.total == amounts(TOTAL)
    assert cost.total.year == Decimal(YEAR)


def test_each_way_to_buy_has_its_expected_month(cost: EnvironmentCost) -> None:
    options = {each.deployment: {o.option: str(o.expected) for o in each.options} for each in cost.deployments}
    # 950 h x 2.000833 = 1,900.79135; 101 h x 2.000833 = 202.084133; 1460 h x 0.853624 = 1,246.29104
    assert options["payments/assistant"] == {"spot": "1140.13", "on-demand": "1900.79"}
    assert options["search/ranker"] == {"spot": "121.21", "on-demand": "202.08"}
    assert options["search/night"] == {"spot": "747.54", "on-demand": "1246.29"}
    assert options["support/helpdesk"] == {}


def test_the_share_of_the_peak_is_a_setting(project: Project) -> None:
    made(project).setting("dev", cost={"expected_share": 1})
    cost = {each.deployment: each for each in project.cost().deployments}
    # the whole peak: (3 x 220 + 1 x 510) x 1.200136 = 1170 x 1.200136 = 1,404.15912
    assert cost["payments/assistant"].amounts.expected == Decimal("1404.16")
    assert cost["payments/assistant"].amounts.peak == Decimal("2628.30")


def test_the_idle_table_says_the_same_where_something_is_paused(project: Project) -> None:
    plan = made(project).plan()
    lines = {line.what: line for line in idle_lines(resource_graph(plan))}
    assert lines["minimum replicas of search/old"].how == "none: paused"
    assert lines["minimum replicas of payments/assistant"].usd == Decimal("876.10")
    assert str(lines["Cloud NAT"].usd).startswith("7.738")
