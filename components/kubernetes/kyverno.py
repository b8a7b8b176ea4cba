"""Kyverno: judges at admission what teams ask of the cluster, and reports on what is there already. Brings no policy itself.

Owns namespace and release. Of its four controllers two run: the one that answers the API server, three of it with high
availability, since a policy that nobody judges refuses, and the one that reports. Nothing here mutates, generates or cleans up.
The namespaces that must work while Kyverno is down are left out by name, since a selector knows no prefixes: the platform's own,
Kubernetes' and those that GKE makes. Exceptions of policies count in Kyverno's own namespace only, where no team has rights.
Idle cost: 0.15 vCPU and 0.4 GiB of requests, 0.4 and 1 GiB with high availability.
Removing the release takes its webhooks back first, then its definitions and with them all policies; nothing is judged after that.
Replaced when: the namespace's name changes.
Source: github.com/kyverno/kyverno v1.19.1 charts/kyverno/values.yaml and Makefile (2026-09-10).
"""

from typing import Any, NotRequired, TypedDict

import pulumi

from components.kubernetes.chart_release import Mirror, chart_release, check_mirror, repository, tag_values
from components.kubernetes.controllers import platform_namespace, replicas, resources, spread
from components.kubernetes.priority_classes import PLATFORM
from components.kubernetes.versions import KYVERNO
from components.package import token

NAMESPACE = "kyverno"
#: Controllers that answer the API server: any of three may be in an upgrade while another fails.
ADMISSION_REPLICAS = 3
#: Namespaces of the platform that no policy is asked about. Kyverno's own is left out by its chart.
PLATFORM_NAMESPACES = (
    "cert-manager",
    "gemma-authorization",
    "gemma-ingress",
    "keda",
    "knative-operator",
    "knative-serving",
    "kourier-system",
    "kserve",
    "monitoring",
    "opencost",
)
#: Namespaces of Kubernetes, and those that GKE makes for its own parts, with this platform's features or others.
#: Source: namespaces of GKE 1.33 to 1.35 clusters, and the cluster autoscaler's list of system namespaces (public repositories,
#: 2026-11); docs.cloud.google.com/kubernetes-engine/docs/how-to/protect-resources-validating-webhooks.
SYSTEM_NAMESPACES = (
    "config-management-system",
    "gke-connect",
    "gke-gmp-system",
    "gke-managed-ambient",
    "gke-managed-checkpointing",
    "gke-managed-cim",
    "gke-managed-filestorecsi",
    "gke-managed-lustrecsi",
    "gke-managed-metrics-server",
    "gke-managed-mldiagnostics",
    "gke-managed-networking-dra-driver",
    "gke-managed-otel",
    "gke-managed-parallelstorecsi",
    "gke-managed-pod-snapshots",
    "gke-managed-slurm",
    "gke-managed-system",
    "gke-managed-volumepopulator",
    "gke-system",
    "gkebackup",
    "gmp-public",
    "gmp-system",
    "kube-node-lease",
    "kube-public",
    "kube-system",
)
#: Kinds that policies judge and the cluster role `view`, to which the chart binds both controllers, does not show to the one
#: that reports. What policies look up beside an object (ConfigMaps, quotas, NetworkPolicies) `view` shows; a test holds both.
REPORTED = (
    # judged beside pods; without the right the policy is never Ready, though it denies (seen with 1.19.1, 2026-11-26)
    {"apiGroups": [""], "resources": ["pods/ephemeralcontainers"]},
    {
        "apiGroups": ["serving.kserve.io"],
        "resources": ["inferenceservices", "servingruntimes", "clusterservingruntimes"],
    },
    {"apiGroups": ["gateway.networking.k8s.io"], "resources": ["gateways", "httproutes", "grpcroutes"]},
    {"apiGroups": ["networking.gke.io"], "resources": ["multiclusteringresses"]},
    {"apiGroups": ["cloud.google.com"], "resources": ["computeclasses"]},
)
#: Requests and limits (own choice; the chart limits no CPU, and 384 and 128 MiB of memory: too little for hundreds of models).
SIZES = {
    "admission": resources("100m", "256Mi", "2", "768Mi"),
    "reports": resources("50m", "128Mi", "1", "512Mi"),
}
#: Where the release publishes its images; the chart names an address of the project's that leads there.
REGISTRY = "ghcr.io"
#: Images of the parts that run, and of jobs around an upgrade and a removal, by their place in the values.
IMAGES = {
    ("admissionController", "initContainer"): "kyverno/kyvernopre",
    ("admissionController", "container"): "kyverno/kyverno",
    ("reportsController",): "kyverno/reports-controller",
    ("crds", "migration"): "kyverno/kyverno-cli",
    ("webhooksCleanup",): "kyverno/readiness-checker",
    ("test",): "kyverno/readiness-checker",
}


