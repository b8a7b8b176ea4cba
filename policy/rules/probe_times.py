"""How long the probes of an engine wait, and how long Knative does. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from components.kubernetes.inference_service import KNATIVE, MODE, STANDARD
from components.sizing.errors import SizingError
from policy.rules.workload import Engine, count

#: Knative's limit of the time that a new revision may take (Knative 1.23.0).
PROGRESS_DEADLINE = "serving.knative.dev/progress-deadline"
#: Modes that have no such limit: the second is KServe's older name for the first (KServe 0.20.0).
WITHOUT_DEADLINE = (STANDARD, "RawDeployment")
#: Spelling of a time that Go, CEL and this file read.
DURATION = "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
#: What Kubernetes takes where a probe says nothing (kubernetes.io/docs/concepts/workloads/pods/probes, 2026).
DEFAULT_PERIOD_SECONDS, DEFAULT_FAILURES = 10, 3


def budget(engine: Engine, kind: str) -> int | None:
    """Seconds until the probe has failed for good; None without one, 0 where it is not known."""
    if not isinstance(engine.of_container(kind), Mapping):
        return None
    try:
        delay = _number(engine, kind, "initialDelaySeconds", 0, 0)
        period = _number(engine, kind, "periodSeconds", DEFAULT_PERIOD_SECONDS, 1)
        return delay + period * _number(engine, kind, "failureThreshold", DEFAULT_FAILURES, 1)
    except SizingError:
        return 0


def _number(engine: Engine, kind: str, field: str, default: int, least: int) -> int:
    value = engine.of_container(kind, field)
    return default if value is None else count(value, field, least)


def progress_deadline(engine: Engine) -> tuple[Any, int | None] | None:
    """(what the annotation says, its seconds) in Knative mode; None where there is no deadline."""
    annotations = engine.resource.at("metadata", "annotations")
    stated = annotations if isinstance(annotations, Mapping) else {}
    if engine.on_cloud_run or stated.get(MODE, KNATIVE) in WITHOUT_DEADLINE:
        return None
    written = stated.get(PROGRESS_DEADLINE)
    return written, _seconds(written)


def _seconds(written: Any) -> int | None:
    found = re.fullmatch(DURATION, written) if isinstance(written, str) and written else None
    if found is None:
        return None
    return sum(int((part or "0s")[:-1]) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True))


def cel_budget(kind: str) -> str:
    """The same as `budget`, in CEL, of a probe that is there."""
    probe = f"variables.engine.?{kind}"
    return (
        f"int({probe}.?initialDelaySeconds.orValue(0)) + int({probe}.?periodSeconds.orValue({DEFAULT_PERIOD_SECONDS})) * "
        f"int({probe}.?failureThreshold.orValue({DEFAULT_FAILURES}))"
    )
