"""One Gemma 4 deployment on GKE: a KServe InferenceService in its team's namespace.

Owns that object; namespace, identity and nodes exist before it. Idle cost: its minimum replicas, which hold their nodes.
A change of anything in the predictor loads the model anew. Replaced when: name or namespace changes.
"""

from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.kubernetes import inference_service
from components.package import token
from components.served_model import ServedModelArgs


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
    labels: dict[str, str]
    """Kubernetes labels of the object and its pods."""
    model: ServedModelArgs
    """What is served."""


class GemmaDeployment(pulumi.ComponentResource):
    """A model on GKE."""

    endpoint: pulumi.Output[str]

    def __init__(self, name: str, args: GemmaDeploymentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(token(GemmaDeployment), name, {}, opts)
        service = k8s.apiextensions.CustomResource(
            name,
            api_version=inference_service.API_VERSION,
            kind=inference_service.KIND,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=args["name"],
                namespace=args["namespace"],
                labels=args["labels"],
                annotations=inference_service.make_annotations(args["model"]),
            ),
            spec=inference_service.make_spec(
                args["name"], args["model"], args["pool"], args["service_account"], args["labels"]
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        host = f"{args['name']}-predictor.{args['namespace_name']}.svc.cluster.local"
        self.endpoint = service.id.apply(lambda _: f"http://{host}")
        self.register_outputs({"endpoint": self.endpoint})
