"""The price file, read back by OpenCost's own rules, for the nodes of every pool that the committed environments declare."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from components.cost.errors import CostError
from components.cost.opencost.price_file import (
    COLUMNS,
    FIELD,
    gpu_machine_price,
    price_class,
    render_prices,
    system_machine_price,
)
from components.labels import PRICE_CLASS, is_label_value
from components.sizing.catalogue import load_catalogue
from stacks.describe.resource_graph import load_plan, resource_graph
from stacks.environment import read_environment
from stacks.node_prices import node_prices
from stacks.plan import make_plan
from stacks.problems import SettingsError
from tests.committed_files import ROOT
from tests.unit.cost.opencost_matching import REGION, TYPE, PriceFile
from tests.unit.cost.trees import TODAY, Project

POOL, PRICES = "gcp:container/nodePool:NodePool", "opencost-prices"
ENVIRONMENTS = ("dev", "prod")
CARD = "cloud.google.com/gke-accelerator"
#: A G2 machine as it is bought here, and what it costs (components/sizing/data/prices.yaml).
SPOT, ON_DEMAND = "g2-standard-24_us-central1_spot", "g2-standard-24_us-central1_on-demand"
PAID = {"e2-standard-4_us-central1_on-demand": "0.134023", SPOT: "1.200136", ON_DEMAND: "2.000833"}


@cache
def declared(environment: str) -> tuple[str, dict[str, dict[str, Any]]]:
    """(the price file in the cluster, the configuration of every pool's nodes) as the composer declares them."""
    graph = resource_graph(load_plan(ROOT, environment, TODAY))
    files = [
        node.inputs["data"]
        for node in graph.nodes.values()
        if node.type.endswith(":ConfigMap") and node.inputs["metadata"]["name"] == PRICES
    ]
    (file,) = files
    (text,) = file.values()
    return text, {node.name: node.inputs["nodeConfig"] for node in graph.nodes.values() if node.type == POOL}


def labels_of(config: Mapping[str, Any], region: str = "us-central1") -> dict[str, str]:
    """The labels of a pool's nodes, with those that Kubernetes and GKE add."""
    cards = config.get("guestAccelerators", [])
    return {
        **config["labels"],
        REGION: region,
        TYPE: config["machineType"],
        **({CARD: cards[0]["type"]} if cards else {}),
    }


def expected(config: Mapping[str, Any]) -> Decimal:
    """What the catalogue says of a pool's machine, by how Google is asked for it."""
    if not config.get("guestAccelerators"):
        return Decimal("0.134023")  # e2-standard-4 in us-central1, Cyclenerd pricing.yml 2026-08-20
    option = "spot" if config.get("spot") else "flex-start" if config.get("flexStart") else "on-demand"
    row = load_catalogue().machine_price(config["machineType"], "us-central1")
    price = row.of(option) if row else None
    assert price is not None
    return price


def wrong(text: str, pools: Mapping[str, Mapping[str, Any]], *, type_first: bool) -> list[str]:
    """The pools whose nodes would cost something else than the catalogue says."""
    file = PriceFile(text)
    found = []
    for name, config in pools.items():
        cards = config.get("guestAccelerators", [])
        gpus = int(cards[0]["count"]) if cards else 0
        if file.price(labels_of(config), gpus, type_first=type_first) != expected(config):
            found.append(name)
    return found


@pytest.mark.parametrize("type_first", [False, True], ids=["newer", "older"])
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_pool_gets_the_price_of_its_machine_as_it_is_bought(environment: str, type_first: bool) -> None:
    text, pools = declared(environment)
    assert "cluster-system" in pools
    assert len(pools) > 2
    assert wrong(text, pools, type_first=type_first) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_pool_has_a_class_of_its_own_and_every_row_a_pool(environment: str) -> None:
    text, pools = declared(environment)
    classes = {config["labels"][PRICE_CLASS] for config in pools.values()}
    assert PriceFile(text).exact.keys() == classes
    assert all(is_label_value(name) for name in classes)


def test_the_file_holds_nothing_that_opencost_would_misread() -> None:
    lines = render_prices({name: Decimal(price) for name, price in PAID.items()}).splitlines()
    assert lines[0].startswith("#")
    assert "," not in lines[0]
    for line in lines[1:]:
        row = dict(zip(COLUMNS, line.split(","), strict=True))
        assert row["AssetClass"] == "node"
        assert row["InstanceIDField"] == FIELD
        assert row["InstanceType"] == row["Region"] == ""
    # the field is taken apart at dots
    assert FIELD.split(".") == ["metadata", "labels", PRICE_CLASS]
    # the same prices give the same file, whatever their order: another one starts OpenCost anew
    assert render_prices(dict(reversed([*{n: Decimal(p) for n, p in PAID.items()}.items()]))).splitlines() == lines


WRONG = {
    "a row with an instance type": ",,us-central1,node,{field},g2-standard-24,1.200136,",
    "a row for a GPU": ",nvidia-l4,,gpu,{card},,0.56,",
    "a row with another field": ",somebody,,node,metadata.name,,1.5,",
    "a class priced a second time": f",{SPOT.upper()},,node,{{field}},,9,",
}


@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_caught(line: str) -> None:
    text, pools = declared("dev")
    spoilt = f"{text}{line.format(field=FIELD, card=CARD)}\n"
    # the newer releases bear a row with an instance type as long as all nodes have one of their own
    assert wrong(spoilt, pools, type_first=True) or wrong(spoilt, pools, type_first=False)


def test_a_row_with_an_instance_type_would_price_what_has_no_class() -> None:
    text, pools = declared("dev")
    stranger = {key: value for key, value in labels_of(pools["g2-standard-24-on-demand"]).items() if key != PRICE_CLASS}
    assert PriceFile(text).price(stranger, 2, type_first=False) is None
    spoilt = PriceFile(f"{text}{WRONG['a row with an instance type'].format(field=FIELD)}\n")
    assert spoilt.price(stranger, 2, type_first=False) == Decimal("1.200136")


def test_names_of_columns_would_be_read_as_a_row() -> None:
    text = render_prices({SPOT: Decimal(1)})
    assert len(PriceFile(text).exact) == 1
    read = PriceFile(f"{','.join(COLUMNS)}\n{text}")
    assert read.exact.keys() == {SPOT, "region,instanceid"}
    assert read.uses_region


def test_prices_are_the_catalogues_with_the_environments_adjustments(project: Project) -> None:
    assert {name: str(price) for name, price in node_prices(load_plan(ROOT, "dev", TODAY)).items()} == PAID
    change = {"sku": "g2-standard-24", "percent": -10, "reason": "contract of the organisation", "date": "2026-11-01"}
    project.setting("dev", price_adjustments=[change])
    adjusted = node_prices(load_plan(project.folder, "dev", TODAY))
    assert adjusted[SPOT] == Decimal("1.080122")
    assert adjusted[ON_DEMAND] == Decimal("1.800750")


def test_a_system_machine_without_a_price_is_named_with_what_can_be_done(project: Project) -> None:
    cluster = {"location": "zonal", "security_group": "gke-security-groups@example.com"}
    project.setting("dev", cluster={**cluster, "system_machine_type": "n2d-standard-8"})
    plan = make_plan(read_environment(project.folder, "dev")[0], TODAY)
    with pytest.raises(SettingsError) as raised:
        node_prices(plan)
    message = str(raised.value)
    assert (
        "Pulumi.dev.yaml: cost_monitoring: no price is known for n2d-standard-8 as on-demand in us-central1" in message
    )
    assert "known there: e2-standard-4" in message
    assert "cost_monitoring.enabled: false" in message


def test_a_gpu_machine_without_a_price_is_named() -> None:
    catalogue = load_catalogue()
    supply = read_environment(ROOT, "dev")[0].settings.supply(TODAY)
    with pytest.raises(CostError, match="no price is known for g2-standard-24 as reservation in us-central1"):
        gpu_machine_price("g2-standard-24", "reservation", catalogue, supply)
    with pytest.raises(CostError, match=r"e2-standard-4 as on-demand in mars1.*known there: none"):
        system_machine_price("e2-standard-4", "mars1")


def test_what_is_no_price_is_refused() -> None:
    with pytest.raises(CostError, match="no price class at all"):
        render_prices({})
    with pytest.raises(CostError, match="the price of x is 0"):
        render_prices({"x": Decimal(0)})


def test_the_longest_class_is_a_label() -> None:
    longest = max((machine.id for machine in load_catalogue().machines), key=len)
    assert is_label_value(price_class(longest, "northamerica-northeast1", "reservation"))
