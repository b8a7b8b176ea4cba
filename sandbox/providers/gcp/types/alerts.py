"""Alerts of Cloud Monitoring on a metric above or below a number. Limits: terraform-provider-google monitoring_alert_policy
(2026-08), cloud.google.com/monitoring/alerts/concepts-indepth and /api/ref_v3/rest/v3/projects.alertPolicies (2026)."""

from __future__ import annotations

import re
from typing import Any

from sandbox.providers.api import Failure, Properties
from sandbox.providers.gcp.limits import exactly_one, name_failures, one_of
from sandbox.providers.gcp.resource_type import ResourceType, World, digits, handed_out
from sandbox.providers.gcp.types.billing import channel_missing
from sandbox.providers.values import at, items, known

ALERT = "gcp:monitoring/alertPolicy:AlertPolicy"
COMBINERS = ("AND", "OR", "AND_WITH_MATCHING_RESOURCE")
#: The only two that Google supports of those in its list.
COMPARISONS = ("COMPARISON_GT", "COMPARISON_LT")
KINDS = (
    *("conditionAbsent", "conditionMatchedLog", "conditionMonitoringQueryLanguage", "conditionPrometheusQueryLanguage"),
    *("conditionSql", "conditionThreshold"),
)
MOST_CONDITIONS, MOST_CHANNELS = 6, 16
#: Seconds between two mails about the same.
AGAIN = (1800, 86_400)


def _limits(world: World, inputs: Properties) -> list[Failure]:
    found = name_failures("displayName", inputs.get("displayName"), r"[\s\S]{1,512}", "1 to 512 characters")
    found += one_of("combiner", inputs.get("combiner"), COMBINERS)
    for field, most in (("conditions", MOST_CONDITIONS), ("notificationChannels", MOST_CHANNELS)):
        if len(items(inputs.get(field))) > most:
            found.append((field, f"at most {most}, found {len(items(inputs[field]))}"))
    if inputs.get("conditions") == []:
        found.append(("conditions", "at least one is needed"))
    for index, condition in enumerate(items(inputs.get("conditions"))):
        found += exactly_one(f"conditions[{index}]", condition, KINDS)
        found += _threshold_limits(f"conditions[{index}].conditionThreshold", at(condition, "conditionThreshold"))
    for index, strategy in enumerate(items(at(inputs, "alertStrategy", "notificationChannelStrategies"))):
        again, path = (
            at(strategy, "renotifyInterval"),
            f"alertStrategy.notificationChannelStrategies[{index}].renotifyInterval",
        )
        found += _duration(path, again, AGAIN, 1)
    return found


def _threshold_limits(path: str, threshold: Any) -> list[Failure]:
    if not isinstance(threshold, dict):
        return []
    found = one_of(f"{path}.comparison", threshold.get("comparison"), COMPARISONS)
    found += _duration(f"{path}.duration", threshold.get("duration"), (0, 86_400), 60)
    for index, aggregation in enumerate(items(threshold.get("aggregations"))):
        found += _duration(
            f"{path}.aggregations[{index}].alignmentPeriod", at(aggregation, "alignmentPeriod"), (60, 90_000), 1
        )
    text = threshold.get("filter")
    for needed in ("metric.type", "resource.type"):
        if known(text) and not re.search(rf"{re.escape(needed)}\s*=", str(text)):
            found.append((f"{path}.filter", f"must say {needed}"))
    return found


def _duration(path: str, text: Any, bounds: tuple[int, int], step: int) -> list[Failure]:
    match = re.fullmatch(r"(\d+)s", str(text))
    least, most = bounds
    if known(text) and (match is None or not least <= int(match[1]) <= most or int(match[1]) % step):
        steps = f", in steps of {step} s" if step > 1 else ""
        return [(path, f"'{text}' is no duration from {least}s to {most}s{steps}")]
    return []


def _name(world: World, inputs: Properties) -> str:
    return f"projects/{world.project_of(inputs)}/alertPolicies/{digits(handed_out(world, inputs, ALERT), 19)}"


RESOURCE_TYPES = (
    ResourceType(
        token=ALERT,
        identity=_name,
        computed=lambda w, i: {"name": _name(w, i), "creationRecords": []},
        limits=_limits,
        enforces=lambda w, i: channel_missing(w, items(i.get("notificationChannels"))),
        kept=("name",),
        auto_name=None,
    ),
)
