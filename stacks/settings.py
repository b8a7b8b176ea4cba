"""Settings of one environment: the structured config of its stack file (`Pulumi.<environment>.yaml`), checked by pydantic.

Environments differ in these settings only, never in code.
"""

from __future__ import annotations

import datetime
import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from components.google.bucket_limits import check_keeping
from components.google.bucket_limits import place as place_bucket
from components.google.ranges import Ranges, carve_ranges, refuse_overlap
from components.sizing.catalogue import PurchaseOption, Revision
from components.sizing.demand import PriceAdjustment, Reservation, Supply
from policy.plan_check.alarms import Acknowledgement
from stacks.acknowledgements import AcknowledgementSettings
from stacks.serving_settings import IngressSettings, OverrideSettings, ServingSettings
from stacks.setting_groups import (
    BucketSettings,
    BudgetSettings,
    CloudRunSettings,
    ClusterSettings,
    CostMonitoringSettings,
    CostSettings,
    Day,
    EncryptionSettings,
    GitHubSettings,
    ImageDigest,
    ImageReference,
    LoaderSettings,
    MirrorSettings,
    PriceAdjustmentSettings,
    QuotaSettings,
    ReservationSettings,
    RotationReminderSettings,
    SecretSettings,
    SettingsGroup,
    UnknownAllowance,
)
from stacks.signed_images import SignedImagesSettings
from stacks.team_file import LabelValue

#: Key of the settings in the stack's config, below the project's name.
CONFIG_KEY = "environment"


