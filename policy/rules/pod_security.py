"""What a pod may be, in both forms: the Pod Security Standard `restricted` but for the user, and no way to the Kubernetes API.

The user is left to the level of the namespace, and to the sizing record where the image is known to run without root. Knative's
queue-proxy (knative.dev/serving v0.50.0 pkg/reconciler/revision/resources/queue.go) and GKE's Cloud Storage FUSE container
(GoogleCloudPlatform/gcs-fuse-csi-driver pkg/webhook/sidecar_spec.go, 2026) comply by themselves.
Source of the standard: kubernetes.io/docs/concepts/security/pod-security-standards (2026).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from policy.rules.resource_types import INFERENCE_SERVICE
from policy.rules.rule import UNKNOWN, Resource, Validation
from policy.rules.workload import PARTS, Path

HOST_FIELDS = ("hostNetwork", "hostPID", "hostIPC")
CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")
#: Capabilities that may be added.
ADDED = ("NET_BIND_SERVICE",)
SECCOMP = ("RuntimeDefault", "Localhost")

HOST = f"{', '.join(HOST_FIELDS)} must be false"
HOST_PATH = "no volume may be a hostPath"
PRIVILEGED = "no container may be privileged, have a hostPort or another procMount"
#: What the level `baseline` refuses as well; these stand first.
OF_BASELINE = (HOST, HOST_PATH, PRIVILEGED)
ESCALATION = "every container needs allowPrivilegeEscalation: false"
CAPABILITIES = f"every container must drop the capabilities ALL and may add {' and '.join(ADDED)} alone"
NO_SECCOMP = f"the pod or every container needs a seccompProfile of type {' or '.join(SECCOMP)}"
TOKEN = "an engine needs automountServiceAccountToken: false and no projected serviceAccountToken"  # noqa: S105  (a sentence)
NOT_KNOWN = "the pod is not known before the update, so it cannot be judged; write plain values"

#: Where each kind has the template of its pods.
TEMPLATES: dict[str, Path] = {
    "kubernetes:core/v1:Pod": (),
    **{
        f"kubernetes:apps/v1:{kind}": ("spec", "template")
        for kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
    },
    "kubernetes:batch/v1:Job": ("spec", "template"),
    "kubernetes:batch/v1:CronJob": ("spec", "jobTemplate", "spec", "template"),
}


def has_pods(resource_type: str) -> bool:
    """True for the kinds that are pods or make them."""
    return resource_type in TEMPLATES or resource_type == INFERENCE_SERVICE


def faults(resource: Resource) -> Iterator[str]:
    """What is wrong with the pods that the resource declares, in half sentences."""
    if resource.type == INFERENCE_SERVICE:
        pods = [(resource.at("spec", part), True) for part in PARTS if resource.at("spec", part) is not None]
    elif resource.type in TEMPLATES:
        template = TEMPLATES[resource.type]
        engine = resource.at(*template, "metadata", "labels", INFERENCE_SERVICE_LABEL) is not None
        pods = [(resource.at(*template, "spec"), engine)]
    else:
        return
    for pod, engine in pods:
        lists = [pod.get(name) for name in CONTAINER_LISTS] if isinstance(pod, Mapping) else [UNKNOWN]
        if UNKNOWN in lists or any(UNKNOWN in listed for listed in lists if isinstance(listed, list)):
            yield NOT_KNOWN
        else:
            yield from _of_pod(pod, engine=engine)


def _of_pod(pod: Mapping[str, Any], *, engine: bool) -> Iterator[str]:
    if any(pod.get(field) not in (None, False) for field in HOST_FIELDS):
        yield HOST
    volumes = _list(pod.get("volumes"))
    if any(volume is UNKNOWN or "hostPath" in volume for volume in volumes):
        yield HOST_PATH
    containers = [container for name in CONTAINER_LISTS for container in _list(pod.get(name))]
    containers += [pod["model"]] if isinstance(pod.get("model"), Mapping) else []
    for words, complies in (
        (PRIVILEGED, _is_confined),
        (ESCALATION, lambda one: _at(one, "securityContext", "allowPrivilegeEscalation") is False),
        (CAPABILITIES, _drops_all),
        (NO_SECCOMP, lambda one: _seccomp(one, pod) in SECCOMP),
    ):
        if names := [str(container.get("name")) for container in containers if not complies(container)]:
            yield f"{words} ({', '.join(names)})"
    if engine and not (pod.get("automountServiceAccountToken") is False and not any(map(_has_token, volumes))):
        yield TOKEN


def _is_confined(container: Mapping[str, Any]) -> bool:
    context = ("securityContext",)
    return (
        _at(container, *context, "privileged") in (None, False)
        and _at(container, *context, "procMount") in (None, "Default")
        and all(_at(port, "hostPort") in (None, 0) for port in _list(container.get("ports")))
    )


def _drops_all(container: Mapping[str, Any]) -> bool:
    dropped, added = (_list(_at(container, "securityContext", "capabilities", name)) for name in ("drop", "add"))
    return "ALL" in dropped and all(one in ADDED for one in added)


def _seccomp(container: Mapping[str, Any], pod: Mapping[str, Any]) -> Any:
    own = _at(container, "securityContext", "seccompProfile", "type")
    return _at(pod, "securityContext", "seccompProfile", "type") if own is None else own


def _has_token(volume: Any) -> bool:
    return any(
        source is UNKNOWN or "serviceAccountToken" in source for source in _list(_at(volume, "projected", "sources"))
    )


def _at(value: Any, *path: str) -> Any:
    return Resource("", "", value).at(*path) if isinstance(value, Mapping) else value


def _list(value: Any) -> list[Any]:
    """A list's members; an unknown list has one unknown member."""
    return [UNKNOWN] if value is UNKNOWN else value if isinstance(value, list) else []


