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
#: Pods and services (the platform's own): 8 nodes, and 256 services, as one deployment takes several. Proxies of load balancers:
#: docs.cloud.google.com/load-balancing/docs/proxy-only-subnets (2026), which advises a /23.
LONGEST_PREFIX = {"nodes": 26, "pods": 21, "services": 24, "proxies": 26}
PROXIES_PREFIX = 23
#: Longest prefix of a block that ranges are carved from (the platform's own): room for 512 nodes.
LONGEST_BLOCK_PREFIX = 14
#: Addresses of a subnet that Google keeps: the first two and the last two (docs.cloud.google.com/vpc/docs/subnets, 2026).
KEPT_BY_GOOGLE = 4
#: Pod addresses that GKE sets aside for each node, at 110 pods a node (cloud.google.com/kubernetes-engine/docs/concepts/
#: alias-ips, 2026).
POD_ADDRESSES_PER_NODE = 256


@dataclass(frozen=True, slots=True)
class Ranges:
    """CIDR blocks: nodes and Cloud Run instances, pods, services, and proxies of internal load balancers where there are any."""

    nodes: str
    pods: str
    services: str
    proxies: str | None = None

    def named(self) -> dict[str, IPv4Network]:
        """The blocks by what they are for. Raises ValueError for what is no block."""
        blocks = {name: getattr(self, name) for name in LONGEST_PREFIX}
        return {name: _block(block) for name, block in blocks.items() if block is not None}


def carve_ranges(block: str, proxies: bool = False) -> Ranges:
    """Carves a private block of at least /14: pods take its upper half, services a /20 and nodes a /20 of the lower half.

    With `proxies` a /23 behind these is theirs; the other ranges are the same with it and without.
    Raises ValueError saying what is wrong and what is allowed.
    """
    network = _block(block)
    if not any(network.subnet_of(private) for private in PRIVATE):
        raise ValueError(f"{block} is not private; use a block inside {' or '.join(str(one) for one in PRIVATE[:2])}")
    if network.prefixlen > LONGEST_BLOCK_PREFIX:
        raise ValueError(
            f"{block} is too small: nodes, pods and services need a block of at least /{LONGEST_BLOCK_PREFIX}"
        )
    lower, upper = network.subnets(prefixlen_diff=1)
    small = lower.subnets(new_prefix=20)
    nodes, services = next(small), next(small)
    own = next(next(small).subnets(new_prefix=PROXIES_PREFIX)) if proxies else None
    return Ranges(
        nodes=str(nodes), pods=str(upper), services=str(services), proxies=str(own) if own is not None else None
    )


def most_nodes(ranges: Ranges) -> int:
    """How many nodes the ranges have room for: one address each, and a block of pod addresses each."""
    blocks = ranges.named()
    return min(blocks["nodes"].num_addresses - KEPT_BY_GOOGLE, blocks["pods"].num_addresses // POD_ADDRESSES_PER_NODE)


def check_room(block: str, nodes: int) -> None:
    """Raises ValueError, naming the smallest block that would do, when what is carved from `block` has no room for the nodes."""
    room = most_nodes(carve_ranges(block))
    if nodes <= room:
        return
    found = f"{block} has room for {room} nodes, {nodes} are needed, of which each takes {POD_ADDRESSES_PER_NODE} pod addresses"
    largest = PRIVATE[0]
    lengths = range(LONGEST_BLOCK_PREFIX, largest.prefixlen - 1, -1)
    rooms = {length: most_nodes(carve_ranges(f"{largest.network_address}/{length}")) for length in lengths}
    enough = [length for length, other in rooms.items() if other >= nodes]
    if not enough:
        raise ValueError(f"{found}; no block has room for more than {max(rooms.values())}")
    raise ValueError(f"{found}; use a block of at least /{enough[0]}")


def check_ranges(ranges: Ranges) -> None:
    """Raises ValueError when ranges overlap each other or are too small."""
    blocks = ranges.named()
    for (name, one), (other_name, other) in combinations(blocks.items(), 2):
        if one.overlaps(other):
            raise ValueError(f"the range of {name} {one} overlaps that of {other_name} {other}")
    for name, block in blocks.items():
        if block.prefixlen > LONGEST_PREFIX[name]:
            raise ValueError(f"the range of {name} {block} is too small: at least /{LONGEST_PREFIX[name]} is needed")


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
