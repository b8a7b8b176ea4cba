"""Cloud Run services. Limits: docs.cloud.google.com/run/docs/configuring/services/gpu and .../healthchecks (2026)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import REGION, label_failures, member_failures, name_failures, role_failures
from sandbox.providers.gcp.references import needs_account, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World, at, digits, entries, items, known, letters

SERVICE = "gcp:cloudrunv2/service:Service"
MEMBER = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
#: (least CPU, least memory in GiB, regions) by accelerator.
GPUS = {
    "nvidia-l4": (4, 16, ("us-central1", "us-east4", "europe-west1", "europe-west4", "asia-southeast1", "asia-south1")),
    "nvidia-rtx-pro-6000": (20, 80, ("us-central1", "europe-west4", "asia-southeast1", "asia-south2")),
}
#: Domains whose annotations and labels v2 refuses.
RESERVED = ("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev")
INGRESS = ("INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER")
PROBE_LIMIT_SECONDS, GPU_PROBE_LIMIT_SECONDS = 600, 1800
REQUEST_LIMIT_SECONDS = 3600


def _limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures(
        "name", inputs.get("name"), r"[a-z]([-a-z0-9]{0,47}[a-z0-9])?", "1 to 49 lower-case letters, digits and hyphens"
    )
    found += name_failures("location", inputs.get("location"), REGION.pattern, "a region looks like us-central1")
    found += label_failures("template.labels", at(inputs, "template", "labels"))
    for place in (("annotations",), ("template", "annotations"), ("labels",), ("template", "labels")):
        for key in entries(at(inputs, *place)):
            if key.partition("/")[0].endswith(RESERVED):
                found.append((f"{'.'.join(place)}.{key}", "annotations and labels of this domain are refused by v2"))
    ingress = inputs.get("ingress")
    if known(ingress) and ingress not in INGRESS:
        found.append(("ingress", f"'{ingress}' is none of {', '.join(INGRESS)}"))
    found += _gpu_limits(inputs)
    for index in range(len(items(at(inputs, "template", "containers")))):
        found += _probe_limits(inputs, index)
    found += _timeout_limits(at(inputs, "template", "timeout"))
    concurrency = at(inputs, "template", "maxInstanceRequestConcurrency")
    if known(concurrency) and not 0 <= concurrency <= 1000:
        found.append(("template.maxInstanceRequestConcurrency", f"{concurrency} is not between 0 and 1000"))
    scaling = at(inputs, "template", "scaling")
    least, most = at(scaling, "minInstanceCount"), at(scaling, "maxInstanceCount")
    if known(least) and known(most) and least > most:
        found.append(("template.scaling.maxInstanceCount", f"{most} is below minInstanceCount {least}"))
    return found


def _gpu_limits(inputs: Properties) -> list[Failure]:
    accelerator = at(inputs, "template", "nodeSelector", "accelerator")
    containers = at(inputs, "template", "containers")
    asks = [at(container, "resources", "limits", "nvidia.com/gpu") for container in items(containers)]
    wanted = [(index, at(containers, index, "resources")) for index, gpu in enumerate(asks) if known(gpu)]
    if accelerator is None:
        return [
            (f"template.containers[{i}].resources.limits", "a GPU needs template.nodeSelector.accelerator")
            for i, _ in wanted
        ]
    if not known(accelerator):
        return []
    if accelerator not in GPUS:
        return [("template.nodeSelector.accelerator", f"'{accelerator}' is none of {', '.join(GPUS)}")]
    cpu, memory, regions = GPUS[accelerator]
    found: list[Failure] = []
    if known(inputs.get("location")) and inputs["location"] not in regions:
        found.append(
            ("location", f"Cloud Run has no {accelerator} in {inputs['location']}, only in {', '.join(regions)}")
        )
    if len(wanted) > 1 or (not wanted and UNKNOWN not in (containers, *asks)):
        found.append(
            ("template.containers", f"exactly one container has the GPU, here {len(wanted)} ask for nvidia.com/gpu")
        )
    if at(inputs, "template", "scaling", "maxInstanceCount") is None:
        found.append(("template.scaling.maxInstanceCount", "is needed with a GPU: without it the quota decides"))
    for index, resources in wanted:
        path = f"template.containers[{index}].resources"
        limits = at(resources, "limits")
        if at(limits, "nvidia.com/gpu") not in ("1", 1):
            found.append((f"{path}.limits", "an instance has one GPU at most"))
        if (given := _cpus(at(limits, "cpu"))) is not None and given < cpu:
            found.append((f"{path}.limits.cpu", f"{accelerator} needs at least {cpu} CPUs, found {given:g}"))
        if (given := _gib(at(limits, "memory"))) is not None and given < memory:
            found.append((f"{path}.limits.memory", f"{accelerator} needs at least {memory}Gi, found {given:g}Gi"))
        if at(resources, "cpuIdle") not in (False, UNKNOWN):
            found.append((f"{path}.cpuIdle", "must be false: a GPU needs instance-based billing"))
    return found


def _probe_limits(inputs: Properties, index: int) -> list[Failure]:
    path = f"template.containers[{index}].startupProbe"
    probe = at(inputs, "template", "containers", index, "startupProbe")
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
    gpu = at(inputs, "template", "nodeSelector", "accelerator") is not None
    most = GPU_PROBE_LIMIT_SECONDS if gpu else PROBE_LIMIT_SECONDS
    if period * threshold > most:
        found.append((f"{path}.failureThreshold", f"{threshold} x {period} s is above the limit of {most} s"))
    return found


def _timeout_limits(timeout: object) -> list[Failure]:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(timeout))
    if known(timeout) and (match is None or float(match.group(1)) > REQUEST_LIMIT_SECONDS):
        return [("template.timeout", f"'{timeout}' is no duration like 300s of at most {REQUEST_LIMIT_SECONDS}s")]
    return []


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


def _service_id(world: World, inputs: Properties) -> str:
    """The service's id; a binding may name its service by name or by id."""
    name = str(inputs["name"])
    return (
        name
        if "/" in name
        else f"projects/{world.project_of(inputs)}/locations/{world.location_of(inputs)}/services/{name}"
    )


