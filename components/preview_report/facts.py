"""What is known of an environment beside its preview, as plain data. `environment.py` reads it. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.google.quota_needs import Quota


@dataclass(frozen=True, slots=True)
class Loss:
    """A cluster, node pool, bucket or secret that the plan would replace or delete. `agreed` says who did so until when."""

    resource: str
    what: str
    why: str
    agreed: str | None


@dataclass(frozen=True, slots=True)
class Losses:
    """All of them; what to write to agree to the open ones; agreements that nothing needs."""

    found: tuple[Loss, ...] = ()
    to_agree: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """One environment as its files describe it."""

    name: str
    today: datetime.date
    #: False where the files could not be read: then only the problems are known.
    complete: bool = True
    #: (file and line, what is wrong) of settings that cannot be read.
    problems: tuple[tuple[str, str], ...] = ()
    #: Last days of the waivers that hold.
    waivers: tuple[datetime.date, ...] = ()
    #: File, or file and line, of `<team>` and `<team>/<deployment>`.
    places: Mapping[str, str] = field(default_factory=dict)
    #: File and line of the budget of a team.
    budgets: Mapping[str, str] = field(default_factory=dict)
    #: GPUs that the settings declare, in units of the quota.
    declared: Mapping[Quota, int] = field(default_factory=dict)
    #: What the platform's engineers agree to lose, as the check of a plan takes it.
    acknowledgements: tuple[Any, ...] = ()
    #: Digest of all prices.
    prices: str = ""
