"""One Gemma 4 deployment on GKE: a KServe InferenceService in its team's namespace, and what belongs to it. What it serves is
stated in its arguments or derived from a wish in them.

Owns the InferenceService, the published sizing record (a ConfigMap), in Standard mode the ScaledObject, and with more than one
replica a PodDisruptionBudget; namespace, identity and nodes exist before it. Idle cost: its minimum replicas, which hold their
nodes. A change of anything in the predictor loads the model anew, its replicas' minimum and maximum and its labels included.
Replaced when: name or namespace changes.
"""

import json
from functools import partial
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.deprecation_notes import tell_deprecated
from components.kubernetes import inference_service, standard_mode
from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.kubernetes.gemma_wish import cluster_serving
from components.package import token
from components.served_endpoint import Endpoint
from components.served_model import RECORD_KEY, RECORD_LABEL, RECORD_PREFIX, ServedModelArgs
from components.wish_args import EngineArgs, OwnershipArgs, WishArgs
from components.wish_outputs import described, outputs_of
from components.wished_model import catalogue_of


class PoolNodesArgs(TypedDict):
    """The nodes of a pool that exists. A wish is sized for them and nothing else."""

    region: str
    """Region of the cluster."""
    zones: list[str]
    """Zones of the pool."""
    machine_type: str
    """Machine type of the pool; it fixes GPU and number of GPUs."""
    purchase_option: NotRequired[str]
    """How it is bought, for the price: on-demand, reservation, flex-start or spot. Default: on-demand."""
    reservation: NotRequired[str]
    """Name of its reservation. Default: none."""
    gpus: NotRequired[int]
    """Most GPUs of the pool that the deployment may use at peak. Default: as many as it needs."""


class WaysInArgs(TypedDict):
    """How the models of the cluster in Knative mode are reached from outside it."""

    domain: str
    """Domain of their public names, as the cluster's ServingStack has it."""
    external: NotRequired[bool]
    """They are reached from the internet, not from the organisation's networks alone; needs `tokens`. Default: false."""
    tokens: NotRequired[bool]
    """Callers show a token or a key. Default: false."""


class GemmaDeploymentArgs(TypedDict):
    """Arguments of GemmaDeployment."""

    name: str
    """Name of the deployment, and of the model in requests. With `wish` a DNS label of at most 20 characters."""
    wish: NotRequired[WishArgs]
    """What it is to serve; everything else about the model follows from it. Needs `nodes`, `bucket_name` and `ownership`."""
    nodes: NotRequired[PoolNodesArgs]
    """With `wish`: the nodes that it is sized for, those of `pool`."""
    bucket_name: NotRequired[str]
    """With `wish`: name of the bucket with the weights."""
    ownership: NotRequired[OwnershipArgs]
    """With `wish`: whose model it is. Without one it is among the labels."""
    engine: NotRequired[EngineArgs]
    """With `wish`: the engine that serves it. Default: the package's own choice."""
    ways_in: NotRequired[WaysInArgs]
    """With `wish`: how the cluster's models are reached from outside. Default: from inside only."""
    catalogue: NotRequired[str]
    """With `wish`: full path of a file with the organisation's own rows of the sizing catalogue. Default: none."""
    namespace_name: str
    """Namespace of the team, known before it exists."""
    namespace: NotRequired[pulumi.Input[str]]
    """The namespace itself, where it is made by the same program. Default: namespace_name."""
    service_account: pulumi.Input[str]
    """Identity under which the model runs."""
    pool: str
    """Value of the node label `gemma-platform/pool` of the nodes that it runs on."""
    priority_class: NotRequired[str]
    """PriorityClass of its pods. Default: ServingStack's gemma-interactive, or gemma-batch for a wish for batch work."""
    labels: NotRequired[dict[str, str]]
    """Kubernetes labels of the object and its pods. With `wish` those that are added to the ones that follow from it and from
    `ownership`, else needed."""
    model: NotRequired[ServedModelArgs]
    """What is served. Follows from `wish`, else needed."""
    record: NotRequired[dict[str, Any]]
    """The sizing record as plain data, which is published beside the model. Follows from `wish`, else needed."""
    endpoint: NotRequired[Endpoint]
    """How it is called. Follows from `wish`, else needed."""
    metrics: NotRequired[dict[str, str]]
    """In Standard mode: `address` of a Prometheus API, and `authentication`, KEDA's ClusterTriggerAuthentication for it."""


class GemmaDeployment(pulumi.ComponentResource):
    """A model on GKE."""

    endpoint: pulumi.Output[Endpoint]
    """How it is called."""
    placement: pulumi.Output[str] | None
    """Where a wish was placed, in words."""
    expected_usd_per_month: pulumi.Output[str] | None
    """What a month of a wish is expected to cost, USD."""

    def __init__(self, name: str, args: GemmaDeploymentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        tell_deprecated(GemmaDeployment, args)
        serving = cluster_serving(args, catalogue_of(args.get("catalogue")))
        model, labels, endpoint = serving.model, serving.labels, serving.endpoint
        metadata = partial(_metadata, args.get("namespace", args["namespace_name"]))
        metrics = args.get("metrics")
        if model["mode"] == inference_service.STANDARD and metrics is None:
            raise ValueError(f"{name}: metrics is missing; in Standard mode KEDA scales by them")
        super().__init__(token(GemmaDeployment), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        record = k8s.core.v1.ConfigMap(
            name,
            metadata=metadata(RECORD_PREFIX + args["name"], {**labels, RECORD_LABEL: args["name"]}),
            data={RECORD_KEY: json.dumps(serving.record, indent=1, sort_keys=True)},
            opts=child,
        )
        # admission compares the model with its record, so that stands first
        after_record = pulumi.ResourceOptions(parent=self, depends_on=[record])
        service = k8s.apiextensions.CustomResource(
            name,
            api_version=inference_service.API_VERSION,
            kind=inference_service.KIND,
            metadata=metadata(
                args["name"],
                inference_service.make_labels(model, labels),
                inference_service.make_annotations(model),
            ),
            spec=inference_service.make_spec(
                args["name"], model, args["pool"], args["service_account"], labels, serving.priority_class
            ),
            opts=after_record,
        )
        if metrics is not None and model["mode"] == inference_service.STANDARD and not model["paused"]:
            k8s.apiextensions.CustomResource(
                f"{name}-scaling",
                api_version=standard_mode.API_VERSION,
                kind=standard_mode.KIND,
                metadata=metadata(args["name"], labels),
                spec=standard_mode.scaled_object_spec(args["name"], args["namespace_name"], model, metrics),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[service]),
            )
        if int(model["max_replicas"]) > 1:
            # one at a time may go: a minimum of replicas would hold up node upgrades where only one is left
            k8s.policy.v1.PodDisruptionBudget(
                name,
                metadata=metadata(args["name"], labels),
                spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
                    max_unavailable=1,
                    selector=k8s.meta.v1.LabelSelectorArgs(match_labels={INFERENCE_SERVICE_LABEL: args["name"]}),
                ),
                opts=child,
            )
        self.endpoint = service.id.apply(lambda _: endpoint)
        self.placement, self.expected_usd_per_month = described(serving.planned)
        self.register_outputs(outputs_of(self.endpoint, self.placement, self.expected_usd_per_month))


def _metadata(
    namespace: pulumi.Input[str], name: str, labels: dict[str, str], annotations: dict[str, str] | None = None
) -> k8s.meta.v1.ObjectMetaArgs:
    return k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, labels=labels, annotations=annotations)
