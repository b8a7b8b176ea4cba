"""How strict each environment is. Pure.

Every rule is mandatory everywhere, but for what stands here: rules by their id, and parts of rules by the name under which the
rule asks for them. An environment that is not listed, and any stack that is not this platform's, is held to everything.
"""

from __future__ import annotations

from collections.abc import Mapping

from policy.rules.team_cost import MONTHLY_BUDGET
from policy.rules.vram_fit import ADVISES_TIGHT

#: What only advises, by environment. In dev people try out what does not quite fit and what costs too much.
LEVELS: Mapping[str, frozenset[str]] = {
    "dev": frozenset({ADVISES_TIGHT, MONTHLY_BUDGET}),
    "prod": frozenset(),
}


def advisory_in(environment: str) -> frozenset[str]:
    """What only advises in the environment."""
    return LEVELS.get(environment, frozenset())
