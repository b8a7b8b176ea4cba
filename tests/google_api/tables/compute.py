"""Compute Engine: networks, subnets, routers with NAT, firewall rules."""

from __future__ import annotations

from tests.google_api.mapping import Block, Blocks, Drop, Fields, Table, To, Url, same
from tests.google_api.tables.common import DELETION

_PROJECT: Fields = {"project": Url("project")}
_REGION: Fields = {**_PROJECT, "region": Url("region")}
_PARAMS: Fields = {"params": Block("params", same("resourceManagerTags"))}

NETWORK = Table(
    "compute.v1:networks.insert",
    {
        **DELETION,
        **_PROJECT,
        **_PARAMS,
        **same("autoCreateSubnetworks", "description", "enableUlaInternalIpv6", "internalIpv6Range", "mtu", "name"),
        **same("networkFirewallPolicyEnforcementOrder", "networkProfile"),
        "routingMode": To("routingConfig.routingMode"),
        "bgpAlwaysCompareMed": To("routingConfig.bgpAlwaysCompareMed"),
        "bgpBestPathSelectionMode": To("routingConfig.bgpBestPathSelectionMode"),
        "bgpInterRegionCost": To("routingConfig.bgpInterRegionCost"),
        "deleteDefaultRoutesOnCreate": Drop("the provider deletes the default routes with requests of their own"),
    },
)

SUBNETWORK = Table(
    "compute.v1:subnetworks.insert",
    {
        **DELETION,
        **_REGION,
        **_PARAMS,
        **same("allowSubnetCidrRoutesOverlap", "description", "externalIpv6Prefix", "internalIpv6Prefix"),
        **same("ipCidrRange", "ipCollection", "ipv6AccessType", "name", "network", "privateIpGoogleAccess"),
        **same("privateIpv6GoogleAccess", "purpose", "reservedInternalRange", "resolveSubnetMask", "role", "stackType"),
        "secondaryIpRanges": Blocks(
            "secondaryIpRanges",
            same("rangeName", "ipCidrRange", "ipCollection", "ipVersion", "reservedInternalRange"),
        ),
        "logConfig": Block(
            "logConfig",
            same("aggregationInterval", "filterExpr", "flowSampling", "metadata", "metadataFields"),
            always={"enable": True},
        ),
        "sendSecondaryIpRangeIfEmpty": Drop("the provider's own: it sends the empty list when the last range goes"),
    },
)

ROUTER = Table(
    "compute.v1:routers.insert",
    {
        **DELETION,
        **_REGION,
        **_PARAMS,
        **same("description", "encryptedInterconnectRouter", "name", "nccGateway", "network"),
        "bgp": Block(
            "bgp",
            {
                **same("asn", "advertiseMode", "advertisedGroups", "identifierRange", "keepaliveInterval"),
                "advertisedIpRanges": Blocks("advertisedIpRanges", same("range", "description")),
            },
        ),
        "md5AuthenticationKeys": Block("md5AuthenticationKeys", same("key", "name"), listed=True),
    },
)

#: A NAT is a part of its router: the provider writes the router's list of NATs.
ROUTER_NAT = Table(
    "compute.v1:routers.patch",
    {
        **DELETION,
        **_REGION,
        "router": Url("router"),
        **same("autoNetworkTier", "drainNatIps", "enableDynamicPortAllocation", "enableEndpointIndependentMapping"),
        **same("endpointTypes", "icmpIdleTimeoutSec", "maxPortsPerVm", "minPortsPerVm", "name", "natIpAllocateOption"),
        **same("natIps", "sourceSubnetworkIpRangesToNat", "sourceSubnetworkIpRangesToNat64", "type"),
        **same("tcpEstablishedIdleTimeoutSec", "tcpTimeWaitTimeoutSec", "tcpTransitoryIdleTimeoutSec"),
        **same("udpIdleTimeoutSec"),
        "initialNatIps": To("natIps"),
        "logConfig": Block("logConfig", same("enable", "filter")),
        "nat64Subnetworks": Blocks("nat64Subnetworks", same("name")),
        "subnetworks": Blocks(
            "subnetworks",
            {
                **same("name", "secondaryIpRangeNames"),
                "sourceIpRangesToNats": To("sourceIpRangesToNat"),
            },
        ),
        "rules": Blocks(
            "rules",
            {
                **same("match", "ruleNumber", "description"),
                "action": Block(
                    "action",
                    same("sourceNatActiveIps", "sourceNatActiveRanges", "sourceNatDrainIps", "sourceNatDrainRanges"),
                ),
            },
        ),
    },
    inside=("nats", 0),
)

FIREWALL = Table(
    "compute.v1:firewalls.insert",
    {
        **DELETION,
        **_PROJECT,
        **_PARAMS,
        **same("description", "destinationRanges", "direction", "disabled", "name", "network", "priority"),
        **same("sourceRanges", "sourceServiceAccounts", "sourceTags", "targetServiceAccounts", "targetTags"),
        "allows": Blocks("allowed", {"protocol": To("IPProtocol"), **same("ports")}),
        "denies": Blocks("denied", {"protocol": To("IPProtocol"), **same("ports")}),
        "enableLogging": To("logConfig.enable"),
        "logConfig": Block("logConfig", same("metadata"), always={"enable": True}),
    },
)

TABLES = {
    "gcp:compute/network:Network": NETWORK,
    "gcp:compute/subnetwork:Subnetwork": SUBNETWORK,
    "gcp:compute/router:Router": ROUTER,
    "gcp:compute/routerNat:RouterNat": ROUTER_NAT,
    "gcp:compute/firewall:Firewall": FIREWALL,
}
