"""The policies of the CrossGuard pack, made from the pure rules. Decides nothing itself.

Levels are fixed when a pack starts (pulumi-policy 1.21.0), before the stack is known. So each rule has two policies: `<rule>` is
mandatory, `<rule>-advice` advisory, and each reports the findings of its own level. `environment` comes first: it judges every
resource by all rules, tells of waivers, and takes the configuration; the policies of the rules only hand on what it found. The
SDK prepares a resource anew for each policy that looks at it, about 0.1 ms each (measured), which is why only those are asked
that have something to report. `whole-stack` and its advice do the same for all resources together.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policy import configuration
from policy.environment import configured, stack_of, standards_here
from policy.judging import Judgement, Outcome, Standards, idle_waivers, judge_resource, judge_stack
from policy.plain import plain
from policy.rules.rule import Level, Resource, Rule
from policy.waivers import notices, without_effect

ENVIRONMENT, WHOLE_STACK, ADVICE = "environment", "whole-stack", "-advice"
STACK = "pulumi:pulumi:Stack"
LEVELS: dict[Level, EnforcementLevel] = {
    "mandatory": EnforcementLevel.MANDATORY,
    "advisory": EnforcementLevel.ADVISORY,
}


class Stack(NamedTuple):
    """The resources of a stack, and what is wrong with them together."""

    urns: Sequence[str]
    resources: Sequence[Resource]
    judged: Sequence[Judgement]


class Bench(threading.local):
    """What this thread of the pack has found already, for the policies after the one that found it."""

    #: By `environment`, of the resource that is being judged; None before the first.
    judged: Sequence[Judgement] | None = None
    #: By the first policy about the whole stack, for that of the other level.
    stack: Stack | None = None


class EnvironmentPolicy(ResourceValidationPolicy):
    """Judges a resource by all rules for the policies after it, and tells of waivers."""

    def __init__(self, rules: Sequence[Rule], bench: Bench) -> None:
        super().__init__(
            name=ENVIRONMENT,
            description="What the environment allows, and the waivers that it has",
            enforcement_level=EnforcementLevel.ADVISORY,
            severity=Severity.LOW,
            config_schema=PolicyConfigSchema(configuration.SCHEMA),
        )
        self.rules, self.bench = rules, bench
        self.configuration: Mapping[str, Any] = {}

    def standards(self, urn: str) -> Standards:
        """What the resources of the stack of a URN are held to."""
        standards, _, own = standards_here(stack_of(urn))
        return standards if own else configured(standards, self.configuration)

    def judge(self, args: ResourceValidationArgs) -> list[Judgement]:
        """What is wrong with a resource."""
        resource = Resource(args.resource_type, args.name, plain(args.props))
        return judge_resource(self.rules, resource, self.standards(args.urn))

    def validate(self, args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        """Judges one resource; with the stack itself, which is one too, comes what concerns all of them."""
        # the same at every call: a pack is configured once
        self.configuration = plain(args.get_config() or {})
        self.bench.judged = None
        judged = self.judge(args)
        self.bench.judged = judged
        for judgement in judged:
            if judgement.outcome == "waived":
                report_violation(f"{judgement.rule.id}: {judgement.sentence}", None)
        if args.resource_type == STACK:
            for line in self._about_stack(args.urn):
                report_violation(line, None)

    def _about_stack(self, urn: str) -> Iterable[str]:
        standards, wrong, own = standards_here(stack_of(urn))
        yield from (f"{problem} (what cannot be read allows nothing)" for problem in wrong)
        if own and configuration.checked(self.configuration):
            yield "the configuration of the pack has no effect: the settings of this stack say what it allows"
        for lines in notices(standards.waivers, self.standards(urn).context.today):
            yield from lines


class RulePolicy(ResourceValidationPolicy):
    """One rule at one level: reports what `environment` found, or judges where that one was switched off."""

    def __init__(self, rule: Rule, level: Level, first: EnvironmentPolicy) -> None:
        super().__init__(
            name=rule.id if level == "mandatory" else rule.id + ADVICE,
            description=f"{rule.title}: {rule.why}.",
            enforcement_level=LEVELS[level],
            severity=Severity(rule.severity),
            remediation_steps=rule.fix,
        )
        self.rule, self.level, self.first = rule, level, first

    def has_validation(self) -> bool:
        """Whether the SDK needs to prepare the resource for this policy: where there is something to report."""
        return self.first.bench.judged is None or any(True for _ in self._own(self.first.bench.judged))

    def validate(self, args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        """Reports the findings of this rule and level."""
        judged = self.first.bench.judged
        for judgement in self._own(self.first.judge(args) if judged is None else judged):
            report_violation(judgement.sentence, None)

    def _own(self, judged: Iterable[Judgement]) -> Iterable[Judgement]:
        return (j for j in judged if j.rule.id == self.rule.id and j.outcome == self.level)


class StackPolicy(StackValidationPolicy):
    """What the rules find in all resources together, at one level. The advice tells of waivers too."""

    def __init__(self, level: Level, first: EnvironmentPolicy) -> None:
        super().__init__(
            name=WHOLE_STACK if level == "mandatory" else WHOLE_STACK + ADVICE,
            description="What the rules want of all resources of a stack together",
            enforcement_level=LEVELS[level],
            severity=Severity.HIGH,
            validate=self._validate,
        )
        self.level, self.first = level, first

    def _validate(self, args: StackValidationArgs, report_violation: ReportViolation) -> None:
        if not args.resources:
            return
        standards = self.first.standards(args.resources[0].urn)
        _, resources, judged = self._stack(args, standards)
        urns = {(one.resource_type, one.name): one.urn for one in args.resources}
        shown: tuple[Outcome, ...] = ("mandatory",) if self.level == "mandatory" else ("advisory", "waived")
        for judgement in judged:
            if judgement.outcome in shown:
                about = judgement.resource
                urn = urns.get((about.type, about.name)) if about else None
                report_violation(f"{judgement.rule.id}: {judgement.sentence}", urn)
        if self.level == "advisory":
            for line in without_effect(idle_waivers(self.first.rules, resources, standards)):
                report_violation(line, None)

    def _stack(self, args: StackValidationArgs, standards: Standards) -> Stack:
        """The stack, judged: by this policy, or by that of the other level just before, in the same call of the engine."""
        urns, found = [one.urn for one in args.resources], self.first.bench.stack
        # what is left by one is taken by the other, so that nothing of an earlier call is ever found
        self.first.bench.stack = None
        if found is not None and found.urns == urns and self.level == "advisory":
            return found
        resources = [Resource(one.resource_type, one.name, plain(one.props)) for one in args.resources]
        made = Stack(urns, resources, judge_stack(self.first.rules, resources, standards))
        self.first.bench.stack = made if self.level == "mandatory" else None
        return made


def policies(rules: Sequence[Rule]) -> list[Policy]:
    """All policies of the pack; `environment` is the first."""
    first = EnvironmentPolicy(rules, Bench())
    of_rules = [RulePolicy(rule, level, first) for rule in rules for level in LEVELS]
    return [first, *of_rules, *(StackPolicy(level, first) for level in LEVELS)]
