"""Functions that have an answer: who and where the provider is, quotas, zones and machine types.

Shapes: the result classes of pulumi-gcp 10.2.0 and the data sources of terraform-provider-google (2026-08) behind them.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from typing import Any

from sandbox.providers.api import Properties
from sandbox.providers.cloud import CloudError
from sandbox.providers.gcp.limits import MACHINE_GPUS
from sandbox.providers.gcp.machines import BUNDLED_SSDS, MACHINES, REGIONS, machines_in, zones_of
from sandbox.providers.gcp.quotas import QUOTAS, needs_quotas, service_of, values
from sandbox.providers.gcp.resource_type import World, digits

#: One condition of a filter on machine types.
CONDITION = re.compile(r'^(name|guestCpus|memoryMb)\s*(!=|=|:|\beq\b|\bne\b)\s*"?([\w*.-]+)"?$')


def _client_config(world: World, arguments: Properties) -> Properties:
    return {"project": world.project, "region": world.region, "accessToken": "", "zone": ""}


def _project(world: World, arguments: Properties) -> Properties:
    project = arguments.get("projectId") or world.project
    return {"id": f"projects/{project}", "projectId": project, "number": digits(project, 12), "name": project}


def _quota_info(world: World, arguments: Properties) -> Properties:
    found, quota = needs_quotas(world), arguments["quotaId"]
    service, parent = arguments["service"], arguments["parent"]
    if (quota not in found and quota not in QUOTAS) or service_of(quota) != service:
        raise CloudError(f"googleapi: Error 404: Quota info of {quota} was not found in service {service}, notFound")
    return {**_info(found, parent, quota), "parent": parent, "id": f"{_service_path(parent, service)}/{quota}"}


def _quota_infos(world: World, arguments: Properties) -> Properties:
    found, service, parent = needs_quotas(world), arguments["service"], arguments["parent"]
    ids = sorted(quota for quota in {*QUOTAS, *found} if service_of(quota) == service)
    infos = [_info(found, parent, quota) for quota in ids]
    return {"quotaInfos": infos, "parent": parent, "service": service, "id": _service_path(parent, service)}


def _service_path(parent: str, service: str) -> str:
    return f"{parent}/locations/global/services/{service}/quotaInfos"


def _info(found: dict[str, Any], parent: str, quota: str) -> Properties:
    known, service = values(found, quota), service_of(quota)
    named = {dimensions["region"] for dimensions, _ in known if "region" in dimensions}
    dimensions = QUOTAS.get(quota) or tuple(sorted({name for place, _ in known for name in place}))
    elsewhere = [region for region in REGIONS if region not in named] if dimensions else ["global"]
    return {
        "name": f"{_service_path(parent, service)}/{quota}",
        "quotaId": quota,
        "service": service,
        "metric": f"{service}/{quota.lower().replace('-', '_')}",
        "metricDisplayName": quota,
        "metricUnit": "1",
        "quotaDisplayName": quota,
        "containerType": "PROJECT",
        "dimensions": list(dimensions),
        "dimensionsInfos": [
            {
                "dimensions": place,
                "details": [{"value": str(value)}],
                "applicableLocations": [place["region"]] if "region" in place else elsewhere,
            }
            for place, value in known
        ],
        "isPrecise": True,
        "isFixed": False,
        "isConcurrent": False,
        "refreshInterval": "",
        # the real provider reads these two under names that the API does not use, so they are always empty
        "quotaIncreaseEligibilities": [{"isEligible": False, "ineligibilityReason": ""}],
        "serviceRequestQuotaUri": "https://console.cloud.google.com/iam-admin/quotas",
    }


def _zones(world: World, arguments: Properties) -> Properties:
    needs_quotas(world)
    project, region = arguments.get("project") or world.project, arguments.get("region") or world.region
    names = [] if arguments.get("status") == "DOWN" else zones_of(region)
    return {"id": f"projects/{project}/regions/{region}", "names": names, "project": project, "region": region} | (
        {"status": arguments["status"]} if arguments.get("status") else {}
    )


def _machine_types(world: World, arguments: Properties) -> Properties:
    needs_quotas(world)
    project, zone = arguments.get("project") or world.project, arguments.get("zone") or ""
    wanted = arguments.get("filter") or ""
    if zone not in zones_of(zone.rpartition("-")[0]):
        raise CloudError(
            f"Error retrieving machine types: googleapi: Error 400: Invalid value for field 'zone': '{zone}'. "
            "Unknown zone., invalid"
        )
    types = [_machine_type(project, zone, name) for name in machines_in(zone)]
    return {
        "id": f"projects/{project}/zones/{zone}/machineTypes/filters/{wanted}",
        "machineTypes": [machine for machine in types if _matches(machine, wanted)],
        "project": project,
        "zone": zone,
        **({"filter": wanted} if wanted else {}),
    }


def _machine_type(project: str, zone: str, name: str) -> Properties:
    (cpus, memory), (card, count) = MACHINES[name], MACHINE_GPUS.get(name, ("", 0))
    ssds = BUNDLED_SSDS.get(name)
    return {
        "name": name,
        "description": f"{cpus} vCPUs, {memory} GB RAM" + (f", {count} {card}" if card else ""),
        "guestCpus": cpus,
        "memoryMb": memory * 1024,
        "accelerators": [{"guestAcceleratorType": card, "guestAcceleratorCount": count}] if card else [],
        "bundledLocalSsds": [{"defaultInterface": "NVME", "partitionCount": ssds}] if ssds else [],
        "architecture": "ARM64" if name.startswith("a4x-") else "X86_64",
        "deprecateds": [],
        "isSharedCpus": False,
        "maximumPersistentDisks": 128,
        "maximumPersistentDisksSizeGb": 263168,
        "selfLink": f"https://www.googleapis.com/compute/v1/projects/{project}/zones/{zone}/machineTypes/{name}",
    }


def _matches(machine: Properties, wanted: str) -> bool:
    """Filters of one level: conditions on name, vCPUs and memory, joined by AND or by OR."""
    text = wanted.strip().replace("(", " ").replace(")", " ")
    if " AND " in text and " OR " in text:
        raise CloudError("the sandbox understands filters that join their conditions by AND or by OR, not by both")
    joined, every = ("AND", all) if " OR " not in text else ("OR", any)
    return not text or every(_holds(machine, part.strip()) for part in text.split(f" {joined} "))


def _holds(machine: Properties, condition: str) -> bool:
    match = CONDITION.fullmatch(condition)
    if match is None:
        raise CloudError(
            f"Error retrieving machine types: googleapi: Error 400: Invalid value for field 'filter': '{condition}'. "
            "Invalid list filter expression., invalid"
        )
    field, operator, value = match.groups()
    return fnmatch.fnmatchcase(str(machine[field]), value) is (operator not in ("!=", "ne"))


#: Answers by the function's token.
FUNCTIONS: dict[str, Callable[[World, Properties], Properties]] = {
    "gcp:organizations/getClientConfig:getClientConfig": _client_config,
    "gcp:organizations/getProject:getProject": _project,
    "gcp:cloudquota/getSQuotaInfo:getSQuotaInfo": _quota_info,
    "gcp:cloudquota/getSQuotaInfos:getSQuotaInfos": _quota_infos,
    "gcp:compute/getZones:getZones": _zones,
    "gcp:compute/getMachineTypes:getMachineTypes": _machine_types,
}
