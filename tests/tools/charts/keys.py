"""Which keys of a chart's values exist. Helm itself takes no notice of a key that a chart does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from components.kubernetes.versions import KEDA, OPENCOST, Chart
from sandbox.upstream.helm import templates_of, values_of

Path_ = tuple[str, ...]
#: Maps whose keys are the caller's own, by chart: the chart hands them on as they are.
FREE_FORM: dict[str, set[Path_]] = {
    "cert-manager": {
        ("resources",),
        ("webhook", "resources"),
        ("cainjector", "resources"),
        ("startupapicheck", "resources"),
    },
    "knative-operator": {
        ("knative_operator", "knative_operator", "securityContext"),
        ("knative_operator", "operator_webhook", "securityContext"),
    },
    "kserve-resources": {("kserve", "controller", "podAnnotations")},
    "kyverno": {("admissionController", "container", "resources"), ("reportsController", "resources")},
    "keda": {("podDisruptionBudget", part) for part in ("operator", "metricServer", "webhooks")},
    "opencost": {
        ("podAnnotations",),
        ("podSecurityContext",),
        ("opencost", "exporter", "resources"),
        ("opencost", "exporter", "securityContext"),
        ("opencost", "exporter", "extraEnv"),
    },
}
#: Keys that a chart's values.yaml leaves out although its templates read them, by the text that does.
UNLISTED: dict[str, dict[Path_, str]] = {
    "cert-manager": {
        (*part, "image", "digest"): "$image.digest"
        for part in ((), ("webhook",), ("cainjector",), ("acmesolver",), ("startupapicheck",))
    },
    "knative-operator": {
        ("knative_operator", part, "securityContext"): f".Values.knative_operator.{part}.securityContext"
        for part in ("knative_operator", "operator_webhook")
    },
}
#: Tables of keys of the charts that no module carries.
TABLES = {chart: Path(__file__).parent / f"{chart.name}_keys.yaml" for chart in (KEDA, OPENCOST)}


def leaves(chart: Chart, values: Mapping[str, Any], inside: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every key that is set, with its value; a map of the caller's own is one."""
    for key, value in values.items():
        path = (*inside, key)
        if isinstance(value, Mapping) and path not in FREE_FORM.get(chart.name, ()):
            yield from leaves(chart, value, path)
        else:
            yield path, value


def without(values: Mapping[str, Any], path: Path_) -> dict[str, Any]:
    """The values without one key."""
    key, *rest = path
    if not rest:
        return {name: value for name, value in values.items() if name != key}
    return {**values, key: without(values[key], tuple(rest))}


def unknown_keys(chart: Chart, values: Mapping[str, Any]) -> list[str]:
    """What the chart does not know of `values`, in words."""
    known, unlisted = _known(chart), UNLISTED.get(chart.name, {})
    templates = templates_of(chart) if unlisted else ""
    found = []
    for path, _ in leaves(chart, values):
        if path in unlisted and unlisted[path] in templates:
            continue
        if (reason := _unknown(path, known)) is not None:
            found.append(f"{chart.name} has no value {'.'.join(path)}{reason}")
    return found


def tabled_defaults(chart: Chart) -> dict[str, Any]:
    """Documented keys of a chart that has a table, with their defaults."""
    table = yaml.safe_load(TABLES[chart].read_text(encoding="utf-8"))
    assert (table["chart"], table["version"]) == (chart.name, chart.version), (
        f"{TABLES[chart].name} is of another version of the chart"
    )
    return table["values"]


def _known(chart: Chart) -> dict[str, Any]:
    return tabled_defaults(chart) if chart in TABLES else values_of(chart)


def _unknown(path: Path_, known: Any) -> str | None:
    for key in path:
        if not isinstance(known, Mapping) or key not in known:
            near = get_close_matches(key, known if isinstance(known, Mapping) else (), n=1)
            return f", did you mean {near[0]}?" if near else ""
        known = known[key]
    return None
