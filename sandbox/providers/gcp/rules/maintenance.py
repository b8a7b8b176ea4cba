"""When GKE may maintain a cluster. Limits: cloud.google.com/kubernetes-engine/docs/concepts/maintenance-windows-and-exclusions
(2026), terraform-provider-google container_cluster (2026-08)."""

from __future__ import annotations

import re
from datetime import datetime

from sandbox.providers.api import Failure
from sandbox.providers.gcp.limits import exactly_one, name_failures, one_of
from sandbox.providers.values import at, items, known

WINDOWS = ("dailyMaintenanceWindow", "recurringWindow", "recurringMaintenanceWindow")
SCOPES = ("NO_UPGRADES", "NO_MINOR_UPGRADES", "NO_MINOR_OR_NODE_UPGRADES")
CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
RFC_3339 = re.compile(r"\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(Z|[+-]\d\d:\d\d)")
ZULU = "a time looks like 2026-01-31T02:00:00Z"
RULE = re.compile(r"(RRULE:)?FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*")
#: A window shorter than this does not count, and the windows of 32 days must come to this many hours.
LEAST_HOURS, HOURS_IN_32_DAYS = 4, 48
MOST_EXCLUSIONS = 20


def maintenance_limits(policy: object) -> list[Failure]:
    """Form and length of the windows, form of the exclusions."""
    if not isinstance(policy, dict):
        return []
    path = "maintenancePolicy"
    found = exactly_one(path, policy, WINDOWS)
    daily = at(policy, "dailyMaintenanceWindow", "startTime")
    found += name_failures(f"{path}.dailyMaintenanceWindow.startTime", daily, CLOCK, "a time of day looks like 03:00")
    if isinstance(policy.get("recurringWindow"), dict):
        found += _window_limits(f"{path}.recurringWindow", policy["recurringWindow"])
    exclusions = items(policy.get("maintenanceExclusions"))
    if len(exclusions) > MOST_EXCLUSIONS:
        found.append(
            (f"{path}.maintenanceExclusions", f"{len(exclusions)} exclusions, at most {MOST_EXCLUSIONS} are allowed")
        )
    for index, exclusion in enumerate(exclusions):
        found += _exclusion_limits(f"{path}.maintenanceExclusions[{index}]", exclusion)
    return found


def _window_limits(path: str, window: dict[str, object]) -> list[Failure]:
    found = _times(path, window)
    recurrence, hours = window.get("recurrence"), _hours(window)
    if known(recurrence) and not RULE.fullmatch(str(recurrence)):
        found.append((f"{path}.recurrence", f"'{recurrence}' is no rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=SA,SU"))
        return found
    if hours is None or found:
        return found
    if hours < LEAST_HOURS:
        found.append((f"{path}.endTime", f"the window is {hours:g} h long, at least {LEAST_HOURS} h are needed"))
    elif (times := _times_in_32_days(str(recurrence))) is not None and times * hours < HOURS_IN_32_DAYS:
        total = f"{times} x {hours:g} h in 32 days; at least {HOURS_IN_32_DAYS} h are needed"
        found.append((f"{path}.recurrence", f"the windows come to {total}"))
    return found


def _exclusion_limits(path: str, exclusion: object) -> list[Failure]:
    found = _times(path, exclusion if isinstance(exclusion, dict) else {})
    found += one_of(f"{path}.exclusionOptions.scope", at(exclusion, "exclusionOptions", "scope"), SCOPES)
    behaviour, end = at(exclusion, "exclusionOptions", "endTimeBehavior"), at(exclusion, "endTime")
    found += one_of(f"{path}.exclusionOptions.endTimeBehavior", behaviour, ("UNTIL_END_OF_SUPPORT",))
    if isinstance(exclusion, dict) and (behaviour is None) is (end is None):
        found.append((path, "exactly one of endTime and exclusionOptions.endTimeBehavior must be given"))
    return found


def _times(path: str, window: dict[str, object]) -> list[Failure]:
    found: list[Failure] = []
    for field in ("startTime", "endTime"):
        value = window.get(field)
        if known(value) and _moment(value) is None:
            found.append((f"{path}.{field}", f"'{value}' is not allowed: {ZULU}"))
    hours = _hours(window)
    if hours is not None and hours <= 0:
        found.append((f"{path}.endTime", "is not after startTime"))
    return found


def _hours(window: dict[str, object]) -> float | None:
    start, end = _moment(window.get("startTime")), _moment(window.get("endTime"))
    return None if start is None or end is None else (end - start).total_seconds() / 3600


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(str(value)) if RFC_3339.fullmatch(str(value)) else None


def _times_in_32_days(rule: str) -> int | None:
    """How often a simple daily or weekly rule applies in any 32 days; None for others."""
    if "INTERVAL" in rule or "BYMONTH" in rule or "COUNT" in rule or "UNTIL" in rule:
        return None
    days = re.search(r"BYDAY=([A-Z,]+)", rule)
    if "FREQ=DAILY" in rule and days is None:
        return 32
    return 4 * len(days.group(1).split(",")) if days else 4 if "FREQ=WEEKLY" in rule else None
