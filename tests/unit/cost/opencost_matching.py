"""How OpenCost finds a node's price in its price file: an implementation of its rules of its own, for tests.

Source of the rules: github.com/opencost/opencost pkg/cloud/provider/csvprovider.go at 3eb8988 (2026) and 5f65333 (2024-10-24),
where a row of the node's own comes first, and at 11d3017 (older), where a row of its type and region does.
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

REGION, TYPE = "topology.kubernetes.io/region", "node.kubernetes.io/instance-type"
COLUMNS = 8


class Row(NamedTuple):
    """One row, by OpenCost's columns."""

    end: str
    instance_id: str
    region: str
    asset_class: str
    field: str
    instance_type: str
    price: str
    version: str


class PriceFile:
    """A price file as OpenCost has it in memory."""

    def __init__(self, text: str) -> None:
        self.exact: dict[str, str] = {}
        self.by_type: dict[str, Decimal] = {}
        self.gpu: dict[str, str] = {}
        self.gpu_labels: list[str] = []
        self.field, self.uses_region = "", False
        # what has another number of columns is passed over, with or without #
        for row in (Row(*values) for values in csv.reader(text.splitlines()) if len(values) == COLUMNS):
            self._take(row)

    def _take(self, row: Row) -> None:
        key = row.instance_id.lower()
        if row.region:
            key, self.uses_region = f"{row.region.lower()},{key}", True
        if row.asset_class == "gpu":
            self.gpu[key] = row.price
            self.gpu_labels.append(row.field.lower())
        elif row.asset_class != "pv":
            self.exact[key] = row.price
            self.field = row.field  # the last one is everybody's
            if row.asset_class == "node":
                # meant as a mean of all rows, the first one stays; what is no number is left out
                with contextlib.suppress(InvalidOperation):
                    self.by_type.setdefault(f"{row.region},{row.instance_type}", Decimal(row.price))

    def price(self, labels: Mapping[str, str], gpus: int, *, type_first: bool) -> Decimal | None:
        """USD an hour of a node; None where OpenCost falls back to its defaults."""
        found = [self._exact(labels), self.by_type.get(f"{labels.get(REGION, '')},{labels.get(TYPE, '')}")]
        if type_first:
            found.reverse()
        price = next((one for one in found if one is not None), None)
        if price is None:
            return None
        card = next((labels[label] for label in self.gpu_labels if label in labels), None)
        return price if card is None else price + gpus * Decimal(self.gpu.get(card.lower(), "0"))

    def _exact(self, labels: Mapping[str, str]) -> Decimal | None:
        parts = self.field.split(".")
        if parts[:2] != ["metadata", "labels"]:
            return None
        own = labels.get(".".join(parts[2:]), "")
        ids = [f"{labels[REGION]},{own}", own] if self.uses_region and REGION in labels else [own]
        found = [self.exact[one.lower()] for one in ids if one.lower() in self.exact]
        # of both, the one without a region is looked up last; the older releases keep that one
        return Decimal(found[0]) if found else None