def _computed(world: World, inputs: Properties) -> Properties:
    region, name = str(inputs.get("location")), str(inputs.get("name"))
    return {
        "uri": f"https://{name}-{digits(world.project, 12)}.{region}.run.app",
        "latestReadyRevision": f"{name}-00001-{letters(name, 3)}",
        "etag": letters(name, 12),
        "uid": letters(f"{region}/{name}", 32),
        "reconciling": False,
    }


def _protected(world: World, inputs: Properties) -> str | None:
    if inputs.get("deletionProtection", True):
        return (
            "cannot destroy service without setting deletion_protection=false and running `pulumi up`: "
            "deletion protection is on"
        )
    return None


def _iam_limits(world: World, inputs: Properties) -> list[Failure]:
    return member_failures("member", inputs.get("member")) + role_failures("role", inputs.get("role"))


def _needs_service(world: World, inputs: Properties) -> str | None:
    service = _service_id(world, inputs)
    if world.cloud.get(SERVICE, service) is None:
        return f"Error 404: Resource '{service}' of kind 'SERVICE' does not exist., notFound"
    return needs_member(world, inputs)


def _members(world: World, inputs: Properties) -> Iterator[tuple[str, str]]:
    for record in world.cloud.all(MEMBER):
        if _service_id(world, record["inputs"]) == _service_id(world, inputs):
            yield MEMBER, record["id"]


RESOURCE_TYPES = (
    ResourceType(
        token=SERVICE,
        identity=_service_id,
        computed=_computed,
        replace=("name", "location"),
        limits=_limits,
        refuses=lambda w, i: needs_account(w, at(i, "template", "serviceAccount")),
        protected=_protected,
        contents=_members,
        labels="labels",
    ),
    ResourceType(
        token=MEMBER,
        identity=lambda w, i: f"{_service_id(w, i)}/{i['role']}/{i['member']}",
        computed=lambda w, i: {"etag": "BwYstandin="},
        replace=("name", "location", "role", "member", "condition"),
        limits=_iam_limits,
        refuses=_needs_service,
        auto_name=None,
    ),
)
