"""Rule: an engine gets what it was sized for, is given the time that its start takes, and can be moved from a node.

Preview: requests equal limits, GPUs are those of the arguments, the host's share is what sizing says, and the probes leave the
time of the estimated start. Admission, and the stack as a whole: the same figures as in the published sizing record. With more
than one replica a PodDisruptionBudget must be there that lets one go; only the stack as a whole can show that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from components.kubernetes.engine_pod import GPU_RESOURCE
from components.kubernetes.inference_service import KNATIVE, MODE
from components.sizing.engine_config import EngineConfig
from components.sizing.host import host_needs
from components.sizing.record_making import CLOUD_RUN_PROBE_LIMIT_SECONDS, PROBE_FACTOR, PROBE_MINIMUM_SECONDS
from components.sizing.speed import startup_seconds
from policy.rules.disruption_budgets import missing_budget
from policy.rules.probe_times import (
    DURATION,
    PROGRESS_DEADLINE,
    WITHOUT_DEADLINE,
    budget,
    cel_budget,
    progress_deadline,
)
from policy.rules.record import Record, compared, comparing, says
from policy.rules.resource_types import INFERENCE_SERVICE
from policy.rules.rule import UNKNOWN, AdmissionPolicy, Context, Finding, Resource, Rule, Validation
from policy.rules.workload import Engine, applies, check_engine, engine_of, gpus_elsewhere

#: What of the limits the record decides.
FIELDS = ("cpu", "memory", GPU_RESOURCE)

UNEQUAL = "requests and limits of its container are not the same"
ELSEWHERE = "a container beside the engine asks for GPUs, which nobody sized"
NOT_AS_RECORDED = "its limits are not those of its sizing record"
NO_PROBE = "its container lacks a probe"
TOO_SHORT = "its startup probe gives up too early"
NO_DEADLINE = f"its annotation {PROGRESS_DEADLINE} gives up before the startup probe does"
TOO_EAGER = "its liveness probe restarts it sooner than its readiness probe takes it out of traffic"
AS_RECORDED = "take the figures of the sizing record, which `make up` writes"


def check(resource: Resource, context: Context) -> list[Finding]:
    """What is wrong with the resources and probes of one resource."""
    return check_engine(resource, context, "resources and probes", _check)


def _check(engine: Engine, config: EngineConfig, gpus: int) -> list[Finding]:
    wrong = _shape(engine)
    if config.tensor_parallel_size != gpus:
        wrong.append(f"it asks for {gpus} GPUs and its arguments use {config.tensor_parallel_size}; {AS_RECORDED}")
    needs = host_needs(config.tensor_parallel_size)
    for field, least in (("cpu", needs.vcpu), ("memory", needs.memory_gib)):
        given = engine.of_container("resources", "limits", field)
        if given is UNKNOWN or _amount(given) < least:
            unit = " GiB" if field == "memory" else ""
            wrong.append(
                f"its limit of {field} is {given}, an engine of {gpus} GPUs needs {least}{unit}; {AS_RECORDED}"
            )
    probe = max(PROBE_MINIMUM_SECONDS, PROBE_FACTOR * startup_seconds(config))
    wrong += _too_short(engine, min(probe, CLOUD_RUN_PROBE_LIMIT_SECONDS) if engine.on_cloud_run else probe)
    return [Finding(f"{engine.subject}: {sentence}.") for sentence in wrong]


def _shape(engine: Engine) -> list[str]:
    """What is wrong whatever the engine is."""
    wrong = []
    limits, requests = engine.of_container("resources", "limits"), engine.of_container("resources", "requests")
    if not engine.on_cloud_run and (limits != requests or not isinstance(limits, Mapping)):
        wrong.append(f"{UNEQUAL}; {AS_RECORDED}")
    if gpus_elsewhere(engine):
        wrong.append(f"{ELSEWHERE}; a deployment has one engine")
    kinds = (
        ("startupProbe", "livenessProbe")
        if engine.on_cloud_run
        else ("startupProbe", "readinessProbe", "livenessProbe")
    )
    wrong += [
        f"{NO_PROBE}: {kind}; {AS_RECORDED}" for kind in kinds if not isinstance(engine.of_container(kind), Mapping)
    ]
    live, ready = budget(engine, "livenessProbe"), budget(engine, "readinessProbe")
    if not engine.on_cloud_run and live is not None and ready is not None and live < ready:
        wrong.append(f"{TOO_EAGER}: {live} s and {ready} s")
    wrong += _deadline(engine)
    return wrong


def _too_short(engine: Engine, least: int) -> list[str]:
    waits = budget(engine, "startupProbe")
    if waits is None or waits >= least:
        return []  # one that is missing has been told
    return [f"{TOO_SHORT}: after {waits} s, {least} s are needed; {AS_RECORDED}"]


def _deadline(engine: Engine) -> list[str]:
    """In Knative mode: a deadline before the probe's would give up on a start that the probe still waits for."""
    deadline, waits = progress_deadline(engine), budget(engine, "startupProbe") or 0
    if deadline is None:
        return []
    written, seconds = deadline
    if seconds is not None and seconds >= waits:
        return []
    return [f"{NO_DEADLINE}: '{'' if written is None else written}' and {waits} s; {AS_RECORDED}"]


