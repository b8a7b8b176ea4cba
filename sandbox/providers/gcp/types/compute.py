"""Networks. Names, ranges and what forces replacement: terraform-provider-google compute_network, compute_subnetwork,
compute_router, compute_router_nat (2026-08)."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import REGION, name_failures
from sandbox.providers.gcp.resource_type import ResourceType, World, at, digits, known

API = "https://www.googleapis.com/compute/v1/"
NAME = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
NAME_RULE = "1 to 63 lower-case letters, digits and hyphens, a letter first, no hyphen last"
ADDRESSED = "gcp:compute/network:Network"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
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
    ranges: list[tuple[str, IPv4Network]] = []
    places = [("ipCidrRange", inputs.get("ipCidrRange"))]
    secondary = inputs.get("secondaryIpRanges")
    for index in range(len(secondary) if isinstance(secondary, list) else 0):
        places.append((f"secondaryIpRanges[{index}].ipCidrRange", at(secondary, index, "ipCidrRange")))
    for path, value in places:
        if not known(value):
            continue
        try:
            ranges.append((path, IPv4Network(value)))
        except ValueError as error:
            found.append((path, f"'{value}' is no CIDR block: {error}"))
    for (path, one), (other_path, other) in combinations(ranges, 2):
        if one.overlaps(other):
            found.append((other_path, f"{other} overlaps {one} at {path}"))
    return found


def _needs_network(world: World, inputs: Properties) -> str | None:
    network = inputs["network"].removeprefix(API)
    if world.cloud.get(ADDRESSED, network) is None:
        return f"Error 404: The resource '{network}' was not found, notFound"
    return None


def _needs_router(world: World, inputs: Properties) -> str | None:
    router = f"projects/{world.project_of(inputs)}/regions/{world.region_of(inputs)}/routers/{inputs['router']}"
    if world.cloud.get(ROUTER, router) is None:
        return f"Error 404: The resource '{router}' was not found, notFound"
    return None


def _network_in_use(world: World, inputs: Properties) -> str | None:
    network = _network_id(world, inputs)
    for record in world.cloud.all(SUBNETWORK):
        if record["inputs"]["network"].removeprefix(API) == network:
            return f"Error 400: The network resource '{network}' is already being used by '{record['id']}'"
    return None


RESOURCE_TYPES = (
    ResourceType(
        token=ADDRESSED,
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
            "gatewayAddress": "10.0.0.1",
            "fingerprint": "stand-in",
        },
        replace=("name", "network", "region", "purpose", "description"),
        limits=_subnetwork_limits,
        refuses=_needs_network,
    ),
    ResourceType(
        token=ROUTER,
        identity=lambda w, i: _regional_id("routers", w, i),
        computed=lambda w, i: _link(f"projects/{w.project_of(i)}/regions/{w.region_of(i)}/routers/{i.get('name')}"),
        replace=("name", "network", "region"),
        limits=_named,
        refuses=_needs_network,
    ),
    ResourceType(
        token="gcp:compute/routerNat:RouterNat",  # noqa: S106
        identity=_nat_id,
        replace=("name", "router", "region"),
        limits=_named,
        refuses=_needs_router,
    ),
)
