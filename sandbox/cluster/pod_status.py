"""The status of a Pod as a kubelet reports it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.cluster.api_server import Object
from sandbox.cluster.pod_spec import is_of_job

#: Reasons by which Kubernetes names what a container waits for.
CREATING, CRASHED, BAD_CONFIG = "ContainerCreating", "CrashLoopBackOff", "CreateContainerConfigError"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is to be reported of a pod; as long as it stays the same nothing is reported again."""

    ip: str
    host_ip: str
    ready: bool
    waiting: tuple[str, str] | None = None
    """Reason and message when the program does not run."""
    restarts: int = 0
    runs: str | None = None
    """The container that runs here; None when the pod is only marked."""


def status_of(pod: Object, seen: Seen, now: str) -> Object:
    """Status to be merged into the pod's; `now` as Kubernetes writes times."""
    started = pod.get("status", {}).get("startTime", now)
    done = seen.runs is None and is_of_job(pod)
    never_ran = seen.waiting is not None and seen.waiting[0] != CRASHED
    return {
        "phase": "Succeeded" if done else "Pending" if never_ran else "Running",
        "podIP": seen.ip,
        "podIPs": [{"ip": seen.ip}],
        "hostIP": seen.host_ip,
        "hostIPs": [{"ip": seen.host_ip}],
        "startTime": started,
        "conditions": _conditions(pod, seen, done, now),
        "initContainerStatuses": [_ended(one, now, ready=True) for one in pod["spec"].get("initContainers", ())],
        "containerStatuses": [
            _ended(one, now, ready=False) if done else _container(one, seen, now) for one in pod["spec"]["containers"]
        ],
    }


def _conditions(pod: Object, seen: Seen, done: bool, now: str) -> list[Object]:
    before = {one["type"]: one for one in pod.get("status", {}).get("conditions", ())}
    ready = {"status": str(seen.ready and not done)}
    if done:
        ready["reason"] = "PodCompleted"
    elif not seen.ready:
        ready["reason"] = "ContainersNotReady"
        ready["message"] = seen.waiting[1] if seen.waiting else "the readiness probe has not passed yet"
    wanted = {"PodReadyToStartContainers": {"status": "True"}, "Initialized": {"status": "True"}}
    wanted |= {"ContainersReady": ready, "Ready": ready}
    return [{"type": kind, **values, **_since(before.get(kind), values, now)} for kind, values in wanted.items()]


def _since(before: Object | None, values: Object, now: str) -> Object:
    same = before is not None and before["status"] == values["status"]
    # a merge keeps what is not named, so that reasons of before must be taken back
    gone = {key: None for key in ("reason", "message") if before and key in before and key not in values}
    return {"lastTransitionTime": before["lastTransitionTime"] if before and same else now, **gone}


def _container(container: Object, seen: Seen, now: str) -> Object:
    own = container["name"] == seen.runs
    state: dict[str, Any] = {"running": {"startedAt": now}}
    if seen.waiting and (own or seen.waiting[0] != CRASHED):
        state = {"waiting": {"reason": seen.waiting[0], "message": seen.waiting[1]}}
    return {
        **_named(container),
        "ready": seen.ready if own else "running" in state,
        "started": "running" in state,
        "restartCount": seen.restarts if own else 0,
        "state": state,
    }


def _ended(container: Object, now: str, *, ready: bool) -> Object:
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}
    return {**_named(container), "ready": ready, "restartCount": 0, "state": {"terminated": ended}}


def _named(container: Object) -> Object:
    return {"name": container["name"], "image": container["image"], "imageID": ""}
