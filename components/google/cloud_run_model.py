"""Cloud Run service with one GPU that serves a model, stated in its arguments or derived from a wish in them.

Owns the service, its identity, that identity's right to read the one checkpoint, and who may call it. Reached from inside the
organisation's networks, or by a load balancer of its own, by callers that IAM names. What Cloud Run would refuse is refused
before anything is registered (`cloud_run_limits`). Idle cost: nothing at zero instances, else the whole instance, about USD
1.05 an hour with the smallest L4 shape and 3.19 with RTX PRO 6000 (list prices, us-central1, 2026). Replaced when: name or region
changes; a change of anything else makes a new revision, which may need a GPU beside the old one's for a while (unconfirmed).
Source of the fields: docs.cloud.google.com/run/docs/configuring/services/gpu and /cloud-storage-volume-mounts (2026).
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.deprecation_notes import tell_deprecated
from components.google.bucket_limits import check_bucket_name, check_checkpoint
from components.google.cloud_run_limits import (
    INGRESS,
    PROBE_PERIOD_SECONDS,
    REACHABLE_FROM,
    check_access,
    check_model,
    check_names,
    environment_for,
)
from components.google.cloud_run_wish import cloud_run_serving
from components.google.model_bucket import grant_read
from components.naming import account_id
from components.package import token
from components.served_endpoint import CLOUD_RUN_IDENTITY, Endpoint, make_endpoint
from components.served_model import (
    MOUNT,
    OFFLINE,
    USD_PER_MONTH,
    ServedModelArgs,
    served_name,
    weights_folder,
    weights_mount,
    weights_place,
)
from components.sizing.engine_arguments import PORT
from components.sizing.record_making import CLOUD_RUN_PROBE_LIMIT_SECONDS
from components.wish_args import EngineArgs, OwnershipArgs, WishArgs
from components.wish_outputs import described, outputs_of
from components.wished_model import catalogue_of

#: How the names of volumes begin.
VOLUME = "bucket"


class CloudRunModelArgs(TypedDict):
    """Arguments of CloudRunModel."""

    name: str
    """Name of the service."""
    account_id: NotRequired[str]
    """Id of the service account made for it. Default: `gemma-` and the name."""
    region: str
    """Region."""
    wish: NotRequired[WishArgs]
    """What it is to serve; everything else about the model follows from it. Needs `ownership`. The name is then that of the model
    in requests too: a DNS label of at most 20 characters."""
    ownership: NotRequired[OwnershipArgs]
    """With `wish`: whose model it is. Without one it is among the labels."""
    engine: NotRequired[EngineArgs]
    """With `wish`: the engine that serves it. Default: the package's own choice."""
    network_id: pulumi.Input[str]
    """Network that its traffic leaves through."""
    subnetwork_id: pulumi.Input[str]
    """Subnet with Private Google Access."""
    bucket: NotRequired[pulumi.Input[str]]
    """Bucket with the weights, where it is made by the same program. Default: bucket_name."""
    bucket_name: str
    """Name of that bucket, known before it exists."""
    checkpoint: NotRequired[str]
    """Checkpoint that it serves. Follows from `wish`, else needed."""
    revision: NotRequired[str]
    """Revision of the checkpoint, in a folder of its own below it; without it, the checkpoint's folder is served."""
    weights: NotRequired[str]
    """How the weights are read: `stream` (the default) by the Run:ai streamer from gs://, or `mount` as files of a read-only FUSE
    mount, which is slower. The model's arguments name the place that belongs to it."""
    ingress: NotRequired[str]
    """Whence it can be reached: `internal` (the default), or `internal-and-load-balancing`."""
    gpu_quota: NotRequired[int]
    """GPUs of this kind that the project may use in the region; more instances than that are refused here."""
    catalogue: NotRequired[str]
    """File with the organisation's own rows of the sizing catalogue; without it, the shipped rows alone count."""
    stable_revision: NotRequired[str]
    """With `canary_percent` of the model: the revision that keeps the other requests."""
    callers: NotRequired[list[str]]
    """IAM members that may call it. Default: none."""
    deletion_protection: NotRequired[bool]
    """Refuse to delete the service, in Google and in the stack. Default: false."""
    labels: NotRequired[dict[str, str]]
    """Google labels. With `wish` those that are added to the ones that follow from it and from `ownership`, else needed."""
    model: NotRequired[ServedModelArgs]
    """What is served. Follows from `wish`, else needed."""
    usd_per_month: NotRequired[str]
    """What it is expected to cost a month, for the team's budget. Follows from `wish`, else needed."""
    inputs: NotRequired[list[str]]
    """What requests may carry, for the description of the endpoint. Follows from `wish`, else needed."""
    cold_start_seconds: NotRequired[int]
    """How long the first request after an idle time may wait, by estimate. Follows from `wish`, else needed."""


