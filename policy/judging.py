"""Judges resources by all rules at once: findings become judgements with their level, their place and their waiver. Pure.

The only place where levels and waivers are applied: the CrossGuard pack, the plan and the audit all ask here.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from components.labels import TEAM
from policy.rules.required_labels import places
from policy.rules.rule import Context, Finding, Resource, Rule
from policy.rules.workload import deployment_of

#: `mandatory` stops, `advisory` is shown, `waived` would be one of the two and is let through until a day.
Outcome = Literal["mandatory", "advisory", "waived"]


@dataclass(frozen=True, slots=True)
class Waiver:
    """One rule that one resource may break until the end of a day in UTC."""

    rule: str
    #: Name of the resource in previews, or `<namespace>/<name>` of a Kubernetes object.
    resource: str
    reason: str
    approver: str
    expires: datetime.date
    #: File and line where it is written.
    place: str = ""

    def covers(self, rule: str, *names: str) -> bool:
        """True where it is about that rule and one of the names of a resource."""
        return self.rule == rule and self.resource in names

    def holds_on(self, today: datetime.date) -> bool:
        """True until the end of its last day."""
        return today <= self.expires


@dataclass(frozen=True, slots=True)
class Standards:
    """What the resources of an environment are held to."""

    context: Context
    waivers: tuple[Waiver, ...] = ()
    #: File and line of what teams wrote, by `<team>` and `<team>/<deployment>`.
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One finding about one resource, decided."""

    rule: Rule
    #: None where a finding about a whole stack names none of its resources.
    resource: Resource | None
    subject: str
    message: str
    outcome: Outcome
    team: str | None = None
    #: Where the team wrote what led to it.
    place: str | None = None
    waiver: Waiver | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, how to mend it, and where; for a waived one also until when and why it may stay."""
        where = f" ({self.place})" if self.place else ""
        text = f"{self.message} To fix: {self.rule.fix}{where}."
        if self.waiver is None:
            return text
        waiver = self.waiver
        return f"waived until {waiver.expires} by {waiver.approver} ({waiver.reason}): {text}"


def judge_resource(rules: Iterable[Rule], resource: Resource, standards: Standards) -> list[Judgement]:
    """What each rule finds wrong with one resource by itself."""
    return [
        _judgement(rule, finding, resource, resource.name, standards)
        for rule in rules
        if rule.applies(resource.type)
        for finding in _findings(rule, resource, standards)
    ]


def judge_stack(rules: Iterable[Rule], resources: Sequence[Resource], standards: Standards) -> list[Judgement]:
    """What each rule finds wrong with the resources of a stack together, beside what it finds with each."""
    judged = []
    for rule in rules:
        for finding in rule.check_stack(resources, standards.context) if rule.check_stack else ():
            # a finding begins with the name of what it is about
            subject = finding.message.partition(": ")[0]
            named = [resource for resource in resources if resource.name == subject]
            about = next((resource for resource in named if rule.applies(resource.type)), next(iter(named), None))
            judged.append(_judgement(rule, finding, about, subject, standards))
    return judged


def judge_findings(
    rule: Rule, findings: Iterable[Finding], names: Sequence[str], standards: Standards
) -> list[Judgement]:
    """What a rule has found wrong with something that is no resource yet. `names` are those of the resource that it will be."""
    return [_decided(rule, finding, None, names, standards) for finding in findings]


def judge_all(rules: Sequence[Rule], resources: Sequence[Resource], standards: Standards) -> list[Judgement]:
    """Everything that is wrong with the resources, each by itself and all together."""
    each = [judgement for resource in resources for judgement in judge_resource(rules, resource, standards)]
    return [*each, *judge_stack(rules, resources, standards)]


def stopping(judged: Iterable[Judgement]) -> list[str]:
    """The messages that stop an update."""
    return [judgement.message for judgement in judged if judgement.outcome == "mandatory"]


def idle_rules(rules: Iterable[Rule], resources: Sequence[Resource]) -> list[str]:
    """Rules that judge none of the resources: a rule that never fires looks like one that is kept."""
    types = {resource.type for resource in resources}
    return [rule.id for rule in rules if not any(rule.applies(resource_type) for resource_type in types)]


def idle_waivers(rules: Sequence[Rule], resources: Sequence[Resource], standards: Standards) -> list[Waiver]:
    """Waivers of today that let nothing through: mended since, or misspelt."""
    today = standards.context.today
    holding = [waiver for waiver in standards.waivers if waiver.holds_on(today)]
    waived = {waiver.rule for waiver in holding}
    # only what a waiver names is judged once more
    named = [resource for resource in resources if any(w.resource in names_of(resource) for w in holding)]
    chosen = [rule for rule in rules if rule.id in waived]
    judged = [judgement for resource in named for judgement in judge_resource(chosen, resource, standards)]
    judged += judge_stack(chosen, resources, standards) if chosen else []
    used = [judgement.waiver for judgement in judged]
    return [waiver for waiver in holding if waiver not in used]


def names_of(resource: Resource) -> tuple[str, ...]:
    """How a waiver may name the resource."""
    namespace, name = resource.at("metadata", "namespace"), resource.at("metadata", "name")
    if isinstance(namespace, str) and isinstance(name, str):
        return resource.name, f"{namespace}/{name}"
    return (resource.name, name) if isinstance(name, str) else (resource.name,)


def team_of(resource: Resource) -> str | None:
    """The team that the resource's labels name."""
    named = [resource.at(*path, TEAM) for path, _ in places(resource.type)]
    return next((team for team in named if isinstance(team, str)), None)


def _findings(rule: Rule, resource: Resource, standards: Standards) -> list[Finding]:
    try:
        return rule.check(resource, standards.context)
    except Exception as error:
        # the engine tells of an exception without saying which policy raised it
        raise RuntimeError(f"rule '{rule.id}' failed on {resource.type} '{resource.name}': {error!r}") from error


def _judgement(
    rule: Rule, finding: Finding, resource: Resource | None, subject: str, standards: Standards
) -> Judgement:
    names = (subject, *(names_of(resource) if resource else ()), *([deployment_of(resource)] if resource else []))
    return _decided(rule, finding, resource, tuple(dict.fromkeys(names)), standards)


def _decided(
    rule: Rule, finding: Finding, resource: Resource | None, names: Sequence[str], standards: Standards
) -> Judgement:
    context, subject = standards.context, names[0]
    waiver = next((w for w in standards.waivers if w.holds_on(context.today) and w.covers(rule.id, *names)), None)
    outcome: Outcome = "advisory" if finding.advisory else rule.level(context)
    team = team_of(resource) if resource else subject if subject in context.teams else None
    wished = (*names, team or "")
    return Judgement(
        rule=rule,
        resource=resource,
        subject=subject,
        message=finding.message,
        outcome="waived" if waiver else outcome,
        team=team,
        place=next((standards.places[key] for key in wished if key in standards.places), None),
        waiver=waiver,
    )
