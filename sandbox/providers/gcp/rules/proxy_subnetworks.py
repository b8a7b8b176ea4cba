"""Subnetworks that are kept for the proxies of load balancers.

Limits: cloud.google.com/load-balancing/docs/proxy-only-subnets (2026), terraform-provider-google compute_subnetwork (2026-08).
"""

from __future__ import annotations

from ipaddress import IPv4Network

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import one_of
from sandbox.providers.gcp.references import SUBNETWORK, network_id
from sandbox.providers.gcp.resource_type import World
from sandbox.providers.values import known

OF_PROXIES = ("REGIONAL_MANAGED_PROXY", "GLOBAL_MANAGED_PROXY")
PURPOSES = ("PRIVATE", *OF_PROXIES, "PRIVATE_SERVICE_CONNECT", "PEER_MIGRATION", "PRIVATE_NAT")
ROLES = ("ACTIVE", "BACKUP")
#: The smallest that Google takes.
SMALLEST_PREFIX = 26


def purpose_limits(inputs: Properties) -> list[Failure]:
    """What a subnetwork of some purpose cannot have."""
    purpose, role = inputs.get("purpose"), inputs.get("role")
    found = one_of("purpose", purpose, PURPOSES) + one_of("role", role, ROLES)
    if purpose is None or (known(purpose) and purpose not in OF_PROXIES):
        return found + ([("role", f"is for subnetworks of purpose {' or '.join(OF_PROXIES)}")] if role else [])
    if not known(purpose):
        return found
    for field in ("secondaryIpRanges", "logConfig"):
        if inputs.get(field):
            found.append((field, f"is not for subnetworks of purpose {purpose}"))
    block = _block(inputs.get("ipCidrRange"))
    if block is not None and block.prefixlen > SMALLEST_PREFIX:
        found.append(
            ("ipCidrRange", f"{block} is too small for purpose {purpose}: at least /{SMALLEST_PREFIX} is needed")
        )
    return found


def second_of_its_kind(world: World, inputs: Properties) -> str | None:
    """A refusal when the network has an active subnetwork for such proxies in the region."""
    if inputs.get("purpose") not in OF_PROXIES or inputs.get("role") == "BACKUP":
        return None
    for record in world.cloud.all(SUBNETWORK):
        other = record["inputs"]
        if _place(world, other) == _place(world, inputs) and other.get("role") != "BACKUP":
            return (
                f"Error 400: There is an active subnetwork of purpose {inputs['purpose']} in this network and region "
                f"already: '{record['id']}', invalid"
            )
    return None


def _place(world: World, inputs: Properties) -> tuple[str | None, str, str]:
    return inputs.get("purpose"), world.region_of(inputs), network_id(world, inputs, inputs["network"])


def _block(text: object) -> IPv4Network | None:
    try:
        return IPv4Network(str(text)) if known(text) else None
    except ValueError:
        return None
