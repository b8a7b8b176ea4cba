"""What containers on Cloud Run may ask for: GPUs, start-up and time. Limits: docs.cloud.google.com/run/docs/configuring
(services/gpu, jobs/gpu, healthchecks, task-timeout; 2026)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import name_failures
from sandbox.providers.gcp.quotas import RUN_GPUS, RUN_UNITS, allowed
from sandbox.providers.gcp.resource_type import World
from sandbox.providers.values import at, entries, items, known


@dataclass(frozen=True, slots=True)
class Shape:
    """What an instance with a GPU may have beside it: (least, most; None: not known), and where it is had."""

    cpus: tuple[int, int | None]
    memory_gib: tuple[int, int | None]
    regions: tuple[str, ...]


GPUS = {
    "nvidia-l4": Shape(
        (4, 8),
        (16, 32),
        ("us-central1", "us-east4", "europe-west1", "europe-west4", "asia-southeast1", "asia-south1"),
    ),
    "nvidia-rtx-pro-6000": Shape(
        (20, None), (80, None), ("us-central1", "europe-west4", "asia-southeast1", "asia-south2")
    ),
}
#: Domains whose annotations and labels v2 refuses.
RESERVED = ("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev")
PROBE_LIMIT_SECONDS, GPU_PROBE_LIMIT_SECONDS = 600, 1800
GPU_LIMIT = "nvidia.com/gpu"


def reserved_failures(inputs: Properties, *places: str) -> list[Failure]:
    """Annotations and labels of domains that v2 keeps to itself."""
    return [
        (f"{place}.{key}", "annotations and labels of this domain are refused by v2")
        for place in places
        for key in entries(at(inputs, *place.split(".")))
        if key.partition("/")[0].endswith(RESERVED)
    ]


def duration_failures(path: str, value: object, most: int) -> list[Failure]:
    """A duration in seconds that is none, or too long."""
    found = name_failures(path, value, r"\d+(\.\d{1,9})?s", f"a duration looks like 300s and is at most {most}s")
    if known(value) and not found and float(str(value)[:-1]) > most:
        found.append((path, f"{value} is above the limit of {most}s"))
    return found


def gpu_failures(inputs: Properties, path: str) -> list[Failure]:
    """The GPU of the template at `path`: its place, its one container, and what that must have beside it."""
    template = at(inputs, *path.split("."))
    accelerator, containers = at(template, "nodeSelector", "accelerator"), at(template, "containers")
    asks = [at(container, "resources", "limits", GPU_LIMIT) for container in items(containers)]
    wanted = [index for index, gpu in enumerate(asks) if known(gpu)]
    if accelerator is None:
        return [
            (f"{path}.containers[{i}].resources.limits", f"a GPU needs {path}.nodeSelector.accelerator") for i in wanted
        ]
    if not known(accelerator):
        return []
    if accelerator not in GPUS:
        return [(f"{path}.nodeSelector.accelerator", f"'{accelerator}' is none of {', '.join(GPUS)}")]
    regions, place = GPUS[accelerator].regions, inputs.get("location")
    found: list[Failure] = []
    if known(place) and place not in regions:
        found.append(("location", f"Cloud Run has no {accelerator} in {place}, only in {', '.join(regions)}"))
    if len(wanted) > 1 or (not wanted and UNKNOWN not in (containers, *asks)):
        found.append(
            (f"{path}.containers", f"exactly one container has the GPU, here {len(wanted)} ask for {GPU_LIMIT}")
        )
    for index in wanted:
        inner = f"{path}.containers[{index}].resources"
        found += _shape_failures(inner, str(accelerator), at(containers, index, "resources", "limits"))
    return found


def _shape_failures(path: str, accelerator: str, limits: object) -> list[Failure]:
    shape, found = GPUS[accelerator], []
    if at(limits, GPU_LIMIT) not in ("1", 1):
        found.append((f"{path}.limits", "an instance has one GPU at most"))
    for name, unit, given, (least, most) in (
        ("cpu", " CPUs", _cpus(at(limits, "cpu")), shape.cpus),
        ("memory", "Gi", _gib(at(limits, "memory")), shape.memory_gib),
    ):
        if given is not None and given < least:
            found.append(
                (f"{path}.limits.{name}", f"{accelerator} needs at least {least}{unit}, found {given:g}{unit}")
            )
        elif given is not None and most is not None and given > most:
            found.append((f"{path}.limits.{name}", f"with {accelerator} at most {most}{unit}, found {given:g}{unit}"))
        elif at(limits, name) is None:
            found.append((f"{path}.limits.{name}", f"is missing, {accelerator} needs at least {least}{unit}"))
    return found


def probe_failures(inputs: Properties, template: str, index: int) -> list[Failure]:
    """The start-up probe of a container: its numbers, and the time that it gives."""
    path = f"{template}.containers[{index}].startupProbe"
    probe = at(inputs, *template.split("."), "containers", index, "startupProbe")
    if not isinstance(probe, dict):
        return []
    period, threshold = probe.get("periodSeconds", 10), probe.get("failureThreshold", 3)
    timeout, delay = probe.get("timeoutSeconds", 1), probe.get("initialDelaySeconds", 0)
    if not all(known(value) for value in (period, threshold, timeout, delay)):
        return []
    found: list[Failure] = []
    if not 1 <= period <= 240:
        found.append((f"{path}.periodSeconds", "period_seconds must be a number between 1 and 240"))
    if not 0 <= delay <= 240:
        found.append((f"{path}.initialDelaySeconds", "initial_delay_seconds must be a number between 0 and 240"))
    if timeout > period:
        found.append((f"{path}.timeoutSeconds", f"{timeout} is above periodSeconds {period}"))
    gpu = at(inputs, *template.split("."), "nodeSelector", "accelerator") is not None
    most = GPU_PROBE_LIMIT_SECONDS if gpu else PROBE_LIMIT_SECONDS
    if period * threshold > most:
        found.append((f"{path}.failureThreshold", f"{threshold} x {period} s is above the limit of {most} s"))
    return found


def _cpus(value: object) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(m?)", str(value)) if known(value) else None
    if match is None:
        return None
    return float(match.group(1)) / (1000 if match.group(2) else 1)


def _gib(value: object) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(Gi|Mi|G|M)", str(value)) if known(value) else None
    if match is None:
        return None
    return float(match.group(1)) * {"Gi": 1.0, "Mi": 1 / 1024, "G": 1e9 / 2**30, "M": 1e6 / 2**30}[match.group(2)]


def over_quota(world: World, inputs: Properties, path: str, instances: object) -> str | None:
    """Google's refusal when more instances with a GPU may run than `quota.json` allows in the region."""
    template = at(inputs, *path.split("."))
    accelerator, single_zone = at(template, "nodeSelector", "accelerator"), at(template, "gpuZonalRedundancyDisabled")
    if accelerator not in RUN_GPUS or not isinstance(instances, int):
        return None
    quota = RUN_GPUS[accelerator][0 if single_zone is True else 1]
    units = allowed(world, quota, world.location_of(inputs))
    if units is None or instances * RUN_UNITS.get(accelerator, 1) <= units:
        return None
    most = units // RUN_UNITS.get(accelerator, 1)
    return (
        f"Error 400: Max instances must be set to {most} or fewer in order to set GPU requirements. "
        f"Quota violated: {quota} requested: {instances} allowed: {most}"
    )
