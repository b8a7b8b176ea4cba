"""Who may do what, read from the grants that an environment declares."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from components.markdown import table
from stacks.describe.missing import MissingRowError
from stacks.describe.resource_graph import ACCOUNT, Node, ResourceGraph

KUBERNETES_ACCOUNT = "kubernetes:core/v1:ServiceAccount"
ROLE_BINDINGS = {
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": "namespace",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": "cluster",
}
_GRANT = re.compile(r"iam\w*(member|binding|policy)$|rolebinding$", re.IGNORECASE)
_SUBJECT = re.compile(r"/subject/ns/([^/]+)/sa/([^/]+)$")
_ATTRIBUTE = re.compile(r"/attribute\.(\w+)/(.+)$")
_AGENT = re.compile(r"service-\d+@([\w-]+)\.iam\.gserviceaccount\.com$")

#: What a grant is made on, by the type of the grant: (words, the input that names it).
GRANTED_ON = {
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": ("repository", "repository"),
    "gcp:billing/accountIamMember:AccountIamMember": ("billing account", "billingAccountId"),
    "gcp:cloudrunv2/jobIamMember:JobIamMember": ("Cloud Run job", "name"),
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": ("Cloud Run service", "name"),
    "gcp:compute/subnetworkIAMMember:SubnetworkIAMMember": ("subnet", "subnetwork"),
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": ("key", "cryptoKeyId"),
    "gcp:kms/keyRingIAMMember:KeyRingIAMMember": ("key ring", "keyRingId"),
    "gcp:projects/iAMMember:IAMMember": ("project", "project"),
    "gcp:pubsub/topicIAMMember:TopicIAMMember": ("topic", "topic"),
    "gcp:secretmanager/secretIamMember:SecretIamMember": ("secret", "secretId"),
    "gcp:serviceaccount/iAMMember:IAMMember": ("service account", "serviceAccountId"),
    "gcp:storage/bucketIAMMember:BucketIAMMember": ("bucket", "bucket"),
    "gcp:storage/managedFolderIamMember:ManagedFolderIamMember": ("folder", "managedFolder"),
}

#: What a role lets its holder do, in this platform's words.
MAY = {
    "ClusterRole/view": "look at everything in the namespace but secrets",
    "Role/team-on-call": "delete pods, pause and resume models",
    "Role/team-view-models": "look at models, their scaling and their metrics' rules",
    "roles/artifactregistry.admin": "create mirrors of images",
    "roles/artifactregistry.reader": "pull images",
    "roles/artifactregistry.writer": "push images",
    "roles/billing.costsManager": "create budgets",
    "roles/browser": "see the project",
    "roles/certificatemanager.editor": "create certificates",
    "roles/cloudkms.admin": "create keys",
    "roles/cloudkms.cryptoKeyEncrypterDecrypter": "encrypt and decrypt",
    "roles/cloudkms.viewer": "see keys",
    "roles/cloudquotas.admin": "ask for quota",
    "roles/cloudquotas.viewer": "see quota",
    "roles/compute.networkAdmin": "create networks",
    "roles/compute.networkUser": "use a subnet",
    "roles/compute.securityAdmin": "create firewall rules",
    "roles/compute.viewer": "see networks and machines",
    "roles/container.admin": "change clusters and everything in them",
    "roles/container.clusterAdmin": "create clusters",
    "roles/container.clusterViewer": "find the cluster and connect to it",
    "roles/container.defaultNodeServiceAccount": "write logs and metrics of a node",
    "roles/container.viewer": "see clusters and what is in them",
    "roles/dns.admin": "create zones of names",
    "roles/dns.reader": "see zones of names",
    "roles/iam.securityReviewer": "see who holds which role",
    "roles/iam.serviceAccountAdmin": "create service accounts",
    "roles/iam.serviceAccountTokenCreator": "make tokens of the account",
    "roles/iam.serviceAccountUser": "run something under the account",
    "roles/iam.workloadIdentityPoolAdmin": "create trust in outside identities",
    "roles/iam.workloadIdentityPoolViewer": "see which outside identities are trusted",
    "roles/iam.workloadIdentityUser": "act as the account",
    "roles/logging.logWriter": "write logs",
    "roles/monitoring.alertPolicyEditor": "create alerts",
    "roles/monitoring.dashboardEditor": "create dashboards",
    "roles/monitoring.metricWriter": "write metrics",
    "roles/monitoring.notificationChannelEditor": "create addresses for alerts",
    "roles/monitoring.viewer": "read metrics",
    "roles/pubsub.admin": "create topics",
    "roles/pubsub.publisher": "publish to the topic",
    "roles/pubsub.viewer": "see topics and subscriptions",
    "roles/resourcemanager.projectIamAdmin": "grant roles on the project, within the condition",
    "roles/run.admin": "create services and jobs on Cloud Run",
    "roles/run.invoker": "call the model",
    "roles/run.viewer": "see services and jobs on Cloud Run",
    "roles/secretmanager.admin": "create secrets",
    "roles/secretmanager.secretAccessor": "read the secret's value",
    "roles/secretmanager.viewer": "see names and settings of secrets",
    "roles/serviceusage.serviceUsageAdmin": "enable APIs",
    "roles/serviceusage.serviceUsageViewer": "see which APIs are enabled",
    "roles/stackdriver.resourceMetadata.writer": "describe the node to monitoring",
    "roles/storage.admin": "create buckets",
    "roles/storage.bucketViewer": "see the bucket's settings",
    "roles/storage.legacyBucketReader": "list objects and see the bucket's settings",
    "roles/storage.objectUser": "read, write and delete objects",
    "roles/storage.objectViewer": "read and list objects",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One role of one identity."""

    identity: str
    role: str
    on: str
    condition: str
    component: str


