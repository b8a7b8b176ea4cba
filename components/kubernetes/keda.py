"""KEDA: sets the replicas of models in Standard mode by what Google's Managed Service for Prometheus measures.

Owns namespace, release, the operator's right to read metrics, and the authentication that triggers name; creates no ScaledObject.
The operator asks Google as its own service account, so there is no key and no secret. It may scale Deployments and StatefulSets
only, and read Secrets of its own namespace only: that is all that the platform's triggers need.
Idle cost: 0.3 vCPU and 0.3 GiB of requests, twice that with high availability, where one replica of each part waits.
Removing the release removes its definitions and with them every ScaledObject; their Deployments keep the replicas they have.
Replaced when: the namespace's name changes.
Sources: github.com/kedacore/charts keda/values.yaml 2.20.2 (2026-07-31; its sizes are kept: 100m and 100Mi, limits 1 and 1000Mi);
keda.sh/docs/2.20/authentication-providers/gcp-workload-identity; kedacore/keda v2.20.2 pkg/scalers/gcp.
"""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

from components.kubernetes.chart_release import Mirror, chart_release, check_mirror, repository, tag_values
from components.kubernetes.controllers import platform_namespace, replicas, spread
from components.kubernetes.priority_classes import PLATFORM
from components.kubernetes.versions import KEDA
from components.kubernetes.workload_identity import member_of
from components.package import token

NAMESPACE = "keda"
#: Service account of the operator, which is the part that asks for metrics: the chart's default.
SERVICE_ACCOUNT = "keda-operator"
#: What a trigger names to ask Managed Prometheus.
AUTHENTICATION = "managed-prometheus"
#: Reading metrics and nothing else (docs.cloud.google.com/stackdriver/docs/managed-prometheus/hpa, 2026).
METRICS_ROLE = "roles/monitoring.viewer"
REGISTRY = "ghcr.io"
#: Parts: name in the image values, in the values of replicas, of budgets and of spreading; image; label `app` of its pods.
PARTS = (
    ("keda", "operator", "operator", "operator", "kedacore/keda", "keda-operator"),
    (
        "metricsApiServer",
        "metricsServer",
        "metricServer",
        "metricsServer",
        "kedacore/keda-metrics-apiserver",
        "keda-operator-metrics-apiserver",
    ),
    ("webhooks", "webhooks", "webhooks", "webhooks", "kedacore/keda-admission-webhooks", "keda-admission-webhooks"),
)


class KedaArgs(TypedDict):
    """Arguments of Keda."""

    project: str
    """Google Cloud project of the cluster, whose metrics are asked."""
    project_number: str
    """Number of that project."""
    high_availability: bool
    """Two replicas of each part, kept apart."""
    mirror: NotRequired[Mirror]
    """Where chart and images come from. Default: their public registries."""
    labels: dict[str, str]
    """Kubernetes labels of the objects."""


class Keda(pulumi.ComponentResource):
    """KEDA, ready to scale."""

    namespace: pulumi.Output[str]
    authentication: pulumi.Output[str]

    def __init__(self, name: str, args: KedaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        mirror = args.get("mirror", Mirror())
        check_mirror(mirror)
        values = make_values(args["high_availability"], mirror)
        super().__init__(token(Keda), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = platform_namespace(name, NAMESPACE, args["labels"], child)
        release = chart_release(name, KEDA, namespace.metadata.name, values, mirror, child)
        may_read = gcp.projects.IAMMember(
            f"{name}-reads-metrics",
            project=args["project"],
            role=METRICS_ROLE,
            member=member_of(args["project"], args["project_number"], NAMESPACE, SERVICE_ACCOUNT),
            opts=child,
        )
        authentication = k8s.apiextensions.CustomResource(
            f"{name}-{AUTHENTICATION}",
            api_version="keda.sh/v1alpha1",
            kind="ClusterTriggerAuthentication",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=AUTHENTICATION, labels=args["labels"]),
            spec={"podIdentity": {"provider": "gcp"}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[release, may_read]),
        )
        # whoever takes a name waits for what it names
        self.namespace = release.id.apply(lambda _: NAMESPACE)
        self.authentication = authentication.id.apply(lambda _: AUTHENTICATION)
        self.register_outputs({"namespace": self.namespace, "authentication": self.authentication})


def make_values(high_availability: bool, mirror: Mirror) -> dict[str, Any]:
    """Values of the chart; pure."""
    return {
        "priorityClassName": PLATFORM,
        "rbac": {"enabledCustomScaledRefKinds": False},
        "permissions": {"operator": {"restrict": {"secret": True}}, "metricServer": {"restrict": {"secret": True}}},
        # by service links a pod would learn every Service of its namespace
        "enableServiceLinks": False,
        "image": {
            "pullPolicy": "IfNotPresent",  # tags of releases do not change, and a restart must not need the registry
            **{image: values for image, *_, path, _ in PARTS if (values := _image(path, mirror))},
        },
        **(_apart() if high_availability else {}),
    }


def _apart() -> dict[str, Any]:
    return {
        **{part: {"replicaCount": replicas(True)} for _, part, *_ in PARTS},
        "podDisruptionBudget": {budget: {"maxUnavailable": 1} for _, _, budget, *_ in PARTS},
        "topologySpreadConstraints": {part: spread({"app": app}) for *_, part, _, app in PARTS},
    }


def _image(path: str, mirror: Mirror) -> dict[str, str]:
    """The chart joins registry, repository and tag."""
    reference = f"{REGISTRY}/{path}"
    registry = repository(reference, mirror).removesuffix(f"/{path}")
    return {
        **({"registry": registry} if registry != REGISTRY else {}),
        **tag_values(reference, KEDA.app_version, mirror),
    }
