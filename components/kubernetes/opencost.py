"""OpenCost: what nodes, pods and tokens cost, from the catalogue's prices and the cluster's metrics.

Owns namespace, price file, release, network policy, and with Managed Prometheus the right to ask it. The price file is a
ConfigMap whose digest stands on the pod, so that other prices start it anew: it reads them at its start. A node without a row
gets OpenCost's own default prices, which a check after the update finds (`python -m components.cost check-opencost`).
OpenCost asks any Prometheus by its address, with a fixed token at most. Google's wants one that changes every hour: Google's own
frontend stands beside OpenCost in the pod, adds it, and listens to that pod alone. Its image comes from GKE's registry, as those
of the nodes' own pods do, and is never mirrored.
It reads objects of all namespaces, no secrets, and changes nothing. Its API asks nobody who they are: only the metrics' collector
reaches it, people forward its port. It has no page and no endpoint for language models. One replica: two would publish all twice.
Idle cost: 0.06 vCPU and 0.3 GiB of requests; samples by volume, about USD 10 a month for 100 pods (60 series a pod each minute,
USD 0.06 a million; estimate).
Replaced when: the namespace's name changes.
Sources: github.com/opencost/opencost-helm-chart charts/opencost at 725bb93 (2.5.17, 2026-04-28) and 4542f80 (after 2.5.29), whose
keys are the same as far as they are used here; opencost/opencost pkg/env/costmodel.go, pkg/cloud/provider/provider.go,
modules/prometheus-source/pkg/env/promenv.go, docs of inference cost (2026); GoogleCloudPlatform/prometheus-engine
examples/frontend.yaml and cmd/frontend at 2ffde4e (2026-07-02).
"""

import hashlib
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

from components.kubernetes.chart_release import Mirror, chart_release, check_mirror, digest_of, repository, tag_values
from components.kubernetes.controllers import platform_namespace, resources
from components.kubernetes.cost_metrics import INTERVAL, SELECTED
from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.kubernetes.keda import METRICS_ROLE
from components.kubernetes.priority_classes import PLATFORM
from components.kubernetes.team_namespace import TEAM_LABEL
from components.kubernetes.team_network import COLLECTOR, NAMESPACE_NAME
from components.kubernetes.versions import OPENCOST
from components.kubernetes.workload_identity import member_of
from components.package import token

NAMESPACE = SERVICE_ACCOUNT = "opencost"
PORT = 9003
REGISTRY, IMAGE_PATH = "ghcr.io", "opencost/opencost"
#: Google's frontend to Managed Prometheus: newest release that Google's own example names, 2026-07-02; no digest is known.
FRONTEND_IMAGE, FRONTEND_TAG = "gke.gcr.io/prometheus-engine/frontend", "v0.15.3-gke.0"
#: Where it listens: inside the pod.
FRONTEND_ADDRESS = "127.0.0.1:9090"
#: ConfigMap of the prices, where the pod finds it, and the annotation of the pod with its digest.
PRICES, PRICES_FOLDER, PRICES_FILE = "opencost-prices", "/var/prices", "prices.csv"
PRICES_DIGEST = "gemma-platform/prices"
#: Folders in which OpenCost writes: its configuration at the start, and what is for a moment.
CONFIGURATION, TEMPORARY = "/var/configs", "/tmp"  # noqa: S108  (a volume of the pod)
WRITABLE = "64Mi"
#: The user that its image and Google's run as in their own examples; any would do, since they own no file.
USER = 1000
#: Requests and limits (own choice; the chart asks for 10m and 55Mi, and lets it grow to 1Gi).
SIZES = {
    "opencost": resources("50m", "256Mi", "1", "1Gi"),
    "frontend": resources("10m", "32Mi", "500m", "256Mi"),
}
#: As every container of the platform (pod security `restricted`).
CONTAINER_RIGHTS: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
POD_RIGHTS: dict[str, Any] = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}