def _amount(value: Any) -> float:
    """A limit in cores, or in GiB; 0 for what is no amount."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(m|Mi|Gi|Ti)?", str(value))
    if found is None:
        return 0
    return float(found[1]) * {"m": 0.001, "Mi": 1 / 1024, "Ti": 1024}.get(found[2], 1)


def check_stack(resources: Sequence[Resource], _: Context) -> list[Finding]:
    """InferenceServices with other figures than their records, and those that no PodDisruptionBudget lets go."""
    budgets = [
        Finding(f"{resource.name}: {sentence}.")
        for resource in resources
        if resource.type == INFERENCE_SERVICE
        and engine_of(resource)
        and (sentence := missing_budget(resource, resources))
    ]
    return [*compared(resources, _differences), *budgets]


def _differences(engine: Engine, published: Record) -> list[str]:
    limits = engine.of_container("resources", "limits")
    given = limits if isinstance(limits, Mapping) else {}
    recorded = _recorded(published)
    found = [
        f"{field} {given.get(field)} instead of {recorded[field]}" for field in FIELDS if _other(given, recorded, field)
    ]
    wrong = [f"{NOT_AS_RECORDED}: {', '.join(found)}; {AS_RECORDED}"] if found else []
    probe = published.get("startup_probe_seconds")
    return [*wrong, *_too_short(engine, probe if isinstance(probe, int) else CLOUD_RUN_PROBE_LIMIT_SECONDS)]


def _recorded(published: Record) -> dict[str, str]:
    return {
        "cpu": str(published.get("vcpu")),
        "memory": f"{published.get('memory_gib')}Gi",
        GPU_RESOURCE: str(published.get("gpu_count")),
    }


def _other(given: Mapping[str, Any], recorded: Mapping[str, str], field: str) -> bool:
    value = given.get(field)
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return str(whole) != recorded[field]


def admission(_: Context) -> tuple[AdmissionPolicy, ...]:
    """The same shape, with the figures of the record."""
    kinds = ("startupProbe", "readinessProbe", "livenessProbe")
    limit = f'?resources.?limits[?"{GPU_RESOURCE}"].hasValue()'
    recorded = "variables.record"
    modes = ", ".join(f'"{mode}"' for mode in WITHOUT_DEADLINE)
    variables = (
        ("limits", "variables.engine.?resources.?limits.orValue({})"),
        *((kind, f"has(variables.engine.{kind})") for kind in kinds),
        ("startup_seconds", cel_budget("startupProbe")),
        ("live_seconds", cel_budget("livenessProbe")),
        ("ready_seconds", cel_budget("readinessProbe")),
        ("recorded_seconds", f"int({recorded}.?startup_probe_seconds.orValue({CLOUD_RUN_PROBE_LIMIT_SECONDS}))"),
        ("cpu", f"string(int({recorded}.?vcpu.orValue(0)))"),
        ("memory", f'string(int({recorded}.?memory_gib.orValue(0))) + "Gi"'),
        ("gpus", f"string(int({recorded}.?gpu_count.orValue(0)))"),
        ("deadline", f'object.metadata.?annotations[?"{PROGRESS_DEADLINE}"].orValue("")'),
        ("mode", f'object.metadata.?annotations[?"{MODE}"].orValue("{KNATIVE}")'),
        ("gpu_containers", f"variables.all_containers.filter(c, c.{limit}).size()"),
        ("own_gpu", f"variables.containers.exists(c, c.{limit}) ? 1 : 0"),
    )
    end = f'"; {AS_RECORDED}."'
    return (
        comparing(
            "resources-and-probes",
            (
                Validation(
                    "variables.engine.?resources.?requests.orValue({}) == variables.limits && variables.limits.size() > 0",
                    f"{UNEQUAL}; {AS_RECORDED}.",
                ),
                Validation(
                    f'string(variables.limits[?"cpu"].orValue("")) == variables.cpu && '
                    f'string(variables.limits[?"memory"].orValue("")) == variables.memory && '
                    f'string(variables.limits[?"{GPU_RESOURCE}"].orValue("")) == variables.gpus',
                    f"{NOT_AS_RECORDED}; {AS_RECORDED}.",
                    says(
                        f"{NOT_AS_RECORDED}: cpu ",
                        "variables.cpu",
                        '", memory "',
                        "variables.memory",
                        f'", {GPU_RESOURCE} "',
                        "variables.gpus",
                        end,
                    ),
                ),
                Validation(
                    "variables.gpu_containers <= variables.own_gpu", f"{ELSEWHERE}; a deployment has one engine."
                ),
                *(Validation(f"variables.{kind}", f"{NO_PROBE}: {kind}; {AS_RECORDED}.") for kind in kinds),
                Validation(
                    "variables.startup_seconds >= variables.recorded_seconds",
                    f"{TOO_SHORT}; {AS_RECORDED}.",
                    says(
                        f"{TOO_SHORT}: after ",
                        "string(variables.startup_seconds)",
                        '" s, "',
                        "string(variables.recorded_seconds)",
                        f'" s are needed; {AS_RECORDED}."',
                    ),
                ),
                Validation("variables.live_seconds >= variables.ready_seconds", f"{TOO_EAGER}."),
                Validation(
                    f'variables.mode in [{modes}] || (variables.deadline != "" && '
                    f"variables.deadline.matches({json.dumps(DURATION)}) && "
                    'duration(variables.deadline) >= duration(string(variables.startup_seconds) + "s"))',
                    f"{NO_DEADLINE}; {AS_RECORDED}.",
                ),
            ),
            variables,
        ),
    )


RULE = Rule(
    id="resources-and-probes",
    title="Engines have the resources and the start-up time they were sized for, and can be moved from a node",
    why="an engine that is throttled, killed while it loads, or never lets go of its node fails in ways that are hard to trace",
    fix="take CPU, memory, GPUs and probes from the sizing record, and add a PodDisruptionBudget with maxUnavailable: 1",
    severity="high",
    applies=applies,
    check=check,
    admission=admission,
    check_stack=check_stack,
)
