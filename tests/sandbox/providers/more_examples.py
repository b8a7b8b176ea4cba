"""Inputs that the real APIs take, of the types beside what a first deployment needs: keys, federation, quotas, budget, jobs."""

from __future__ import annotations

from typing import Any

from tests.sandbox.providers.names import KEY_ID, KEY_RING_ID, NETWORK_ID, PROJECT, REGION, ROBOT, ROBOT_ID, TOPIC_ID

FIREWALL = "gcp:compute/firewall:Firewall"
ROUTE = "gcp:compute/route:Route"
ZONE = "gcp:dns/managedZone:ManagedZone"
RECORD = "gcp:dns/recordSet:RecordSet"
KEY_RING = "gcp:kms/keyRing:KeyRing"
KEY = "gcp:kms/cryptoKey:CryptoKey"
KEY_MEMBER = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
IDENTITY_POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
IDENTITY_PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
ACCOUNT_MEMBER = "gcp:serviceaccount/iAMMember:IAMMember"
QUOTA = "gcp:cloudquota/sQuotaPreference:SQuotaPreference"
TOPIC = "gcp:pubsub/topic:Topic"
TOPIC_MEMBER = "gcp:pubsub/topicIAMMember:TopicIAMMember"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
ALERT = "gcp:monitoring/alertPolicy:AlertPolicy"
BUDGET = "gcp:billing/budget:Budget"
JOB = "gcp:cloudrunv2/job:Job"
JOB_MEMBER = "gcp:cloudrunv2/jobIamMember:JobIamMember"
REPOSITORY_MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
GLOBAL_ADDRESS = "gcp:compute/globalAddress:GlobalAddress"
ADDRESS = "gcp:compute/address:Address"
AUTHORIZATION = "gcp:certificatemanager/dnsAuthorization:DnsAuthorization"
CERTIFICATE = "gcp:certificatemanager/certificate:Certificate"
CERTIFICATE_MAP = "gcp:certificatemanager/certificateMap:CertificateMap"
MAP_ENTRY = "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry"
SSL_POLICY = "gcp:compute/sSLPolicy:SSLPolicy"
REGION_SSL_POLICY = "gcp:compute/regionSslPolicy:RegionSslPolicy"

MEMBER = f"serviceAccount:{ROBOT}"
CERTIFICATES = f"projects/{PROJECT}/locations/global"
GITHUB = "https://token.actions.githubusercontent.com"

