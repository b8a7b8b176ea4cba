"""A team's place in the cluster: its namespace, the identity of its models, and what that identity may read.

Owns namespace, service account, the group's right to look, and the grants on the checkpoints that the team's deployments serve.
Creates no deployment. Costs nothing. Removing a team removes all of it.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.google.model_bucket import grant_read
from components.package import token

#: Name of the service account under which a team's models run.
SERVICE_ACCOUNT = "models"


class TeamArgs(TypedDict):
    """Arguments of Team."""

    namespace: str
    """Namespace of the team."""
    contact: str
    """Whom to ask; becomes an annotation."""
    group: NotRequired[str]
    """Google group whose members may look into the namespace."""
    project: str
    """Google Cloud project of the cluster."""
    project_number: str
    """Number of that project."""
    bucket: pulumi.Input[str]
    """Bucket with the weights."""
    bucket_name: str
    """Name of that bucket, known before it exists."""
    checkpoints: list[str]
    """Checkpoints that the team's deployments read."""
    labels: dict[str, str]
    """Kubernetes labels."""


class Team(pulumi.ComponentResource):
    """Namespace and identity of one team."""

    namespace: pulumi.Output[str]
    service_account: pulumi.Output[str]

    def __init__(self, name: str, args: TeamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(token(Team), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=args["namespace"],
                labels=args["labels"],
                annotations={"gemma-platform/contact": args["contact"]},
            ),
            opts=child,
        )
        in_namespace = namespace.metadata.name
        account = k8s.core.v1.ServiceAccount(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=SERVICE_ACCOUNT, namespace=in_namespace, labels=args["labels"]),
            opts=child,
        )
        if group := args.get("group"):
            _let_group_view(name, group, in_namespace, args["labels"], child)
        for checkpoint in args["checkpoints"]:
            grant_read(
                f"{name}-reads-{checkpoint}",
                args["bucket"],
                args["bucket_name"],
                checkpoint,
                workload_identity(args["project"], args["project_number"], args["namespace"]),
                pulumi.ResourceOptions(parent=self, depends_on=[account]),
            )
        self.namespace = in_namespace
        self.service_account = account.metadata.name
        self.register_outputs({"namespace": self.namespace, "service_account": self.service_account})


def workload_identity(project: str, project_number: str, namespace: str) -> str:
    """IAM member that stands for the team's service account, with no Google service account between.

    Source: GoogleCloudPlatform/gcs-fuse-csi-driver docs/examples (2026).
    """
    pool = f"projects/{project_number}/locations/global/workloadIdentityPools/{project}.svc.id.goog"
    return f"principal://iam.googleapis.com/{pool}/subject/ns/{namespace}/sa/{SERVICE_ACCOUNT}"


def _let_group_view(
    name: str, group: str, namespace: pulumi.Input[str], labels: dict[str, str], opts: pulumi.ResourceOptions
) -> None:
    """Members of the group may read everything in the namespace but secrets (the built-in role `view`)."""
    k8s.rbac.v1.RoleBinding(
        f"{name}-view",
        metadata=k8s.meta.v1.ObjectMetaArgs(name="team-view", namespace=namespace, labels=labels),
        role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name="view"),
        subjects=[k8s.rbac.v1.SubjectArgs(api_group="rbac.authorization.k8s.io", kind="Group", name=group)],
        opts=opts,
    )
