"""Which roles each resource type takes to create, change and delete. Pure: the composer may read it too.

The roles follow Google's reference (GoogleCloudPlatform/accelerated-platforms README, 2026-08-20) where it names them, and for
the rest Google's list of predefined roles (docs.cloud.google.com/iam/docs/roles-permissions, 2026): the smallest that suffices.
"""

from __future__ import annotations

from stacks.describe.missing import MissingRowError

PROJECT = "project"
#: Acting as a service account that something runs under; beside the role for the thing itself.
ACT_AS = "roles/iam.serviceAccountUser"
PROJECT_GRANT = "gcp:projects/iAMMember:IAMMember"
#: Kubernetes objects, of which roles in the cluster are the ones that nothing less can create.
KUBERNETES, KUBERNETES_ROLE = "kubernetes:", "roles/container.admin"

_NETWORK, _SECURITY = ("roles/compute.networkAdmin",), ("roles/compute.securityAdmin",)
_ACCOUNTS, _STORAGE = ("roles/iam.serviceAccountAdmin",), ("roles/storage.admin",)
_RUN, _KMS = ("roles/run.admin", ACT_AS), ("roles/cloudkms.admin",)
_CERTIFICATES = ("roles/certificatemanager.editor",)
_IDENTITY_POOLS, _SECRETS = ("roles/iam.workloadIdentityPoolAdmin",), ("roles/secretmanager.admin",)

#: Roles by resource type.
ROLES: dict[str, tuple[str, ...]] = {
    "gcp:artifactregistry/repository:Repository": ("roles/artifactregistry.admin",),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": ("roles/artifactregistry.admin",),
    "gcp:billing/budget:Budget": ("roles/billing.costsManager",),
    "gcp:certificatemanager/certificate:Certificate": _CERTIFICATES,
    "gcp:certificatemanager/certificateMap:CertificateMap": _CERTIFICATES,
    "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry": _CERTIFICATES,
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": _CERTIFICATES,
    "gcp:cloudquota/sQuotaPreference:SQuotaPreference": ("roles/cloudquotas.admin",),
    "gcp:cloudrunv2/job:Job": _RUN,
    "gcp:cloudrunv2/jobIamMember:JobIamMember": ("roles/run.admin",),
    "gcp:cloudrunv2/service:Service": _RUN,
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": ("roles/run.admin",),
    "gcp:compute/address:Address": _NETWORK,
    "gcp:compute/firewall:Firewall": _SECURITY,
    "gcp:compute/globalAddress:GlobalAddress": _NETWORK,
    "gcp:compute/regionSslPolicy:RegionSslPolicy": _SECURITY,
    "gcp:compute/sSLPolicy:SSLPolicy": _SECURITY,
    "gcp:compute/network:Network": _NETWORK,
    "gcp:compute/networkFirewallPolicy:NetworkFirewallPolicy": _SECURITY,
    "gcp:compute/networkFirewallPolicyAssociation:NetworkFirewallPolicyAssociation": _SECURITY,
    "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule": _SECURITY,
    "gcp:compute/route:Route": _NETWORK,
    "gcp:compute/router:Router": _NETWORK,
    "gcp:compute/routerNat:RouterNat": _NETWORK,
    "gcp:compute/subnetwork:Subnetwork": _NETWORK,
    "gcp:compute/subnetworkIAMMember:SubnetworkIAMMember": _NETWORK,
    "gcp:container/cluster:Cluster": ("roles/container.clusterAdmin", ACT_AS),
    "gcp:container/nodePool:NodePool": ("roles/container.clusterAdmin", ACT_AS),
    "gcp:dns/managedZone:ManagedZone": ("roles/dns.admin",),
    "gcp:dns/recordSet:RecordSet": ("roles/dns.admin",),
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": _IDENTITY_POOLS,
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": _IDENTITY_POOLS,
    "gcp:kms/cryptoKey:CryptoKey": _KMS,
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": _KMS,
    "gcp:kms/keyRing:KeyRing": _KMS,
    "gcp:kms/keyRingIAMMember:KeyRingIAMMember": _KMS,
    "gcp:monitoring/alertPolicy:AlertPolicy": ("roles/monitoring.alertPolicyEditor",),
    "gcp:monitoring/dashboard:Dashboard": ("roles/monitoring.dashboardEditor",),
    "gcp:monitoring/notificationChannel:NotificationChannel": ("roles/monitoring.notificationChannelEditor",),
    PROJECT_GRANT: ("roles/resourcemanager.projectIamAdmin",),
    "gcp:projects/service:Service": ("roles/serviceusage.serviceUsageAdmin",),
    "gcp:pubsub/subscription:Subscription": ("roles/pubsub.admin",),
    "gcp:pubsub/topic:Topic": ("roles/pubsub.admin",),
    "gcp:pubsub/topicIAMMember:TopicIAMMember": ("roles/pubsub.admin",),
    "gcp:secretmanager/secret:Secret": _SECRETS,
    "gcp:secretmanager/secretIamMember:SecretIamMember": _SECRETS,
    "gcp:serviceaccount/account:Account": _ACCOUNTS,
    "gcp:serviceaccount/iAMMember:IAMMember": _ACCOUNTS,
    "gcp:storage/bucket:Bucket": _STORAGE,
    "gcp:storage/bucketIAMMember:BucketIAMMember": _STORAGE,
    "gcp:storage/managedFolder:ManagedFolder": _STORAGE,
    "gcp:storage/managedFolderIamMember:ManagedFolderIamMember": _STORAGE,
}
#: Roles that are not granted on the project.
GRANTED_ELSEWHERE = {
    "roles/billing.costsManager": "billing account",
    ACT_AS: "the service accounts of nodes and services, or the project",
}


def roles_for(resource_type: str) -> tuple[str, ...]:
    """The roles that a type needs. Raises MissingRowError for one that ROLES does not have."""
    if resource_type.startswith(KUBERNETES):
        return (KUBERNETES_ROLE,)
    if resource_type not in ROLES:
        raise MissingRowError(f"{resource_type} has no row in ROLES of stacks/describe/role_table.py")
    return ROLES[resource_type]
