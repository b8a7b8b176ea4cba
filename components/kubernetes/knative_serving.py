"""Knative Serving with Kourier, by Knative's operator: scales models by their requests, to zero and back, and routes to them.

Owns two namespaces, the operator's release, the KnativeServing object, budgets, and the right to read a mirror of images. Kourier
is the only ingress (no Istio). The operator puts everything into the namespace of its object: Kourier's gateway, and its Services
`kourier` and `kourier-internal`, are in `knative-serving` too, not in `kourier-system`. The Service `kourier` gets no load
balancer of its own: who wants a way in from outside puts a Gateway before it.
Known limits, which the operator has no setting for: its own chart has one replica; no part can name a priority class, so the
cluster's default class is the platform's; when they stop, the activator, through which every request goes, has 600 seconds to
finish what it holds, and Kourier's gateway 30: what takes longer then is cut off.
Images by tag are resolved to digests by Knative's controller, also those of a mirror, which its service account may read then.
Idle cost: 1.2 vCPU and 1 GiB of requests, 2.3 and 1.8 with high availability.
Replaced when: the namespace's name changes. Removed, it takes all Knative services and routes along, but not the definitions.
Source: knative.dev/operator v0.50.0 pkg/reconciler (InjectNamespace, ha.go, poddisruptionbudget_override.go), 2026-07-29.
"""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

from components.kubernetes.chart_release import Mirror, chart_release, check_mirror, image, repository, tag_values
from components.kubernetes.controllers import disruption_budget, platform_namespace, replicas, spread
from components.kubernetes.knative_config import ConfigMaps, ExternalAuthorization, make_config
from components.kubernetes.mirror_repositories import mirror_repositories
from components.kubernetes.versions import ENVOY_IMAGES, KNATIVE_IMAGES, KNATIVE_OPERATOR, KNATIVE_SERVING
from components.kubernetes.workload_identity import member_of
from components.package import token

OPERATOR_NAMESPACE, NAMESPACE = "knative-operator", "knative-serving"
#: Where Kourier's gateway is: the operator puts it beside the rest.
GATEWAY_NAMESPACE = NAMESPACE
#: Service account of the controller that resolves tags to digests.
CONTROLLER_ACCOUNT = "controller"
OPERATOR_IMAGES = {
    "knative_operator": "gcr.io/knative-releases/knative.dev/operator/cmd/operator",
    "operator_webhook": "gcr.io/knative-releases/knative.dev/operator/cmd/webhook",
}
#: Parts, by their name and the label `app` of their pods: those to which the release gives a budget `<part>-pdb`, by which 80 %
#: must stay, all of up to four replicas, so that no node could be drained; and those to which it gives none.
WITH_BUDGET = ("3scale-kourier-gateway", "activator", "webhook")
WITHOUT_BUDGET = ("autoscaler", "autoscaler-hpa", "controller", "net-kourier-controller")
KOURIER_CONTROLLER = "net-kourier-controller"
#: The operator marks its object Ready when every Deployment is available.
READY = {"pulumi.com/waitFor": "condition=Ready"}
READY_TIMEOUT = "20m"


class KnativeServingArgs(TypedDict):
    """Arguments of KnativeServing."""

    project: str
    """Google Cloud project of the cluster."""
    project_number: str
    """Number of that project."""
    high_availability: bool
    """Two replicas at least of each part."""
    longest_request_seconds: int
    """Longest request that a model may ask for; at least 600."""
    progress_deadline_seconds: int
    """How long a revision may take to become ready, where it does not say so itself."""
    domain: NotRequired[str]
    """Domain of the public host names. Default: routes are reached from inside the cluster only."""
    external_authorization: NotRequired[ExternalAuthorization]
    """Service that decides which requests pass. Default: all do."""
    mirror: NotRequired[Mirror]
    """Where chart and images come from. Default: their public registries."""
    labels: dict[str, str]
    """Kubernetes labels of the objects."""


