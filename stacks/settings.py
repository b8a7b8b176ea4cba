"""Settings of one environment: the structured config of its stack file (`Pulumi.<environment>.yaml`), checked by pydantic.

Environments differ in these settings only, never in code.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from components.google.ranges import carve_ranges
from components.sizing.catalogue import PurchaseOption
from components.sizing.demand import PriceAdjustment, Reservation, Supply
from stacks.team_file import Email, LabelValue, Positive

#: Key of the settings in the stack's config, below the project's name.
CONFIG_KEY = "environment"


def _plain_day(value: object) -> object:
    """The engine hands a YAML date over as `2026-11-25 00:00:00 +0000 UTC` (3.259.0)."""
    return value.split(" ")[0] if isinstance(value, str) else value


Day = Annotated[datetime.date, BeforeValidator(_plain_day)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReservationSettings(_Settings):
    """Machines that the organisation has reserved."""

    name: str = Field(description="Name of the reservation.")
    machine_type: str = Field(description="Machine type that it holds.")
    count: Positive = Field(description="Machines that it holds.")
    zone: str = Field(description="Zone that it is in.")


class PriceAdjustmentSettings(_Settings):
    """What the organisation pays instead of a list price: a percentage on it, or a fixed price."""

    sku: str = Field(description="A machine type, or cloud-run/<accelerator>.")
    percent: Annotated[Decimal, Field(gt=-100)] | None = Field(
        default=None, description="Change of the list price in percent; -10 is a tenth off."
    )
    usd_per_hour: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="Price per hour instead of the list price."
    )
    reason: str = Field(description="Why it differs from the list price.")
    date: Day = Field(description="Day from which the difference is known.")

    @model_validator(mode="after")
    def _one_of_two(self) -> PriceAdjustmentSettings:
        if (self.percent is None) == (self.usd_per_hour is None):
            raise ValueError("needs either percent or usd_per_hour, not both")
        return self


class QuotaSettings(_Settings):
    """GPUs that Google has granted to the project, by accelerator. What is not listed is not used."""

    gke: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict, description="GPUs of GKE nodes.")
    cloud_run: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict, description="GPUs of Cloud Run.")


class ClusterSettings(_Settings):
    """The GKE cluster."""

    location: Literal["zonal", "regional"] = Field(
        description="zonal: in the first of the zones; regional: spread over all of them."
    )
    security_group: Email | None = Field(
        default=None,
        description="The organisation's `gke-security-groups@<domain>`, which holds the teams' groups; without it a team's group "
        "has no rights in the cluster. Default: none.",
    )
    system_machine_type: str = Field(default="e2-standard-4", description="Machine type of the system nodes.")
    system_nodes_per_zone: Positive = Field(default=1, description="System nodes in each zone.")


class UnknownAllowance(_Settings):
    """A deployment that may be placed although a fact about its memory is missing, for a while."""

    deployment: Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")] = Field(description="<team>/<deployment>.")
    reason: Annotated[str, Field(min_length=10)] = Field(description="Why it is placed all the same.")
    expires: Day = Field(description="Last day on which it holds.")


class EnvironmentSettings(_Settings):
    """Everything that an environment decides."""

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")] = Field(
        description="Id of the Google Cloud project."
    )
    project_number: Annotated[str, Field(pattern=r"^\d{6,15}$")] = Field(description="Number of that project, quoted.")
    region: str = Field(description="Region of everything.")
    zones: tuple[str, ...] = Field(min_length=1, description="Zones of the region that may be used.")
    network_range: str = Field(
        default="10.0.0.0/13", description="Private block of at least /14 for nodes, pods and services."
    )
    cluster: ClusterSettings = Field(description="Where the GKE cluster lives, and its system nodes.")
    engine_version: str = Field(description="Version of vLLM.")
    purchase_order: tuple[PurchaseOption, ...] = Field(
        min_length=1,
        description="Preference among on-demand, reservation, flex-start and spot: the first that can be bought with a "
        "known price is used.",
    )
    batch_purchase_order: tuple[PurchaseOption, ...] | None = Field(
        default=None, description="The same for `workload: batch`. Default: purchase_order."
    )
    reservations: tuple[ReservationSettings, ...] = Field(default=(), description="What has been reserved.")
    quota: QuotaSettings = Field(description="GPUs granted to the project. What is not listed is not used.")
    price_adjustments: tuple[PriceAdjustmentSettings, ...] = Field(
        default=(), description="Prices that differ from the list."
    )
    allow_tight: bool = Field(
        default=False, description="Place what fits only at the lower end of the terms that are known as a range."
    )
    allow_fp8_kv: bool = Field(default=False, description="Let sizing choose an fp8 KV cache where the GPU can.")
    allow_unknown: tuple[UnknownAllowance, ...] = Field(
        default=(), description="Deployments that may be placed although the catalogue lacks a fact about their memory."
    )
    preflight: Literal["auto", "off"] = Field(
        default="auto",
        description="Whether a preview with credentials may ask Google for quota and zones. Nothing asks yet: the quota "
        "and zones declared here are used.",
    )
    catalogue: str | None = Field(
        default=None,
        description="YAML file inside the project with the organisation's own catalogue rows. Default: none.",
    )
    deletion_protection: bool = Field(
        description="Refuse to delete cluster and Cloud Run services, and keep the objects of a destroyed bucket."
    )
    owner: LabelValue = Field(description="Label: who owns what no team owns.")
    cost_center: LabelValue = Field(description="Label: who pays for what no team owns.")
    today: Day | None = Field(
        default=None, description="The day that expiry dates are compared with. Default: today in UTC."
    )

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

    def supply(self, today: datetime.date) -> Supply:
        """What sizing may use in this environment on a day."""
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
            allow_unknown=frozenset(a.deployment for a in self.allow_unknown if a.expires >= today),
        )
