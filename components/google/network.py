"""VPC of one environment: one subnet with Private Google Access, and Cloud NAT for what private nodes must pull.

Owns network, subnet, router and NAT. Creates no cluster and opens no port. Costs nothing idle but Cloud NAT's gateway.
Replaced when: name or region changes; ranges of a subnet in use cannot be changed.
"""

from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.package import token

#: Names of the subnet's secondary ranges, which a cluster refers to.
PODS_RANGE = "pods"
SERVICES_RANGE = "services"


class NetworkArgs(TypedDict):
    """Arguments of Network."""

    name: str
    """Name of all its parts."""
    region: str
    """Region of the subnet."""
    nodes_range: str
    """CIDR block of nodes and Cloud Run instances."""
    pods_range: str
    """CIDR block of pods."""
    services_range: str
    """CIDR block of Kubernetes services."""


class Network(pulumi.ComponentResource):
    """A private network with one subnet."""

    network_id: pulumi.Output[str]
    subnetwork_id: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(token(Network), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        network = gcp.compute.Network(
            name, name=args["name"], auto_create_subnetworks=False, routing_mode="REGIONAL", opts=child
        )
        subnetwork = gcp.compute.Subnetwork(
            name,
            name=args["name"],
            network=network.id,
            region=args["region"],
            ip_cidr_range=args["nodes_range"],
            # without it the weight streamer hangs: instances have no public address
            private_ip_google_access=True,
            secondary_ip_ranges=[
                gcp.compute.SubnetworkSecondaryIpRangeArgs(range_name=PODS_RANGE, ip_cidr_range=args["pods_range"]),
                gcp.compute.SubnetworkSecondaryIpRangeArgs(
                    range_name=SERVICES_RANGE, ip_cidr_range=args["services_range"]
                ),
            ],
            opts=child,
        )
        router = gcp.compute.Router(name, name=args["name"], network=network.id, region=args["region"], opts=child)
        gcp.compute.RouterNat(
            name,
            name=args["name"],
            router=router.name,
            region=args["region"],
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
            opts=child,
        )
        self.network_id = network.id
        self.subnetwork_id = subnetwork.id
        self.register_outputs({"network_id": self.network_id, "subnetwork_id": self.subnetwork_id})
