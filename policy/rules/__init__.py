"""The rules, one a file: pure functions from a resource to full sentences about what is wrong with it. No Pulumi here."""

from policy.rules import (
    allowed_images,
    approved_models,
    derived_settings,
    engine_capability,
    pod_hardening,
    private_by_default,
    purchase_options,
    quota_and_budget,
    required_labels,
    resources_and_probes,
    vram_fit,
)

#: Every rule of the pack, in the order of their table in the documentation.
RULES = (
    required_labels.RULE,
    vram_fit.RULE,
    approved_models.RULE,
    engine_capability.RULE,
    allowed_images.RULE,
    derived_settings.RULE,
    resources_and_probes.RULE,
    quota_and_budget.RULE,
    purchase_options.RULE,
    private_by_default.RULE,
    pod_hardening.RULE,
)
