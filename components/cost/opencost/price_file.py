"""OpenCost's price file: one row for each price class, which is a machine type in a region, bought in one way. Pure.

A row names its class as instance id, and all rows name the same field of a node, the label PRICE_CLASS. Nothing else stands in
it, since OpenCost would do this with it:
- a row with an instance type prices all nodes of that type and region, at the first such row's price, however they were bought;
  in older releases also those that have a row of their own;
- a row for a GPU is added, times the GPUs, to the price of the machine, in which Google's lists count them already;
- of two fields, the last one that is read counts for all rows;
- a row with a region puts the node's region in front of every id; the class names the region itself;
- a line with the names of the columns is read as a row.
Source: github.com/opencost/opencost pkg/cloud/provider/csvprovider.go at commits 3eb8988 (2026), 5f65333 (2024-10-24) and 11d3017
(older), read 2026-11-26.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from decimal import Decimal

from components.cost.errors import CostError
from components.cost.prices.shared_prices import MACHINE_HOUR
from components.labels import PRICE_CLASS
from components.sizing.catalogue import Catalogue, PurchaseOption
from components.sizing.demand import Supply
from components.sizing.prices import ladder

#: The columns in OpenCost's order. The file does not name them: see above.
COLUMNS = (
    *("EndTimestamp", "InstanceID", "Region", "AssetClass", "InstanceIDField", "InstanceType", "MarketPriceHourly"),
    "Version",
)
#: How OpenCost is told to read the id of a node's row. It takes the field apart at dots, of which the label has none.
FIELD = f"metadata.labels.{PRICE_CLASS}"
#: A line of one column that begins so is passed over.
COMMENT = "# USD an hour of a whole machine by price class; written by the platform at each update"
#: How the system nodes are bought.
SYSTEM_OPTION: PurchaseOption = "on-demand"


def price_class(machine_type: str, region: str, option: str) -> str:
    """The class of a node pool's machines: a value of the label, in lower case as OpenCost compares it."""
    return f"{machine_type}_{region}_{option}".lower()


def gpu_machine_price(machine_type: str, option: PurchaseOption, catalogue: Catalogue, supply: Supply) -> Decimal:
    """USD an hour of a machine with its GPUs, with the environment's adjustments. Raises CostError where none is known."""
    for rung in ladder(catalogue, catalogue.machine(machine_type), supply, (option,)):
        if rung.usd_per_hour is not None:
            return rung.usd_per_hour
    raise CostError(
        f"no price is known for {machine_type} as {option} in {supply.region}; take the option out of purchase_order, or add "
        "the price to `prices` of the organisation's catalogue"
    )


def system_machine_price(machine_type: str, region: str) -> Decimal:
    """USD an hour of a system node. Raises CostError where none is known."""
    if (price := MACHINE_HOUR.get((machine_type, region))) is None:
        known = ", ".join(sorted({machine for machine, place in MACHINE_HOUR if place == region})) or "none"
        raise CostError(
            f"no price is known for {machine_type} as {SYSTEM_OPTION} in {region}, the machine type of the system nodes (known "
            f"there: {known}); add it to MACHINE_HOUR of components/cost/prices/shared_prices.py with its source"
        )
    return price


def render_prices(prices: Mapping[str, Decimal]) -> str:
    """The file for these prices by class. Raises CostError for a price that is none, and for no prices at all."""
    if not prices:
        raise CostError("there is no price class at all; OpenCost would price every node by its own defaults")
    out = io.StringIO()
    out.write(f"{COMMENT}\n")
    rows = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    for name, price in sorted(prices.items()):
        if price <= 0:
            raise CostError(f"the price of {name} is {price}; a machine costs more than nothing")
        rows.writerow(
            {"InstanceID": name, "AssetClass": "node", "InstanceIDField": FIELD, "MarketPriceHourly": f"{price:f}"}
        )
    return out.getvalue()
