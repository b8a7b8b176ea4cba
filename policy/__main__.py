"""The CrossGuard pack: assembles the pure rules of `rules/`. Decides nothing itself."""

import sys
from pathlib import Path

# a pack is started with its own folder on the path; the rules use the project's sizing and labels
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
)

from policy.environment import context_of
from policy.plain import plain
from policy.rules import RULES
from policy.rules.rule import Resource, Rule


def as_policy(rule: Rule) -> ResourceValidationPolicy:
    """The rule as a CrossGuard policy. Mandatory is stated: the SDK's default only advises."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = Resource(args.resource_type, args.name, plain(args.props))
        for finding in rule.check(resource, context_of(args.urn)):
            report(finding.message, None)

    return ResourceValidationPolicy(
        name=rule.id,
        description=f"{rule.title}: {rule.why}.",
        enforcement_level=EnforcementLevel.MANDATORY,
        severity=Severity(rule.severity),
        validate=validate,
    )


PolicyPack(
    name="gemma-platform",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[as_policy(rule) for rule in RULES],
)
