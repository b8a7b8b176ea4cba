"""Examples of the rule resources-and-probes: figures and PodDisruptionBudgets, and their near misses."""

from __future__ import annotations

from typing import Any

from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL, PROBE_PERIOD_SECONDS
from components.kubernetes.inference_service import MODE, STANDARD
from policy.examples.engine_objects import (
    NAME,
    NAMESPACE_NAME,
    Change,
    Content,
    beside,
    container,
    limits,
    namespace,
    served,
    service,
)
from policy.rules.probe_times import PROGRESS_DEADLINE
from policy.rules.rule import UNKNOWN, Example

GPUS = "nvidia.com/gpu"
FAILURES = container(service())["startupProbe"]["failureThreshold"]


def _probe(kind: str, **values: Any) -> Change:
    return lambda content: container(content)[kind].update(values)


def _lacks(kind: str) -> Change:
    return lambda content: container(content).pop(kind)


def _annotation(name: str, value: str | None) -> Change:
    def change(content: Content) -> None:
        annotations = content["metadata"]["annotations"]
        annotations.pop(name, None)
        if value is not None:
            annotations[name] = value

    return change


def _standard_mode(content: Content) -> None:
    _annotation(MODE, STANDARD)(content)
    _annotation(PROGRESS_DEADLINE, None)(content)


def _replicas(least: int, most: int) -> Change:
    return lambda content: content["spec"]["predictor"].update(minReplicas=least, maxReplicas=most)


def _transformer(content: Content) -> None:
    transformer = {**container(content), "name": "second", "command": ["python3"], "args": ["-m", "rewriting"]}
    content["spec"]["transformer"] = {"containers": [transformer]}


def _budget(name: str = NAME, **spec: Any) -> Content:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": NAMESPACE_NAME},
        "spec": {"selector": {"matchLabels": {INFERENCE_SERVICE_LABEL: name}}, **spec},
    }


EXAMPLES: tuple[Example, ...] = (
    Example("a deployment as it was sized", served(), beside=beside()),
    Example(
        "a probe that waits longer, with a deadline as late",
        served(_probe("startupProbe", failureThreshold=FAILURES + 30), _annotation(PROGRESS_DEADLINE, "40m")),
        beside=beside(),
    ),
    Example("Standard mode, which has no deadline", served(_standard_mode), beside=beside()),
    Example(
        "several replicas with a PodDisruptionBudget",
        served(_replicas(1, 3)),
        beside=(*beside(), _budget(maxUnavailable=1)),
    ),
    Example(
        "a probe that is 10 s too short",
        served(_probe("startupProbe", failureThreshold=FAILURES - 1)),
        denied=f"after {(FAILURES - 1) * PROBE_PERIOD_SECONDS} s, {FAILURES * PROBE_PERIOD_SECONDS} s are needed",
        beside=beside(),
    ),
    Example("no startup probe", served(_lacks("startupProbe")), denied="probe: startupProbe", beside=beside()),
    Example("no readiness probe", served(_lacks("readinessProbe")), denied="probe: readinessProbe", beside=beside()),
    Example("no liveness probe", served(_lacks("livenessProbe")), denied="probe: livenessProbe", beside=beside()),
    Example(
        "a liveness probe that gives up before the readiness probe",
        served(_probe("livenessProbe", periodSeconds=5, failureThreshold=5)),
        denied="its liveness probe restarts it sooner",
        beside=beside(),
    ),
    Example(
        "requests below the limits",
        served(
            lambda s: container(s)["resources"].update(requests={**container(s)["resources"]["limits"], "cpu": "1"})
        ),
        denied="requests and limits of its container are not the same",
        beside=beside(),
    ),
    Example(
        "one GiB less than was sized",
        served(limits(memory="17Gi")),
        denied="its limits are not those of its sizing record",
        beside=beside(),
    ),
    Example(
        "more CPU than was sized",
        served(limits(cpu="5")),
        denied="cpu 5 instead of 4",
        beside=beside(),
        denied_at_admission="its limits are not those of its sizing record: cpu 4",
    ),
    Example(
        "one GPU more than the record and the arguments have",
        served(limits(**{GPUS: "2"})),
        denied="its limits are not those of its sizing record",
        beside=beside(),
    ),
    Example(
        "a GPU for a container beside the engine",
        served(_transformer),
        denied="a container beside the engine asks for GPUs",
        beside=beside(),
    ),
    Example(
        "a deadline one second before the probe's",
        served(_annotation(PROGRESS_DEADLINE, f"{FAILURES * PROBE_PERIOD_SECONDS - 1}s")),
        denied="gives up before the startup probe does",
        beside=beside(),
    ),
    Example(
        "a deadline without unit",
        served(_annotation(PROGRESS_DEADLINE, "3600")),
        denied="gives up before the startup probe does",
        beside=beside(),
    ),
    Example(
        "no deadline in Knative mode",
        served(_annotation(PROGRESS_DEADLINE, None)),
        denied="gives up before the startup probe does",
        beside=beside(),
    ),
    Example("no record", served(), denied="no sizing record is published for it", beside=(namespace(),)),
    Example(
        "the record of another deployment",
        served(),
        denied="its sizing record is another deployment's",
        beside=beside(lambda record: record.update(deployment="search/ranker2")),
    ),
    Example(
        "several replicas without PodDisruptionBudget",
        served(_replicas(1, 2)),
        denied="no PodDisruptionBudget selects its pods",
        beside=beside(),
        admission=False,
    ),
    Example(
        "several replicas with the PodDisruptionBudget of another deployment",
        served(_replicas(1, 2)),
        denied="no PodDisruptionBudget selects its pods",
        beside=(*beside(), _budget("summary", maxUnavailable=1)),
        admission=False,
    ),
    Example(
        "no limit of replicas, which is more than one",
        served(_replicas(1, 0)),
        denied="no PodDisruptionBudget selects its pods",
        beside=beside(),
        admission=False,
    ),
    Example(
        "a PodDisruptionBudget that lets none go",
        served(_replicas(1, 2)),
        denied="lets no replica go",
        beside=(*beside(), _budget(minAvailable=1)),
        admission=False,
    ),
    Example(
        "limits that are not known before the update",
        served(lambda s: container(s)["resources"].update(limits=UNKNOWN)),
        denied="not known before the update",
        beside=beside(),
        admission=False,
    ),
    Example(
        "a probe that is not known before the update",
        served(_probe("startupProbe", failureThreshold=UNKNOWN)),
        denied="its startup probe gives up too early",
        beside=beside(),
        admission=False,
    ),
)
