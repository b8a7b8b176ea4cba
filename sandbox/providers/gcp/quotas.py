"""Quotas of the project, from the file that a user may put into the cloud's folder.

`quota.json` maps a quota's id to its value: `{"NVIDIA-L4-GPUS-per-project-region": {"us-central1": 8},
"GPUS-PER-GPU-FAMILY-per-project-region": {"us-east4": {"NVIDIA_H100": 4}}, "GPUS-ALL-REGIONS-per-project": 8}`. Without the file
the look-ups answer as Google does without credentials. What the file leaves out is 0; only the ceiling over all regions is then
the sum of what the file allows. Ids: Cloud Quotas of compute.googleapis.com and run.googleapis.com, in public reports (2026).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sandbox.providers.cloud import CloudError
from sandbox.providers.gcp.resource_type import World

FILE = "quota.json"
DENIED = (
    "googleapi: Error 403: The caller does not have permission, PERMISSION_DENIED "
    "(the sandbox has no credentials; {file} in its cloud stands for the answers)"
)
COMPUTE, RUN = "compute.googleapis.com", "run.googleapis.com"
CEILING = "GPUS-ALL-REGIONS-per-project"
FAMILY = "GPUS-PER-GPU-FAMILY-per-project-region"
#: Cloud Run's quota of an accelerator: (without zonal redundancy, with it).
RUN_GPUS = {
    "nvidia-l4": ("NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion", "NvidiaL4GpuAllocPerProjectRegion"),
    "nvidia-rtx-pro-6000": (
        "NvidiaRtxPro6000GpuAllocNoZonalRedundancyPerProjectRegion",
        "NvidiaRtxPro6000GpuAllocPerProjectRegion",
    ),
}
#: Units of that quota that one GPU takes: RTX PRO 6000 is counted in thousandths (Cloud Run's documentation, 2026-09).
RUN_UNITS = {"nvidia-rtx-pro-6000": 1000}
#: Dimensions of the quotas that every project has.
QUOTAS: dict[str, tuple[str, ...]] = {
    CEILING: (),
    FAMILY: ("gpu_family", "region"),
    **{f"NVIDIA-{card}-GPUS-per-project-region": ("region",) for card in ("T4", "L4", "A100", "A100-80GB")},
    **{f"PREEMPTIBLE-NVIDIA-{card}-GPUS-per-project-region": ("region",) for card in ("L4", "RTX-PRO-6000")},
    **{quota: ("region",) for quotas in RUN_GPUS.values() for quota in quotas},
}

Value = tuple[dict[str, str], int]


def quotas(world: World) -> dict[str, Any] | None:
    """The file's quotas; None without a file. Raises CloudError for a file that says anything else."""
    try:
        found = json.loads((world.cloud.folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except json.JSONDecodeError as error:
        raise CloudError(f"{FILE} is not valid JSON: {error}") from None
    if not isinstance(found, dict) or not all(_well_formed(value) for value in found.values()):
        raise CloudError(
            f"{FILE} must map quota ids to a whole number, to numbers by region, or to numbers by region and GPU family"
        )
    return found


def needs_quotas(world: World) -> dict[str, Any]:
    """The file's quotas; without a file what Google answers to somebody without credentials."""
    found = quotas(world)
    if found is None:
        raise CloudError(DENIED.format(file=FILE))
    return found


def service_of(quota: str) -> str:
    """The service that a quota belongs to: the ids of Cloud Run are in camel case, those of Compute Engine have hyphens."""
    return COMPUTE if "-" in quota else RUN


def values(found: dict[str, Any], quota: str) -> list[Value]:
    """(dimensions, value) of a quota, the most specific first; the last has no dimensions and holds everywhere else."""
    if quota == CEILING and CEILING not in found:
        return [({}, sum(value for _, value in _leaves(found)))]
    value = found.get(quota, 0)
    if not isinstance(value, dict):
        return [({}, int(value))]
    return [*_by_place(value), ({}, 0)]


def allowed(world: World, quota: str, region: str, family: str | None = None) -> int | None:
    """The value of a quota in a region; None when no file names that quota."""
    found = quotas(world)
    if found is None or quota not in found:
        return None
    wanted = {"region": region, **({"gpu_family": family} if family else {})}
    return next(value for dimensions, value in values(found, quota) if dimensions.items() <= wanted.items())


def _well_formed(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_well_formed(member) for member in value.values())
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _by_place(value: dict[str, Any]) -> Iterator[Value]:
    for region, inner in value.items():
        if isinstance(inner, dict):
            yield from (({"gpu_family": family, "region": region}, number) for family, number in inner.items())
        else:
            yield {"region": region}, inner


def _leaves(found: dict[str, Any]) -> Iterator[Value]:
    for quota in found:
        if service_of(quota) == COMPUTE:
            yield from values(found, quota)
