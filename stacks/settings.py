"""Settings of one environment: the structured config of its stack file (`Pulumi.<environment>.yaml`), checked by pydantic.

Environments differ in these settings only, never in code.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from components.google.ranges import carve_ranges
from components.sizing.catalogue import PurchaseOption
from components.sizing.demand import PriceAdjustment, Reservation, Supply
from stacks.team_file import LabelValue, Positive

#: Key of the settings in the stack's config, below the project's name.
CONFIG_KEY = "environment"


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReservationSettings(_Settings):
    """Machines that the organisation has reserved."""

    name: str
    machine_type: str
    count: Positive
    zone: str


class PriceAdjustmentSettings(_Settings):
    """What the organisation pays instead of a list price: a percentage on it, or a fixed price."""

    sku: str = Field(description="A machine type, or cloud-run/<accelerator>.")
    percent: Decimal | None = Field(
        default=None, gt=-100, description="Change of the list price in percent; -10 is a tenth off."
    )
    usd_per_hour: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="Price per hour instead of the list price."
    )
    reason: str
    date: datetime.date

    @model_validator(mode="after")
    def _one_of_two(self) -> PriceAdjustmentSettings:
        if (self.percent is None) == (self.usd_per_hour is None):
            raise ValueError("needs either percent or usd_per_hour, not both")
        return self


class QuotaSettings(_Settings):
    """GPUs that Google has granted to the project, by accelerator. What is not listed is not used."""

    gke: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    cloud_run: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)


class ClusterSettings(_Settings):
    """The GKE cluster. A zonal cluster lives in the first of the environment's zones."""

    location: Literal["zonal", "regional"]
    system_machine_type: str = "e2-standard-4"
    system_nodes_per_zone: Positive = 1


class EnvironmentSettings(_Settings):
    """Everything that an environment decides."""

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    project_number: Annotated[str, Field(pattern=r"^\d{6,15}$")]
    region: str
    zones: tuple[str, ...] = Field(min_length=1)
    network_range: str = "10.0.0.0/13"
    cluster: ClusterSettings
    engine_version: str
    purchase_order: tuple[PurchaseOption, ...] = Field(min_length=1)
    batch_purchase_order: tuple[PurchaseOption, ...] | None = None
    reservations: tuple[ReservationSettings, ...] = ()
    quota: QuotaSettings
    price_adjustments: tuple[PriceAdjustmentSettings, ...] = ()
    allow_tight: bool = False
    allow_fp8_kv: bool = False
    preflight: Literal["auto", "off"] = "auto"
    catalogue: str | None = Field(default=None, description="YAML file with the organisation's own catalogue rows.")
    deletion_protection: bool
    #: Who owns and pays what no team owns.
    owner: LabelValue
    cost_center: LabelValue
    #: The day that expiry dates are compared with; default: today in UTC.
    today: datetime.date | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> EnvironmentSettings:
        if strangers := [zone for zone in self.zones if not zone.startswith(f"{self.region}-")]:
            raise ValueError(f"zones {', '.join(strangers)} are not in the region {self.region}")
        for reservation in self.reservations:
            if reservation.zone not in self.zones:
                raise ValueError(
                    f"reservation {reservation.name} is in {reservation.zone}; zones are {', '.join(self.zones)}"
                )
        if self.catalogue is not None and (PurePosixPath(self.catalogue).is_absolute() or ".." in self.catalogue):
            raise ValueError(f"catalogue {self.catalogue} must be a path inside the project")
        carve_ranges(self.network_range)
        return self

    @property
    def cluster_location(self) -> str:
        """A zone or the region."""
        return self.zones[0] if self.cluster.location == "zonal" else self.region

    def supply(self) -> Supply:
        """What sizing may use in this environment."""
        return Supply(
            region=self.region,
            zones=self.zones,
            engine_version=self.engine_version,
            purchase_order=self.purchase_order,
            batch_purchase_order=self.batch_purchase_order or self.purchase_order,
            gke_quota=dict(self.quota.gke),
            cloud_run_quota=dict(self.quota.cloud_run),
            reservations=tuple(Reservation(r.name, r.machine_type, r.count, r.zone) for r in self.reservations),
            price_adjustments=tuple(PriceAdjustment(a.sku, a.percent, a.usd_per_hour) for a in self.price_adjustments),
            allow_tight=self.allow_tight,
            allow_fp8_kv=self.allow_fp8_kv,
        )