class OpenCostArgs(TypedDict):
    """Arguments of OpenCost."""

    project: str
    """Google Cloud project of the cluster, whose metrics are asked."""
    project_number: str
    """Number of that project."""
    cluster_name: str
    """Name of the cluster, by which its series are told from those of others."""
    prices: str
    """The price file, as components/cost/opencost/price_file.py writes it."""
    prometheus_url: NotRequired[str]
    """Address of a Prometheus that collects from this cluster. Default: Google's Managed Prometheus of the project."""
    mirror: NotRequired[Mirror]
    """Where chart and image come from. Default: their public registries."""
    labels: dict[str, str]
    """Kubernetes labels of the objects."""


class OpenCost(pulumi.ComponentResource):
    """OpenCost, ready to be asked."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: OpenCostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        mirror, url = args.get("mirror", Mirror()), args.get("prometheus_url")
        check_mirror(mirror)
        check_url(url)
        values = make_values(args["project"], args["cluster_name"], args["prices"], url, mirror)
        super().__init__(token(OpenCost), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = platform_namespace(name, NAMESPACE, args["labels"], child).metadata.name
        prices = k8s.core.v1.ConfigMap(
            f"{name}-prices",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=PRICES, namespace=namespace, labels=args["labels"]),
            data={PRICES_FILE: args["prices"]},
            opts=child,
        )
        network: Any = make_network_policy(of_google=url is None)
        k8s.networking.v1.NetworkPolicy(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=NAMESPACE, namespace=namespace, labels=args["labels"]),
            spec=network,
            opts=child,
        )
        needed: list[pulumi.Resource] = [prices]
        if url is None:
            needed.append(
                gcp.projects.IAMMember(
                    f"{name}-reads-metrics",
                    project=args["project"],
                    role=METRICS_ROLE,
                    member=member_of(args["project"], args["project_number"], NAMESPACE, SERVICE_ACCOUNT),
                    opts=child,
                )
            )
        release = chart_release(
            name, OPENCOST, namespace, values, mirror, pulumi.ResourceOptions(parent=self, depends_on=needed)
        )
        # whoever takes the name waits for the release
        self.namespace = release.id.apply(lambda _: NAMESPACE)
        self.register_outputs({"namespace": self.namespace})


def make_values(
    project: str, cluster_name: str, prices: str, prometheus_url: str | None, mirror: Mirror
) -> dict[str, Any]:
    """Values of the chart; pure. Without `prometheus_url` Managed Prometheus of the project is asked."""
    of_google = prometheus_url is None
    return {
        "podAnnotations": {PRICES_DIGEST: hashlib.sha256(prices.encode()).hexdigest()[:16]},
        "podSecurityContext": POD_RIGHTS,
        "priorityClassName": PLATFORM,
        "serviceAccount": {"name": SERVICE_ACCOUNT},
        "opencost": {
            "exporter": {
                "defaultClusterId": cluster_name,
                "resources": SIZES["opencost"],
                "securityContext": CONTAINER_RIGHTS,
                "extraEnv": {**_prices_environment(), **_metrics_environment(of_google), **_inference_environment()},
                "extraVolumeMounts": [
                    {"name": "prices", "mountPath": PRICES_FOLDER, "readOnly": True},
                    {"name": "configuration", "mountPath": CONFIGURATION},
                    {"name": "temporary", "mountPath": TEMPORARY},
                ],
                **({"image": image} if (image := _image(mirror)) else {}),
            },
            "mcp": {"enabled": False},
            "ui": {"enabled": False},
            # they would stand for every node, whatever it is; said although it is the chart's own default
            "customPricing": {"enabled": False, "createConfigmap": False},
            "prometheus": {
                "internal": {"enabled": False},
                "external": {"enabled": True, "url": prometheus_url or f"http://{FRONTEND_ADDRESS}"},
            },
            **({"extraContainers": [_frontend(project, mirror)]} if of_google else {}),
        },
        "extraVolumes": [
            {"name": "prices", "configMap": {"name": PRICES}},
            {"name": "configuration", "emptyDir": {"sizeLimit": WRITABLE}},
            {"name": "temporary", "emptyDir": {"sizeLimit": WRITABLE}},
        ],
    }


def make_network_policy(*, of_google: bool) -> dict[str, Any]:
    """Spec of the network policy: Google's collector comes in, or whoever runs another Prometheus; teams never do.

    A forwarded port comes from the node and needs no rule.
    """
    namespace, labels = COLLECTOR
    collector: dict[str, Any] = {
        "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: namespace}},
        "podSelector": {"matchLabels": labels},
    }
    elsewhere = {"namespaceSelector": {"matchExpressions": [{"key": TEAM_LABEL, "operator": "DoesNotExist"}]}}
    return {
        "podSelector": {"matchLabels": SELECTED},
        "policyTypes": ["Ingress"],
        "ingress": [
            {"from": [collector if of_google else elsewhere], "ports": [{"port": PORT, "protocol": "TCP"}]},
        ],
    }


def check_url(url: str | None) -> None:
    """Raises ValueError for an address that is none of a Prometheus."""
    if url is not None and (not url.startswith(("http://", "https://")) or url.endswith("/") or " " in url):
        raise ValueError(
            f"prometheus_url is '{url}'; it must be http:// or https:// with a host and no slash at its end, such as "
            "http://prometheus.monitoring.svc:9090"
        )


def _prices_environment() -> dict[str, str]:
    """Prices of nodes come from the file alone.

    The custom provider beside it makes OpenCost divide a machine's price among CPU, memory and GPUs; on GKE it would take another
    set of defaults, in which a GPU is worth nothing. Disks have no row, and would get a price that nobody has checked.
    """
    return {
        "USE_CSV_PROVIDER": "true",
        "USE_CUSTOM_PROVIDER": "true",
        "CSV_PATH": f"{PRICES_FOLDER}/{PRICES_FILE}",
        "ASSET_INCLUDE_LOCAL_DISK_COST": "false",
    }


def _metrics_environment(of_google: bool) -> dict[str, str]:
    """How series are found. Managed Prometheus has those of all clusters of a project, told apart by the label `cluster`; whether
    another Prometheus tells them apart, and how, nobody knows here.
    """
    every = {"KUBECOST_SCRAPE_INTERVAL": INTERVAL}
    if not of_google:
        return every
    return {**every, "PROM_CLUSTER_ID_LABEL": "cluster", "CURRENT_CLUSTER_ID_FILTER_ENABLED": "true"}


def _inference_environment() -> dict[str, str]:
    """Cost of tokens: the engine serves its model under the name of the InferenceService, which this label of its pods bears."""
    return {"INFERENCE_COST_ENABLED": "true", "INFERENCE_MODEL_LABEL": INFERENCE_SERVICE_LABEL}


def _frontend(project: str, mirror: Mirror) -> dict[str, Any]:
    """Has no probes: it answers to this pod alone, and OpenCost says when it does not."""
    digest = digest_of(FRONTEND_IMAGE, mirror)
    return {
        "name": "frontend",
        "image": f"{FRONTEND_IMAGE}:{FRONTEND_TAG}" + (f"@{digest}" if digest else ""),
        "args": [f"--web.listen-address={FRONTEND_ADDRESS}", f"--query.project-id={project}"],
        "resources": SIZES["frontend"],
        "securityContext": CONTAINER_RIGHTS,
    }


def _image(mirror: Mirror) -> dict[str, str]:
    """The chart joins registry, repository and tag."""
    reference = f"{REGISTRY}/{IMAGE_PATH}"
    registry = repository(reference, mirror).removesuffix(f"/{IMAGE_PATH}")
    return {
        **({"registry": registry} if registry != REGISTRY else {}),
        **tag_values(reference, OPENCOST.app_version, mirror),
    }
