"""Firewall rules of networks. Limits and what forces replacement: terraform-provider-google compute_firewall (2026-08)."""

from __future__ import annotations

import re
from ipaddress import ip_network

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import between, exactly_one, name_failures, one_of
from sandbox.providers.gcp.references import FIREWALL, needs_network
from sandbox.providers.gcp.resource_type import ResourceType, World
from sandbox.providers.values import at, items, known

NAME = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
PROTOCOLS = ("all", "tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip")
WITH_PORTS = ("tcp", "udp", "sctp", "6", "17", "132")
SOURCES = ("sourceRanges", "sourceTags", "sourceServiceAccounts")
#: Tags and service accounts do not go together.
APART = (("sourceTags", "targetTags"), ("sourceServiceAccounts", "targetServiceAccounts"))


def _limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures(
        "name", inputs.get("name"), NAME, "1 to 63 lower-case letters, digits and hyphens, a letter first"
    )
    direction = inputs.get("direction")
    found += one_of("direction", direction, ("INGRESS", "EGRESS"))
    found += between("priority", inputs.get("priority"), 0, 65535)
    found += exactly_one("", inputs, ("allows", "denies"))
    metadata = at(inputs, "logConfig", "metadata")
    found += one_of("logConfig.metadata", metadata, ("EXCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA"))
    for field in ("allows", "denies"):
        for index, rule in enumerate(items(inputs.get(field))):
            found += _rule_limits(f"{field}[{index}]", rule)
    for field in ("sourceRanges", "destinationRanges"):
        for index, block in enumerate(items(inputs.get(field))):
            found += _range_limits(f"{field}[{index}]", block)
    given = {field for field in (*SOURCES, "targetTags", "targetServiceAccounts") if inputs.get(field) is not None}
    if direction == "EGRESS":
        found += [(field, "is for rules of direction INGRESS") for field in SOURCES if field in given]
    elif direction in (None, "INGRESS") and not given & {*SOURCES}:
        found.append(("sourceRanges", "one of source_tags, source_ranges, or source_service_accounts must be defined"))
    tags, accounts = ({*fields} & given for fields in APART)
    if tags and accounts:
        found.append((min(accounts), f"excludes {min(tags)}: a rule knows its machines by tags or by service accounts"))
    return found


def _rule_limits(path: str, rule: object) -> list[Failure]:
    protocol, ports = at(rule, "protocol"), items(at(rule, "ports"))
    found: list[Failure] = []
    if not known(protocol):
        return found
    if str(protocol).lower() not in PROTOCOLS and not (str(protocol).isdigit() and int(protocol) <= 255):
        found.append((f"{path}.protocol", f"'{protocol}' is none of {', '.join(PROTOCOLS)}, and no number up to 255"))
    elif ports and str(protocol).lower() not in WITH_PORTS:
        found.append((f"{path}.ports", f"{protocol} has no ports"))
    for index, port in enumerate(ports):
        match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", str(port))
        if known(port) and (match is None or not int(match[1]) <= int(match[2] or match[1]) <= 65535):
            found.append((f"{path}.ports[{index}]", f"'{port}' is no port and no range such as 8000-8080"))
    return found


def _range_limits(path: str, block: object) -> list[Failure]:
    if not known(block):
        return []
    try:
        ip_network(str(block))
    except ValueError as error:
        return [(path, f"'{block}' is no CIDR block: {error}")]
    return []


RESOURCE_TYPES = (
    ResourceType(
        token=FIREWALL,
        identity=lambda w, i: f"projects/{w.project_of(i)}/global/firewalls/{i['name']}",
        computed=lambda w, i: {
            "selfLink": f"https://www.googleapis.com/compute/v1/projects/{w.project_of(i)}/global/firewalls/{i.get('name')}",
            "creationTimestamp": "2026-01-01T00:00:00.000-08:00",
        },
        replace=("name", "direction", "params"),
        limits=_limits,
        refuses=needs_network,
    ),
)
