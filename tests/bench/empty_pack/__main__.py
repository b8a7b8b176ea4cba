"""A pack with one empty policy: what CrossGuard itself costs, whatever is judged."""

from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

PolicyPack(
    name="empty",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[ResourceValidationPolicy(name="nothing", description="Nothing", validate=lambda args, report: None)],
)
