"""Makes the names of Google's APIs lead to a handful of fixed addresses inside the network, instead of any public one.

Owns a private zone for googleapis.com in Cloud DNS, seen by one network alone, with its two records, and the route to those
addresses. So a rule for what may leave a pod can name one block (`block`), and nothing else on the internet need be open. It
creates neither network nor rule. Traffic goes neither through Cloud NAT nor over the internet; the subnet needs Private Google
Access.
Every name below googleapis.com is answered here, in this network: `restricted` leads to what VPC Service Controls can guard and
nothing else, `private` to nearly all APIs. Names outside of googleapis.com, such as pkg.dev, gcr.io or run.app, stay as they are.
Resolvers keep an answer for five minutes: what reads from a public address when the zone comes is closed off for so long at most.
Idle cost: USD 0.20 a month for the zone, and USD 0.40 for a million names asked for (cloud.google.com/dns/pricing, 2026-09-20).
Replaced when: name changes; the route also when network or reach changes, and with another reach the record of the addresses.
Source: docs.cloud.google.com/vpc/docs/configure-private-google-access and /vpc-service-controls/docs/private-connectivity (2026).
"""

from ipaddress import IPv4Network
from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.package import token

#: The block of each reach; the four addresses of a block are those of the name `<reach>.googleapis.com`.
BLOCKS = {"private": "199.36.153.8/30", "restricted": "199.36.153.4/30"}
DOMAIN = "googleapis.com."
#: Seconds for which a resolver keeps an answer.
TTL_SECONDS = 300
#: The only gateway that leads to Google's APIs, whatever another default route says.
GATEWAY = "default-internet-gateway"
#: Google's own for routes; what decides is that no route is narrower than this one.
PRIORITY = 1000
#: Longest name of a zone and of a route.
LONGEST_NAME = 63


class GoogleApisArgs(TypedDict):
    """Arguments of GoogleApis."""

    name: str
    """Name of zone and route."""
    network_id: pulumi.Input[str]
    """Network whose machines, pods and Cloud Run instances are answered so."""
    reach: str
    """private: nearly all APIs; restricted: those that VPC Service Controls can guard."""
    labels: dict[str, str]
    """Google labels of the zone."""


class GoogleApis(pulumi.ComponentResource):
    """Google's APIs at known addresses. `block` is known once names lead there."""

    block: pulumi.Output[str]

    def __init__(self, name: str, args: GoogleApisArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        block, reach = block_of(args["reach"]), args["reach"]
        if not 1 <= len(args["name"]) <= LONGEST_NAME:
            raise ValueError(
                f"name is '{args['name']}', {len(args['name'])} characters; 1 to {LONGEST_NAME} are allowed"
            )
        super().__init__(token(GoogleApis), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        route = gcp.compute.Route(
            name,
            name=args["name"],
            description="Leads to Google's APIs, also where the default route leads elsewhere.",
            network=args["network_id"],
            dest_range=block,
            next_hop_gateway=GATEWAY,
            priority=PRIORITY,
            opts=child,
        )
        zone = gcp.dns.ManagedZone(
            name,
            name=args["name"],
            dns_name=DOMAIN,
            description="Google's APIs, as this network reaches them",
            visibility="private",
            private_visibility_config=gcp.dns.ManagedZonePrivateVisibilityConfigArgs(
                networks=[gcp.dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=args["network_id"])]
            ),
            labels=args["labels"],
            # names lead to the block only once there is a way
            opts=pulumi.ResourceOptions(parent=self, depends_on=[route]),
        )
        addresses = gcp.dns.RecordSet(
            f"{name}-addresses",
            managed_zone=zone.name,
            name=f"{reach}.{DOMAIN}",
            type="A",
            ttl=TTL_SECONDS,
            rrdatas=[str(address) for address in IPv4Network(block)],
            opts=child,
        )
        names = gcp.dns.RecordSet(
            f"{name}-names",
            managed_zone=zone.name,
            name=f"*.{DOMAIN}",
            type="CNAME",
            ttl=TTL_SECONDS,
            rrdatas=[f"{reach}.{DOMAIN}"],
            # before the addresses are there, every name would lead to none
            opts=pulumi.ResourceOptions(parent=self, depends_on=[addresses]),
        )
        self.block = names.id.apply(lambda _: block)
        self.register_outputs({"block": self.block})


def block_of(reach: str) -> str:
    """The block to which names lead. Raises ValueError for a reach that there is not."""
    if reach not in BLOCKS:
        raise ValueError(f"reach is '{reach}'; allowed: {', '.join(BLOCKS)}")
    return BLOCKS[reach]
