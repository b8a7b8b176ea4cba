"""Rows of the billing export: read in every spelling, attributed by labels, reconciled to the cent."""

from __future__ import annotations

import csv
import datetime
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from components.cost.errors import CostError
from components.cost.showback.actuals import Row, read_actuals
from components.cost.showback.billed import billed, family_of
from components.cost.showback.bills import bills
from components.cost.showback.division import divide_credits, divide_month
from components.cost.showback.items import FAMILIES, Credit, Family, Item, Whose
from components.cost.showback.month import month_of
from components.cost.showback.reconciliation import reconcile, too_much_unattributed
from components.cost.showback.records import Record
from components.cost.showback.rule import FairnessRule
from components.cost.showback.usage import Usage

MONTH = month_of("2026-10", datetime.date(2026, 11, 3))
PROJECT = "example-gemma-dev"


def plain(**changes: Any) -> dict[str, Any]:
    return {
        "service": {"id": "1", "description": "Cloud Storage"},
        "sku": {"id": "2", "description": "Standard Storage"},
        "project": {"id": PROJECT},
        "usage_start_time": "2026-10-05 00:00:00 UTC",
        "cost": 1.25,
        "currency": "USD",
        "labels": [{"key": "team", "value": "platform"}],
        "credits": [{"name": "x", "amount": -0.25}],
        "usage": {"amount": 10, "unit": "byte-seconds"},
        **changes,
    }


def read(tmp_path: Path, *rows: dict[str, Any]) -> list[Row]:
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return read_actuals(file, MONTH, PROJECT)


def as_csv(dotted: str) -> str:
    out = io.StringIO()
    names = ["service.description", "sku.id", "sku.description", "project.id", "usage_start_time", "cost", "currency"]
    writer = csv.writer(out)
    writer.writerow([name.replace(".", dotted) for name in [*names, "labels", "credits", "usage.amount", "usage.unit"]])
    labels, given = '[{"key":"team","value":"platform"}]', '[{"amount":-0.25}]'
    writer.writerow(
        [
            "Cloud Storage",
            "2",
            "Standard Storage",
            PROJECT,
            "2026-10-05T00:00:00Z",
            "1.25",
            "USD",
            labels,
            given,
            "10",
            "byte-seconds",
        ]
    )
    return out.getvalue()


@pytest.mark.parametrize("dotted", [".", "_"])
def test_csv_and_json_lines_are_the_same_rows(tmp_path: Path, dotted: str) -> None:
    (from_json,) = read(tmp_path, plain())
    file = tmp_path / "rows.csv"
    file.write_text(as_csv(dotted), encoding="utf-8")
    (from_csv,) = read_actuals(file, MONTH, PROJECT)
    assert replace(from_csv, where="") == replace(from_json, where="")
    assert (from_json.cost, from_json.credit) == (Decimal("1.25"), Decimal("0.25"))
    assert from_json.sku == "2 Standard Storage"


