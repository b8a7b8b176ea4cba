"""VPC of one environment: one subnet with Private Google Access, and Cloud NAT for what private nodes must pull.

Owns network, subnet, router, NAT and the last firewall rule; creates no cluster. Nothing gets in but what GKE and its load
balancers open by rules of their own, which come first (priority 1000), and what is asked for here: an internal load balancer
needs a subnet for its proxies, a health check may need a port that GKE does not open, and so may the webhooks of a cluster whose
control plane has a range of its own. That of the platform's clusters has none: behind a DNS endpoint it reaches pods through
agents in the cluster, which GKE's rules between nodes and pods let through. The last rule denies what Google denies anyway, and
logs it, which Google's own cannot.
Idle cost: Cloud NAT's gateway, by the hour for each machine that uses it, and its address; logs are charged by volume (Cloud
Logging, network logs). NAT logs only what it drops, which is what a lack of ports looks like.
Replaced when: name changes; all but network and firewall rules also when region changes, and a subnet when its range no longer
holds the old one whole: it can be widened in place. A secondary range that is in use cannot change.
Sources: docs.cloud.google.com/firewall/docs/firewall-rules-logging, /vpc/docs/flow-logs, /nat/docs/monitoring,
/kubernetes-engine/docs/concepts/{firewall-rules,private-service-connect}, /load-balancing/docs/proxy-only-subnets and
/health-check-concepts (2026).
"""

from ipaddress import IPv4Network
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
#: Where Google's health checks come from (docs.cloud.google.com/load-balancing/docs/health-check-concepts, 2026).
HEALTH_CHECK_RANGES = ("35.191.0.0/16", "130.211.0.0/22")
#: Longest name of a resource of Compute Engine.
LONGEST_NAME = 63


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
    proxies_range: NotRequired[str]
    """CIDR block of the proxies of internal load balancers, at least /26. Default: none, and no such load balancer works."""
    health_check_ports: NotRequired[list[int]]
    """Ports of pods that load balancers check beside those that they serve from. Default: none."""
    control_plane_range: NotRequired[str]
    """CIDR block from which a control plane calls webhooks, where it has one. Needed with webhook_ports. Default: none."""
    webhook_ports: NotRequired[list[int]]
    """Ports of pods that it may call beside 443 and 10250, which GKE opens. Default: none."""


class Network(pulumi.ComponentResource):
    """A private network with one subnet."""

    network_id: pulumi.Output[str]
    subnetwork_id: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_ranges(_ranges(args))
        flow_logs = _flow_logs(args.get("flow_log_sampling", FLOW_LOG_SAMPLING))
        openings = _openings(args)
        parts = [*openings, *(["proxies"] if "proxies_range" in args else [])]
        names = {part: _suffixed(args["name"], part) for part in parts}
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
        for part, (why, sources, ports) in openings.items():
            gcp.compute.Firewall(
                f"{name}-{part}",
                name=names[part],
                description=why,
                network=network.id,
                direction="INGRESS",
                source_ranges=sources,
                allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=ports)],
                opts=child,
            )
        if "proxies_range" in args:
            gcp.compute.Subnetwork(
                f"{name}-proxies",
                name=names["proxies"],
                network=network.id,
                region=args["region"],
                ip_cidr_range=args["proxies_range"],
                purpose="REGIONAL_MANAGED_PROXY",
                role="ACTIVE",
                opts=child,
            )
        self.network_id = network.id
        self.subnetwork_id = subnetwork.id
        self.register_outputs({"network_id": self.network_id, "subnetwork_id": self.subnetwork_id})


def _ranges(args: NetworkArgs) -> Ranges:
    return Ranges(
        nodes=args["nodes_range"],
        pods=args["pods_range"],
        services=args["services_range"],
        proxies=args.get("proxies_range"),
    )


def _openings(args: NetworkArgs) -> dict[str, tuple[str, list[str], list[str]]]:
    """What is let in, by the ending of the rule's name: why, whence, to which ports."""
    if ("control_plane_range" in args) != ("webhook_ports" in args):
        raise ValueError("control_plane_range and webhook_ports belong together: name both, or neither")
    openings: dict[str, tuple[str, list[str], list[str]]] = {}
    if "health_check_ports" in args:
        why = "Lets load balancers check the health of pods at ports that they do not serve from."
        openings["health-checks"] = (why, list(HEALTH_CHECK_RANGES), _ports(args["health_check_ports"]))
    if "control_plane_range" in args and "webhook_ports" in args:
        why = "Lets the control plane call webhooks."
        openings["webhooks"] = (why, [_block(args["control_plane_range"])], _ports(args["webhook_ports"]))
    return openings


def _ports(ports: list[int]) -> list[str]:
    numbers = [int(port) for port in ports]  # numbers of other languages arrive as floats
    if not numbers or any(not 0 < number < 65536 for number in numbers):
        raise ValueError(f"ports are {numbers}; at least one, from 1 to 65535")
    return [str(number) for number in numbers]


def _block(text: str) -> str:
    try:
        return str(IPv4Network(text))
    except ValueError as error:
        raise ValueError(f"control_plane_range is '{text}' ({error}); write a block such as 172.16.0.0/28") from None


def _suffixed(name: str, part: str) -> str:
    if len(suffixed := f"{name}-{part}") > LONGEST_NAME:
        raise ValueError(f"name is '{name}', too long for '{suffixed}': {LONGEST_NAME} characters are allowed")
    return suffixed


def _flow_logs(sampling: float) -> gcp.compute.SubnetworkLogConfigArgs | None:
    if not 0 <= sampling <= 1:
        raise ValueError(f"flow_log_sampling is {sampling}; allowed: 0 (none) to 1 (all)")
    if sampling == 0:
        return None  # without it Google logs none; a sampling of 0 would leave the logs on and empty
    return gcp.compute.SubnetworkLogConfigArgs(
        flow_sampling=sampling, aggregation_interval="INTERVAL_1_MIN", metadata="INCLUDE_ALL_METADATA"
    )
