"""What a Gateway stands on: Certificate Manager's certificates, Compute Engine's addresses and SSL policies."""

from __future__ import annotations

from tests.google_api.mapping import Block, Drop, Fields, Rule, Table, To, Url, same
from tests.google_api.tables.common import DELETION, parts

_ADDRESS: Fields = {
    **DELETION,
    "project": Url("project"),
    **same(
        "address", "addressType", "description", "ipVersion", "labels", "name", "network", "prefixLength", "purpose"
    ),
}
_SSL_POLICY: Fields = {
    **DELETION,
    "project": Url("project"),
    **same("customFeatures", "description", "minTlsVersion", "name", "postQuantumKeyExchange", "profile"),
}
_COMPUTED = Drop("Google computes it")
_SELF_MANAGED: dict[str, Rule] = {
    "pemCertificate": To("pemCertificate"),
    "pemPrivateKey": To("pemPrivateKey"),
    "pemPrivateKeyWo": To("pemPrivateKey"),
    "pemPrivateKeyWoVersion": Drop("the provider's own: it sends the key again when this changes"),
}

DNS_AUTHORIZATION = Table(
    "certificatemanager.v1:projects.locations.dnsAuthorizations.create",
    {
        **DELETION,
        **parts("parent", "project", "location"),
        "name": Url("dnsAuthorizationId"),
        **same("description", "domain", "labels", "type"),
    },
)

CERTIFICATE = Table(
    "certificatemanager.v1:projects.locations.certificates.create",
    {
        **DELETION,
        **parts("parent", "project", "location"),
        "name": Url("certificateId"),
        **same("description", "labels", "scope"),
        "managed": Block(
            "managed",
            {
                **same("dnsAuthorizations", "domains", "issuanceConfig"),
                "authorizationAttemptInfos": _COMPUTED,
                "provisioningIssues": _COMPUTED,
                "state": _COMPUTED,
            },
        ),
        "selfManaged": Block("selfManaged", _SELF_MANAGED),
    },
)

CERTIFICATE_MAP = Table(
    "certificatemanager.v1:projects.locations.certificateMaps.create",
    {
        **DELETION,
        **parts("parent", "project"),
        "name": Url("certificateMapId"),
        **same("description", "labels"),
    },
)

CERTIFICATE_MAP_ENTRY = Table(
    "certificatemanager.v1:projects.locations.certificateMaps.certificateMapEntries.create",
    {
        **DELETION,
        **parts("parent", "project", "map"),
        # the provider sends it in the body as well
        "name": Url("certificateMapEntryId"),
        **same("certificates", "description", "hostname", "labels", "matcher"),
    },
)

GLOBAL_ADDRESS = Table("compute.v1:globalAddresses.insert", _ADDRESS)

ADDRESS = Table(
    "compute.v1:addresses.insert",
    {
        **_ADDRESS,
        "region": Url("region"),
        **same("ipCollection", "ipv6EndpointType", "networkTier", "subnetwork"),
    },
)

SSL_POLICY = Table("compute.v1:sslPolicies.insert", _SSL_POLICY)

REGION_SSL_POLICY = Table("compute.v1:regionSslPolicies.insert", {**_SSL_POLICY, "region": Url("region")})

TABLES = {
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": DNS_AUTHORIZATION,
    "gcp:certificatemanager/certificate:Certificate": CERTIFICATE,
    "gcp:certificatemanager/certificateMap:CertificateMap": CERTIFICATE_MAP,
    "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry": CERTIFICATE_MAP_ENTRY,
    "gcp:compute/address:Address": ADDRESS,
    "gcp:compute/globalAddress:GlobalAddress": GLOBAL_ADDRESS,
    "gcp:compute/regionSslPolicy:RegionSslPolicy": REGION_SSL_POLICY,
    "gcp:compute/sSLPolicy:SSLPolicy": SSL_POLICY,
}
