"""Rows of prices.yaml: list prices in USD. Money is Decimal."""

from __future__ import annotations

import datetime
from decimal import Decimal

from pydantic import Field

from components.sizing.catalogue.row import Fact, PurchaseOption, Row


class MachinePrice(Row):
    """USD per hour of a whole machine in one region. Missing = no price known."""

    machine: str
    region: str
    on_demand: Decimal | None = Field(default=None, alias="on-demand")
    spot: Decimal | None = None
    flex_start: Decimal | None = Field(default=None, alias="flex-start")
    #: Committed use for a year; Google grants it for GPUs with a reservation only.
    committed_1y: Decimal | None = Field(default=None, alias="cud-1y")
    #: Which of them are calculated from other prices.
    estimate: tuple[str, ...] = ()
    source: str | None = None
    date: datetime.date | str | None = None

    def of(self, option: PurchaseOption) -> Decimal | None:
        """List price of an option; a reservation counts at the on-demand price."""
        if option == "spot":
            return self.spot
        return self.flex_start if option == "flex-start" else self.on_demand


class MachinePrices(Fact):
    """Machine prices of one source and day."""

    rows: tuple[MachinePrice, ...]


class CloudRunPrices(Fact):
    """USD per second of Cloud Run's parts, instance-based billing; a GPU costs more with zonal redundancy."""

    regions: tuple[str, ...]
    usd_per_gpu_second: dict[str, Decimal]
    usd_per_gpu_second_zonal_redundancy: dict[str, Decimal]
    usd_per_vcpu_second: Decimal
    usd_per_gib_second: Decimal


class Prices(Row):
    """All list prices."""

    machines: MachinePrices
    cloud_run: CloudRunPrices
