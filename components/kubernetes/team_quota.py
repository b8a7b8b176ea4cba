"""How much a team's namespace may hold: its deployments at peak, the largest rollout and one trial, and little else. Pure.

A new revision starts its replicas while the old one still has all of its own, so that the room of one rollout is held free:
max(1, min replicas) of whichever deployment needs most. A paused deployment counts in full: whoever is on call may start it
again without any change of the quota. A team without deployments may use no GPU.
A pod counts with all containers that are put into it: Knative's queue-proxy, and GKE's container for bucket volumes.
Whenever KServe looks at a deployment it lets Knative try a pod of it, which is never made and yet counted: without room for one
more engine while both revisions run, no canary could be ended (KServe 0.20.0 with Knative 1.23.0, measured 2026-11-26).
Pods that are stopping count until they are gone, so a second rollout waits for the drain of the first. And a quota that shrinks
does so at once: while old replicas fill the smaller one, their successors wait until the load lets some of them go.
Nothing public can come from the namespace: no service may be a load balancer or open a port on nodes, no ingress may be made.
Source: kubernetes.io/docs/concepts/policy/resource-quotas (2026): of extended resources only `requests.` can be limited.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, NotRequired, TypedDict

from components.kubernetes.engine_pod import FUSE_CPU, FUSE_MEMORY, GPU_RESOURCE
from components.kubernetes.team_limits import DEFAULT_CPU, DEFAULT_MEMORY, Bounds, cpu_quantity, memory_quantity

#: What Knative's queue-proxy beside each engine requests and may use: thousandths of a core, and MiB. Knative's own figures,
#: valid with `queueproxy.resource-defaults` enabled; else the LimitRange fills in others, which are not counted here.
#: Source: knative.dev/serving v0.50.0 pkg/deployment/config.go (2026).
QUEUE_PROXY_CPU = Bounds(request=25, limit=1000)
QUEUE_PROXY_MEMORY = Bounds(request=400, limit=800)
#: Pods of default size and without a GPU beside the replicas, such as a job that tries a model out (own choice).
OTHER_PODS = 2

GPUS = f"requests.{GPU_RESOURCE}"
#: What may not be in the namespace at all, since each of them can make something public.
NONE_OF = (
    "count/gateways.gateway.networking.k8s.io",
    "count/ingresses.networking.k8s.io",
    "services.loadbalancers",
    "services.nodeports",
)


class TeamWorkload(TypedDict):
    """What a team's namespace must know of one deployment."""

    name: str
    """Name of the deployment."""
    gpus: int
    """GPUs of one replica."""
    vcpu: int
    """CPU cores of one replica's engine."""
    memory_gib: int
    """Memory of one replica's engine, GiB."""
    min_replicas: int
    """Fewest replicas; 0 when it scales to zero."""
    max_replicas: int
    """Most replicas."""
    standard_mode: bool
    """Served without Knative: no queue-proxy beside the engine, and callers reach it directly."""
    bucket_volumes: NotRequired[bool]
    """Reads folders of the bucket as files, such as adapters: GKE puts a container beside the engine that serves them.
    Default: it does not."""
    caller_namespaces: list[str]
    """Other namespaces that may call it; for Standard mode, since Kourier is the only way in otherwise."""


class Amounts(NamedTuple):
    """What is counted: GPUs and pods, thousandths of a core, MiB."""

    gpus: int
    requests_cpu: int
    limits_cpu: int
    requests_memory: int
    limits_memory: int
    pods: int

    def times(self, count: int) -> "Amounts":
        """So many of them."""
        return Amounts(*(count * amount for amount in self))

    def plus(self, other: "Amounts") -> "Amounts":
        """Both together."""
        return Amounts(*(one + two for one, two in zip(self, other, strict=True)))

    def most(self, other: "Amounts") -> "Amounts":
        """The larger amount of each."""
        return Amounts(*(max(one, two) for one, two in zip(self, other, strict=True)))


NOTHING = Amounts(0, 0, 0, 0, 0, 0)


def replica(workload: TeamWorkload) -> Amounts:
    """One pod: the engine, whose requests are its limits, and what is put beside it. KServe adds no container."""
    pod = _engine(workload)
    if not workload["standard_mode"]:
        pod = pod.plus(Amounts(0, *QUEUE_PROXY_CPU, *QUEUE_PROXY_MEMORY, pods=0))
    if workload.get("bucket_volumes"):
        # an init container that keeps running, and those are counted like the others
        # (kubernetes.io/docs/concepts/workloads/pods/sidecar-containers, 2026)
        pod = pod.plus(Amounts(0, *FUSE_CPU, *FUSE_MEMORY, pods=0))
    return pod


def trial(workload: TeamWorkload) -> Amounts:
    """The pod that Knative tries without making it: the engine alone; nothing in Standard mode."""
    return NOTHING if workload["standard_mode"] else _engine(workload)


def _engine(workload: TeamWorkload) -> Amounts:
    cpu, memory = int(workload["vcpu"]) * 1000, int(workload["memory_gib"]) * 1024
    return Amounts(int(workload["gpus"]), cpu, cpu, memory, memory, pods=1)


def rollout(workload: TeamWorkload) -> Amounts:
    """What a new revision takes before the old one gives anything back."""
    return replica(workload).times(max(1, int(workload["min_replicas"])))


def peak(workload: TeamWorkload) -> Amounts:
    """All replicas that it may have."""
    return replica(workload).times(int(workload["max_replicas"]))


def quota_amounts(workloads: Sequence[TeamWorkload]) -> Amounts:
    """All deployments at peak, the largest rollout, the largest trial, and the other pods.

    Raises ValueError for replicas that cannot be.
    """
    total = Amounts(0, *DEFAULT_CPU, *DEFAULT_MEMORY, pods=1).times(OTHER_PODS)
    largest_rollout = largest_trial = NOTHING
    for workload in workloads:
        _refuse(workload)
        total = total.plus(peak(workload))
        largest_rollout, largest_trial = largest_rollout.most(rollout(workload)), largest_trial.most(trial(workload))
    return total.plus(largest_rollout).plus(largest_trial)


def make_spec(workloads: Sequence[TeamWorkload]) -> dict[str, Any]:
    """Spec of the ResourceQuota."""
    amounts = quota_amounts(workloads)
    return {
        "hard": {
            GPUS: str(amounts.gpus),
            "requests.cpu": cpu_quantity(amounts.requests_cpu),
            "requests.memory": memory_quantity(amounts.requests_memory),
            "limits.cpu": cpu_quantity(amounts.limits_cpu),
            "limits.memory": memory_quantity(amounts.limits_memory),
            "pods": str(amounts.pods),
            **dict.fromkeys(NONE_OF, "0"),
        }
    }


def _refuse(workload: TeamWorkload) -> None:
    least, most = int(workload["min_replicas"]), int(workload["max_replicas"])
    if most < 1:
        raise ValueError(
            f"max_replicas of '{workload['name']}' is {most}; at least 1, since Knative takes 0 for no limit"
        )
    if not 0 <= least <= most:
        raise ValueError(f"min_replicas of '{workload['name']}' is {least}; 0 to its max_replicas {most} is allowed")
