"""Groups of an environment's settings: what belongs to one subject, checked by pydantic. `settings.py` puts them together."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from components.cost.plan.load import EXPECTED_SHARE
from components.cost.showback.rule import ANSWER_WEIGHT, WORK_SHARE
from components.google.maintenance import MaintenanceWindow, check_window
from components.google.system_machines import check_system_machine
from stacks.team_file import Email, Positive


def _plain_day(value: object) -> object:
    """The engine hands a YAML date over as `2026-11-25 00:00:00 +0000 UTC` (3.259.0)."""
    return value.split(" ")[0] if isinstance(value, str) else value


Day = Annotated[datetime.date, BeforeValidator(_plain_day)]


class SettingsGroup(BaseModel):
    """A form that takes no field it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReservationSettings(SettingsGroup):
    """Machines that the organisation has reserved."""

    name: str = Field(description="Name of the reservation.")
    machine_type: str = Field(description="Machine type that it holds.")
    count: Positive = Field(description="Machines that it holds.")
    zone: str = Field(description="Zone that it is in.")


class PriceAdjustmentSettings(SettingsGroup):
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


class QuotaRequestSettings(SettingsGroup):
    """That Google is asked for the declared GPUs, and by whom."""

    contact_email: Email = Field(description="Whom Google may ask; must be allowed to change quotas of the project.")
    justification: Annotated[str, Field(min_length=10)] = Field(description="Why the GPUs are needed.")


class QuotaSettings(SettingsGroup):
    """GPUs that Google has granted to the project, by accelerator. What is not listed is not used."""

    gke: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict, description="GPUs of GKE nodes.")
    cloud_run: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict, description="GPUs of Cloud Run.")
    request: QuotaRequestSettings | None = Field(
        default=None,
        description="Ask Google for exactly the GPUs declared here; raise a number before a team needs it. One below what is "
        "granted lowers that, or is refused. Default: nobody asks.",
    )


class MaintenanceSettings(SettingsGroup):
    """When Google may upgrade the cluster by itself."""

    start: str = Field(description='Start of the first window, quoted, such as "2026-11-28T02:00:00Z".')
    end: str = Field(description="End of that window; the same day, at least four hours later.")
    recurrence: str = Field(
        default="FREQ=WEEKLY;BYDAY=SA,SU", description="When it recurs (RFC 5545); 48 hours in 32 days at least."
    )

    @property
    def window(self) -> MaintenanceWindow:
        """As the cluster takes it."""
        return MaintenanceWindow(start_time=self.start, end_time=self.end, recurrence=self.recurrence)

    @model_validator(mode="after")
    def _google_takes_it(self) -> MaintenanceSettings:
        check_window(self.window)
        return self


class ClusterSettings(SettingsGroup):
    """The GKE cluster."""

    location: Literal["zonal", "regional"] = Field(
        description="zonal: in the first of the zones; regional: spread over all of them."
    )
    security_group: Email | None = Field(
        default=None,
        description="The organisation's `gke-security-groups@<domain>`, which holds the teams' groups; without it a team's group "
        "has no rights in the cluster. Default: none.",
    )
    system_machine_type: str = Field(
        default="e2-standard-4", description="Machine type of the system nodes, without a GPU, such as n2d-standard-8."
    )
    system_nodes_per_zone: Positive = Field(default=1, description="System nodes in each zone.")
    maintenance: MaintenanceSettings | None = Field(
        default=None, description="When Google may upgrade the cluster by itself. Default: at any time."
    )

    @field_validator("system_machine_type")
    @classmethod
    def _exists_and_suits(cls, machine_type: str) -> str:
        check_system_machine(machine_type)
        return machine_type


class UnknownAllowance(SettingsGroup):
    """A deployment that may be placed although a fact about its memory is missing, for a while."""

    deployment: Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")] = Field(description="<team>/<deployment>.")
    reason: Annotated[str, Field(min_length=10)] = Field(description="Why it is placed all the same.")
    expires: Day = Field(description="Last day on which it holds.")


class EncryptionSettings(SettingsGroup):
    """Keys of the organisation's own (CMEK). The name of a key ring can never be used a second time."""

    key_ring: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,63}$")] = Field(description="Key ring that is made.")
    purposes: tuple[Literal["cluster", "buckets", "secrets"], ...] = Field(
        default=("cluster", "buckets"), min_length=1, description="What they encrypt: cluster, buckets, secrets."
    )


#: `<registry>/<path>:<tag>`, and what a registry calls its content.
ImageReference = Annotated[
    str, Field(pattern=r"^[a-z0-9.-]+(:[0-9]+)?/[a-z0-9._/-]+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")
]
ImageDigest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]

#: Registries of the images that the platform installs: vLLM and KServe, Knative, KEDA, cert-manager.
NEEDED_REGISTRIES = ("docker.io", "gcr.io", "ghcr.io", "quay.io")


