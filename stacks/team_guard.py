"""What stands before the removal of a team: one protected entry of the stack that depends on everything of it.

Part of the composer. Pulumi deletes in the opposite order of dependencies and stops at what is protected. Whatever is protected
inside a team would be reached last, when the rest is gone: an update without a preview would take the models, the quota and the
network policies of a team away before it stopped (seen with 3.259.0). This entry is nothing in any cloud. It is reached first, so
that its refusal costs nothing, and lifting its protection is the one confirmation that a removal asks for.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.package import token


class TeamGuard(pulumi.ComponentResource):
    """Refuses, while it is protected, to let a team go; `held` is all that belongs to the team."""

    def __init__(self, team: str, held: Sequence[pulumi.Resource], *, protect: bool) -> None:
        super().__init__(token(TeamGuard), team, {}, pulumi.ResourceOptions(protect=protect, depends_on=list(held)))
        self.register_outputs({})
