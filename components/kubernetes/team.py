"""A team's place in the cluster: its namespace, what may be in it, who may do what there, and what its models may read.

Owns the namespace with quota, limits, roles, network policies and metrics, the service account of the models, and that account's
grants on the checkpoints which the team's deployments serve. Creates no deployment. Idle cost: none; metrics by samples.
Removing a team removes all of it, and what runs in the namespace too. Nothing in here is protected: Pulumi would come to it last,
with the rest gone. Whoever composes it puts a guard before the whole team. Replaced when: the namespace's name changes.
"""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from components.deprecation_notes import tell_deprecated
from components.google.model_bucket import grant_read
from components.kubernetes import team_limits, team_metrics, team_network, team_quota, team_roles
from components.kubernetes.team_namespace import namespace_labels
from components.kubernetes.team_quota import TeamWorkload
from components.kubernetes.workload_identity import member_of
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
    """Google group whose members may look at everything in the namespace but secrets. Default: none."""
    on_call_group: NotRequired[str]
    """Google group whose members may delete pods and pause deployments, and nothing else. Default: none."""
    on_call_guard: NotRequired[pulumi.Input[str]]
    """Name of the admission policy that keeps them to it: the output of OnCallGuard. Needed with on_call_group."""
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
    pod_security: str
    """restricted, where every engine image of the team can run so, or baseline."""
    workloads: list[TeamWorkload]
    """The team's deployments in the cluster, paused ones too."""
    google_apis_range: NotRequired[str]
    """Block to which the network's DNS resolves Google's APIs, as 199.36.153.8/30. Default: any public address, on port 443."""
    labels: dict[str, str]
    """Kubernetes labels."""


class Team(pulumi.ComponentResource):
    """Namespace, limits and identity of one team."""

    namespace: pulumi.Output[str]
    """The namespace, once it exists."""
    service_account: pulumi.Output[str]
    """Service account under which the team's models run."""

    def __init__(self, name: str, args: TeamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        tell_deprecated(Team, args)
        labels = namespace_labels(args["labels"], args["pod_security"])
        quota = team_quota.make_spec(args["workloads"])
        policies = team_network.make_policies(args["workloads"], args.get("google_apis_range"))
        if args.get("on_call_group") and "on_call_guard" not in args:
            raise ValueError(
                "on_call_group needs on_call_guard: without that policy its members could change any field"
            )
        super().__init__(token(Team), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=args["namespace"], labels=labels, annotations={"gemma-platform/contact": args["contact"]}
            ),
            opts=child,
        )
        self.namespace = namespace.metadata.name
        self._labels = args["labels"]
        self._add(k8s.core.v1.ResourceQuota, name, "team", spec=quota)
        self._add(k8s.core.v1.LimitRange, name, "team", spec=team_limits.make_spec(*_largest(args["workloads"])))
        for policy, spec in policies.items():
            self._add(k8s.networking.v1.NetworkPolicy, f"{name}-{policy}", policy, spec=spec)
        self._add(
            k8s.apiextensions.CustomResource,
            f"{name}-metrics",
            "models",
            api_version=team_metrics.API_VERSION,
            kind=team_metrics.KIND,
            spec=team_metrics.make_spec(),
        )
        for grant in team_roles.grants(args.get("group"), args.get("on_call_group")):
            # by the annotation the right comes after the policy that bounds it, and goes before it
            guard = {"gemma-platform/guarded-by": args.get("on_call_guard")} if grant.guarded else None
            self._grant(name, grant, guard)
        # Workload Identity asks the metadata server; no pod of a team has business with the Kubernetes API
        account = self._add(k8s.core.v1.ServiceAccount, name, SERVICE_ACCOUNT, automount_service_account_token=False)
        for checkpoint in args["checkpoints"]:
            grant_read(
                f"{name}-reads-{checkpoint}",
                args["bucket"],
                args["bucket_name"],
                checkpoint,
                member_of(args["project"], args["project_number"], args["namespace"], SERVICE_ACCOUNT),
                pulumi.ResourceOptions(parent=self, depends_on=[account]),
            )
        self.service_account = account.metadata.name
        self.register_outputs({"namespace": self.namespace, "service_account": self.service_account})

    def _grant(self, name: str, grant: team_roles.Grant, annotations: Any) -> None:
        resource_name = f"{name}-{grant.name.removeprefix('team-')}"
        role = self._add(k8s.rbac.v1.Role, resource_name, grant.name, rules=grant.rules) if grant.rules else None
        self._add(
            k8s.rbac.v1.RoleBinding,
            resource_name,
            grant.name,
            annotations,
            [role] if role else None,
            role_ref=grant.role_ref,
            subjects=[grant.subject],
        )

    def _add(
        self,
        resource: Any,
        name: str,
        object_name: str,
        annotations: Any = None,
        depends_on: list[pulumi.Resource] | None = None,
        **content: Any,
    ) -> Any:
        """An object of the namespace; its content is plain data, as the API has it."""
        return resource(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=object_name, namespace=self.namespace, labels=self._labels, annotations=annotations
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=depends_on),
            **content,
        )


def _largest(workloads: list[TeamWorkload]) -> tuple[int, int]:
    """CPU cores and GiB of the largest engine; 0 without any."""
    return (
        max((int(one["vcpu"]) for one in workloads), default=0),
        max((int(one["memory_gib"]) for one in workloads), default=0),
    )
