"""Cloud DNS: zones and their records. Limits: cloud.google.com/dns/docs/zones, /records-overview and /quotas (2026). What forces
replacement: terraform-provider-google dns_managed_zone and dns_record_set (2026-08)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import between, name_failures, one_of
from sandbox.providers.gcp.references import NETWORK, network_id
from sandbox.providers.gcp.resource_type import ResourceType, World, digits
from sandbox.providers.values import at, items, known

ZONE = "gcp:dns/managedZone:ManagedZone"
RECORD = "gcp:dns/recordSet:RecordSet"
PRIVATE, PUBLIC = "private", "public"
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
DOMAIN = rf"({LABEL}\.)+"
DOMAIN_RULE = "lower-case labels of 1 to 63 letters, digits and hyphens, each with a dot behind it"
TYPES = (
    *(
        "A",
        "AAAA",
        "ALIAS",
        "CAA",
        "CNAME",
        "DNSKEY",
        "DS",
        "HTTPS",
        "IPSECKEY",
        "MX",
        "NAPTR",
        "NS",
        "PTR",
        "SOA",
        "SPF",
    ),
    *("SRV", "SSHFP", "SVCB", "TLSA", "TXT"),
)
#: A record of these has one value.
SINGLE = ("CNAME", "SOA")


def _zone_id(world: World, inputs: Properties, name: str) -> str:
    return name if "/" in name else f"projects/{world.project_of(inputs)}/managedZones/{name}"


def _zone_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures(
        "name",
        inputs.get("name"),
        r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?",
        "1 to 63 lower-case letters, digits and hyphens, a letter first, no hyphen last",
    )
    found += name_failures("dnsName", inputs.get("dnsName"), DOMAIN, DOMAIN_RULE)
    found += name_failures("description", inputs.get("description"), r"[\s\S]{0,1024}", "at most 1024 characters")
    visibility = inputs.get("visibility", PUBLIC)
    found += one_of("visibility", visibility, (PRIVATE, PUBLIC))
    seen_by = inputs.get("privateVisibilityConfig")
    if visibility == PUBLIC and seen_by is not None:
        found.append(("privateVisibilityConfig", "is for zones of visibility private"))
    if isinstance(seen_by, dict) and not any(seen_by.get(field) for field in ("networks", "gkeClusters")):
        found.append(("privateVisibilityConfig", "at least one of networks and gkeClusters must be given"))
    return found


def _networks(world: World, inputs: Properties) -> set[str]:
    """Ids of the networks that see a private zone."""
    urls = (at(network, "networkUrl") for network in items(at(inputs, "privateVisibilityConfig", "networks")))
    return {network_id(world, inputs, str(url)) for url in urls if known(url)}


def _zone_refusal(world: World, inputs: Properties) -> str | None:
    """The networks must exist, and each sees one zone of a domain only."""
    networks, own = _networks(world, inputs), _zone_id(world, inputs, inputs["name"])
    for network in sorted(networks):
        if network.startswith(f"projects/{world.project}/") and world.find(NETWORK, network) is None:
            return f"Error 404: The resource '{network}' was not found, notFound"
    for record in world.cloud.all(ZONE):
        other = record["inputs"]
        if record["id"] != own and other["dnsName"] == inputs["dnsName"] and networks & _networks(world, other):
            return f"Error 400: network is already bound to a zone of '{inputs['dnsName']}', {record['id']}, badRequest"
    return None


def _records(world: World, inputs: Properties) -> Iterator[dict[str, Any]]:
    zone = _zone_id(world, inputs, inputs["name"])
    for record in world.cloud.all(RECORD):
        if _zone_id(world, record["inputs"], record["inputs"]["managedZone"]) == zone:
            yield record


def _not_empty(world: World, inputs: Properties) -> str | None:
    if inputs.get("forceDestroy") is True or next(_records(world, inputs), None) is None:
        return None
    return f"Error 400: The resource named '{inputs['name']}' cannot be deleted because it contains records, containerNotEmpty"


def _record_limits(world: World, inputs: Properties) -> list[Failure]:
    kind, values = inputs.get("type"), items(inputs.get("rrdatas"))
    found = name_failures("name", inputs.get("name"), rf"(\*\.)?{DOMAIN}", f"{DOMAIN_RULE}; '*.' may stand before")
    found += one_of("type", kind, TYPES) + between("ttl", inputs.get("ttl"), 0, 2**31 - 1)
    if not values and inputs.get("rrdatas") is not None and known(inputs["rrdatas"]):
        found.append(("rrdatas", "at least one value is needed"))
    if inputs.get("rrdatas") is None and inputs.get("routingPolicy") is None:
        found.append(("rrdatas", "one of rrdatas and routingPolicy must be given"))
    if kind in SINGLE and len(values) > 1:
        found.append(("rrdatas", f"a record of type {kind} has one value, found {len(values)}"))
    for index, value in enumerate(values):
        if known(value) and (reason := _wrong_value(str(kind), str(value))) is not None:
            found.append((f"rrdatas[{index}]", reason))
    return found


def _wrong_value(kind: str, value: str) -> str | None:
    if kind == "A":
        try:
            IPv4Address(value)
        except AddressValueError:
            return f"'{value}' is no IPv4 address"
    if kind == "CNAME" and not re.fullmatch(DOMAIN, value):
        return f"'{value}' is no name: {DOMAIN_RULE}"
    return None


def _record_refusal(world: World, inputs: Properties) -> str | None:
    """The zone must exist and hold the name; a name with a CNAME has no other record."""
    zone = _zone_id(world, inputs, inputs["managedZone"])
    found, name, kind = world.find(ZONE, zone), inputs["name"], inputs["type"]
    if found is None:
        return f"Error 404: The 'parameters.managedZone' resource named '{inputs['managedZone']}' does not exist., notFound"
    domain = found["inputs"]["dnsName"]
    if name != domain and not name.endswith(f".{domain}"):
        return f"Error 400: Invalid value for 'entity.rrset.name': '{name}' is not in zone '{domain}', invalid"
    beside = {
        record["inputs"]["type"] for record in _records(world, found["inputs"]) if record["inputs"]["name"] == name
    }
    if (kind == "CNAME" and beside - {kind}) or ("CNAME" in beside and kind != "CNAME"):
        return f"Error 409: '{name}' has a CNAME record, beside which there can be no other, conflict"
    return None


def _record_id(world: World, inputs: Properties) -> str:
    zone = _zone_id(world, inputs, inputs["managedZone"])
    return f"{zone}/rrsets/{inputs['name']}/{inputs['type']}"


RESOURCE_TYPES = (
    ResourceType(
        token=ZONE,
        identity=lambda w, i: _zone_id(w, i, i["name"]),
        computed=lambda w, i: {
            "creationTime": "2026-01-01T00:00:00.000Z",
            "managedZoneId": digits(f"zone/{w.project_of(i)}/{i.get('name')}", 18),
            "nameServers": ["ns-gcp-private.googledomains.com."],
        },
        replace=("name", "dnsName", "visibility", "reverseLookup", "serviceDirectoryConfig"),
        limits=_zone_limits,
        enforces=_zone_refusal,
        protected=_not_empty,
        contents=lambda w, i: [(RECORD, record["id"]) for record in _records(w, i)],
        labels="labels",
    ),
    ResourceType(
        token=RECORD,
        identity=_record_id,
        replace=("managedZone", "name"),
        limits=_record_limits,
        refuses=_record_refusal,
        auto_name=None,
    ),
)