#: CEL: all containers of the pod `p`; the runtime of a KServe model is one of them.
_ALL = "(" + " + ".join(f"p.?{name}.orValue([])" for name in CONTAINER_LISTS) + " + (has(p.model) ? [p.model] : []))"


def _every(expression: str) -> str:
    return f"variables.pods.all(p, {_ALL}.all(c, {expression}))"


def _texts(values: tuple[str, ...]) -> str:
    return json.dumps(values)


def validations(*, baseline_holds: bool) -> tuple[Validation, ...]:
    """The same in CEL, of the variables `pods`, a list of pods' specs, and `runs_model`. Messages name nothing: see autogen.

    With `baseline_holds` without what the Pod Security level `baseline`, the least that a team's namespace has, refuses anyway.
    """
    token = "p.?automountServiceAccountToken.orValue(true) == false && p.?volumes.orValue([]).all(v, "  # noqa: S105  (CEL)
    every = tuple(
        Validation(expression, f"{words}.")
        for words, expression in (
            (HOST, f"variables.pods.all(p, {_texts(HOST_FIELDS)}.all(f, p[?f].orValue(false) == false))"),
            (HOST_PATH, "variables.pods.all(p, p.?volumes.orValue([]).all(v, !has(v.hostPath)))"),
            (
                PRIVILEGED,
                _every(
                    "c.?securityContext.?privileged.orValue(false) == false && "
                    'c.?securityContext.?procMount.orValue("Default") == "Default" && '
                    "c.?ports.orValue([]).all(port, port.?hostPort.orValue(0) == 0)"
                ),
            ),
            (ESCALATION, _every("c.?securityContext.?allowPrivilegeEscalation.orValue(true) == false")),
            (
                CAPABILITIES,
                _every(
                    'c.?securityContext.?capabilities.?drop.orValue([]).exists(x, x == "ALL") && '
                    f"c.?securityContext.?capabilities.?add.orValue([]).all(x, x in {_texts(ADDED)})"
                ),
            ),
            (
                NO_SECCOMP,
                _every(
                    "c.?securityContext.?seccompProfile.?type.orValue("
                    f'p.?securityContext.?seccompProfile.?type.orValue("")) in {_texts(SECCOMP)}'
                ),
            ),
            (
                TOKEN,
                f"!variables.runs_model || variables.pods.all(p, {token}"
                "v.?projected.?sources.orValue([]).all(s, !has(s.serviceAccountToken))))",
            ),
        )
    )
    return every[len(OF_BASELINE) :] if baseline_holds else every


#: Variables for pods, which are also judged where their controllers are written; and for InferenceServices.
POD_VARIABLES = (
    ("pods", "[object.spec]"),
    ("runs_model", f'has(object.metadata) && object.metadata.?labels[?"{INFERENCE_SERVICE_LABEL}"].hasValue()'),
)
MODEL_VARIABLES = (
    ("pods", f"{_texts(PARTS)}.filter(part, part in object.spec).map(part, object.spec[part])"),
    ("runs_model", "true"),
)