class MirrorSettings(SettingsGroup):
    """Remote repositories of Artifact Registry, through which images are pulled."""

    registries: tuple[Literal["docker.io", "gcr.io", "ghcr.io", "quay.io", "registry.k8s.io"], ...] = Field(
        default=NEEDED_REGISTRIES,
        description="Registries: docker.io, gcr.io, ghcr.io and quay.io, which the platform's own images come from, and "
        "registry.k8s.io.",
    )
    keep_versions: Positive = Field(default=5, description="Newest versions of an image that are always kept.")
    delete_after_days: Positive = Field(default=90, description="Days after which other versions are deleted.")
    vulnerability_scanning: bool = Field(default=False, description="Search images for known vulnerabilities.")
    charts: Annotated[str, Field(pattern=r"^oci://\S+[^/]$")] | None = Field(
        default=None,
        description="Folder that holds copies of all charts (oci://...), for clusters that reach nothing else. Default: none, "
        "they come from where they are published.",
    )

    @model_validator(mode="after")
    def _complete(self) -> MirrorSettings:
        if missing := [registry for registry in NEEDED_REGISTRIES if registry not in self.registries]:
            raise ValueError(
                f"registries lacks {', '.join(missing)}: a mirror stands for all images that the platform installs"
            )
        return self


class SecretSettings(SettingsGroup):
    """One secret of Secret Manager: a container, whose value a person adds."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$")] = Field(description="Id of the secret.")
    rotation_days: Positive = Field(default=90, description="Days after which its value should be replaced.")


class RotationReminderSettings(SettingsGroup):
    """People who are told when the value of a secret is due to be replaced, once a day until one says that it is done."""

    emails: tuple[Email, ...] = Field(min_length=1, max_length=5, description="Who is told.")


class LoaderSettings(SettingsGroup):
    """Jobs that copy checkpoints into the model bucket."""

    image: Annotated[str, Field(pattern=r"^\S+@sha256:[0-9a-f]{64}$")] = Field(
        description="Image with this project's code, by digest."
    )
    hub_token_secret: str | None = Field(
        default=None, description="Id of the secret with the hub's token, one of `secrets`. Default: none."
    )
    sources: dict[str, str] = Field(
        default_factory=dict,
        description="Where a checkpoint comes from, by its id, such as gs://bucket/folder. Default: Hugging Face, under its id.",
    )


class BucketSettings(SettingsGroup):
    """The model bucket."""

    soft_delete_days: Annotated[int, Field(ge=0, le=90)] = Field(
        default=7, description="Days for which what was deleted for good can be restored: 0, or 7 to 90."
    )
    retention_days: Positive | None = Field(
        default=None,
        description="Days for which nobody can delete or replace an object; never locked. Takes the place of versions. Default: "
        "none.",
    )
    dual_region: tuple[str, str] | None = Field(
        default=None, description="Two regions that both hold the weights, one of them `region`. Default: none."
    )


class CloudRunSettings(SettingsGroup):
    """Models on Cloud Run."""

    weights: Literal["stream", "mount"] = Field(
        default="stream",
        description="stream: read from the bucket by the engine; mount: files of a read-only mount, up to 20 GiB (the rule is in "
        "docs/serving.md).",
    )
    ingress: Literal["internal", "internal-and-load-balancing"] = Field(
        default="internal", description="Whence services are reached: internal, or internal-and-load-balancing."
    )


class BudgetSettings(SettingsGroup):
    """Budgets that tell of spend: one for the environment, one for each team that has a `monthly_budget_usd`."""

    billing_account: Annotated[str, Field(pattern=r"^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$")] = Field(
        description="Billing account, 012345-6789AB-CDEF01."
    )
    monthly_usd: Positive = Field(description="Amount of the whole environment.")
    emails: tuple[Email, ...] = Field(min_length=1, max_length=5, description="Who is told.")


class CostSettings(SettingsGroup):
    """How a month is planned, and how it is divided afterwards."""

    expected_share: Annotated[Decimal, Field(gt=0, le=1)] = Field(
        default=EXPECTED_SHARE,
        description="Share of peak_concurrent_requests that is expected in the active hours (docs/cost.md).",
    )
    work_share: Annotated[Decimal, Field(ge=0, le=1)] = Field(
        default=WORK_SHARE,
        description="Share of what deployments share that follows the work done; the rest follows the memory held "
        "(docs/cost.md, s).",
    )
    answer_weight: Annotated[Decimal, Field(gt=0)] = Field(
        default=ANSWER_WEIGHT,
        description="Tokens of prompts that one token of an answer counts as, when work is compared (docs/cost.md, k).",
    )


class CostMonitoringSettings(SettingsGroup):
    """OpenCost in the cluster, which measures what was used."""

    enabled: bool = Field(
        default=True,
        description="Install OpenCost, with the prices of the node pools; they must all be known. false: nothing measures cost.",
    )
    prometheus_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*[^\s/])?$")] | None = Field(
        default=None,
        description="Address of a Prometheus of the organisation's own that collects from this cluster, such as "
        "http://prometheus.monitoring.svc:9090. Default: Google's Managed Prometheus.",
    )


class GitHubSettings(SettingsGroup):
    """GitHub Actions of one repository, which act without a key."""

    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$")] = Field(description="owner/name.")
    owner_id: Annotated[str, Field(pattern=r"^\d+$")] | None = Field(
        default=None,
        description="Number of the owner, which a later owner of the same name does not have. Default: none.",
    )
    deploy_environments: tuple[str, ...] = Field(default=(), description="GitHub environments whose jobs may deploy.")
    deploy_refs: tuple[str, ...] = Field(default=(), description="Refs whose jobs may deploy, such as refs/heads/main.")

    @model_validator(mode="after")
    def _somebody_deploys(self) -> GitHubSettings:
        if not (self.deploy_environments or self.deploy_refs):
            raise ValueError("needs deploy_environments or deploy_refs, or nobody could deploy")
        return self
