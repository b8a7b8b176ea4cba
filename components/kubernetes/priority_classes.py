"""Priority classes: who waits when there is no room, and whose pods go first when a node runs short.

Owns three: the platform's controllers, models that people wait for, and models of batch work, which wait for room and never take
another pod's place. The controllers' class is the cluster's default, since the charts of Knative and KServe and the Knative
operator have no way to name one; models always name theirs. Controllers take nobody's place either: models run on nodes of their
own, so there is nothing that would make room for them.
Costs nothing. Replaced when: a name, a value or the preemption policy changes; pods that run keep what they were given.
Source: kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption (2026).
"""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.package import token

PLATFORM, INTERACTIVE, BATCH = "gemma-platform", "gemma-interactive", "gemma-batch"
#: Priorities, far enough apart for others between them; the cluster autoscaler makes no nodes for pods below -10
#: (kubernetes/autoscaler FAQ, expendable-pods-priority-cutoff, 2026).
VALUES = {PLATFORM: 1_000_000, INTERACTIVE: 100_000, BATCH: 10_000}
DESCRIPTIONS = {
    PLATFORM: "Controllers of the platform, and pods that name no class.",
    INTERACTIVE: "Models that people wait for; may take the place of batch models.",
    BATCH: "Models of batch work; wait for room.",
}


class PriorityClassesArgs(TypedDict):
    """Arguments of PriorityClasses."""

    labels: dict[str, str]
    """Kubernetes labels of the objects."""


class PriorityClasses(pulumi.ComponentResource):
    """The priority classes of a cluster."""

    platform: pulumi.Output[str]
    interactive: pulumi.Output[str]
    batch: pulumi.Output[str]

    def __init__(self, name: str, args: PriorityClassesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(token(PriorityClasses), name, {}, opts)
        made = {
            class_name: k8s.scheduling.v1.PriorityClass(
                f"{name}-{class_name}",
                metadata=k8s.meta.v1.ObjectMetaArgs(name=class_name, labels=args["labels"]),
                value=value,
                # never False: the server drops that, and every preview would add it anew (Kubernetes 1.35, measured 2026-11-26)
                global_default=True if class_name == PLATFORM else None,
                preemption_policy="PreemptLowerPriority" if class_name == INTERACTIVE else "Never",
                description=DESCRIPTIONS[class_name],
                opts=pulumi.ResourceOptions(parent=self),
            )
            for class_name, value in VALUES.items()
        }
        self.platform = made[PLATFORM].metadata.name
        self.interactive = made[INTERACTIVE].metadata.name
        self.batch = made[BATCH].metadata.name
        self.register_outputs({"platform": self.platform, "interactive": self.interactive, "batch": self.batch})
