"""Address ranges of one environment, carved from a single block. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network


@dataclass(frozen=True, slots=True)
class Ranges:
    """CIDR blocks that do not overlap: nodes and Cloud Run instances, pods, services."""

    nodes: str
    pods: str
    services: str


def carve_ranges(block: str) -> Ranges:
    """Carves a private block of at least /14: pods take its upper half, services a /20 and nodes a /20 of the lower half.

    Raises ValueError saying what is wrong and what is allowed.
    """
    try:
        network = IPv4Network(block)
    except ValueError as error:
        raise ValueError(f"'{block}' is no IPv4 block ({error}); write one like 10.0.0.0/13") from None
    if not network.is_private:
        raise ValueError(f"{block} is not private; use a block of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
    if network.prefixlen > 14:
        raise ValueError(f"{block} is too small: nodes, pods and services need a block of at least /14")
    lower, upper = network.subnets(prefixlen_diff=1)
    small = lower.subnets(new_prefix=20)
    nodes, services = next(small), next(small)
    return Ranges(nodes=str(nodes), pods=str(upper), services=str(services))
