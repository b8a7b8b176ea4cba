"""Static addresses. Limits and what forces replacement: terraform-provider-google compute_address and compute_global_address
(2026-08), cloud.google.com/compute/docs/ip-addresses (2026)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import name_failures, one_of
from sandbox.providers.gcp.references import SUBNETWORK, needs_network, needs_subnetwork, subnetwork_id
from sandbox.providers.gcp.resource_type import ResourceType, World, digits
from sandbox.providers.gcp.types.compute import API, NAME, NAME_RULE
from sandbox.providers.values import known

ADDRESS, GLOBAL_ADDRESS = "gcp:compute/address:Address", "gcp:compute/globalAddress:GlobalAddress"
TYPES, VERSIONS, TIERS = ("EXTERNAL", "INTERNAL"), ("IPV4", "IPV6"), ("PREMIUM", "STANDARD")
PURPOSES = (
    *("GCE_ENDPOINT", "DNS_RESOLVER", "SHARED_LOADBALANCER_VIP", "VPC_PEERING", "IPSEC_INTERCONNECT"),
    "PRIVATE_SERVICE_CONNECT",
)
GLOBAL_PURPOSES = ("VPC_PEERING", "PRIVATE_SERVICE_CONNECT")
#: Purposes whose addresses come from a whole network, not from a subnetwork.
OF_NETWORK = ("VPC_PEERING", "IPSEC_INTERCONNECT")
#: Ranges of documentation (RFC 5737) stand for addresses on the internet.
PUBLIC = IPv4Network("203.0.113.0/24")


def _limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    found += one_of("addressType", inputs.get("addressType"), TYPES)
    found += one_of("ipVersion", inputs.get("ipVersion"), VERSIONS)
    external = inputs.get("addressType") in (None, "EXTERNAL")
    for field in ("purpose", "network", "subnetwork"):
        if external and inputs.get(field) is not None:
            found.append((field, "is for addresses of type INTERNAL"))
    return found


def _regional_limits(world: World, inputs: Properties) -> list[Failure]:
    found, purpose = _limits(world, inputs), inputs.get("purpose")
    found += one_of("purpose", purpose, PURPOSES) + one_of("networkTier", inputs.get("networkTier"), TIERS)
    if inputs.get("addressType") == "INTERNAL" and inputs.get("networkTier") is not None:
        found.append(("networkTier", "is for addresses of type EXTERNAL: inside a network it is always PREMIUM"))
    if inputs.get("subnetwork") is not None and purpose in OF_NETWORK:
        found.append(("subnetwork", f"is not for addresses of purpose {purpose}"))
    if inputs.get("network") is not None and (purpose is None or known(purpose)) and purpose not in OF_NETWORK:
        found.append(("network", f"is for addresses of purpose {' or '.join(OF_NETWORK)}"))
    return found


def _global_limits(world: World, inputs: Properties) -> list[Failure]:
    found = _limits(world, inputs) + one_of("purpose", inputs.get("purpose"), GLOBAL_PURPOSES)
    if inputs.get("addressType") == "INTERNAL" and inputs.get("purpose") is None:
        found.append(("purpose", f"is missing: inside networks a global address is for {' or '.join(GLOBAL_PURPOSES)}"))
    return found


def _made(world: World, inputs: Properties) -> str:
    """An address, of the subnetwork where one is named."""
    number = int(digits(f"address/{world.project_of(inputs)}/{inputs.get('name')}", 6))
    block = _block(world, inputs) or PUBLIC
    # the first two and the last two of a subnetwork are Google's
    return str(block[2 + number % max(1, block.num_addresses - 4)])


def _block(world: World, inputs: Properties) -> IPv4Network | None:
    name = inputs.get("subnetwork")
    if not known(name):
        return None
    record = world.find(SUBNETWORK, subnetwork_id(world, inputs, str(name), world.region_of(inputs)))
    return IPv4Network(record["inputs"]["ipCidrRange"]) if record else None


def _needs_place(world: World, inputs: Properties) -> str | None:
    reason = needs_network(world, inputs) or needs_subnetwork(world, inputs, world.region_of(inputs))
    block, address = _block(world, inputs), inputs.get("address")
    if reason is None and block is not None and address and IPv4Address(address) not in block:
        return f"Error 400: Invalid value for field 'resource.address': '{address}'. It is not in {block}, invalid"
    return reason


def _computed(world: World, inputs: Properties, path: str) -> Properties:
    given = inputs.get("address")
    return {
        "selfLink": f"{API}{path}",
        "creationTimestamp": "2026-01-01T00:00:00.000-08:00",
        "labelFingerprint": "stand-in",
        **({} if given else {"address": _made(world, inputs)}),
    }


def _path(world: World, inputs: Properties) -> str:
    return f"projects/{world.project_of(inputs)}/regions/{world.region_of(inputs)}/addresses/{inputs.get('name')}"


def _global_path(world: World, inputs: Properties) -> str:
    return f"projects/{world.project_of(inputs)}/global/addresses/{inputs.get('name')}"


#: All but the labels.
REPLACE = ("name", "address", "addressType", "description", "ipVersion", "network", "prefixLength", "purpose")

RESOURCE_TYPES = (
    ResourceType(
        token=GLOBAL_ADDRESS,
        identity=_global_path,
        computed=lambda w, i: _computed(w, i, _global_path(w, i)),
        replace=REPLACE,
        limits=_global_limits,
        refuses=needs_network,
        labels="labels",
    ),
    ResourceType(
        token=ADDRESS,
        identity=_path,
        computed=lambda w, i: {
            **_computed(w, i, _path(w, i)),
            "addressId": digits(f"address/{i.get('name')}", 18),
            "users": [],
        },
        replace=(*REPLACE, "ipCollection", "ipv6EndpointType", "networkTier", "region", "subnetwork"),
        limits=_regional_limits,
        refuses=_needs_place,
        labels="labels",
    ),
)
