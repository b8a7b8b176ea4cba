"""The serving stack of a cluster, part after part: what has to be there before the first model is.

Wires five components and decides nothing. Each waits until the one before is ready, not only created: priority classes, then
cert-manager (KServe's certificates), KEDA and Knative (KServe's controller looks for their kinds when it starts), then KServe. It
is taken down in the opposite order. versions.py says what is installed, and in which order it is upgraded.
Idle cost: 1.8 vCPU and 1.9 GiB of requests on the system nodes, 3.3 and 3.6 with high availability; nothing else.
"""

from typing import NotRequired, TypedDict

import pulumi

from components.deprecation_notes import tell_deprecated
from components.kubernetes import cert_manager, keda
from components.kubernetes.cert_manager import CertManager, CertManagerArgs
from components.kubernetes.chart_release import Mirror, check_mirror
from components.kubernetes.keda import Keda, KedaArgs
from components.kubernetes.knative_config import ExternalAuthorization, make_config
from components.kubernetes.knative_serving import KnativeServing, KnativeServingArgs, make_operator_values, make_spec
from components.kubernetes.kserve import KServe, KServeArgs
from components.kubernetes.kserve_values import make_controller_values, make_runtime_values
from components.kubernetes.priority_classes import PriorityClasses, PriorityClassesArgs
from components.package import token

#: Ports of pods that the API server calls, and whose they are: a cluster with private nodes needs a firewall rule for them, where
#: its control plane does not come through an agent in the cluster. GKE itself opens 443 and 10250, on which cert-manager listens
#: (docs.cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules, 2026; the ports are those that the charts render).
WEBHOOK_PORTS = {
    6443: "metrics API of KEDA",
    8443: "webhooks of Knative and of its operator",
    9443: "webhooks of KServe and KEDA",
}


class ServingStackArgs(TypedDict):
    """Arguments of ServingStack."""

    project: str
    """Google Cloud project of the cluster."""
    project_number: str
    """Number of that project."""
    high_availability: bool
    """Two replicas at least of every controller but Knative's operator."""
    longest_request_seconds: int
    """Longest request that a model may ask for; at least 600."""
    progress_deadline_seconds: int
    """How long a revision may take to become ready, where it does not say so itself."""
    engine_image: str
    """Public reference of the engine's image, with a tag, for KServe's runtime of vLLM."""
    domain: NotRequired[str]
    """Domain of the public host names. Default: models are reached from inside the cluster only."""
    external_authorization: NotRequired[ExternalAuthorization]
    """Service that decides which requests pass Kourier. Default: all do."""
    mirror: NotRequired[Mirror]
    """Where charts and images come from. Default: their public registries."""
    labels: dict[str, str]
    """Kubernetes labels of all objects."""


class ServingStack(pulumi.ComponentResource):
    """cert-manager, KEDA, Knative Serving with Kourier, and KServe."""

    # the parts are attributes too; declared here, they would be outputs of the package, which components cannot be
    ready: pulumi.Output[str]
    """Whoever takes it waits for the whole stack."""

    def __init__(self, name: str, args: ServingStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        tell_deprecated(ServingStack, args)
        _refuse(args)
        super().__init__(token(ServingStack), name, {}, opts)
        available, labels, mirror = args["high_availability"], args["labels"], args.get("mirror", Mirror())
        project, number = args["project"], args["project_number"]
        self.priority_classes = PriorityClasses(
            f"{name}-priorities", PriorityClassesArgs(labels=labels), pulumi.ResourceOptions(parent=self)
        )
        certificates = CertManagerArgs(high_availability=available, mirror=mirror, labels=labels)
        self.cert_manager = CertManager(f"{name}-cert-manager", certificates, self._after(self.priority_classes))
        scaling = KedaArgs(
            project=project, project_number=number, high_availability=available, mirror=mirror, labels=labels
        )
        self.keda = Keda(f"{name}-keda", scaling, self._after(self.cert_manager))
        knative = KnativeServingArgs(
            project=project,
            project_number=number,
            high_availability=available,
            longest_request_seconds=args["longest_request_seconds"],
            progress_deadline_seconds=args["progress_deadline_seconds"],
            mirror=mirror,
            labels=labels,
        )
        kserve = KServeArgs(
            high_availability=available, engine_image=args["engine_image"], mirror=mirror, labels=labels
        )
        if "domain" in args:
            knative["domain"] = kserve["domain"] = args["domain"]
        if "external_authorization" in args:
            knative["external_authorization"] = args["external_authorization"]
        self.knative_serving = KnativeServing(f"{name}-knative", knative, self._after(self.keda))
        self.kserve = KServe(f"{name}-kserve", kserve, self._after(self.knative_serving))
        # whoever takes it waits for all of the stack
        self.ready = self.kserve.namespace
        self.register_outputs({"ready": self.ready})

    def _after(self, before: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[before])


def _refuse(args: ServingStackArgs) -> None:
    """Makes what the parts will make, so that the last one's refusal comes before the first one is registered."""
    mirror = args.get("mirror", Mirror())
    check_mirror(mirror)
    for make_values in (cert_manager.make_values, keda.make_values):
        make_values(args["high_availability"], mirror)
    make_operator_values(mirror)
    config = make_config(
        longest_request_seconds=int(args["longest_request_seconds"]),
        progress_deadline_seconds=int(args["progress_deadline_seconds"]),
        domain=args.get("domain"),
        external_authorization=args.get("external_authorization"),
        mirror=mirror,
    )
    make_spec(config, args["high_availability"], mirror)
    make_controller_values(args.get("domain"), args["high_availability"], mirror)
    make_runtime_values(args["engine_image"], mirror)
