"""Which of Google's GPU quotas a stack needs, and what to say when one is too low. Pure: nobody is asked here.

A quota is the limit of a project, not what is still free: what other stacks of the project use is not seen.
Ids: Cloud Quotas API, read from public reports of `gcloud quotas info list` (2026-05 to 2026-09); Google publishes no list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

COMPUTE, RUN = "compute.googleapis.com", "run.googleapis.com"
#: All GPUs of Compute Engine in all regions, Spot included; 0 in many new projects, whatever the regional quotas say.
CEILING = "GPUS-ALL-REGIONS-per-project"
#: One quota for all cards that have none of their own on demand; its second dimension names the card.
FAMILY = "GPUS-PER-GPU-FAMILY-per-project-region"
#: Cards with an own on-demand quota `NVIDIA-<card>-GPUS-per-project-region`.
OWN_QUOTA = {"nvidia-tesla-t4": "T4", "nvidia-l4": "L4", "nvidia-tesla-a100": "A100", "nvidia-a100-80gb": "A100-80GB"}
#: Cards that are counted by family on demand.
FAMILIES = {
    "nvidia-rtx-pro-6000": "NVIDIA_RTX_PRO_6000",
    "nvidia-h100-80gb": "NVIDIA_H100",
    "nvidia-h100-mega-80gb": "NVIDIA_H100_MEGA",
    "nvidia-h200-141gb": "NVIDIA_H200",
    "nvidia-b200": "NVIDIA_B200",
}
#: Cards that Cloud Run has, and how many units of its quota one GPU takes: RTX PRO 6000 is counted in thousandths (Cloud Run's
#: documentation, 2026-09: "3,000 milliGPU"; a project that was told 1000 could deploy exactly 1 instance, 2026-07).
RUN_CARDS = {"nvidia-l4": ("NvidiaL4", 1), "nvidia-rtx-pro-6000": ("NvidiaRtxPro6000", 1000)}
#: Spot, and flex-start as well (docs.cloud.google.com/managed-spark, Dynamic Workload Scheduler, 2026), have quotas of their own.
PREEMPTIBLE = ("spot", "flex-start")
#: What the API says of a quota without a limit.
UNLIMITED = -1
CONSOLE = "https://console.cloud.google.com/iam-admin/quotas"


@dataclass(frozen=True, slots=True)
class Ask:
    """GPUs that one pool or deployment needs at its peak, rollout included."""

    subject: str
    runs_on: Literal["gke", "cloud-run"]
    #: Google's accelerator type, a fraction of a card under the name of the card.
    accelerator: str
    region: str
    gpus: int
    #: on-demand, spot, flex-start or reservation; None on Cloud Run. Reserved machines count as on demand: the reservation took
    #: the quota when it was made (docs.cloud.google.com/compute/docs/instances/reservations-overview, 2026).
    purchase_option: str | None = None
    #: Machine type and zones of the nodes; none on Cloud Run.
    machine_type: str | None = None
    zones: tuple[str, ...] = ()
    #: Cloud Run only: whether instances are spread over zones, which has its own quota.
    zonal_redundancy: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """One limit: an id and the place, or the place and family, that it is for."""

    service: str
    quota_id: str
    region: str | None = None
    gpu_family: str | None = None
    #: Units of the quota that one GPU takes.
    per_gpu: int = 1

    @property
    def dimensions(self) -> dict[str, str]:
        """Dimensions as the API names them; none for a limit of the whole project."""
        found = {"gpu_family": self.gpu_family, "region": self.region}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Need:
    """GPUs that a quota must allow, and who asks for them."""

    quota: Quota
    gpus: int
    subjects: tuple[str, ...]

    @property
    def units(self) -> int:
        """The same in the unit of the quota."""
        return self.gpus * self.quota.per_gpu


def quota_of(ask: Ask) -> Quota | None:
    """The quota that an ask is counted in; None where none is known."""
    if ask.runs_on == "cloud-run":
        if ask.accelerator not in RUN_CARDS:
            return None
        card, per_gpu = RUN_CARDS[ask.accelerator]
        spread = "" if ask.zonal_redundancy else "NoZonalRedundancy"
        return Quota(RUN, f"{card}GpuAlloc{spread}PerProjectRegion", ask.region, per_gpu=per_gpu)
    family = FAMILIES.get(ask.accelerator)
    card = OWN_QUOTA.get(ask.accelerator) or (family and family.removeprefix("NVIDIA_").replace("_", "-"))
    if card is None:
        return None
    if ask.purchase_option in PREEMPTIBLE:
        return Quota(COMPUTE, f"PREEMPTIBLE-NVIDIA-{card}-GPUS-per-project-region", ask.region)
    if family:
        return Quota(COMPUTE, FAMILY, ask.region, family)
    return Quota(COMPUTE, f"NVIDIA-{card}-GPUS-per-project-region", ask.region)


def needs(asks: Iterable[Ask]) -> list[Need]:
    """What all asks together need of each quota, and of the ceiling over all regions.

    Asks of one subject are alternatives, of which one is in use at a time: the largest counts.
    """
    asked: dict[Quota, list[Ask]] = defaultdict(list)
    for ask in asks:
        if ask.runs_on == "gke":
            asked[Quota(COMPUTE, CEILING)].append(ask)
        if (quota := quota_of(ask)) is not None:
            asked[quota].append(ask)
    found = [
        Need(quota, sum(largest.values()), tuple(largest))
        for quota, those in asked.items()
        if (largest := gpus_by_subject(those))
    ]
    return sorted(found, key=lambda need: (need.quota.service, need.quota.quota_id, *need.quota.dimensions.values()))


def gpus_by_subject(asks: Iterable[Ask]) -> dict[str, int]:
    """GPUs that each subject needs: of asks that are alternatives, the largest counts."""
    gpus: dict[str, int] = {}
    for ask in asks:
        gpus[ask.subject] = max(ask.gpus, gpus.get(ask.subject, 0))
    return gpus


def without_quota(asks: Iterable[Ask]) -> list[str]:
    """Accelerators of asks for which no quota id is known, with where they run."""
    return sorted({f"{ask.accelerator} on {ask.runs_on}" for ask in asks if quota_of(ask) is None})


def shortfall(wanted: Iterable[Need], granted: Mapping[Quota, int], project: str) -> str | None:
    """One message about every quota that is too low, with the way to request more; None when all that is known is enough.

    `granted` is in units of the quotas; a quota that it lacks is not judged.
    """
    short = [
        (need, value)
        for need in wanted
        if (value := granted.get(need.quota, UNLIMITED)) != UNLIMITED and value < need.units
    ]
    if not short:
        return None
    lines = [f"the GPU quota of project {project} is too low"]
    for need, value in short:
        lines += [f"  {_sentence(need, value)}", f"    {request_command(need, project)}"]
    lines += [
        f"Request more with these commands or at {CONSOLE}?project={project}.",
        "Google may refuse, or take days; until then lower a peak, or choose another region or GPU.",
    ]
    return "\n".join(lines)


def request_command(need: Need, project: str) -> str:
    """The command that asks Google for what is needed."""
    dimensions = ",".join(f"{name}={value}" for name, value in need.quota.dimensions.items())
    parts = [
        "gcloud beta quotas preferences create",
        f"--project={project}",
        f"--service={need.quota.service}",
        f"--quota-id={need.quota.quota_id}",
        *([f"--dimensions={dimensions}"] if dimensions else []),
        f"--preferred-value={need.units}",
        "--email=<who may change quotas>",
    ]
    return " ".join(parts)


def _sentence(need: Need, value: int) -> str:
    quota = need.quota
    place = f"in {quota.region}" if quota.region else "over all regions"
    family = f" for {quota.gpu_family}" if quota.gpu_family else ""
    unit = f" (in units of 1/{quota.per_gpu} GPU)" if quota.per_gpu != 1 else ""
    return f"{quota.quota_id} {place}{family}: needed {need.units}, granted {value}{unit}; {', '.join(need.subjects)}"
