"""Certificate Manager: authorizations, certificates, and the maps by which load balancers find them.

Limits and what forces replacement: terraform-provider-google certificate_manager_* (2026-08),
cloud.google.com/certificate-manager/docs (2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import exactly_one, name_failures, one_of
from sandbox.providers.gcp.resource_type import ResourceType, World, digits, letters
from sandbox.providers.values import at, items, known

AUTHORIZATION = "gcp:certificatemanager/dnsAuthorization:DnsAuthorization"
CERTIFICATE = "gcp:certificatemanager/certificate:Certificate"
MAP = "gcp:certificatemanager/certificateMap:CertificateMap"
ENTRY = "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry"

NAME = r"[a-zA-Z][a-zA-Z0-9_-]{0,63}"
NAME_RULE = "1 to 64 letters, digits, hyphens and underscores, a letter first"
DOMAIN = r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}"
WILDCARD = "*."
TYPES = ("FIXED_RECORD", "PER_PROJECT_RECORD")
SCOPES = ("DEFAULT", "EDGE_CACHE", "ALL_REGIONS", "CLIENT_AUTH")
MOST_DOMAINS, MOST_CERTIFICATES = 100, 15
TIMES = {"createTime": "2026-01-01T00:00:00Z", "updateTime": "2026-01-01T00:00:00Z"}


def _id(collection: str, world: World, inputs: Properties, location: str = "global") -> str:
    return f"projects/{world.project_of(inputs)}/locations/{location}/{collection}/{inputs['name']}"


def _location(inputs: Properties) -> str:
    return inputs.get("location") or "global"


def _authorization_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    rule = "a domain in lower case, without a wildcard: it stands for the domain and all names one level below"
    found += name_failures("domain", inputs.get("domain"), DOMAIN, rule)
    found += one_of("type", inputs.get("type"), TYPES)
    if inputs.get("type") == TYPES[0] and known(_location(inputs)) and _location(inputs) != "global":
        found.append(("type", f"outside global only {TYPES[1]} is possible"))
    return found


def _authorization_computed(world: World, inputs: Properties) -> Properties:
    own = f"{world.project_of(inputs)}/{_location(inputs)}/{inputs.get('domain')}"
    kind = inputs.get("type") or (TYPES[0] if _location(inputs) == "global" else TYPES[1])
    label = "_acme-challenge" if kind == TYPES[0] else f"_acme-challenge_{letters(own, 16)}"
    data = f"{letters(own, 36)}.{digits(own, 2)}.authorize.certificatemanager.goog."
    record = {"name": f"{label}.{inputs.get('domain')}.", "type": "CNAME", "data": data}
    return {"dnsResourceRecords": [record], **({} if inputs.get("type") else {"type": kind})}


def _certificate_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    found += exactly_one("", inputs, ("managed", "selfManaged")) + one_of("scope", inputs.get("scope"), SCOPES)
    if inputs.get("scope") == "ALL_REGIONS" and known(_location(inputs)) and _location(inputs) != "global":
        found.append(("scope", "ALL_REGIONS is for certificates in global"))
    managed = inputs.get("managed")
    if not isinstance(managed, dict):
        return found
    domains, ways = managed.get("domains"), ("dnsAuthorizations", "issuanceConfig")
    given = [way for way in ways if managed.get(way)]
    if len(given) > 1:
        found.append(("managed", f"either {' or '.join(ways)}, not both"))
    if domains == [] or len(items(domains)) > MOST_DOMAINS:
        found.append(("managed.domains", f"1 to {MOST_DOMAINS} domains are possible"))
    for index, domain in enumerate(items(domains)):
        path = f"managed.domains[{index}]"
        found += name_failures(
            path, domain, rf"(\*\.)?{DOMAIN}", "a domain in lower case, at most one wildcard in front"
        )
        if str(domain).startswith(WILDCARD) and not given:
            found.append((path, "wildcard domains need dnsAuthorizations"))
    for index, authorization in enumerate(items(managed.get(ways[0]))):
        path = f"managed.{ways[0]}[{index}]"
        found += _same_place(path, authorization, "dnsAuthorizations", _location(inputs))
    return found


def _same_place(path: str, value: Any, collection: str, location: str) -> list[Failure]:
    """What is named must be named in full, and lie where the one lies that names it."""
    match = re.fullmatch(rf"projects/[^/]+/locations/([^/]+)/{collection}/[^/]+", str(value))
    if not known(value):
        return []
    if match is None:
        return [(path, f"'{value}' is not projects/<project>/locations/<location>/{collection}/<name>")]
    if known(location) and match[1] != location:
        return [(path, f"lies in {match[1]}, it must lie in {location}")]
    return []


def _certificate_computed(world: World, inputs: Properties) -> Properties:
    managed = inputs.get("managed")
    if not isinstance(managed, dict):
        return {"sanDnsnames": []}
    # it stays so until the owner of the domain has made the authorization's record
    progress = {"state": "PROVISIONING", "provisioningIssues": [], "authorizationAttemptInfos": []}
    return {"sanDnsnames": items(managed.get("domains")), "managed": {**managed, **progress}}


def _needs_authorizations(world: World, inputs: Properties) -> str | None:
    """Each authorization must exist, and each domain have one."""
    ids = items(at(inputs, "managed", "dnsAuthorizations"))
    records = {one: world.find(AUTHORIZATION, one) for one in ids}
    for one, record in records.items():
        if record is None:
            return f"Error 404: Resource '{one}' was not found, notFound"
    covered = {record["inputs"]["domain"] for record in records.values() if record is not None}
    for domain in items(at(inputs, "managed", "domains")) if ids else []:
        if domain.removeprefix(WILDCARD) not in covered:
            return f"Error 400: domain '{domain}' is covered by none of the DNS authorizations, badRequest"
    return None


def map_id(world: World, inputs: Properties) -> str:
    """The id of the map of an entry, which names it by its id or its short name."""
    name = str(inputs["map"])
    return name if "/" in name else f"projects/{world.project_of(inputs)}/locations/global/certificateMaps/{name}"


def _entry_limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("name", inputs.get("name"), NAME, NAME_RULE)
    found += exactly_one("", inputs, ("hostname", "matcher")) + one_of("matcher", inputs.get("matcher"), ("PRIMARY",))
    rule = "a host name in lower case, at most one wildcard in front"
    found += name_failures("hostname", inputs.get("hostname"), rf"(\*\.)?{DOMAIN}", rule)
    certificates = inputs.get("certificates")
    if certificates == [] or len(items(certificates)) > MOST_CERTIFICATES:
        found.append(("certificates", f"1 to {MOST_CERTIFICATES} certificates are possible"))
    for index, certificate in enumerate(items(certificates)):
        # maps are for load balancers of the whole world
        found += _same_place(f"certificates[{index}]", certificate, "certificates", "global")
    return found


def _needs_map_and_certificates(world: World, inputs: Properties) -> str | None:
    wanted = [(MAP, map_id(world, inputs)), *((CERTIFICATE, one) for one in items(inputs.get("certificates")))]
    for token, one in wanted:
        if world.find(token, one) is None:
            return f"Error 404: Resource '{one}' was not found, notFound"
    for record in world.cloud.all(ENTRY):
        same = map_id(world, record["inputs"]) == map_id(world, inputs)
        if same and all(record["inputs"].get(field) == inputs.get(field) for field in ("hostname", "matcher")):
            return f"Error 409: the map has an entry for this already: {record['id']}, alreadyExists"
    return None


def _in_use(token: str, field: tuple[str, ...], kind: str, world: World, own_id: str) -> str | None:
    for record in world.cloud.all(token):
        if own_id in items(at(record["inputs"], *field)):
            return f"Error 400: can't delete {kind} that is referenced by '{record['id']}', failedPrecondition"
    return None


def _entries_of(world: World, inputs: Properties) -> Iterator[str]:
    own = _id("certificateMaps", world, inputs)
    yield from (record["id"] for record in world.cloud.all(ENTRY) if map_id(world, record["inputs"]) == own)


def _map_protected(world: World, inputs: Properties) -> str | None:
    entry = next(_entries_of(world, inputs), None)
    return f"Error 400: can't delete certificate map that has entries: '{entry}', failedPrecondition" if entry else None


RESOURCE_TYPES = (
    ResourceType(
        token=AUTHORIZATION,
        identity=lambda w, i: _id("dnsAuthorizations", w, i, _location(i)),
        computed=_authorization_computed,
        replace=("name", "domain", "location", "type"),
        limits=_authorization_limits,
        protected=lambda w, i: _in_use(
            *(CERTIFICATE, ("managed", "dnsAuthorizations"), "DNS authorization"),
            *(w, _id("dnsAuthorizations", w, i, _location(i))),
        ),
        labels="labels",
    ),
    ResourceType(
        token=CERTIFICATE,
        identity=lambda w, i: _id("certificates", w, i, _location(i)),
        computed=_certificate_computed,
        replace=("name", "location", "scope", "managed"),
        limits=_certificate_limits,
        refuses=_needs_authorizations,
        protected=lambda w, i: _in_use(
            ENTRY, ("certificates",), "certificate", w, _id("certificates", w, i, _location(i))
        ),
        labels="labels",
    ),
    ResourceType(
        token=MAP,
        identity=lambda w, i: _id("certificateMaps", w, i),
        computed=lambda w, i: {**TIMES, "gclbTargets": []},
        replace=("name",),
        limits=lambda w, i: name_failures("name", i.get("name"), NAME, NAME_RULE),
        protected=_map_protected,
        labels="labels",
    ),
    ResourceType(
        token=ENTRY,
        identity=lambda w, i: f"{map_id(w, i)}/certificateMapEntries/{i['name']}",
        computed=lambda w, i: {**TIMES, "state": "ACTIVE"},
        replace=("name", "map", "hostname", "matcher"),
        limits=_entry_limits,
        refuses=_needs_map_and_certificates,
        labels="labels",
    ),
)
