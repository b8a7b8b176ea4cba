"""What the platform's controllers have in common: namespaces that admit harmless pods only, sizes, spreading, and budgets.

Pod Security `restricted` is enforced in every namespace of the platform: all of its charts say themselves that they run without
root, without privileges and with the default system calls (tests/tools/test_charts.py holds every rendered pod against that).
"""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

#: Enforced, and what is refused is reported too (kubernetes.io/docs/concepts/security/pod-security-admission, 2026).
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
#: Replicas with and without high availability.
REPLICAS, ALONE = 2, 1
#: Where replicas are kept apart, the stronger wish in front.
TOPOLOGY_KEYS = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def platform_namespace(
    name: str, namespace: str, labels: dict[str, str], opts: pulumi.ResourceOptions
) -> k8s.core.v1.Namespace:
    """A namespace of the platform's own parts."""
    return k8s.core.v1.Namespace(
        name,
        metadata=k8s.meta.v1.ObjectMetaArgs(name=namespace, labels={**labels, **RESTRICTED}),
        opts=opts,
    )


def replicas(high_availability: bool) -> int:
    """Replicas of a controller."""
    return REPLICAS if high_availability else ALONE


def resources(cpu: str, memory: str, cpu_limit: str, memory_limit: str) -> dict[str, dict[str, str]]:
    """Requests and limits of a container."""
    return {
        "requests": {"cpu": cpu, "memory": memory},
        "limits": {"cpu": cpu_limit, "memory": memory_limit},
    }


def spread(match_labels: dict[str, str]) -> list[dict[str, Any]]:
    """Topology spread constraints that keep the replicas with these labels apart where there is room, and start them anyway."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": match_labels},
        }
        for key in TOPOLOGY_KEYS
    ]


def disruption_budget(
    name: str,
    namespace: pulumi.Input[str],
    match_labels: dict[str, str],
    labels: dict[str, str],
    opts: pulumi.ResourceOptions,
) -> k8s.policy.v1.PodDisruptionBudget:
    """Lets node upgrades take one replica at a time, for parts whose chart has no budget; `name` in the cluster too."""
    return k8s.policy.v1.PodDisruptionBudget(
        name,
        metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, labels=labels),
        spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
            max_unavailable=1, selector=k8s.meta.v1.LabelSelectorArgs(match_labels=match_labels)
        ),
        opts=opts,
    )