#: In an order in which they can be created, after the network and the account.
MORE: dict[str, dict[str, Any]] = {
    FIREWALL: {
        "name": "probes",
        "network": NETWORK_ID,
        "direction": "INGRESS",
        "priority": 900,
        "sourceRanges": ["130.211.0.0/22"],
        "targetTags": ["gateway"],
        "allows": [{"protocol": "tcp", "ports": ["8000-8080"]}],
    },
    ROUTE: {
        "name": "google-apis",
        "network": NETWORK_ID,
        "destRange": "199.36.153.8/30",
        "nextHopGateway": "default-internet-gateway",
    },
    ZONE: {
        "name": "google-apis",
        "dnsName": "googleapis.com.",
        "visibility": "private",
        "privateVisibilityConfig": {"networks": [{"networkUrl": NETWORK_ID}]},
        "labels": {"team": "ml"},
    },
    RECORD: {
        "managedZone": "google-apis",
        "name": "private.googleapis.com.",
        "type": "A",
        "ttl": 300,
        "rrdatas": ["199.36.153.8", "199.36.153.9"],
    },
    KEY_RING: {"name": "platform", "location": REGION},
    KEY: {"name": "weights", "keyRing": KEY_RING_ID, "rotationPeriod": "7776000s", "labels": {"team": "ml"}},
    KEY_MEMBER: {"cryptoKeyId": KEY_ID, "role": "roles/cloudkms.cryptoKeyEncrypterDecrypter", "member": MEMBER},
    IDENTITY_POOL: {"workloadIdentityPoolId": "ci-pool", "displayName": "CI"},
    IDENTITY_PROVIDER: {
        "workloadIdentityPoolId": "ci-pool",
        "workloadIdentityPoolProviderId": "github",
        "attributeMapping": {"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"},
        "attributeCondition": "assertion.repository == 'acme/models'",
        "oidc": {"issuerUri": GITHUB},
    },
    ACCOUNT_MEMBER: {"serviceAccountId": ROBOT_ID, "role": "roles/iam.workloadIdentityUser", "member": MEMBER},
    QUOTA: {
        "name": "l4",
        "parent": f"projects/{PROJECT}",
        "service": "compute.googleapis.com",
        "quotaId": "NVIDIA-L4-GPUS-per-project-region",
        "dimensions": {"region": REGION},
        "contactEmail": "ops@acme.example",
        "quotaConfig": {"preferredValue": "8"},
    },
    TOPIC: {"name": "spend", "messageRetentionDuration": "86400s", "labels": {"team": "ml"}},
    TOPIC_MEMBER: {"topic": "spend", "role": "roles/pubsub.publisher", "member": MEMBER},
    SUBSCRIPTION: {
        "name": "spend",
        "topic": TOPIC_ID,
        "filter": 'attributes.eventType = "SECRET_ROTATE"',
        "messageRetentionDuration": "2678400s",
        "expirationPolicy": {"ttl": ""},
        "labels": {"team": "ml"},
    },
    ALERT: {
        "displayName": "a reminder waits",
        "combiner": "OR",
        "conditions": [
            {
                "displayName": "waits",
                "conditionThreshold": {
                    "filter": 'resource.type = "pubsub_subscription" AND metric.type = "pubsub.googleapis.com/x"',
                    "comparison": "COMPARISON_GT",
                    "duration": "0s",
                },
            }
        ],
    },
    CHANNEL: {"type": "email", "displayName": "Operators", "labels": {"email_address": "ops@acme.example"}},
    BUDGET: {
        "billingAccount": "012345-6789AB-CDEF01",
        "displayName": "Models",
        "budgetFilter": {"projects": ["projects/123456789012"], "creditTypesTreatment": "EXCLUDE_ALL_CREDITS"},
        "amount": {"specifiedAmount": {"currencyCode": "USD", "units": "1000"}},
        "thresholdRules": [{"thresholdPercent": 0.9, "spendBasis": "FORECASTED_SPEND"}],
        "allUpdatesRule": {"pubsubTopic": TOPIC_ID},
    },
    JOB: {
        "name": "loader",
        "location": REGION,
        "deletionProtection": False,
        "labels": {"team": "ml"},
        "template": {
            "taskCount": 2,
            "parallelism": 1,
            "template": {
                "serviceAccount": ROBOT,
                "timeout": "3600s",
                "maxRetries": 3,
                "nodeSelector": {"accelerator": "nvidia-l4"},
                "containers": [
                    {
                        "image": "loader:1",
                        "resources": {"limits": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"}},
                    }
                ],
            },
        },
    },
    REPOSITORY_MEMBER: {
        "repository": "images",
        "location": REGION,
        "role": "roles/artifactregistry.reader",
        "member": MEMBER,
    },
    GLOBAL_ADDRESS: {"name": "models", "addressType": "EXTERNAL", "labels": {"team": "ml"}},
    ADDRESS: {
        "name": "models",
        "region": REGION,
        "addressType": "INTERNAL",
        "purpose": "SHARED_LOADBALANCER_VIP",
        "subnetwork": f"projects/{PROJECT}/regions/{REGION}/subnetworks/nodes",
    },
    AUTHORIZATION: {
        "name": "models",
        "domain": "models.acme.example",
        "type": "PER_PROJECT_RECORD",
        "location": "global",
    },
    CERTIFICATE: {
        "name": "models",
        "managed": {
            "domains": ["*.models.acme.example"],
            "dnsAuthorizations": [f"{CERTIFICATES}/dnsAuthorizations/models"],
        },
        "labels": {"team": "ml"},
    },
    CERTIFICATE_MAP: {"name": "models", "labels": {"team": "ml"}},
    MAP_ENTRY: {
        "name": "models",
        "map": "models",
        "hostname": "*.models.acme.example",
        "certificates": [f"{CERTIFICATES}/certificates/models"],
    },
    SSL_POLICY: {"name": "modern", "minTlsVersion": "TLS_1_2", "profile": "MODERN"},
    REGION_SSL_POLICY: {"name": "modern", "region": REGION, "minTlsVersion": "TLS_1_2", "profile": "MODERN"},
    JOB_MEMBER: {"name": "loader", "location": REGION, "role": "roles/run.invoker", "member": MEMBER},
}
