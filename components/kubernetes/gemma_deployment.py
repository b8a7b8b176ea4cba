"""One Gemma 4 deployment on GKE: a KServe InferenceService in its team's namespace, and what belongs to it.

Owns the InferenceService, the published sizing record (a ConfigMap), in Standard mode the ScaledObject, and with more than one
replica a PodDisruptionBudget; namespace, identity and nodes exist before it. Idle cost: its minimum replicas, which hold their
nodes. A change of anything in the predictor loads the model anew, its replicas' minimum and maximum and its labels included.
Replaced when: name or namespace changes.
"""

import json
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.kubernetes import inference_service, standard_mode
from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.package import token
from components.served_endpoint import Endpoint
from components.served_model import RECORD_KEY, RECORD_LABEL, RECORD_PREFIX, ServedModelArgs


class GemmaDeploymentArgs(TypedDict):
    """Arguments of GemmaDeployment."""

    name: str
    """Name of the deployment, and of the model in requests."""
    namespace_name: str
    """Namespace of the team, known before it exists."""
    namespace: pulumi.Input[str]
    """The namespace itself."""
    service_account: pulumi.Input[str]
    """Identity under which the model runs."""
    pool: str
    """Value of the node label `gemma-platform/pool` of the nodes that it runs on."""
    priority_class: str
    """PriorityClass of its pods."""
    labels: dict[str, str]
    """Kubernetes labels of the object and its pods."""
    model: ServedModelArgs
    """What is served."""
    record: dict[str, Any]
    """The sizing record as plain data, which is published beside the model."""
    endpoint: Endpoint
    """How it is called."""
    metrics: NotRequired[dict[str, str]]
    """In Standard mode: `address` of a Prometheus API, and `authentication`, KEDA's ClusterTriggerAuthentication for it."""


class GemmaDeployment(pulumi.ComponentResource):
    """A model on GKE."""

    endpoint: pulumi.Output[Endpoint]

    def __init__(self, name: str, args: GemmaDeploymentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        model = args["model"]
        metrics = args.get("metrics")
        if model["mode"] == inference_service.STANDARD and metrics is None:
            raise ValueError(f"{name}: metrics is missing; in Standard mode KEDA scales by them")
        super().__init__(token(GemmaDeployment), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        record = k8s.core.v1.ConfigMap(
            name,
            metadata=_metadata(RECORD_PREFIX + args["name"], args, {**args["labels"], RECORD_LABEL: args["name"]}),
            data={RECORD_KEY: json.dumps(args["record"], indent=1, sort_keys=True)},
            opts=child,
        )
        # admission compares the model with its record, so that stands first
        after_record = pulumi.ResourceOptions(parent=self, depends_on=[record])
        service = k8s.apiextensions.CustomResource(
            name,
            api_version=inference_service.API_VERSION,
            kind=inference_service.KIND,
            metadata=_metadata(
                args["name"],
                args,
                inference_service.make_labels(model, args["labels"]),
                inference_service.make_annotations(model),
            ),
            spec=inference_service.make_spec(
                args["name"], model, args["pool"], args["service_account"], args["labels"], args["priority_class"]
            ),
            opts=after_record,
        )
        if metrics is not None and model["mode"] == inference_service.STANDARD and not model["paused"]:
            k8s.apiextensions.CustomResource(
                f"{name}-scaling",
                api_version=standard_mode.API_VERSION,
                kind=standard_mode.KIND,
                metadata=_metadata(args["name"], args, args["labels"]),
                spec=standard_mode.scaled_object_spec(args["name"], args["namespace_name"], model, metrics),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[service]),
            )
        if int(model["max_replicas"]) > 1:
            # one at a time may go: a minimum of replicas would hold up node upgrades where only one is left
            k8s.policy.v1.PodDisruptionBudget(
                name,
                metadata=_metadata(args["name"], args, args["labels"]),
                spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
                    max_unavailable=1,
                    selector=k8s.meta.v1.LabelSelectorArgs(match_labels={INFERENCE_SERVICE_LABEL: args["name"]}),
                ),
                opts=child,
            )
        self.endpoint = service.id.apply(lambda _: args["endpoint"])
        self.register_outputs({"endpoint": self.endpoint})


def _metadata(
    name: str, args: GemmaDeploymentArgs, labels: dict[str, str], annotations: dict[str, str] | None = None
) -> k8s.meta.v1.ObjectMetaArgs:
    return k8s.meta.v1.ObjectMetaArgs(name=name, namespace=args["namespace"], labels=labels, annotations=annotations)
