"""Networks. Names, ranges and what forces replacement: terraform-provider-google compute_network, compute_subnetwork,
compute_router, compute_router_nat (2026-08)."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv4Network
from itertools import combinations, product

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import REGION, name_failures
from sandbox.providers.gcp.references import FIREWALL, NETWORK, ROUTE, SUBNETWORK, needs_network, network_id
from sandbox.providers.gcp.resource_type import ResourceType, World, digits
from sandbox.providers.gcp.rules.proxy_subnetworks import purpose_limits, second_of_its_kind
from sandbox.providers.values import at, items, known

API = "https://www.googleapis.com/compute/v1/"
NAME = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
NAME_RULE = "1 to 63 lower-case letters, digits and hyphens, a letter first, no hyphen last"
ROUTER = "gcp:compute/router:Router"


def _network_id(world: World, inputs: Properties) -> str:
    return f"projects/{world.project_of(inputs)}/global/networks/{inputs['name']}"


def _regional_id(collection: str, world: World, inputs: Properties) -> str:
    return f"projects/{world.project_of(inputs)}/regions/{world.region_of(inputs)}/{collection}/{inputs['name']}"


def _nat_id(world: World, inputs: Properties) -> str:
    return f"{world.project_of(inputs)}/{world.region_of(inputs)}/{inputs['router']}/{inputs['name']}"


def _link(path: str) -> Properties:
    return {"selfLink": API + path, "creationTimestamp": "2026-01-01T00:00:00.000-08:00"}


def _named(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    return found + name_failures("region", inputs.get("region"), REGION.pattern, "a region looks like us-central1")


def _subnetwork_limits(world: World, inputs: Properties) -> list[Failure]:
    found = _named(world, inputs)
    for path, value in _written_ranges(inputs):
        try:
            IPv4Network(value)
        except ValueError as error:
            found.append((path, f"'{value}' is no CIDR block: {error}"))
    for (path, one), (other_path, other) in combinations(_ranges(inputs), 2):
        if one.overlaps(other):
            found.append((other_path, f"{other} overlaps {one} at {path}"))
    return found + purpose_limits(inputs)


def _written_ranges(inputs: Properties) -> list[tuple[str, str]]:
    """(path, text) of the ranges that are known."""
    secondary = items(inputs.get("secondaryIpRanges"))
    places = [
        (f"secondaryIpRanges[{number}].ipCidrRange", at(one, "ipCidrRange")) for number, one in enumerate(secondary)
    ]
    return [(path, text) for path, text in [("ipCidrRange", inputs.get("ipCidrRange")), *places] if known(text)]


def _ranges(inputs: Properties) -> list[tuple[str, IPv4Network]]:
    """(path, range) of those that are CIDR blocks."""
    found: list[tuple[str, IPv4Network]] = []
    for path, text in _written_ranges(inputs):
        with suppress(ValueError):
            found.append((path, IPv4Network(text)))
    return found


def _shrunk(old: Properties, inputs: Properties) -> list[str]:
    """A range can be widened in place; the real provider makes a new subnetwork for one that does not hold the old one whole."""
    before, after = ([block for path, block in _ranges(side) if path == "ipCidrRange"] for side in (old, inputs))
    return ["ipCidrRange"] if before and after and not before[0].subnet_of(after[0]) else []


def _gateway(inputs: Properties) -> str:
    """The first address of the subnetwork is Google's."""
    ranges = [block for path, block in _ranges(inputs) if path == "ipCidrRange"]
    return str(ranges[0].network_address + 1) if ranges else ""


def _subnetwork_refusal(world: World, inputs: Properties) -> str | None:
    """The network must exist, and no other of its ranges may overlap."""
    if (reason := needs_network(world, inputs) or second_of_its_kind(world, inputs)) is not None:
        return reason
    network, ranges = network_id(world, inputs, inputs["network"]), _ranges(inputs)
    for record in world.cloud.all(SUBNETWORK):
        if network_id(world, record["inputs"], record["inputs"]["network"]) != network:
            continue
        for (_, one), (_, other) in product(ranges, _ranges(record["inputs"])):
            if one.overlaps(other):
                return f"Error 400: Invalid IPCidrRange: {one} conflicts with existing subnetwork '{record['id']}'"
    return None


def _needs_router(world: World, inputs: Properties) -> str | None:
    router = f"projects/{world.project_of(inputs)}/regions/{world.region_of(inputs)}/routers/{inputs['router']}"
    if world.cloud.get(ROUTER, router) is None:
        return f"Error 404: The resource '{router}' was not found, notFound"
    return None


def _network_in_use(world: World, inputs: Properties) -> str | None:
    network = _network_id(world, inputs)
    users = (SUBNETWORK, ROUTER, FIREWALL, ROUTE)
    for record in (record for token in users for record in world.cloud.all(token)):
        if network_id(world, record["inputs"], record["inputs"]["network"]) == network:
            return f"Error 400: The network resource '{network}' is already being used by '{record['id']}'"
    return None


RESOURCE_TYPES = (
    ResourceType(
        token=NETWORK,
        identity=_network_id,
        computed=lambda w, i: {
            **_link(f"projects/{w.project_of(i)}/global/networks/{i.get('name')}"),
            "gatewayIpv4": "",
            "networkId": digits(f"network/{i.get('name')}", 18),
        },
        replace=("name", "autoCreateSubnetworks", "description"),
        limits=_named,
        protected=_network_in_use,
    ),
    ResourceType(
        token=SUBNETWORK,
        identity=lambda w, i: _regional_id("subnetworks", w, i),
        computed=lambda w, i: {
            **_link(f"projects/{w.project_of(i)}/regions/{w.region_of(i)}/subnetworks/{i.get('name')}"),
            "gatewayAddress": _gateway(i),
            "fingerprint": "stand-in",
        },
        replace=("name", "network", "region", "description"),
        replace_when=_shrunk,
        limits=_subnetwork_limits,
        refuses=_subnetwork_refusal,
    ),
    ResourceType(
        token=ROUTER,
        identity=lambda w, i: _regional_id("routers", w, i),
        computed=lambda w, i: _link(f"projects/{w.project_of(i)}/regions/{w.region_of(i)}/routers/{i.get('name')}"),
        replace=("name", "network", "region"),
        limits=_named,
        refuses=needs_network,
    ),
    ResourceType(
        token="gcp:compute/routerNat:RouterNat",  # noqa: S106
        identity=_nat_id,
        replace=("name", "router", "region"),
        limits=_named,
        refuses=_needs_router,
    ),
)
