"""Cloud Run services. Limits: docs.cloud.google.com/run/docs/configuring (2026) and rules/run_containers.py."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import (
    REGION,
    between,
    label_failures,
    name_failures,
    one_of,
)
from sandbox.providers.gcp.references import needs_account, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World, digits, letters
from sandbox.providers.gcp.rules.grants import iam_member
from sandbox.providers.gcp.rules.run_containers import (
    GPUS,
    duration_failures,
    gpu_failures,
    over_quota,
    probe_failures,
    reserved_failures,
)
from sandbox.providers.values import at, items, known

SERVICE = "gcp:cloudrunv2/service:Service"
MEMBER = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
INGRESS = ("INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER")
REQUEST_LIMIT_SECONDS = 3600


def _limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures(
        "name", inputs.get("name"), r"[a-z]([-a-z0-9]{0,47}[a-z0-9])?", "1 to 49 lower-case letters, digits and hyphens"
    )
    found += name_failures("location", inputs.get("location"), REGION.pattern, "a region looks like us-central1")
    found += label_failures("template.labels", at(inputs, "template", "labels"))
    found += reserved_failures(inputs, "annotations", "template.annotations", "labels", "template.labels")
    found += one_of("ingress", inputs.get("ingress"), INGRESS)
    found += gpu_failures(inputs, "template") + _billing_limits(inputs)
    for index in range(len(items(at(inputs, "template", "containers")))):
        found += probe_failures(inputs, "template", index)
    found += duration_failures("template.timeout", at(inputs, "template", "timeout"), REQUEST_LIMIT_SECONDS)
    concurrency = at(inputs, "template", "maxInstanceRequestConcurrency")
    found += between("template.maxInstanceRequestConcurrency", concurrency, 0, 1000)
    scaling = at(inputs, "template", "scaling")
    least, most = at(scaling, "minInstanceCount"), at(scaling, "maxInstanceCount")
    if known(least) and known(most) and least > most:
        found.append(("template.scaling.maxInstanceCount", f"{most} is below minInstanceCount {least}"))
    return found


def _billing_limits(inputs: Properties) -> list[Failure]:
    """With a GPU an instance is paid for as long as it is there, and the number of instances must be said."""
    template = inputs.get("template")
    if at(template, "nodeSelector", "accelerator") not in GPUS:
        return []
    found: list[Failure] = []
    if at(template, "scaling", "maxInstanceCount") is None and at(inputs, "scaling", "maxInstanceCount") is None:
        found.append(("template.scaling.maxInstanceCount", "is needed with a GPU: without it the quota decides"))
    for index, container in enumerate(items(at(template, "containers"))):
        resources = at(container, "resources")
        if known(at(resources, "limits", "nvidia.com/gpu")) and at(resources, "cpuIdle") not in (False, UNKNOWN):
            path = f"template.containers[{index}].resources.cpuIdle"
            found.append((path, "must be false: a GPU needs instance-based billing"))
    return found


def _over_quota(world: World, inputs: Properties) -> str | None:
    most = at(inputs, "template", "scaling", "maxInstanceCount") or at(inputs, "scaling", "maxInstanceCount")
    return over_quota(world, inputs, "template", most)


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
        enforces=_over_quota,
        protected=_protected,
        contents=_members,
        labels="labels",
    ),
    iam_member(
        token=MEMBER,
        holder=_service_id,
        holder_fields=("name", "location"),
        refuses=_needs_service,
    ),
)
