"""cert-manager: issues the certificates of KServe's webhooks inside the cluster, and of whatever asks for one.

Owns namespace and release; creates no issuer. The release waits until the webhook answers: the chart's own check runs at its end.
Leader election stays in its own namespace, so that it holds no right in kube-system. Its webhook listens on 10250, which GKE's
control plane may reach without a rule of ours. Idle cost: 0.1 vCPU and 0.3 GiB of requests, twice that with high availability.
Removing the release keeps its definitions (`crds.keep`), and with them all certificates.
Replaced when: the namespace's name changes.
Source: github.com/cert-manager/cert-manager v1.21.1 deploy/charts/cert-manager/values.yaml (2026-07-29).
"""

from typing import Any, NotRequired, TypedDict

import pulumi

from components.kubernetes.chart_release import Mirror, chart_release, check_mirror, digest_of, repository
from components.kubernetes.controllers import platform_namespace, replicas, resources, spread
from components.kubernetes.priority_classes import PLATFORM
from components.kubernetes.versions import CERT_MANAGER
from components.package import token

NAMESPACE = "cert-manager"
#: Folder of its images.
IMAGES = "quay.io/jetstack"
#: Requests and limits, by part (own choice: the chart has none; the injector keeps every Secret of the cluster in memory).
SIZES = {
    "controller": resources("50m", "128Mi", "1", "512Mi"),
    "webhook": resources("20m", "64Mi", "500m", "256Mi"),
    "cainjector": resources("50m", "128Mi", "1", "1Gi"),
    "startupapicheck": resources("10m", "32Mi", "200m", "128Mi"),
}


class CertManagerArgs(TypedDict):
    """Arguments of CertManager."""

    high_availability: bool
    """Two replicas of each part, kept apart."""
    mirror: NotRequired[Mirror]
    """Where chart and images come from. Default: their public registries."""
    labels: dict[str, str]
    """Kubernetes labels of the namespace."""


class CertManager(pulumi.ComponentResource):
    """cert-manager, ready to issue."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: CertManagerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        mirror = args.get("mirror", Mirror())
        check_mirror(mirror)
        values = make_values(args["high_availability"], mirror)
        super().__init__(token(CertManager), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = platform_namespace(name, NAMESPACE, args["labels"], child)
        release = chart_release(name, CERT_MANAGER, namespace.metadata.name, values, mirror, child)
        # whoever takes the name waits for the release
        self.namespace = release.id.apply(lambda _: NAMESPACE)
        self.register_outputs({"namespace": self.namespace})


def make_values(high_availability: bool, mirror: Mirror) -> dict[str, Any]:
    """Values of the chart; pure."""
    return {
        "crds": {"enabled": True},
        "global": {"priorityClassName": PLATFORM, "leaderElection": {"namespace": NAMESPACE}},
        **_part("controller", high_availability, mirror),
        "webhook": _part("webhook", high_availability, mirror),
        "cainjector": _part("cainjector", high_availability, mirror),
        "acmesolver": _image("acmesolver", mirror),
        "startupapicheck": {"resources": SIZES["startupapicheck"], **_image("startupapicheck", mirror)},
    }


def _part(part: str, high_availability: bool, mirror: Mirror) -> dict[str, Any]:
    selected = {"app.kubernetes.io/instance": CERT_MANAGER.name, "app.kubernetes.io/component": part}
    apart = {
        "replicaCount": replicas(high_availability),
        "podDisruptionBudget": {"enabled": True},
        "topologySpreadConstraints": spread(selected),
    }
    return {"resources": SIZES[part], **(apart if high_availability else {}), **_image(part, mirror)}


def _image(part: str, mirror: Mirror) -> dict[str, Any]:
    reference = f"{IMAGES}/cert-manager-{part}"
    digest = digest_of(reference, mirror)
    values = {
        **({"repository": repository(reference, mirror)} if mirror.get("images") else {}),
        **({"digest": digest} if digest else {}),
    }
    return {"image": values} if values else {}
