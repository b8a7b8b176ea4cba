"""When an object is ready, by its kind, as the real provider judges it (provider/pkg/await, 4.34). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.providers.kubernetes.live.conditions import all_told, condition, told, unmet, wishes

SKIP = "pulumi.com/skipAwait"
Live = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an object is ready, why not, and whether waiting is in vain."""

    ready: bool
    status: str = ""
    hopeless: bool = False


READY = Verdict(True)
#: Finds the EndpointSlices of a Service.
Slices = Callable[[Live], Sequence[Live]]


def verdict(live: Live, slices: Slices) -> Verdict:
    """What is to be said of an object now. Kinds without a rule of their own are ready at once, as in the real provider."""
    annotations = live["metadata"].get("annotations") or {}
    if str(annotations.get(SKIP, "")).lower() == "true":
        return READY
    if wanted := wishes(annotations):
        missing = [f"{wish}: {why}" for wish in wanted if (why := unmet(wish, live)) is not None]
        return Verdict(False, "; ".join(missing)) if missing else READY
    if live["kind"] == "Service" and live["apiVersion"] == "v1":
        return _service(live, slices)
    rule = RULES.get((live["apiVersion"], live["kind"]))
    return rule(live) if rule else READY


def _seen(live: Live) -> bool:
    status = live.get("status") or {}
    return status.get("observedGeneration", 0) >= live["metadata"].get("generation", 0)


def _deployment(live: Live) -> Verdict:
    status, wanted = live.get("status") or {}, live["spec"].get("replicas", 1)
    counts = [status.get(key, 0) for key in ("updatedReplicas", "availableReplicas", "replicas")]
    progressing = condition(live, "Progressing")
    if not _seen(live):
        return Verdict(False, "the change has not been seen by its controller yet")
    done = progressing is None or progressing.get("reason") in ("NewReplicaSetAvailable", None)
    if done and counts[0] == counts[2] == wanted and counts[1] >= wanted:
        return READY
    return Verdict(False, f"{counts[0]} of {wanted} pods updated, {counts[1]} available; {all_told(live)}")


def _stateful_set(live: Live) -> Verdict:
    status, wanted = live.get("status") or {}, live["spec"].get("replicas", 1)
    rolled = live["spec"].get("updateStrategy", {}).get("type") == "OnDelete" or (
        status.get("updateRevision") == status.get("currentRevision")
    )
    if _seen(live) and rolled and status.get("readyReplicas", 0) >= wanted:
        return READY
    return Verdict(False, f"{status.get('readyReplicas', 0)} of {wanted} pods ready; {all_told(live)}")


def _daemon_set(live: Live) -> Verdict:
    status = live.get("status") or {}
    wanted = status.get("desiredNumberScheduled", 0)
    updated = live["spec"].get("updateStrategy", {}).get("type") == "OnDelete" or (
        status.get("updatedNumberScheduled", 0) >= wanted
    )
    if _seen(live) and updated and status.get("numberAvailable", 0) >= wanted:
        return READY
    return Verdict(False, f"{status.get('numberAvailable', 0)} of {wanted} pods available; {all_told(live)}")


def _job(live: Live) -> Verdict:
    failed, complete = condition(live, "Failed"), condition(live, "Complete")
    if failed is not None and failed.get("status") == "True":
        return Verdict(False, told(failed), hopeless=True)
    if complete is not None and complete.get("status") == "True":
        return READY
    return Verdict(False, f"not complete; {all_told(live)}")


def _service(live: Live, slices: Slices) -> Verdict:
    spec = live["spec"]
    if spec.get("type") == "ExternalName":
        return READY
    if spec.get("type") == "LoadBalancer" and not ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return Verdict(False, "the load balancer has no address yet")
    if not spec.get("selector") or spec.get("clusterIP") == "None":
        return READY
    targets = [target for one in slices(live) for target in one.get("endpoints") or []]
    if any((target.get("conditions") or {}).get("ready", True) for target in targets):
        return READY
    return Verdict(False, f"it selects no pod that is ready ({len(targets)} endpoints)")


def _namespace(live: Live) -> Verdict:
    phase = (live.get("status") or {}).get("phase")
    return READY if phase == "Active" else Verdict(False, f"its phase is {phase}")


def _having(name: str) -> Callable[[Live], Verdict]:
    def rule(live: Live) -> Verdict:
        found = condition(live, name)
        done = found is not None and found.get("status") == "True"
        return READY if done else Verdict(False, all_told(live))

    return rule


def _definition(live: Live) -> Verdict:
    names = condition(live, "NamesAccepted")
    if names is not None and names.get("status") == "False":
        return Verdict(False, told(names), hopeless=True)
    return _having("Established")(live)


def _pod(live: Live) -> Verdict:
    return READY if (live.get("status") or {}).get("phase") == "Succeeded" else _having("Ready")(live)


def _quota(live: Live) -> Verdict:
    hard = (live.get("status") or {}).get("hard") or {}
    missing = [key for key in live["spec"].get("hard") or {} if key not in hard]
    return Verdict(False, f"not counted yet: {', '.join(missing)}") if missing else READY


RULES: dict[tuple[str, str], Callable[[Live], Verdict]] = {
    ("apps/v1", "Deployment"): _deployment,
    ("apps/v1", "StatefulSet"): _stateful_set,
    ("apps/v1", "DaemonSet"): _daemon_set,
    ("batch/v1", "Job"): _job,
    ("v1", "Namespace"): _namespace,
    ("v1", "Pod"): _pod,
    ("v1", "ResourceQuota"): _quota,
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): _definition,
}
