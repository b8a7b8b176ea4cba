"""What a report says, as data: Markdown and JSON are two ways to write it. Pure.

Texts are plain; who writes them as Markdown or JSON keeps what is special there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from components.cost.plan.amounts import Amounts
from components.preview_report.facts import Loss
from components.preview_report.inputs import Inputs

#: How a preview ended, as the command's exit code: nothing stops it; something of ours does; it could not be made.
GOES_ON, STOPPED, NOT_PREVIEWED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Finding:
    """What a policy, the settings or the engine says. `stops` is False for advice."""

    stops: bool
    rule: str
    message: str
    place: str | None
    fix: str | None
    #: False for advice about a resource that this plan leaves as it is.
    touched: bool = True


@dataclass(frozen=True, slots=True)
class DeploymentLine:
    """One deployment that changes. Amounts are None where nothing is known to compare with, or nothing was planned."""

    deployment: str
    change: str
    meaning: str
    reload: str
    before: Amounts | None
    after: Amounts | None
    difference: Decimal | None


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of months before and after, with what changes in it in words."""

    what: str
    change: str
    before: Amounts | None
    after: Amounts | None
    difference: Decimal | None


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One quota: GPUs in its units that the plan needs, needed before, and the settings declare."""

    quota: str
    needed: int
    before: int
    declared: int | None


@dataclass(frozen=True, slots=True)
class Detail:
    """A part for those who look closer: its title, its lines as they are, and how to see it elsewhere."""

    title: str
    lines: tuple[str, ...]
    language: str
    elsewhere: str


@dataclass(frozen=True, slots=True)
class Report:
    """One preview of one environment."""

    environment: str
    exit_code: int
    #: What the headline ends with: what stops it; empty where nothing does.
    stopped_by: str
    counts: str
    baseline: str
    commit: str
    prices: str
    inputs: Inputs
    losses: tuple[Loss, ...] = ()
    to_agree: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    waivers: str = ""
    not_checked: tuple[str, ...] = ()
    deployments: tuple[DeploymentLine, ...] = ()
    sums: tuple[Sum, ...] = ()
    #: Why amounts are not compared; empty where they are.
    not_compared: str = ""
    before: Amounts | None = None
    after: Amounts | None = None
    quota: tuple[QuotaLine, ...] = ()
    sizing: tuple[str, ...] = ()
    after_merge: str = ""
    details: tuple[Detail, ...] = field(default_factory=tuple)
