"""The rules, one a file: pure functions from a resource to full sentences about what is wrong with it. No Pulumi here."""

from policy.rules import required_labels, vram_fit

#: Every rule of the pack.
RULES = (required_labels.RULE, vram_fit.RULE)
