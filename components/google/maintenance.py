"""When GKE may maintain a cluster: the window, and what Google would refuse about it only at the update. Pure.

Limits: cloud.google.com/kubernetes-engine/docs/concepts/maintenance-windows-and-exclusions (2026).
"""

import re
from datetime import datetime, timedelta
from typing import TypedDict

#: A window shorter than this does not count, and those of any 32 days must come to this many hours.
LEAST_HOURS, HOURS_IN_32_DAYS = 4, 48
#: Times are given like this, in UTC or with an offset (RFC 3339).
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
RULE = re.compile(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*")


class MaintenanceWindow(TypedDict):
    """When GKE may upgrade control plane and nodes by itself."""

    start_time: str
    """Start of the first window in RFC 3339, such as 2026-01-03T02:00:00Z."""
    end_time: str
    """End of the first window; the time between is the length of every window, at least 4 hours."""
    recurrence: str
    """Rule of RFC 5545 (RRULE) by which it recurs, such as FREQ=WEEKLY;BYDAY=SA,SU; at least 48 hours in 32 days."""


def check_window(window: MaintenanceWindow) -> None:
    """Raises ValueError saying what is wrong with a window and what is allowed."""
    start, end = _time("start_time", window["start_time"]), _time("end_time", window["end_time"])
    recurrence, hours = window["recurrence"], (end - start) / timedelta(hours=1)
    if not RULE.fullmatch(recurrence):
        raise ValueError(f"recurrence '{recurrence}' is no rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=SA,SU")
    if hours < LEAST_HOURS:
        raise ValueError(f"the window is {hours:g} hours long; at least {LEAST_HOURS} are needed")
    times = _times_in_32_days(recurrence)
    if times is not None and times * hours < HOURS_IN_32_DAYS:
        raise ValueError(
            f"{recurrence} with {hours:g} hours each comes to {times * hours:g} hours in 32 days; at least "
            f"{HOURS_IN_32_DAYS} are needed: make the window longer or more frequent"
        )


def _time(name: str, text: str) -> datetime:
    if TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError(f"{name} '{text}' is no time such as 2026-01-03T02:00:00Z")


def _times_in_32_days(recurrence: str) -> int | None:
    """How often a daily or weekly rule applies in 32 days, at the least; None for rules that say more than the days."""
    parts = dict(part.split("=") for part in recurrence.split(";"))
    days, frequency = parts.pop("BYDAY", None), parts.pop("FREQ")
    if parts or frequency not in ("DAILY", "WEEKLY"):
        return None
    if days is None:
        return 32 if frequency == "DAILY" else 4
    return 4 * len(set(days.split(",")))