class KyvernoArgs(TypedDict):
    """Arguments of Kyverno."""

    high_availability: bool
    """Three controllers that answer and two that report, kept apart."""
    mirror: NotRequired[Mirror]
    """Where chart and images come from. Default: their public registries."""
    labels: dict[str, str]
    """Kubernetes labels of the namespace."""


class Kyverno(pulumi.ComponentResource):
    """Kyverno, ready for policies."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: KyvernoArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        mirror = args.get("mirror", Mirror())
        check_mirror(mirror)
        values = make_values(args["high_availability"], mirror)
        super().__init__(token(Kyverno), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = platform_namespace(name, NAMESPACE, args["labels"], child)
        release = chart_release(name, KYVERNO, namespace.metadata.name, values, mirror, child)
        # whoever takes the name waits for the release
        self.namespace = release.id.apply(lambda _: NAMESPACE)
        self.register_outputs({"namespace": self.namespace})


def make_values(high_availability: bool, mirror: Mirror) -> dict[str, Any]:
    """Values of the chart; pure."""
    # no policy judges what is in them; by the filters they are not scanned either, where each object costs a compilation of every
    # policy (github.com/kyverno/kyverno v1.19.1 pkg/controllers/report/utils/scanner.go, 2026-09)
    left_out = (*PLATFORM_NAMESPACES, *SYSTEM_NAMESPACES)
    values: dict[str, Any] = {
        "global": {"priorityClassName": PLATFORM},
        "rbac": {"roles": {"aggregate": {"admin": False}}},
        "config": {
            "webhooks": {"namespaceSelector": _not_in(left_out)},
            "resourceFiltersIncludeNamespaces": sorted(left_out),
        },
        "features": {
            "policyExceptions": {"enabled": True, "namespace": NAMESPACE},
            # a Node must be able to join while Kyverno, which runs on nodes, does not
            "excludeBootstrapResources": {"enabled": True},
            # policies read other objects, which the API server's own cannot; those are the on-call guard's alone
            "generateValidatingAdmissionPolicy": {"enabled": False},
            "validatingAdmissionPolicyReports": {"enabled": False},
            "backgroundScan": {"skipResourceFilters": False},
            "logging": {"format": "json"},
        },
        "admissionController": {
            "container": {"resources": SIZES["admission"]},
            **(_apart("admission-controller", ADMISSION_REPLICAS) if high_availability else {}),
            # one may go at a time; the chart keeps one of any number
            **({"podDisruptionBudget": {"minAvailable": ADMISSION_REPLICAS - 1}} if high_availability else {}),
        },
        "reportsController": {
            "resources": SIZES["reports"],
            "rbac": {"clusterRole": {"extraResources": list(REPORTED)}},
            **(_apart("reports-controller", replicas(True)) if high_availability else {}),
        },
        "backgroundController": {"enabled": False},
        "cleanupController": {"enabled": False},
    }
    for place, path in IMAGES.items():
        # the chart leaves one of them, of a test that nobody starts, without a version
        default = {"tag": KYVERNO.app_version} if place == ("test",) else {}
        if image := {**default, **_image(path, mirror)}:
            part = values
            for key in place:
                part = part.setdefault(key, {})
            part["image"] = image
    return values


def _not_in(namespaces: tuple[str, ...]) -> dict[str, Any]:
    requirement = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": sorted(namespaces)}
    return {"matchExpressions": [requirement]}


def _apart(component: str, count: int) -> dict[str, Any]:
    selected = {"app.kubernetes.io/instance": KYVERNO.name, "app.kubernetes.io/component": component}
    return {"replicas": count, "topologySpreadConstraints": spread(selected)}


def _image(path: str, mirror: Mirror) -> dict[str, str]:
    """The chart joins registry, repository and tag."""
    reference = f"{REGISTRY}/{path}"
    registry = repository(reference, mirror).removesuffix(f"/{path}")
    return {
        **({"registry": registry} if registry != REGISTRY else {}),
        **tag_values(reference, KYVERNO.app_version, mirror),
    }
