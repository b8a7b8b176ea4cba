"""Cloud Run jobs. Limits: docs.cloud.google.com/run/docs/configuring (task-timeout, max-retries, parallelism, jobs/gpu; 2026),
terraform-provider-google cloud_run_v2_job (2026-08)."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import REGION, between, label_failures, name_failures
from sandbox.providers.gcp.references import needs_account, needs_member
from sandbox.providers.gcp.resource_type import ResourceType, World, letters
from sandbox.providers.gcp.rules.grants import iam_member
from sandbox.providers.gcp.rules.run_containers import (
    duration_failures,
    gpu_failures,
    over_quota,
    probe_failures,
    reserved_failures,
)
from sandbox.providers.values import at, items, known

JOB = "gcp:cloudrunv2/job:Job"
MEMBER = "gcp:cloudrunv2/jobIamMember:JobIamMember"
NAME = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
TEMPLATE = "template.template"
#: A task runs for a week at most, with a GPU for 12 hours (Preview).
TASK_LIMIT_SECONDS, GPU_TASK_LIMIT_SECONDS = 604_800, 43_200


def _limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, "1 to 63 lower-case letters, digits and hyphens")
    found += name_failures("location", inputs.get("location"), REGION.pattern, "a region looks like us-central1")
    found += label_failures("template.labels", at(inputs, "template", "labels"))
    found += reserved_failures(inputs, "annotations", "template.annotations", "labels", "template.labels")
    found += gpu_failures(inputs, TEMPLATE)
    for index in range(len(items(at(inputs, "template", "template", "containers")))):
        found += probe_failures(inputs, TEMPLATE, index)
    gpu = at(inputs, "template", "template", "nodeSelector", "accelerator") is not None
    most = GPU_TASK_LIMIT_SECONDS if gpu else TASK_LIMIT_SECONDS
    found += duration_failures(f"{TEMPLATE}.timeout", at(inputs, "template", "template", "timeout"), most)
    found += between(f"{TEMPLATE}.maxRetries", at(inputs, "template", "template", "maxRetries"), 0, 10)
    tasks, parallel = at(inputs, "template", "taskCount"), at(inputs, "template", "parallelism")
    found += between("template.taskCount", tasks, 1, 10_000)
    if known(tasks) and known(parallel) and parallel > tasks:
        found.append(("template.parallelism", f"{parallel} is above taskCount {tasks}"))
    if inputs.get("startExecutionToken") is not None and inputs.get("runExecutionToken") is not None:
        found.append(("runExecutionToken", "startExecutionToken and runExecutionToken exclude each other"))
    return found


def _job_id(world: World, inputs: Properties) -> str:
    """The job's id; a binding may name its job by name or by id."""
    name = str(inputs["name"])
    place = f"projects/{world.project_of(inputs)}/locations/{world.location_of(inputs)}"
    return name if "/" in name else f"{place}/jobs/{name}"


def _computed(world: World, inputs: Properties) -> Properties:
    name = f"{inputs.get('location')}/{inputs.get('name')}"
    return {"etag": letters(name, 12), "uid": letters(name, 32), "executionCount": 0, "reconciling": False}


def _protected(world: World, inputs: Properties) -> str | None:
    if inputs.get("deletionProtection", True):
        return "cannot destroy job without setting deletion_protection=false and running `pulumi up`: deletion protection is on"
    return None


def _over_quota(world: World, inputs: Properties) -> str | None:
    parallel = at(inputs, "template", "parallelism") or at(inputs, "template", "taskCount") or 1
    return over_quota(world, inputs, TEMPLATE, parallel)


def _needs_job(world: World, inputs: Properties) -> str | None:
    job = _job_id(world, inputs)
    if world.find(JOB, job) is None:
        return f"Error 404: Resource '{job}' of kind 'JOB' does not exist., notFound"
    return needs_member(world, inputs)


def _members(world: World, inputs: Properties) -> Iterator[tuple[str, str]]:
    for record in world.cloud.all(MEMBER):
        if _job_id(world, record["inputs"]) == _job_id(world, inputs):
            yield MEMBER, record["id"]


RESOURCE_TYPES = (
    ResourceType(
        token=JOB,
        identity=_job_id,
        computed=_computed,
        replace=("name", "location", "tags"),
        limits=_limits,
        refuses=lambda w, i: needs_account(w, at(i, "template", "template", "serviceAccount")),
        enforces=_over_quota,
        protected=_protected,
        contents=_members,
        labels="labels",
    ),
    iam_member(
        token=MEMBER,
        holder=_job_id,
        holder_fields=("name", "location"),
        refuses=_needs_job,
    ),
)
