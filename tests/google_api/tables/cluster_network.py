"""GKE clusters: their network, and who reaches the control plane and the nodes."""

from __future__ import annotations

from tests.google_api.mapping import Block, Blocks, Fields, To, choice, same

#: What Pulumi has beside the cluster's other properties and the API in `networkConfig`.
NETWORK: Fields = {
    **{
        name: To(f"networkConfig.{name}")
        for name in (
            "datapathProvider",
            "disableL4LbFirewallReconciliation",
            "enableCiliumClusterwideNetworkPolicy",
            "enableFqdnNetworkPolicy",
            "enableMultiNetworking",
            "inTransitEncryptionConfig",
            "privateIpv6GoogleAccess",
        )
    },
    "enableIntranodeVisibility": To("networkConfig.enableIntraNodeVisibility"),
    "enableL4IlbSubsetting": To("networkConfig.enableL4ilbSubsetting"),
    "defaultSnatStatus": Block("networkConfig.defaultSnatStatus", same("disabled")),
    "dnsConfig": Block(
        "networkConfig.dnsConfig",
        same("additiveVpcScopeDnsDomain", "clusterDns", "clusterDnsDomain", "clusterDnsScope"),
    ),
    "gatewayApiConfig": Block("networkConfig.gatewayApiConfig", same("channel")),
    "networkPerformanceConfig": Block("networkConfig.networkPerformanceConfig", same("totalEgressBandwidthTier")),
    "serviceExternalIpsConfig": Block("networkConfig.serviceExternalIpsConfig", same("enabled")),
    "networkingMode": choice("ipAllocationPolicy.useIpAliases", {"VPC_NATIVE": True, "ROUTES": False}),
    "ipAllocationPolicy": Block(
        "ipAllocationPolicy",
        {
            **same("clusterIpv4CidrBlock", "clusterSecondaryRangeName", "servicesIpv4CidrBlock", "stackType"),
            **same("servicesSecondaryRangeName"),
            "autoIpamConfig": Block("autoIpamConfig", same("enabled")),
            "networkTierConfig": Block("networkTierConfig", same("networkTier")),
            "podCidrOverprovisionConfig": Block("podCidrOverprovisionConfig", {"disabled": To("disable")}),
        },
        always={"useIpAliases": True},
    ),
}
_IP = "controlPlaneEndpointsConfig.ipEndpointsConfig"

ACCESS: Fields = {
    "controlPlaneEndpointsConfig": Block(
        "controlPlaneEndpointsConfig",
        {
            "dnsEndpointConfig": Block(
                "dnsEndpointConfig", same("allowExternalTraffic", "enableK8sCertsViaDns", "enableK8sTokensViaDns")
            ),
            "ipEndpointsConfig": Block("ipEndpointsConfig", same("enabled")),
        },
    ),
    "masterAuth": Block(
        "masterAuth", {"clientCertificateConfig": Block("clientCertificateConfig", same("issueClientCertificate"))}
    ),
    "masterAuthorizedNetworksConfig": Block(
        f"{_IP}.authorizedNetworksConfig",
        {
            **same("gcpPublicCidrsAccessEnabled", "privateEndpointEnforcementEnabled"),
            "cidrBlocks": Blocks("cidrBlocks", same("cidrBlock", "displayName")),
        },
        always={"enabled": True},
    ),
    # the provider spreads this block over the fields that replaced it
    "privateClusterConfig": Block(
        "",
        {
            "enablePrivateNodes": To("networkConfig.defaultEnablePrivateNodes"),
            "enablePrivateEndpoint": choice(f"{_IP}.enablePublicEndpoint", {True: False, False: True}),
            "masterGlobalAccessConfig": Block("", {"enabled": To(f"{_IP}.globalAccess")}),
            "masterIpv4CidrBlock": To("privateClusterConfig.masterIpv4CidrBlock"),
            "privateEndpointSubnetwork": To(f"{_IP}.privateEndpointSubnetwork"),
        },
    ),
}
