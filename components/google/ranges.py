"""Address ranges of one environment: carved from a single block, and refused where they are too small or overlap. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations

#: Blocks that no network on the internet has (RFC 1918, 1996). Other blocks that are not public, such as the loopback's, are none
#: that a subnet could have.
PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
#: Longest prefixes that are accepted. Nodes: Direct VPC egress of Cloud Run needs a /26 (docs.cloud.google.com/run/docs, 2026).
#: Pods and services (the platform's own): 8 nodes, and 256 services, as one deployment takes several.
LONGEST_PREFIX = {"nodes": 26, "pods": 21, "services": 24}
#: Addresses of a subnet that Google keeps: the first two and the last two (docs.cloud.google.com/vpc/docs/subnets, 2026).
KEPT_BY_GOOGLE = 4
#: Pod addresses that GKE sets aside for each node, at 110 pods a node (cloud.google.com/kubernetes-engine/docs/concepts/
#: alias-ips, 2026).
POD_ADDRESSES_PER_NODE = 256


@dataclass(frozen=True, slots=True)
class Ranges:
    """CIDR blocks: nodes and Cloud Run instances, pods, services."""

    nodes: str
    pods: str
    services: str

    def named(self) -> dict[str, IPv4Network]:
        """The blocks by what they are for. Raises ValueError for what is no block."""
        return {name: _block(getattr(self, name)) for name in ("nodes", "pods", "services")}


def carve_ranges(block: str) -> Ranges:
    """Carves a private block of at least /14: pods take its upper half, services a /20 and nodes a /20 of the lower half.

    Raises ValueError saying what is wrong and what is allowed.
    """
    network = _block(block)
    if not any(network.subnet_of(private) for private in PRIVATE):
        raise ValueError(f"{block} is not private; use a block inside {' or '.join(str(one) for one in PRIVATE[:2])}")
    if network.prefixlen > 14:
        raise ValueError(f"{block} is too small: nodes, pods and services need a block of at least /14")
    lower, upper = network.subnets(prefixlen_diff=1)
    small = lower.subnets(new_prefix=20)
    nodes, services = next(small), next(small)
    return Ranges(nodes=str(nodes), pods=str(upper), services=str(services))


def most_nodes(ranges: Ranges) -> int:
    """How many nodes the ranges have room for: one address each, and a block of pod addresses each."""
    blocks = ranges.named()
    return min(blocks["nodes"].num_addresses - KEPT_BY_GOOGLE, blocks["pods"].num_addresses // POD_ADDRESSES_PER_NODE)


def check_ranges(ranges: Ranges, nodes: int = 1) -> None:
    """Raises ValueError when ranges overlap each other, are too small, or have no room for so many nodes."""
    blocks = ranges.named()
    for (name, one), (other_name, other) in combinations(blocks.items(), 2):
        if one.overlaps(other):
            raise ValueError(f"the range of {name} {one} overlaps that of {other_name} {other}")
    for name, block in blocks.items():
        if block.prefixlen > LONGEST_PREFIX[name]:
            raise ValueError(f"the range of {name} {block} is too small: at least /{LONGEST_PREFIX[name]} is needed")
    if nodes > (room := most_nodes(ranges)):
        raise ValueError(
            f"{nodes} nodes do not fit: nodes {ranges.nodes} and pods {ranges.pods} have room for {room}; a node needs "
            f"{POD_ADDRESSES_PER_NODE} pod addresses"
        )


def refuse_overlap(ranges: Ranges, others: Iterable[str]) -> None:
    """Raises ValueError naming both blocks when a range overlaps one of `others`: networks that are peered or joined by VPN.

    Google refuses a peering with overlapping subnets, and a VPN's routes to them lose against the subnet's own.
    """
    for other in [_block(other) for other in others]:
        for name, block in ranges.named().items():
            if block.overlaps(other):
                raise ValueError(f"the range of {name} {block} overlaps {other}, which another network uses")


def _block(text: str) -> IPv4Network:
    try:
        return IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is no IPv4 block ({error}); write one like 10.0.0.0/13") from None
