"""The fairness rule on a small month that can be followed by hand: the same in the documentation and in the tests.

720 hours, two teams with one g4-standard-48 each. One serves the dense 31B, the other the 26B-A4B, both in FP8 (weights and
active parameters as sizing counts them, rounded), and both are asked the same.
"""

from __future__ import annotations

from decimal import Decimal

from components.cost.showback.items import Item, Whose
from components.cost.showback.usage import Tokens, Usage

HOURS = Decimal(720)
MACHINE = "g4-standard-48"
#: USD an hour, on demand in us-central1 (Cyclenerd pricing.yml, 2026-08-20).
USD_PER_HOUR = Decimal("4.499930")
COMMON = Decimal("100.00")
TOKENS = Tokens(prompt=Decimal(600_000_000), cached=Decimal(0), answer=Decimal(150_000_000))
#: Team, resident weights in GiB, active parameters.
TEAMS = (("dense", Decimal("31.45"), Decimal("30.70e9")), ("experts", Decimal("25.65"), Decimal("3.82e9")))
#: Computed by hand.
BILLS = {"dense": Decimal("3311.96"), "experts": Decimal("3267.94")}


def example() -> tuple[list[Usage], list[Item]]:
    """What the two teams used, and what the month cost."""
    usages = [
        Usage(f"{team}/assistant", gib, active, HOURS, HOURS / 2, TOKENS, frozenset({MACHINE}))
        for team, gib, active in TEAMS
    ]
    direct = [Item("cluster", MACHINE, USD_PER_HOUR * HOURS, Whose.DIRECT, (usage.deployment,)) for usage in usages]
    return usages, [*direct, Item("cluster", "common", COMMON, Whose.COMMON)]