class KnativeServing(pulumi.ComponentResource):
    """Knative Serving, ready for services."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: KnativeServingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        mirror = args.get("mirror", Mirror())
        check_mirror(mirror)
        operator_values = make_operator_values(mirror)
        config = make_config(
            longest_request_seconds=int(args["longest_request_seconds"]),
            progress_deadline_seconds=int(args["progress_deadline_seconds"]),
            domain=args.get("domain"),
            external_authorization=args.get("external_authorization"),
            mirror=mirror,
        )
        spec = make_spec(config, args["high_availability"], mirror)
        super().__init__(token(KnativeServing), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        of_operator = platform_namespace(f"{name}-operator", OPERATOR_NAMESPACE, args["labels"], child)
        namespace = platform_namespace(name, NAMESPACE, args["labels"], child)
        operator = chart_release(
            f"{name}-operator", KNATIVE_OPERATOR, of_operator.metadata.name, operator_values, mirror, child
        )
        grants = _let_controller_read(name, args, mirror, child)
        serving = k8s.apiextensions.CustomResource(
            name,
            api_version="operator.knative.dev/v1beta1",
            kind="KnativeServing",
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=NAMESPACE, namespace=namespace.metadata.name, labels=args["labels"], annotations=READY
            ),
            spec=spec,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[operator, *grants],
                custom_timeouts=pulumi.CustomTimeouts(create=READY_TIMEOUT, update=READY_TIMEOUT, delete=READY_TIMEOUT),
            ),
        )
        if args["high_availability"]:
            for app in WITHOUT_BUDGET:
                disruption_budget(f"{app}-pdb", namespace.metadata.name, {"app": app}, args["labels"], child)
        # whoever takes the name waits until Knative is ready
        self.namespace = serving.id.apply(lambda _: NAMESPACE)
        self.register_outputs({"namespace": self.namespace})


def make_operator_values(mirror: Mirror) -> dict[str, Any]:
    """Values of the operator's chart; pure. Its replicas and priority are not among them."""
    return {
        "knative_operator": {
            part: {
                "securityContext": {
                    "seccompProfile": {"type": "RuntimeDefault"}
                },  # asked for by Pod Security `restricted`
                **({"image": repository(reference, mirror)} if mirror.get("images") else {}),
                **tag_values(reference, KNATIVE_OPERATOR.app_version, mirror),
            }
            for part, reference in OPERATOR_IMAGES.items()
        }
    }


def make_spec(config: ConfigMaps, high_availability: bool, mirror: Mirror) -> dict[str, Any]:
    """Spec of the KnativeServing; pure."""
    # alone, a part may go with its node: a budget would hold up the node's upgrade, not the loss
    allowed = {"maxUnavailable": 1} if high_availability else {"minAvailable": 0}
    return {
        "version": KNATIVE_SERVING,
        "config": config,
        "ingress": {"kourier": {"enabled": True, "service-type": "ClusterIP"}},
        "high-availability": {"replicas": replicas(high_availability)},
        "podDisruptionBudgets": [{"name": f"{part}-pdb", **allowed} for part in WITH_BUDGET],
        "workloads": _workloads(config, high_availability),
        "registry": {
            "override": {key: image(reference, mirror) for key, reference in {**KNATIVE_IMAGES, **ENVOY_IMAGES}.items()}
        },
    }


def _workloads(config: ConfigMaps, high_availability: bool) -> list[dict[str, Any]]:
    """What differs from the release. Kourier's controller makes the way to the authorization service when it starts only: the
    annotation starts it anew when that changes (knative-extensions/net-kourier pkg/generator/caches.go, 2026-07)."""
    changes: dict[str, dict[str, Any]] = {
        KOURIER_CONTROLLER: {
            "annotations": {"gemma-platform/authorization": config.get("kourier", {}).get("extauthz-host", "none")}
        }
    }
    if high_availability:
        for part in (*WITH_BUDGET, *WITHOUT_BUDGET):
            changes.setdefault(part, {})["topologySpreadConstraints"] = spread({"app": part})
    return [{"name": name, **change} for name, change in sorted(changes.items())]


def _let_controller_read(
    name: str, args: KnativeServingArgs, mirror: Mirror, opts: pulumi.ResourceOptions
) -> list[gcp.artifactregistry.RepositoryIamMember]:
    """The controller resolves tags as itself, not as the node: without the right, no model with a mirrored tag would start."""
    member = member_of(args["project"], args["project_number"], NAMESPACE, CONTROLLER_ACCOUNT)
    return [
        gcp.artifactregistry.RepositoryIamMember(
            f"{name}-reads-{place.repository}",
            project=place.project,
            location=place.location,
            repository=place.repository,
            role="roles/artifactregistry.reader",
            member=member,
            opts=opts,
        )
        for place in mirror_repositories(mirror)
    ]
