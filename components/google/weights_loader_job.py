"""Cloud Run job that copies one checkpoint into the model bucket. It makes the job and does not run it.

Run it by `gcloud run jobs execute <job> --region <region> --wait`; what is in the bucket already is for the loader to know
(`weights_loader/`). Owns the job, its identity, that identity's right to write this one checkpoint, and its right to read the
hub's token; creates neither bucket nor secret, whose value must be there before the job is made. Idle cost: nothing; a run costs
about USD 0.32 an hour (4 vCPU, 8 GiB, list price 2026). Replaced when: name or region changes; the identity
with its rights when the account's id changes.
Files are streamed through: the container's disk is its memory, which no large checkpoint would fit.
Source of the limits: docs.cloud.google.com/run/docs/configuring/task-timeout and /max-retries (2026).
"""

import re
from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.google.bucket_limits import check_checkpoint
from components.google.model_bucket import grant_write
from components.google.secrets import grant_access
from components.google.weights_loader.names import REVISION
from components.package import token

COMMAND = ("python", "-m", "components.google.weights_loader")
#: Longest run of one try: 24 hours.
TIMEOUT = f"{24 * 3600}s"
#: Tries after the first; each goes on where the one before ended.
MAX_RETRIES = 3
CPU = "4"
MEMORY = "8Gi"
_PINNED_IMAGE = re.compile(r"\S+@sha256:[0-9a-f]{64}")
_SOURCE = re.compile(r"(hf|gs)://[^/\s]+(/[^/\s]+)+")


class WeightsLoaderJobArgs(TypedDict):
    """Arguments of WeightsLoaderJob."""

    name: str
    """Name of the job."""
    account_id: str
    """Id of the service account made for it."""
    region: str
    """Region: the bucket's."""
    network_id: pulumi.Input[str]
    """Network that its traffic leaves through."""
    subnetwork_id: pulumi.Input[str]
    """Subnet with Private Google Access; for a source outside of Google Cloud, with Cloud NAT too."""
    bucket: pulumi.Input[str]
    """Bucket for the weights."""
    bucket_name: str
    """Name of that bucket, known before it exists."""
    image: str
    """Image with Python and this project's code, by digest."""
    source: str
    """Where the checkpoint comes from: `hf://<publisher>/<name>` or `gs://<bucket>/<folder>`."""
    checkpoint: str
    """Checkpoint; its files land under `<checkpoint>/`."""
    revision: NotRequired[str]
    """Commit of the checkpoint in its source, 40 hexadecimal digits, or `sha256:` and the digest of a manifest; without it the
    loader takes what is there and records its digest."""
    hub_token_secret: NotRequired[pulumi.Input[str]]
    """Secret with the hub's token, which the loader gets as HF_TOKEN; for a checkpoint that anybody may fetch, none."""
    deletion_protection: bool
    """Refuse to delete the job."""
    labels: dict[str, str]
    """Google labels."""


class WeightsLoaderJob(pulumi.ComponentResource):
    """A job that fills the bucket with one checkpoint."""

    job_name: pulumi.Output[str]
    service_account: pulumi.Output[str]

    def __init__(self, name: str, args: WeightsLoaderJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        _refuse(args)
        super().__init__(token(WeightsLoaderJob), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = gcp.serviceaccount.Account(
            name, account_id=args["account_id"], display_name=f"Loads {args['checkpoint']}"[:100], opts=child
        )
        grants: list[pulumi.Resource] = [
            grant_write(
                f"{name}-weights", args["bucket"], args["bucket_name"], args["checkpoint"], account.member, child
            )
        ]
        secret = args.get("hub_token_secret")
        if secret is not None:
            grants.append(grant_access(f"{name}-token", secret, account.member, child))
        job = gcp.cloudrunv2.Job(
            name,
            name=args["name"],
            location=args["region"],
            deletion_protection=args["deletion_protection"],
            labels=args["labels"],
            template=gcp.cloudrunv2.JobTemplateArgs(
                labels=args["labels"],
                task_count=1,
                parallelism=1,
                template=gcp.cloudrunv2.JobTemplateTemplateArgs(
                    service_account=account.email,
                    execution_environment="EXECUTION_ENVIRONMENT_GEN2",
                    max_retries=MAX_RETRIES,
                    timeout=TIMEOUT,
                    vpc_access=gcp.cloudrunv2.JobTemplateTemplateVpcAccessArgs(
                        egress="ALL_TRAFFIC",
                        network_interfaces=[
                            gcp.cloudrunv2.JobTemplateTemplateVpcAccessNetworkInterfaceArgs(
                                network=args["network_id"], subnetwork=args["subnetwork_id"]
                            )
                        ],
                    ),
                    containers=[_container(args, secret)],
                ),
            ),
            # Cloud Run looks at the secret when the job is made, and a run could start at once
            opts=pulumi.ResourceOptions(parent=self, depends_on=grants),
        )
        self.job_name = job.name
        self.service_account = account.email
        self.register_outputs({"job_name": self.job_name, "service_account": self.service_account})


def loader_arguments(source: str, bucket_name: str, checkpoint: str, revision: str | None) -> list[str]:
    """Arguments of the loader."""
    arguments = [f"--source={source}", f"--bucket={bucket_name}", f"--checkpoint={checkpoint}"]
    return [*arguments, f"--revision={revision}"] if revision else arguments


def _container(
    args: WeightsLoaderJobArgs, secret: pulumi.Input[str] | None
) -> gcp.cloudrunv2.JobTemplateTemplateContainerArgs:
    envs = []
    if secret is not None:
        reference = gcp.cloudrunv2.JobTemplateTemplateContainerEnvValueSourceSecretKeyRefArgs(
            secret=secret, version="latest"
        )
        source = gcp.cloudrunv2.JobTemplateTemplateContainerEnvValueSourceArgs(secret_key_ref=reference)
        envs.append(gcp.cloudrunv2.JobTemplateTemplateContainerEnvArgs(name="HF_TOKEN", value_source=source))
    return gcp.cloudrunv2.JobTemplateTemplateContainerArgs(
        image=args["image"],
        commands=list(COMMAND),
        args=loader_arguments(args["source"], args["bucket_name"], args["checkpoint"], args.get("revision")),
        envs=envs,
        resources=gcp.cloudrunv2.JobTemplateTemplateContainerResourcesArgs(limits={"cpu": CPU, "memory": MEMORY}),
    )


def _refuse(args: WeightsLoaderJobArgs) -> None:
    if not _PINNED_IMAGE.fullmatch(args["image"]):
        raise ValueError(f"image is '{args['image']}'; name it by digest, <repository>@sha256:<64 digits>")
    check_checkpoint(args["checkpoint"])
    if not _SOURCE.fullmatch(args["source"]):
        raise ValueError(f"source is '{args['source']}'; write hf://<publisher>/<name> or gs://<bucket>/<folder>")
    revision = args.get("revision")
    if revision is not None and not REVISION.fullmatch(revision):
        raise ValueError(f"revision is '{revision}'; write a commit of 40 hexadecimal digits: a branch or tag can move")
