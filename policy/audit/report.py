"""What an audit finds: judgements, by source and team, and what no rule judged. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from policy.audit.cluster import in_team_namespaces, is_judged, judged_kinds
from policy.judging import (
    Judgement,
    Outcome,
    Standards,
    Waiver,
    idle_waivers,
    judge_resource,
    judge_stack,
    team_of,
)
from policy.rules.rule import Resource, Rule

Source = Literal["state", "cluster"]
OUTCOMES: tuple[Outcome, ...] = ("mandatory", "advisory", "waived")
#: What is said of a resource without a team's label.
NO_TEAM = "(no team)"


@dataclass(frozen=True, slots=True)
class Checked:
    """One rule that judged one resource, with what it found; an empty list means that it complies."""

    source: Source
    rule: Rule
    subject: str
    resource: Resource | None
    team: str
    judged: tuple[Judgement, ...] = ()


@dataclass(slots=True)
class Report:
    """One audit."""

    standards: Standards
    rules: Sequence[Rule]
    checked: list[Checked] = field(default_factory=list)
    #: Types and how many of each, by source, that no rule judged.
    not_judged: Counter[tuple[Source, str]] = field(default_factory=Counter)
    resources: Counter[Source] = field(default_factory=Counter)
    idle_waivers: list[Waiver] = field(default_factory=list)

    @property
    def judgements(self) -> list[tuple[Checked, Judgement]]:
        """Everything that is wrong."""
        return [(checked, judgement) for checked in self.checked for judgement in checked.judged]

    @property
    def idle_rules(self) -> list[str]:
        """Rules that judged nothing at all."""
        used = {checked.rule.id for checked in self.checked}
        return [rule.id for rule in self.rules if rule.id not in used]

    @property
    def failed(self) -> bool:
        """True where something mandatory is broken."""
        return any(judgement.outcome == "mandatory" for _, judgement in self.judgements)

    def teams(self) -> dict[str, dict[str, int]]:
        """By team, the platform last: how many checks, and how many findings of each outcome."""
        counts: dict[str, Counter[str]] = {}
        for checked in self.checked:
            own = counts.setdefault(checked.team, Counter())
            own["checks"] += 1
            own.update(judgement.outcome for judgement in checked.judged)
        order = sorted(counts, key=lambda team: (team not in self.standards.context.teams, team))
        return {team: {key: counts[team][key] for key in ("checks", *OUTCOMES)} for team in order}


def audit(
    rules: Sequence[Rule], standards: Standards, state: Sequence[Resource] | None, cluster: Sequence[Resource] | None
) -> Report:
    """Judges the resources of a state, and the objects of a cluster as far as the rules judge them at admission."""
    report = Report(standards, rules)
    whole: list[Resource] = []
    if state is not None:
        _judge(report, "state", [(resource, rules) for resource in state], state)
        whole += state
    if cluster is not None:
        kinds, own = judged_kinds(rules, standards.context), in_team_namespaces(cluster)
        of_teams = {id(one) for one in own}
        rows = [
            (one, [rule for rule in rules if is_judged(one, kinds[rule.id], of_a_team=id(one) in of_teams)])
            for one in cluster
        ]
        _judge(report, "cluster", rows, own)
        whole += own
    report.idle_waivers = idle_waivers(rules, whole, standards)
    return report


def _judge(
    report: Report, source: Source, rows: Sequence[tuple[Resource, Sequence[Rule]]], whole: Sequence[Resource]
) -> None:
    for resource, rules in rows:
        report.resources[source] += 1
        judging = [rule for rule in rules if rule.applies(resource.type)]
        team = team_of(resource) or NO_TEAM
        for rule in judging:
            judged = tuple(judge_resource([rule], resource, report.standards))
            report.checked.append(Checked(source, rule, subject_of(resource), resource, team, judged))
        if not judging:
            report.not_judged[source, resource.type] += 1
    for judgement in judge_stack(report.rules, whole, report.standards):
        about = judgement.resource
        subject = subject_of(about) if about else judgement.subject
        report.checked.append(Checked(source, judgement.rule, subject, about, judgement.team or NO_TEAM, (judgement,)))


def subject_of(resource: Resource) -> str:
    """How a report names the resource: with its namespace where it has one."""
    namespace = resource.at("metadata", "namespace")
    name = resource.at("metadata", "name")
    return f"{namespace}/{name}" if isinstance(namespace, str) and isinstance(name, str) else resource.name