def test_rows_of_other_projects_and_months_are_passed_over(tmp_path: Path) -> None:
    rows = [
        plain(),
        plain(project={"id": "other"}),
        plain(usage_start_time="2026-11-01 00:00:00 UTC"),
        plain(usage_start_time="2026-09-30T17:00:00-07:00"),  # in October by UTC
        plain(usage_start_time="2026-10-31T17:00:00-07:00"),  # in November by UTC
    ]
    assert len(read(tmp_path, *rows)) == 2


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([plain(), plain(currency="EUR")], "two currencies, EUR beside USD"),
        ([plain(project={"id": "other"})], "month without data: .* has no row of project"),
        ([plain(usage={"amount": -1, "unit": "seconds"})], "negative traffic"),
        ([plain(cost="much")], "cost is 'much', which is no amount"),
        ([plain(credits=[{"amount": 1}])], "a credit is below zero"),
        ([plain(usage_start_time="today")], "which is no time"),
        ([plain(labels="team")], "labels is no list"),
        ([{"cost": 1}], "lacks service.description"),
    ],
)
def test_rows_that_cannot_be_used_are_one_clear_error(tmp_path: Path, rows: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(CostError, match=words):
        read(tmp_path, *rows)


def test_a_correction_below_zero_is_given_back(tmp_path: Path) -> None:
    (row,) = read(tmp_path, plain(cost=-2, credits=[]))
    assert (row.cost, row.credit) == (0, 2)


def record(key: str, runs_on: str = "gke", place: str = "team-a", gpus: int = 1) -> Record:
    return Record(
        key, runs_on, place, Decimal(10), Decimal(10**9), "g2", "nvidia-l4", gpus, 1, 1, "fp8", Decimal(1), "x", 600
    )


RECORDS = {
    "a/x": record("a/x"),
    "a/y": record("a/y"),
    "b/run": record("b/run", "cloud-run", "gemma-dev-b-run", gpus=2),
}


def row(service: str, sku: str = "sku", resource: str = "", unit: str = "", amount: int = 0, **labels: str) -> Row:
    spelled = {name.replace("__", "/").replace("_", "-"): value for name, value in labels.items()}
    return Row("f:1", service, sku, spelled, resource, Decimal(1), Decimal(0), Decimal(amount), unit)


@pytest.mark.parametrize(
    ("given", "family", "whose", "names"),
    [
        (row("Kubernetes Engine"), "cluster", Whose.COMMON, ()),
        (row("Compute Engine", k8s_namespace="kube:system-overhead"), "cluster", Whose.COMMON, ()),
        (
            row("Compute Engine", k8s_namespace="kube:unallocated", goog_k8s_node_pool_name="pool"),
            "cluster",
            Whose.IDLE,
            ("g2",),
        ),
        (row("Compute Engine", k8s_namespace="team-a"), "cluster", Whose.TEAM, ("a",)),
        (
            Row(
                "f:1",
                "Compute Engine",
                "s",
                {"k8s-namespace": "team-a", "k8s-label/serving.kserve.io/inferenceservice": "y"},
                "",
                Decimal(0),
                Decimal(0),
                Decimal(0),
                "",
            ),
            "cluster",
            Whose.DIRECT,
            ("a/y",),
        ),
        (row("Compute Engine", team="platform"), "cluster", Whose.COMMON, ()),
        (row("Compute Engine"), "cluster", Whose.UNATTRIBUTED, ()),
        (row("Compute Engine", "Network Internet Egress"), "network", Whose.COMMON, ()),
        (row("Networking"), "network", Whose.COMMON, ()),
        (row("Cloud Run", team="b"), "Cloud Run", Whose.DIRECT, ("b/run",)),
        (row("Cloud Run", resource="projects/p/services/gemma-dev-b-run"), "Cloud Run", Whose.DIRECT, ("b/run",)),
        (row("Cloud Run", team="b", resource="projects/p/services/old"), "Cloud Run", Whose.TEAM, ("b",)),
        (row("Cloud Run", team="platform"), "Cloud Run", Whose.COMMON, ()),
        (row("Cloud Run"), "Cloud Run", Whose.UNATTRIBUTED, ()),
        (row("Cloud Storage", team="platform"), "buckets", Whose.COMMON, ()),
        (row("Cloud Storage"), "buckets", Whose.UNATTRIBUTED, ()),
        (row("Cloud Monitoring"), "other services", Whose.COMMON, ()),
        (row("BigQuery"), "other services", Whose.UNATTRIBUTED, ()),
        (row("BigQuery", team="gone"), "other services", Whose.UNATTRIBUTED, ()),
    ],
)
def test_a_row_is_attributed_by_its_labels(given: Row, family: str, whose: Whose, names: tuple[str, ...]) -> None:
    assert family_of(given) == family
    with_cost = replace(given, cost=Decimal(1))
    (item,) = billed([with_cost], FAMILIES, RECORDS, {"pool": "g2"}).items
    assert (item.whose, item.names) == (whose, names)


def test_instance_hours_of_cloud_run_are_those_of_its_gpus() -> None:
    found = billed([row("Cloud Run", "L4 GPU", unit="seconds", amount=7200, team="b")], FAMILIES, RECORDS, {})
    assert found.instance_hours == {"b/run": 1}


def test_families_of_another_source_are_left_out() -> None:
    assert billed([row("Kubernetes Engine")], ["network"], RECORDS, {}).items == []


USAGES = [Usage(key, Decimal(1), Decimal(1), Decimal(10), None, None) for key in ("a/x", "b/run")]


def test_families_add_up_and_the_gap_is_shown_and_not_closed() -> None:
    items = [
        Item("cluster", "m", Decimal("10.005"), Whose.DIRECT, ("a/x",)),
        Item("cluster", "fee", Decimal("0.333"), Whose.COMMON),
        Item("network", "egress", Decimal("1.00"), Whose.UNATTRIBUTED),
        Item("network", "egress", Decimal("199.00"), Whose.COMMON),
    ]
    parts = divide_month(items, USAGES, FairnessRule())
    back = divide_credits([Credit("network", "egress", Decimal(20))], parts, {})
    totals: dict[Family, Decimal] = {"cluster": Decimal("10.338"), "network": Decimal(200)}
    found = reconcile(parts, back, {"cluster": "OpenCost", "network": "export"}, totals, {"cluster": Decimal(9)})
    cluster, network = found
    assert (cluster.total, cluster.gap, sum(cluster.teams.values())) == (
        Decimal("10.34"),
        Decimal("1.34"),
        Decimal("10.34"),
    )
    assert (network.gap, network.credits, network.unattributed) == (None, Decimal("20.00"), Decimal("1.00"))
    assert too_much_unattributed(found) == []
    made = bills(parts, back, USAGES)
    assert sum(bill.total for bill in made) == Decimal("190.34")
    with pytest.raises(AssertionError, match="network"):
        reconcile(parts, back, {"network": "export"}, {"network": Decimal(201)}, {})


def test_more_than_one_percent_unattributed_is_too_much() -> None:
    items = [
        Item("network", "egress", Decimal("1.02"), Whose.UNATTRIBUTED),
        Item("network", "egress", Decimal("98.98"), Whose.COMMON),
    ]
    parts = divide_month(items, USAGES, FairnessRule())
    (said,) = too_much_unattributed(reconcile(parts, [], {"network": "export"}, {"network": Decimal(100)}, {}))
    assert "network: USD 1.02 of 100.00 is unattributed, 1.02 %, above 1 %" in said
