"""The GPU quota that a plan needs, and needed before, counted from the node pools, services and records of a preview. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from components.google.quota_needs import Ask, Quota, needs
from components.kubernetes.engine_pod import PLATFORM_ACCELERATOR_LABEL, POOL_LABEL
from components.preview_report.deployments import Records
from components.preview_report.preview import Change
from components.preview_report.report import QuotaLine

NODE_POOL, SERVICE = "gcp:container/nodePool:NodePool", "gcp:cloudrunv2/service:Service"
#: End of ids that says only what dimensions say as well.
_TAIL = ("-per-project-region", "-per-project", "PerProjectRegion")

Inputs = Mapping[str, Any]


def quota_lines(
    changes: Iterable[Change], before: Records, after: Records, declared: Mapping[Quota, int]
) -> list[QuotaLine]:
    """Each quota of a region that is needed before or after. What a plan changes comes first."""
    steps = _one_each(changes)
    was = _units(steps, before, lambda step: step.old)
    will = _units(steps, after, lambda step: step.new)
    lines = [
        QuotaLine(_name(quota), will.get(quota, 0), was.get(quota, 0), declared.get(quota))
        for quota in {*was, *will}
        # one without a region is the ceiling over all: no declaration of one environment speaks of it
        if quota.region is not None
    ]
    return sorted(lines, key=lambda line: (line.needed == line.before, line.quota))


def _one_each(changes: Iterable[Change]) -> list[Change]:
    """One step for each node pool and service: of the parts of a replacement the one that has both inputs."""
    found: dict[str, Change] = {}
    for step in changes:
        if step.type in (NODE_POOL, SERVICE) and (step.urn not in found or (step.old and step.new)):
            found[step.urn] = step
    return list(found.values())


def _units(steps: Sequence[Change], records: Records, side: Callable[[Change], Inputs]) -> dict[Quota, int]:
    asks = [_of_pool(side(step), records) for step in steps if step.type == NODE_POOL]
    asks += [_of_service(records.get(step.name), step.name, side(step)) for step in steps if step.type == SERVICE]
    return {need.quota: need.units for need in needs(ask for ask in asks if ask is not None)}


def _of_pool(inputs: Inputs, records: Records) -> Ask | None:
    """None for a pool without GPUs. Pools of one ladder are alternatives, so that they count once."""
    config = inputs.get("nodeConfig") or {}
    labels, cards = config.get("labels") or {}, config.get("guestAccelerators") or []
    most = (inputs.get("autoscaling") or {}).get("totalMaxNodeCount")
    region = next((record.get("region") for record in records.values()), None)
    if not cards or POOL_LABEL not in labels or not isinstance(most, int | float) or region is None:
        return None
    return Ask(
        subject=str(labels[POOL_LABEL]),
        runs_on="gke",
        accelerator=str(labels.get(PLATFORM_ACCELERATOR_LABEL) or cards[0].get("type")),
        region=str(region),
        gpus=int(most) * int(cards[0].get("count") or 1),
        purchase_option="spot" if config.get("spot") else "flex-start" if config.get("flexStart") else "on-demand",
    )


def _of_service(record: Mapping[str, Any] | None, key: str, inputs: Inputs) -> Ask | None:
    """All instances of a service at its peak; None for one that serves no deployment."""
    if record is None or not inputs:
        return None
    return Ask(
        subject=key,
        runs_on="cloud-run",
        accelerator=str(record["accelerator"]),
        region=str(record["region"]),
        gpus=int(record["replicas"][1]) * int(record["gpu_count"]),
        zonal_redundancy=(inputs.get("template") or {}).get("gpuZonalRedundancyDisabled") is False,
    )


def _name(quota: Quota) -> str:
    """The id without its tail, with its place and family."""
    text = quota.quota_id
    for tail in _TAIL:
        text = text.removesuffix(tail)
    return " ".join(part for part in (text, quota.region, quota.gpu_family) if part)
