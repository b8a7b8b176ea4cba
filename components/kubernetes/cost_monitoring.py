"""Cost monitoring of a cluster: OpenCost, what Managed Prometheus collects from it, and the rules that it evaluates.

Wires OpenCost and decides nothing; owns the ClusterPodMonitoring and the ClusterRules. A Prometheus of the organisation's own
collects by its own configuration: from port 9003 of OpenCost's pods, with the pods' labels left as they are (`honorLabels`), and
from the kubelets' cAdvisor; `python -m components.cost monitoring` writes the rules for it. The engines' series and those of the
GPUs are collected by others (team_metrics.py, DCGM of the cluster).
It comes after the serving stack, whose priority class it names. Idle cost: OpenCost's.
Sources: of what OpenCost needs opencost.io/docs/installation/prometheus (2026); of ClusterRules, whose groups are those of
Prometheus, GoogleCloudPlatform/prometheus-engine v0.17.3 pkg/operator/apis/monitoring/v1 (2026-07).
"""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.deprecation_notes import tell_deprecated
from components.kubernetes.chart_release import Mirror, check_mirror
from components.kubernetes.cost_metrics import API_VERSION, KIND, make_spec
from components.kubernetes.opencost import NAMESPACE, OpenCost, OpenCostArgs, check_url
from components.package import token

RULES_KIND, RULES_NAME = "ClusterRules", "gemma-cost"


class CostMonitoringArgs(TypedDict):
    """Arguments of CostMonitoring."""

    project: str
    """Google Cloud project of the cluster."""
    project_number: str
    """Number of that project."""
    cluster_name: str
    """Name of the cluster."""
    prices: str
    """OpenCost's price file, as components/cost/opencost/price_file.py writes it."""
    rules: dict[str, Any]
    """Groups of recording rules and alerts, as a rule file of Prometheus has them."""
    prometheus_url: NotRequired[str]
    """Address of a Prometheus of the organisation's own. Default: Google's Managed Prometheus of the project."""
    mirror: NotRequired[Mirror]
    """Where chart and image come from. Default: their public registries."""
    labels: dict[str, str]
    """Kubernetes labels of the objects."""


class CostMonitoring(pulumi.ComponentResource):
    """OpenCost with its metrics."""

    ready: pulumi.Output[str]
    """Whoever takes it waits until costs are measured."""

    def __init__(self, name: str, args: CostMonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        tell_deprecated(CostMonitoring, args)
        mirror, url = args.get("mirror", Mirror()), args.get("prometheus_url")
        check_mirror(mirror)
        check_url(url)
        opencost = OpenCostArgs(
            project=args["project"],
            project_number=args["project_number"],
            cluster_name=args["cluster_name"],
            prices=args["prices"],
            mirror=mirror,
            labels=args["labels"],
        )
        if url is not None:
            opencost["prometheus_url"] = url
        super().__init__(token(CostMonitoring), name, {}, opts)
        self.opencost = OpenCost(f"{name}-opencost", opencost, pulumi.ResourceOptions(parent=self))
        if url is None:
            for what, kind, called, spec in (
                ("opencost-metrics", KIND, NAMESPACE, make_spec()),
                ("rules", RULES_KIND, RULES_NAME, args["rules"]),
            ):
                k8s.apiextensions.CustomResource(
                    f"{name}-{what}",
                    api_version=API_VERSION,
                    kind=kind,
                    metadata=k8s.meta.v1.ObjectMetaArgs(name=called, labels=args["labels"]),
                    spec=spec,
                    opts=pulumi.ResourceOptions(parent=self),
                )
        # whoever takes it waits for OpenCost
        self.ready = self.opencost.namespace
        self.register_outputs({"ready": self.ready})
