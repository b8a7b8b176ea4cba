"""Who may do what: service accounts, members of projects' roles, workload identity federation."""

from __future__ import annotations

from tests.google_api.mapping import Block, Blocks, Drop, Fields, Table, To, Url, same
from tests.google_api.tables.common import DELETION, member_table, parts

ACCOUNT = Table(
    "iam.v1:projects.serviceAccounts.create",
    {
        **DELETION,
        **parts("name", "project"),
        "accountId": To("accountId"),
        "displayName": To("serviceAccount.displayName"),
        "description": To("serviceAccount.description"),
        "disabled": Drop("the provider disables with a request of its own"),
        "createIgnoreAlreadyExists": Drop("the provider's own: it takes over an account that exists"),
    },
)

_ANCHORS: Fields = {"trustAnchors": Blocks("trustAnchors", same("pemCertificate"))}

POOL = Table(
    "iam.v1:projects.locations.workloadIdentityPools.create",
    {
        **DELETION,
        **parts("parent", "project"),
        "workloadIdentityPoolId": Url("workloadIdentityPoolId"),
        **same("description", "disabled", "displayName", "mode"),
        "inlineCertificateIssuanceConfig": Block(
            "inlineCertificateIssuanceConfig",
            same("caPools", "keyAlgorithm", "lifetime", "rotationWindowPercentage", "useDefaultSharedCa"),
        ),
        "attestationRules": Drop("the provider sets them with a request of their own"),
    },
)

POOL_PROVIDER = Table(
    "iam.v1:projects.locations.workloadIdentityPools.providers.create",
    {
        **DELETION,
        **parts("parent", "project", "workloadIdentityPoolId"),
        "workloadIdentityPoolProviderId": Url("workloadIdentityPoolProviderId"),
        **same("attributeCondition", "attributeMapping", "description", "disabled", "displayName"),
        "aws": Block("aws", same("accountId")),
        "oidc": Block("oidc", same("allowedAudiences", "issuerUri", "jwksJson")),
        "saml": Block("saml", same("idpMetadataXml")),
        "x509": Block(
            "x509",
            {
                "trustStore": Block(
                    "trustStore", {**_ANCHORS, "intermediateCas": Blocks("intermediateCas", same("pemCertificate"))}
                )
            },
        ),
    },
)

TABLES = {
    "gcp:serviceaccount/account:Account": ACCOUNT,
    "gcp:serviceaccount/iAMMember:IAMMember": member_table(
        "iam.v1:projects.serviceAccounts.setIamPolicy", {"serviceAccountId": Url("resource")}
    ),
    "gcp:projects/iAMMember:IAMMember": member_table(
        "cloudresourcemanager.v3:projects.setIamPolicy", parts("resource", "project")
    ),
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": POOL,
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": POOL_PROVIDER,
}
