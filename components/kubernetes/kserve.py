"""KServe: turns an InferenceService into what serves it, and keeps it so.

Owns namespace, three releases (definitions, controller, runtimes) and, with high availability, what keeps a second controller:
the chart has no number of replicas, so an autoscaler of two to three sets it, and a budget lets one go at a time. The chart has
no priority either; the cluster's default class is the platform's. Knative and KEDA come before it, and cert-manager before all:
the controller's pod waits for its certificate and is ready half a minute later (its probe's delay), by when the certificate's
authority stands in the webhooks that judge the runtimes.
Whoever removes the definitions removes every InferenceService of the cluster, and the chart has no value by which Helm would keep
them, as cert-manager's has. So Pulumi never uninstalls that release: removed from a program, or replaced, it stays in the cluster
with all models (`docs/serving.md` says how to retire it). Idle cost: 0.1 vCPU and 0.3 GiB of requests, twice that with high
availability; runtimes cost nothing until a model names one. Replaced when: the namespace's name changes.
Source: github.com/kserve/kserve v0.20.0 charts/ (2026-08-06).
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.kubernetes.chart_release import Mirror, chart_release, check_mirror
from components.kubernetes.controllers import REPLICAS, disruption_budget, platform_namespace
from components.kubernetes.kserve_values import CONTROLLER_LABELS, make_controller_values, make_runtime_values
from components.kubernetes.versions import KSERVE_CRD, KSERVE_RESOURCES, KSERVE_RUNTIMES
from components.package import token

NAMESPACE = "kserve"
CONTROLLER = "kserve-controller-manager"
#: CPU by which a third controller is added, in percent of its request (own choice).
CPU_PERCENT = 400


class KServeArgs(TypedDict):
    """Arguments of KServe."""

    high_availability: bool
    """Two controllers at least, kept apart; one of them leads, all answer the webhooks."""
    domain: NotRequired[str]
    """Domain of the public host names, by which addresses are https. Default: models are reached from inside the cluster only."""
    engine_image: str
    """Public reference of the engine's image, with a tag, for the runtime kserve-vllmserver."""
    mirror: NotRequired[Mirror]
    """Where charts and images come from. Default: their public registries."""
    labels: dict[str, str]
    """Kubernetes labels of the objects."""


class KServe(pulumi.ComponentResource):
    """KServe, ready for InferenceServices."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: KServeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        mirror = args.get("mirror", Mirror())
        check_mirror(mirror)
        controller_values = make_controller_values(args.get("domain"), args["high_availability"], mirror)
        runtime_values = make_runtime_values(args["engine_image"], mirror)
        super().__init__(token(KServe), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = platform_namespace(name, NAMESPACE, args["labels"], child).metadata.name
        kept = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        definitions = chart_release(f"{name}-definitions", KSERVE_CRD, namespace, {}, mirror, kept)
        after_definitions = pulumi.ResourceOptions(parent=self, depends_on=[definitions])
        controller = chart_release(
            f"{name}-controller", KSERVE_RESOURCES, namespace, controller_values, mirror, after_definitions
        )
        after_controller = pulumi.ResourceOptions(parent=self, depends_on=[controller])
        runtimes = chart_release(
            f"{name}-runtimes", KSERVE_RUNTIMES, namespace, runtime_values, mirror, after_controller
        )
        if args["high_availability"]:
            _keep_two(namespace, args["labels"], after_controller)
        # whoever takes the name waits for all of it
        self.namespace = runtimes.id.apply(lambda _: NAMESPACE)
        self.register_outputs({"namespace": self.namespace})


def _keep_two(namespace: pulumi.Input[str], labels: dict[str, str], opts: pulumi.ResourceOptions) -> None:
    k8s.autoscaling.v2.HorizontalPodAutoscaler(
        CONTROLLER,
        metadata=k8s.meta.v1.ObjectMetaArgs(name=CONTROLLER, namespace=namespace, labels=labels),
        spec=k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=k8s.autoscaling.v2.CrossVersionObjectReferenceArgs(
                api_version="apps/v1", kind="Deployment", name=CONTROLLER
            ),
            min_replicas=REPLICAS,
            max_replicas=REPLICAS + 1,
            metrics=[
                k8s.autoscaling.v2.MetricSpecArgs(
                    type="Resource",
                    resource=k8s.autoscaling.v2.ResourceMetricSourceArgs(
                        name="cpu",
                        target=k8s.autoscaling.v2.MetricTargetArgs(type="Utilization", average_utilization=CPU_PERCENT),
                    ),
                )
            ],
        ),
        opts=opts,
    )
    disruption_budget(CONTROLLER, namespace, CONTROLLER_LABELS, labels, opts)