def grants(graph: ResourceGraph) -> list[Grant]:
    """Every grant of an environment. Raises MissingRowError for a kind of grant that GRANTED_ON does not have."""
    found = []
    for node in graph.resources:
        if node.type in ROLE_BINDINGS:
            found += _bound(graph, node)
        elif node.type in GRANTED_ON:
            members = node.inputs.get("members") or [node.inputs.get("member")]
            found += [_granted(graph, node, member) for member in members]
        elif _GRANT.search(node.type):
            raise MissingRowError(
                f"{node.type} ({node.name}) has no row in GRANTED_ON of stacks/describe/identities.py"
            )
    return sorted(found, key=lambda grant: (grant.identity, grant.role, grant.on, grant.condition))


def identities_table(graph: ResourceGraph) -> str:
    """The grants as a table, and the identities that hold none."""
    found = Counter(grants(graph))
    rows = [
        [
            grant.identity,
            f"`{grant.role}`: {_meaning(grant.role)}",
            grant.on,
            f"{grant.condition} ({count} grants)" if count > 1 else grant.condition,
            grant.component,
        ]
        for grant, count in found.items()
    ]
    holders = {grant.identity for grant in found}
    rows += [
        [identity, "nothing", "-", "-", _component(graph, node)]
        for node in graph.of(ACCOUNT, KUBERNETES_ACCOUNT)
        if (identity := _own(node)) not in holders
    ]
    return table(["identity", "may", "on", "condition", "declared by"], rows)


def _meaning(role: str) -> str:
    if role not in MAY:
        raise MissingRowError(f"the role {role} has no row in MAY of stacks/describe/identities.py")
    return MAY[role]


def _granted(graph: ResourceGraph, node: Node, member: str | None) -> Grant:
    words, field = GRANTED_ON[node.type]
    condition = node.inputs.get("condition")
    return Grant(
        identity=_identity(graph, node, member),
        role=str(node.inputs.get("role")),
        on=f"{words} `{node.inputs.get(field) or _referred(graph, node, field)}`",
        condition=f"yes: {condition['title']}" if condition else "no",
        component=_component(graph, node),
    )


def _bound(graph: ResourceGraph, node: Node) -> list[Grant]:
    role, metadata = node.inputs["roleRef"], node.inputs.get("metadata", {})
    where = metadata.get("namespace") or _referred(graph, node, "metadata")
    on = "the whole cluster" if ROLE_BINDINGS[node.type] == "cluster" else f"namespace `{where}`"
    return [
        Grant(
            identity=_in_cluster(subject.get("namespace"), subject["name"])
            if subject["kind"] == "ServiceAccount"
            else f"{subject['kind'].lower()} `{subject['name']}`",
            role=f"{role['kind']}/{role['name']}",
            on=on,
            condition="no",
            component=_component(graph, node),
        )
        for subject in node.inputs["subjects"]
    ]


def _identity(graph: ResourceGraph, node: Node, member: str | None) -> str:
    """An IAM member as people call it."""
    if member is None:
        return f"`{_referred(graph, node, 'member')}`"
    if subject := _SUBJECT.search(member):
        return _in_cluster(*subject.groups())
    if attribute := _ATTRIBUTE.search(member):
        return f"outside identities whose {attribute[1]} is `{attribute[2]}`"
    kind, _, name = member.partition(":")
    if agent := _AGENT.search(name):
        return f"Google's agent `{agent[1]}`"
    for account in graph.of(ACCOUNT):
        if name.partition("@")[0] == account.inputs["accountId"]:
            return _own(account)
    words = {"serviceAccount": "service account", "group": "group", "user": "user"}
    return f"{words.get(kind, kind)} `{name}`"


def _own(node: Node) -> str:
    """Name of an identity that the environment declares."""
    if node.type == ACCOUNT:
        return f"service account `{node.inputs['accountId']}`"
    metadata = node.inputs.get("metadata", {})
    return _in_cluster(metadata.get("namespace"), str(metadata.get("name", node.name)))


def _in_cluster(namespace: str | None, name: str) -> str:
    return f"Kubernetes service account `{namespace}/{name}`"


def _referred(graph: ResourceGraph, node: Node, field: str) -> str:
    """Name of the resource that an input, unknown before an update, comes from."""
    urns = sorted(urn for urn in node.input_dependencies.get(field, ()) if urn in graph.nodes)
    if not urns:
        raise MissingRowError(f"{node.type} ({node.name}): nothing says what its {field} is")
    return ", ".join(graph.nodes[urn].name for urn in urns)


def _component(graph: ResourceGraph, node: Node) -> str:
    owner = graph.owner(node)
    return f"{owner.kind} {owner.name}"
