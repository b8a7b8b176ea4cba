"""VPC of one environment: one subnet with Private Google Access, and Cloud NAT for what private nodes must pull.

Owns network, subnet, router, NAT and one firewall rule; creates no cluster and opens no port. Nothing gets in but what GKE and
its load balancers open by rules of their own, which come first (priority 1000). The rule here comes last: it denies what Google
denies anyway, and logs it, which Google's own last rule cannot.
Idle cost: Cloud NAT's gateway, by the hour for each machine that uses it, and its address; logs are charged by volume (Cloud
Logging, network logs). NAT logs only what it drops, which is what a lack of ports looks like.
Replaced when: name or region changes. The range of nodes can only grow, and a secondary range that is in use cannot change.
Sources: docs.cloud.google.com/firewall/docs/firewall-rules-logging, /vpc/docs/flow-logs, /nat/docs/monitoring,
/kubernetes-engine/docs/concepts/firewall-rules (2026).
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.google.ranges import Ranges, check_ranges
from components.package import token

#: Names of the subnet's secondary ranges, which a cluster refers to.
PODS_RANGE = "pods"
SERVICES_RANGE = "services"
#: Share of the flows that is logged unless told otherwise: shows who talks to whom, at a fifth of Google's default of 0.5.
FLOW_LOG_SAMPLING = 0.1
#: Last priority before Google's own rules, which have 65535.
LAST_PRIORITY = 65534


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
    flow_log_sampling: NotRequired[float]
    """Share of the subnet's flows that is logged, 0 to 1; 0 logs none. Default: 0.1."""


class Network(pulumi.ComponentResource):
    """A private network with one subnet."""

    network_id: pulumi.Output[str]
    subnetwork_id: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_ranges(Ranges(nodes=args["nodes_range"], pods=args["pods_range"], services=args["services_range"]))
        flow_logs = _flow_logs(args.get("flow_log_sampling", FLOW_LOG_SAMPLING))
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
            log_config=flow_logs,
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
            log_config=gcp.compute.RouterNatLogConfigArgs(enable=True, filter="ERRORS_ONLY"),
            opts=child,
        )
        gcp.compute.Firewall(
            name,
            # the bare name: a suffix could make it longer than Google allows
            name=args["name"],
            description="Logs what comes in and is allowed by no rule.",
            network=network.id,
            direction="INGRESS",
            priority=LAST_PRIORITY,
            source_ranges=["0.0.0.0/0"],
            denies=[gcp.compute.FirewallDenyArgs(protocol="all")],
            log_config=gcp.compute.FirewallLogConfigArgs(metadata="INCLUDE_ALL_METADATA"),
            opts=child,
        )
        self.network_id = network.id
        self.subnetwork_id = subnetwork.id
        self.register_outputs({"network_id": self.network_id, "subnetwork_id": self.subnetwork_id})


def _flow_logs(sampling: float) -> gcp.compute.SubnetworkLogConfigArgs | None:
    if not 0 <= sampling <= 1:
        raise ValueError(f"flow_log_sampling is {sampling}; allowed: 0 (none) to 1 (all)")
    if sampling == 0:
        return None  # without it Google logs none; a sampling of 0 would leave the logs on and empty
    return gcp.compute.SubnetworkLogConfigArgs(
        flow_sampling=sampling, aggregation_interval="INTERVAL_1_MIN", metadata="INCLUDE_ALL_METADATA"
    )
