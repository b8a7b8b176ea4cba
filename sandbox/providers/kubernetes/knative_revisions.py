"""What Knative says of the revision that KServe makes of an InferenceService: its timeouts, and the fields of its pod.

A pod's fields are of three sorts: those that every revision may have, those behind a switch of `config-features`, which Knative's
webhook refuses while it is off, and those that its definition lacks, which the API server drops without a word; here they are
refused. All of it is seen in the status of the InferenceService only, minutes later; here the object itself is refused.
Sources: knative.dev/serving v0.50.0 (Knative 1.23.0) pkg/apis/serving/{fieldmask,k8s_validation,metadata_validation}.go and
v1/revision_validation.go, and the definition of its Service; read 2026-11-25.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.api import Failure
from sandbox.providers.kubernetes.knative_config import SECURE_DEFAULTS, number, setting
from sandbox.providers.values import entries, items

POD = "spec.template.spec"
#: Fields of a pod that any revision may have.
FREE = ("serviceAccountName", "containers", "volumes", "imagePullSecrets", "enableServiceLinks")
#: Fields of a pod behind a switch `kubernetes.podspec-...`: those whose switch is called like the field, and the other one.
SWITCHED = {
    field: field.lower()
    for field in (
        *("affinity", "dnsConfig", "dnsPolicy", "hostAliases", "hostIPC", "hostNetwork", "hostPID", "nodeSelector"),
        *("priorityClassName", "runtimeClassName", "schedulerName", "securityContext", "shareProcessNamespace"),
        *("tolerations", "topologySpreadConstraints"),
    )
} | {"initContainers": "init-containers"}
#: Sources of a volume behind a switch, with Knative's name for them.
VOLUMES = {
    "emptyDir": ("volumes-emptydir", "EmptyDir volume"),
    "csi": ("volumes-csi", "CSI volume"),
    "hostPath": ("volumes-hostpath", "HostPath volume"),
    "ephemeral": ("volumes-ephemeral", "Ephemeral volume"),
    "image": ("volumes-image", "Image volume"),
    "persistentVolumeClaim": ("persistent-volume-claim", "Persistent volume claim"),
}
REFUSED = "must not set the field(s)"
FREE_VOLUMES = ("name", "secret", "configMap", "projected")
#: Fields of a container that a revision's definition lacks.
DROPPED_OF_CONTAINER = ("lifecycle", "stdin", "stdinOnce", "tty", "volumeDevices", "resizePolicy", "restartPolicy")
DRAIN = "; in Knative mode `predictor.timeout` is the drain"


def revision_failures(predictor: Any, own_fields: tuple[str, ...], config: Any) -> list[Failure]:
    """What Knative refuses or drops of a predictor; `own_fields` are KServe's, `config` is that of the KnativeServing."""
    if not isinstance(predictor, dict):
        return []
    pod = {field: value for field, value in predictor.items() if field not in own_fields}
    return [
        *_limit_failures(predictor, config),
        *_pod_failures(pod, config),
        *_volume_failures(pod, config),
        *_container_failures(predictor, config),
    ]


def _limit_failures(predictor: dict[str, Any], config: Any) -> Iterator[Failure]:
    timeout, most = predictor.get("timeout"), number(config, "defaults", "max-revision-timeout-seconds")
    if isinstance(timeout, int) and most is not None and not 0 <= timeout <= most:
        yield "spec.predictor.timeout", f"expected 0 <= {timeout} <= {most}: {POD}.timeoutSeconds"
    least = 1 if setting(config, "defaults", "allow-container-concurrency-zero") == "false" else 0
    concurrency, most = (
        predictor.get("containerConcurrency"),
        number(config, "defaults", "container-concurrency-max-limit"),
    )
    if isinstance(concurrency, int) and most is not None and not least <= concurrency <= most:
        reason = f"expected {least} <= {concurrency} <= {most}: {POD}.containerConcurrency"
        yield "spec.predictor.containerConcurrency", reason


