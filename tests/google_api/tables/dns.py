"""Cloud DNS: zones and records, without policies of routing."""

from __future__ import annotations

from tests.google_api.mapping import Block, Blocks, Drop, Table, To, Url, same
from tests.google_api.tables.common import DELETION

_SERVERS = Blocks("targetNameServers", same("domainName", "forwardingPath", "ipv4Address", "ipv6Address"))

ZONE = Table(
    "dns.v1:managedZones.create",
    {
        **DELETION,
        "project": Url("project"),
        **same("description", "dnsName", "labels", "name", "visibility"),
        "forceDestroy": Drop("the provider's own: whether it deletes the records before the zone"),
        "cloudLoggingConfig": Block("cloudLoggingConfig", same("enableLogging")),
        "dnssecConfig": Block(
            "dnssecConfig",
            {
                **same("nonExistence", "state"),
                "kind": Drop("always the same: the API sets it"),
                "defaultKeySpecs": Blocks(
                    "defaultKeySpecs",
                    {**same("algorithm", "keyLength", "keyType"), "kind": Drop("always the same: the API sets it")},
                ),
            },
        ),
        "forwardingConfig": Block("forwardingConfig", {"targetNameServers": _SERVERS}),
        "peeringConfig": Block("peeringConfig", {"targetNetwork": Block("targetNetwork", same("networkUrl"))}),
        "privateVisibilityConfig": Block(
            "privateVisibilityConfig",
            {
                "gkeClusters": Blocks("gkeClusters", same("gkeClusterName")),
                "networks": Blocks("networks", same("networkUrl")),
            },
        ),
        "serviceDirectoryConfig": Block(
            "serviceDirectoryConfig", {"namespace": Block("namespace", same("namespaceUrl"))}
        ),
    },
)

RECORD = Table(
    "dns.v1:resourceRecordSets.create",
    {
        **DELETION,
        "project": Url("project"),
        "managedZone": Url("managedZone"),
        **same("name", "rrdatas", "ttl", "type"),
    },
    # the provider sends a set of changes, each of which is such a record
)

ROUTE = Table(
    "compute.v1:routes.insert",
    {
        **DELETION,
        "project": Url("project"),
        **same("description", "destRange", "name", "network", "nextHopGateway", "nextHopIlb", "nextHopInstance"),
        **same("nextHopIp", "nextHopVpnTunnel", "priority", "tags"),
        "nextHopInstanceZone": Drop("the provider's own: it makes the link of an instance that is named alone"),
        "params": Block("params", {"resourceManagerTags": To("resourceManagerTags")}),
    },
)

TABLES = {
    "gcp:compute/route:Route": ROUTE,
    "gcp:dns/managedZone:ManagedZone": ZONE,
    "gcp:dns/recordSet:RecordSet": RECORD,
}
