"""Routes of networks. Limits and what forces replacement, which is everything: terraform-provider-google compute_route
(2026-08)."""

from __future__ import annotations

from ipaddress import IPv4Network

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import between, exactly_one, name_failures
from sandbox.providers.gcp.references import ROUTE, needs_network
from sandbox.providers.gcp.resource_type import ResourceType, World
from sandbox.providers.gcp.types.compute import API, NAME, NAME_RULE
from sandbox.providers.values import known

HOPS = ("nextHopGateway", "nextHopIlb", "nextHopInstance", "nextHopIp", "nextHopVpnTunnel")
GATEWAY = r"(.*/)?default-internet-gateway"


def _limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    found += between("priority", inputs.get("priority"), 0, 65535) + exactly_one("", inputs, HOPS)
    rule = "the only gateway is default-internet-gateway"
    found += name_failures("nextHopGateway", inputs.get("nextHopGateway"), GATEWAY, rule)
    block = inputs.get("destRange")
    if known(block):
        try:
            IPv4Network(str(block))
        except ValueError as error:
            found.append(("destRange", f"'{block}' is no CIDR block: {error}"))
    return found


def _path(world: World, inputs: Properties) -> str:
    return f"projects/{world.project_of(inputs)}/global/routes/{inputs.get('name')}"


RESOURCE_TYPES = (
    ResourceType(
        token=ROUTE,
        identity=_path,
        computed=lambda w, i: {
            "selfLink": f"{API}{_path(w, i)}",
            "creationTimestamp": "2026-01-01T00:00:00.000-08:00",
            "nextHopNetwork": "",
        },
        replace=(
            "name",
            "network",
            "destRange",
            "description",
            "params",
            "priority",
            "tags",
            "nextHopInstanceZone",
            *HOPS,
        ),
        limits=_limits,
        refuses=needs_network,
    ),
)