class EnvironmentSettings(SettingsGroup):
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
    peered_ranges: tuple[str, ...] = Field(
        default=(), description="Blocks of networks that are peered with it; an overlap is refused. Default: none."
    )
    google_apis: Literal["private", "restricted", "public"] = Field(
        default="private",
        description="Where names below googleapis.com lead inside the network: private, to four addresses for nearly all APIs; "
        "restricted, to four for those that VPC Service Controls can guard; both let engines talk to these alone. public: to "
        "Google's public addresses, so that engines may send to any public address on port 443.",
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
    overrides: tuple[OverrideSettings, ...] = Field(
        default=(),
        description="What the platform's engineers decide for single deployments in place of sizing, for a while.",
    )
    preflight: Literal["auto", "off"] = Field(
        default="auto",
        description="auto: Google is asked for quota and zones before anything is registered; where it does not answer, and with "
        "off, the quota and zones declared here are used.",
    )
    catalogue: str | None = Field(
        default=None,
        description="YAML file inside the project with the organisation's own catalogue rows. Default: none.",
    )
    revisions: dict[str, Revision] = Field(
        default_factory=dict,
        description="Revision to serve of a checkpoint for which the catalogue has none: a commit, or what the loader printed.",
    )
    enable_services: bool = Field(
        default=True, description="Enable the APIs that the platform needs. false: the organisation enables them."
    )
    encryption: EncryptionSettings | None = Field(
        default=None, description="Keys of the organisation's own. Default: Google's keys."
    )
    mirror: MirrorSettings | None = Field(
        default=None,
        description="Pull the engine's image through Artifact Registry. Default: from where it is published.",
    )
    require_digests: bool = Field(
        default=False,
        description="Refuse images that are named by tag alone, those of teams and the platform's own alike.",
    )
    image_digests: dict[ImageReference, ImageDigest] = Field(
        default_factory=dict,
        description="Digests of what is installed by the tag of a release, by public reference with tag: the engine and what "
        "charts bring. `python -m stacks.image_digests --env <environment>` prints them. Default: the tags alone.",
    )
    signed_images: tuple[SignedImagesSettings, ...] = Field(
        default=(),
        description="Images that run in teams' namespaces only where a signer has signed them; Kyverno asks their registry. "
        "Default: none.",
    )
    secrets: tuple[SecretSettings, ...] = Field(default=(), description="Secrets, without their values.")
    rotation_reminder: RotationReminderSettings | None = Field(
        default=None,
        description="Tell people by e-mail when the value of a secret is due. Default: nobody is told; the days are written on "
        "the secret.",
    )
    loader: LoaderSettings | None = Field(
        default=None, description="Jobs that bring the weights. Default: none, somebody else brings them."
    )
    bucket: BucketSettings = Field(
        default_factory=BucketSettings, description="How the model bucket keeps what it holds."
    )
    cloud_run: CloudRunSettings = Field(
        default_factory=CloudRunSettings, description="How Cloud Run services read their weights and are reached."
    )
    serving: ServingSettings = Field(default_factory=ServingSettings, description="The serving stack in the cluster.")
    ingress: IngressSettings = Field(
        default_factory=IngressSettings, description="How models on GKE are reached from outside the cluster."
    )
    budget: BudgetSettings | None = Field(default=None, description="Budgets that tell of spend. Default: none.")
    cost: CostSettings = Field(
        default_factory=CostSettings, description="How the cost of a month is planned and divided."
    )
    cost_monitoring: CostMonitoringSettings = Field(
        default_factory=CostMonitoringSettings, description="OpenCost, which measures what was used."
    )
    github: GitHubSettings | None = Field(default=None, description="Deployment from GitHub Actions. Default: none.")
    acknowledge: tuple[AcknowledgementSettings, ...] = Field(
        default=(),
        description="Clusters, node pools, buckets and secrets that a change may replace or delete (docs/policies.md).",
    )
    deletion_protection: bool = Field(
        description="Refuse to delete cluster, bucket, keys and Cloud Run services, and keep the objects of the bucket."
    )
    owner: LabelValue = Field(description="Label: who owns what no team owns.")
    cost_center: LabelValue = Field(description="Label: who pays for what no team owns.")
    today: Day | None = Field(
        default=None, description="The day that expiry dates are compared with. Default: today in UTC."
    )

    @field_validator("network_range")
    @classmethod
    def _can_be_carved(cls, block: str) -> str:
        carve_ranges(block)
        return block

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> EnvironmentSettings:
        # most zones end in one letter; those for accelerators alone are called us-central1-ai1a
        if strangers := [
            zone for zone in self.zones if not re.fullmatch(rf"{re.escape(self.region)}-[a-z][a-z0-9]*", zone)
        ]:
            raise ValueError(f"zones {', '.join(strangers)} are not in the region {self.region}, as {self.region}-a is")
        if len(set(self.zones)) < len(self.zones):
            raise ValueError(f"zones names one more than once: {', '.join(self.zones)}")
        for reservation in self.reservations:
            if reservation.zone not in self.zones:
                raise ValueError(
                    f"reservation {reservation.name} is in {reservation.zone}; zones are {', '.join(self.zones)}"
                )
        if self.catalogue is not None and (PurePosixPath(self.catalogue).is_absolute() or ".." in self.catalogue):
            raise ValueError(f"catalogue {self.catalogue} must be a path inside the project")
        if self.rotation_reminder is not None and not self.secrets:
            raise ValueError("rotation_reminder has nothing to remind of: secrets is empty")
        if self.loader and self.loader.hub_token_secret not in (None, *(secret.id for secret in self.secrets)):
            raise ValueError(f"loader.hub_token_secret '{self.loader.hub_token_secret}' is none of the secrets")
        overridden = [override.deployment for override in self.overrides]
        if twice := sorted({name for name in overridden if overridden.count(name) > 1}):
            raise ValueError(f"overrides names {', '.join(twice)} more than once")
        keys = self.ingress.authentication.api_keys if self.ingress.authentication else None
        if keys is not None and keys.secret not in [secret.id for secret in self.secrets]:
            raise ValueError(f"ingress.authentication.api_keys.secret '{keys.secret}' is none of the secrets")
        bucket = self.bucket
        check_keeping(bucket.soft_delete_days, bucket.retention_days, force_destroy=not self.deletion_protection)
        place_bucket(self.region, list(bucket.dual_region) if bucket.dual_region else None)
        try:
            refuse_overlap(self.ranges, self.peered_ranges)
        except ValueError as error:
            raise ValueError(
                f"peered_ranges and network_range {self.network_range}: {error}; use another block"
            ) from None
        return self

    @property
    def ranges(self) -> Ranges:
        """The blocks of the network; an internal gateway needs one of its own for its proxies."""
        return carve_ranges(self.network_range, proxies=self.ingress.exposure == "internal")

    @property
    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """What a change may replace or delete."""
        return tuple(each.acknowledgement for each in self.acknowledge)

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
            overrides={o.deployment: o.override for o in self.overrides if o.expires >= today},
            allow_unknown=frozenset(a.deployment for a in self.allow_unknown if a.expires >= today),
        )
