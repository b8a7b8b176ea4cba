"""Cloud Run service with one GPU that serves a model.

Owns the service, its identity, that identity's right to read the one checkpoint, and who may call it. Reached from inside the
organisation's networks only, by callers that IAM names. Idle cost: nothing at zero instances, else the whole instance.
Replaced when: name or region changes.
Source of the limits: docs.cloud.google.com/run/docs/configuring/services/gpu (2026).
"""

from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.google.model_bucket import grant_read
from components.package import token
from components.served_model import ServedModelArgs
from components.sizing.engine_arguments import PORT

#: Seconds between two probes.
PROBE_PERIOD_SECONDS = 10
#: Longest request that Cloud Run allows: 60 minutes.
REQUEST_TIMEOUT = "3600s"


class CloudRunModelArgs(TypedDict):
    """Arguments of CloudRunModel."""

    name: str
    """Name of the service."""
    account_id: str
    """Id of the service account made for it."""
    region: str
    """Region."""
    network_id: pulumi.Input[str]
    """Network that its traffic leaves through."""
    subnetwork_id: pulumi.Input[str]
    """Subnet with Private Google Access."""
    bucket: pulumi.Input[str]
    """Bucket with the weights."""
    bucket_name: str
    """Name of that bucket, known before it exists."""
    checkpoint: str
    """Checkpoint that it serves."""
    callers: list[str]
    """IAM members that may call it."""
    deletion_protection: bool
    """Refuse to delete the service."""
    labels: dict[str, str]
    """Google labels."""
    model: ServedModelArgs
    """What is served."""


class CloudRunModel(pulumi.ComponentResource):
    """A model on Cloud Run."""

    endpoint: pulumi.Output[str]

    def __init__(self, name: str, args: CloudRunModelArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(token(CloudRunModel), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = gcp.serviceaccount.Account(
            name, account_id=args["account_id"], display_name=f"Cloud Run model {name}", opts=child
        )
        weights = grant_read(
            f"{name}-weights", args["bucket"], args["bucket_name"], args["checkpoint"], account.member, child
        )
        model = args["model"]
        service = gcp.cloudrunv2.Service(
            name,
            name=args["name"],
            location=args["region"],
            ingress="INGRESS_TRAFFIC_INTERNAL_ONLY",
            deletion_protection=args["deletion_protection"],
            labels=args["labels"],
            annotations=model["annotations"],
            template=gcp.cloudrunv2.ServiceTemplateArgs(
                labels=args["labels"],
                service_account=account.email,
                execution_environment="EXECUTION_ENVIRONMENT_GEN2",
                node_selector=gcp.cloudrunv2.ServiceTemplateNodeSelectorArgs(accelerator=model["accelerator"]),
                gpu_zonal_redundancy_disabled=not model["spread_over_zones"],
                max_instance_request_concurrency=int(model["concurrency"]),
                timeout=REQUEST_TIMEOUT,
                scaling=gcp.cloudrunv2.ServiceTemplateScalingArgs(
                    min_instance_count=int(model["min_replicas"]), max_instance_count=int(model["max_replicas"])
                ),
                vpc_access=gcp.cloudrunv2.ServiceTemplateVpcAccessArgs(
                    egress="ALL_TRAFFIC",
                    network_interfaces=[
                        gcp.cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs(
                            network=args["network_id"], subnetwork=args["subnetwork_id"]
                        )
                    ],
                ),
                containers=[_container(model)],
            ),
            # the first start reads the weights, so the right to read them comes first
            opts=pulumi.ResourceOptions(parent=self, depends_on=[weights]),
        )
        for member in args["callers"]:
            gcp.cloudrunv2.ServiceIamMember(
                f"{name}-caller-{member}",
                name=service.name,
                location=args["region"],
                role="roles/run.invoker",
                member=member,
                opts=child,
            )
        self.endpoint = service.uri
        self.register_outputs({"endpoint": self.endpoint})


def _container(model: ServedModelArgs) -> gcp.cloudrunv2.ServiceTemplateContainerArgs:
    return gcp.cloudrunv2.ServiceTemplateContainerArgs(
        image=model["image"],
        commands=model["command"],
        args=model["arguments"],
        envs=[
            gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(name=key, value=value)
            for key, value in sorted(model["environment"].items())
        ],
        ports=gcp.cloudrunv2.ServiceTemplateContainerPortsArgs(container_port=PORT),
        resources=gcp.cloudrunv2.ServiceTemplateContainerResourcesArgs(
            limits={
                "cpu": str(int(model["vcpu"])),
                "memory": f"{int(model['memory_gib'])}Gi",
                "nvidia.com/gpu": str(int(model["accelerator_count"])),
            },
            cpu_idle=False,  # a GPU needs instance-based billing
            startup_cpu_boost=True,
        ),
        startup_probe=gcp.cloudrunv2.ServiceTemplateContainerStartupProbeArgs(
            http_get=gcp.cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs(path="/health", port=PORT),
            period_seconds=PROBE_PERIOD_SECONDS,
            timeout_seconds=5,
            failure_threshold=int(model["startup_probe_seconds"]) // PROBE_PERIOD_SECONDS,
        ),
        liveness_probe=gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeArgs(
            http_get=gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeHttpGetArgs(path="/health", port=PORT),
            period_seconds=30,
            timeout_seconds=10,
            failure_threshold=5,
        ),
    )
