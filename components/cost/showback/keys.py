"""The key by which a shared cost is divided: part of it by memory held, part by work done. Pure and exact.

Fractions, so that the keys of all add up to one and nothing is lost before the last step, in which amounts are rounded to cents.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from components.cost.showback.rule import FairnessRule
from components.cost.showback.usage import Usage


def keys(usages: Iterable[Usage], rule: FairnessRule) -> dict[str, Fraction]:
    """The key of each deployment among these; they add up to one. Empty where nobody held anything.

    Without any token, memory alone decides. Of a deployment whose tokens nobody measured memory alone decides too; the others
    divide by the rule what it leaves.
    """
    holding = sorted((usage for usage in usages if usage.memory > 0), key=lambda usage: usage.deployment)
    memory = {usage.deployment: Fraction(usage.memory) for usage in holding}
    whole = sum(memory.values(), Fraction(0))
    if not whole:
        return {}
    measured = [usage for usage in holding if usage.tokens is not None]
    work = {usage.deployment: Fraction(usage.work(rule.answer_weight)) for usage in measured}
    all_work = sum(work.values(), Fraction(0))
    by_memory = {name: held / whole for name, held in memory.items()}
    if not all_work:
        return by_memory
    share = Fraction(rule.work_share)
    left = sum((by_memory[name] for name in work), Fraction(0))
    return {
        name: (1 - share) * part + share * left * work[name] / all_work if name in work else part
        for name, part in by_memory.items()
    }