class CloudRunModel(pulumi.ComponentResource):
    """A model on Cloud Run."""

    endpoint: pulumi.Output[Endpoint]
    """How it is called."""
    placement: pulumi.Output[str] | None
    """Where a wish was placed, in words."""
    expected_usd_per_month: pulumi.Output[str] | None
    """What a month of a wish is expected to cost, USD."""

    def __init__(self, name: str, args: CloudRunModelArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        tell_deprecated(CloudRunModel, args)
        ingress, callers = args.get("ingress", "internal"), args.get("callers", [])
        protected = args.get("deletion_protection", False)
        bucket_ref = args.get("bucket", args["bucket_name"])
        account_name = args.get("account_id") or account_id(args["name"])
        catalogue = catalogue_of(args.get("catalogue"))
        check_names(args["name"], account_name)
        check_access(ingress, callers)
        check_bucket_name(args["bucket_name"])
        serving = cloud_run_serving(args, catalogue)
        model, way, labels = serving.model, serving.weights, serving.labels
        check_checkpoint(serving.checkpoint)
        folder = weights_folder(serving.checkpoint, serving.revision)
        place = weights_place(way, args["bucket_name"], folder)
        check_model(model, args["region"], place, args.get("gpu_quota"), catalogue)
        # whoever wrote the environment may know the hub better, but not the hosts' driver
        environment = {**OFFLINE, **model["environment"], **environment_for(model, catalogue)}
        super().__init__(token(CloudRunModel), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = gcp.serviceaccount.Account(
            name, account_id=account_name, display_name=f"Cloud Run model {name}", opts=child
        )
        weights = grant_read(
            f"{name}-weights", bucket_ref, args["bucket_name"], serving.checkpoint, account.member, child
        )
        grants = [
            grant_read(f"{name}-reads-{folder}", bucket_ref, args["bucket_name"], folder, account.member, child)
            for folder in model["reads"]
        ]
        mounts = {weights_mount(folder): folder} if way == MOUNT else {}
        mounts |= model["mounted"]
        service = gcp.cloudrunv2.Service(
            name,
            name=args["name"],
            location=args["region"],
            ingress=INGRESS[ingress],
            deletion_protection=protected,
            labels=labels,
            annotations={**model["annotations"], USD_PER_MONTH: serving.usd_per_month},
            scaling=_stopped() if model["paused"] else None,
            traffics=_traffic(model, args.get("stable_revision")),
            template=gcp.cloudrunv2.ServiceTemplateArgs(
                labels=labels,
                service_account=account.email,
                execution_environment="EXECUTION_ENVIRONMENT_GEN2",
                node_selector=gcp.cloudrunv2.ServiceTemplateNodeSelectorArgs(accelerator=model["accelerator"]),
                gpu_zonal_redundancy_disabled=not model["spread_over_zones"],
                max_instance_request_concurrency=int(model["concurrency"]),
                timeout=f"{int(model['request_seconds'])}s",
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
                volumes=[_volume(bucket_ref, *mount) for mount in enumerate(mounts.values())] or None,
                containers=[_container(model, environment, list(mounts), weights_are_mounted=way == MOUNT)],
            ),
            # the first start reads the weights, so the right to read them comes first
            opts=pulumi.ResourceOptions(parent=self, depends_on=[weights, *grants], protect=protected),
        )
        for member in callers:
            gcp.cloudrunv2.ServiceIamMember(
                f"{name}-caller-{member}",
                name=service.name,
                location=args["region"],
                role="roles/run.invoker",
                member=member,
                opts=child,
            )
        self.endpoint = service.uri.apply(
            lambda uri: make_endpoint(
                uri,
                served_name(model["arguments"]),
                authentication=CLOUD_RUN_IDENTITY,
                reachable_from=REACHABLE_FROM[ingress],
                inputs=serving.inputs,
                expected_cold_start_seconds=serving.cold_start_seconds if int(model["min_replicas"]) == 0 else 0,
            )
        )
        self.placement, self.expected_usd_per_month = described(serving.planned)
        self.register_outputs(outputs_of(self.endpoint, self.placement, self.expected_usd_per_month))


def _stopped() -> gcp.cloudrunv2.ServiceScalingArgs:
    """No instance and no request taken, while everything else stays (docs.cloud.google.com/run/docs/managing/services, 2026)."""
    return gcp.cloudrunv2.ServiceScalingArgs(scaling_mode="MANUAL", manual_instance_count=0)


def _traffic(model: ServedModelArgs, stable: str | None) -> list[gcp.cloudrunv2.ServiceTrafficArgs] | None:
    """The newest revision's share and the stable one's rest; None leaves all of it to the newest."""
    percent = model.get("canary_percent")
    if percent is None or stable is None:
        return None
    newest = gcp.cloudrunv2.ServiceTrafficArgs(type="TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent=int(percent))
    rest = gcp.cloudrunv2.ServiceTrafficArgs(
        type="TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision=stable, percent=100 - int(percent)
    )
    return [newest, rest] if percent else [rest]


def _volume(bucket: pulumi.Input[str], index: int, folder: str) -> gcp.cloudrunv2.ServiceTemplateVolumeArgs:
    """One folder and no more of the bucket: a look-up above it would be refused, since the right ends there.

    Mounting asks for no more than listing (docs.cloud.google.com/storage/docs/gcsfuse-mount, 2026).
    """
    return gcp.cloudrunv2.ServiceTemplateVolumeArgs(
        name=f"{VOLUME}-{index}",
        gcs=gcp.cloudrunv2.ServiceTemplateVolumeGcsArgs(
            bucket=bucket, read_only=True, mount_options=["implicit-dirs", f"only-dir={folder}"]
        ),
    )


def _container(
    model: ServedModelArgs, environment: dict[str, str], mount_paths: list[str], *, weights_are_mounted: bool
) -> gcp.cloudrunv2.ServiceTemplateContainerArgs:
    """The engine, with its volumes in their order."""
    mounts = [
        gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgs(name=f"{VOLUME}-{index}", mount_path=path)
        for index, path in enumerate(mount_paths)
    ]
    # the estimate of a start is the streamer's; how fast a mount is has not been measured, so it gets all the time there is
    probe_seconds = CLOUD_RUN_PROBE_LIMIT_SECONDS if weights_are_mounted else int(model["startup_probe_seconds"])
    return gcp.cloudrunv2.ServiceTemplateContainerArgs(
        image=model["image"],
        commands=model["command"],
        args=model["arguments"],
        envs=[
            gcp.cloudrunv2.ServiceTemplateContainerEnvArgs(name=key, value=value)
            for key, value in sorted(environment.items())
        ],
        volume_mounts=mounts or None,
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
            failure_threshold=probe_seconds // PROBE_PERIOD_SECONDS,
        ),
        liveness_probe=gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeArgs(
            http_get=gcp.cloudrunv2.ServiceTemplateContainerLivenessProbeHttpGetArgs(path="/health", port=PORT),
            period_seconds=30,
            timeout_seconds=10,
            failure_threshold=5,
        ),
    )