def _pod_failures(pod: dict[str, Any], config: Any) -> Iterator[Failure]:
    for field, value in pod.items():
        path, switch = f"spec.predictor.{field}", SWITCHED.get(field)
        if field == "automountServiceAccountToken":
            if value is True:
                yield path, f"{REFUSED}: {POD}.{field}"
        elif switch is not None:
            if _off(config, switch) and not (field == "securityContext" and _secure(config)):
                yield path, f"{REFUSED}: {POD}.{field} ({_hint(switch)})"
        elif field not in FREE:
            yield path, f"Knative drops this field{DRAIN if field == 'terminationGracePeriodSeconds' else ''}"
    if _off(config, "securitycontext") and _secure(config):
        # the secure defaults open one field of it
        for field in entries(pod.get("securityContext")):
            if field != "seccompProfile":
                path = f"securityContext.{field}"
                yield f"spec.predictor.{path}", f"{REFUSED}: {POD}.{path} ({_hint('securitycontext')})"


def _volume_failures(pod: dict[str, Any], config: Any) -> Iterator[Failure]:
    writable = _value(config, "persistent-volume-write") in ("enabled", UNKNOWN)
    for index, volume in enumerate(items(pod.get("volumes"))):
        for source, value in entries(volume).items():
            path = f"spec.predictor.volumes[{index}].{source}"
            if source in VOLUMES:
                switch, name = VOLUMES[source]
                claim = entries(value)
                if _value(config, switch) not in ("enabled", UNKNOWN):
                    found = claim.get("claimName") or entries(volume).get("name")
                    yield path, f"{name} support is disabled, but found {name} {found} ({_hint(switch)})"
                elif source == "persistentVolumeClaim" and claim.get("readOnly") in (None, False) and not writable:
                    yield path, f"{name} write support is disabled ({_hint('persistent-volume-write')})"
            elif source not in FREE_VOLUMES:
                yield path, f"{REFUSED}: {POD}.volumes[{index}].{source}"


def _container_failures(predictor: dict[str, Any], config: Any) -> Iterator[Failure]:
    containers = [(f"containers[{index}]", one) for index, one in enumerate(items(predictor.get("containers")))]
    if sum(len(items(entries(container).get("ports"))) for _, container in containers) > 1:
        yield "spec.predictor.containers", f"more than one container port is set: {POD}.containers[*].ports"
    # KServe makes a container of the model
    for place, container in [*containers, ("model", predictor.get("model"))]:
        path = f"spec.predictor.{place}"
        for field in entries(container):
            if field in DROPPED_OF_CONTAINER:
                yield f"{path}.{field}", f"Knative drops this field{DRAIN if field == 'lifecycle' else ''}"
        if entries(entries(container).get("securityContext")).get("privileged") is True:
            yield f"{path}.securityContext.privileged", f"{REFUSED}: {POD}.{place}.securityContext.privileged"
        for index, variable in enumerate(items(entries(container).get("env"))):
            for source in ("fieldRef", "resourceFieldRef"):
                if source in entries(entries(variable).get("valueFrom")) and _off(config, "fieldref"):
                    field = f"env[{index}].valueFrom.{source}"
                    yield f"{path}.{field}", f"{REFUSED}: {POD}.{place}.{field} ({_hint('fieldref')})"


def _value(config: Any, switch: str) -> str:
    value = setting(config, "features", f"kubernetes.podspec-{switch}")
    return value if value == UNKNOWN else value.lower()


def _off(config: Any, switch: str) -> bool:
    return _value(config, switch) not in ("enabled", "allowed", UNKNOWN)


def _secure(config: Any) -> bool:
    return setting(config, "features", SECURE_DEFAULTS).lower() in ("enabled", "allowrootbounded")


def _hint(switch: str) -> str:
    return f"switch kubernetes.podspec-{switch} of config-features"
