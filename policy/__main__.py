"""Two things are started by this folder: the CrossGuard pack, by Pulumi, and `python -m policy audit`, by people."""

import sys
from pathlib import Path

# a pack is started with its own folder on the path; the rules use the project's sizing and labels
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

PACK = "gemma-platform"

# Pulumi's runner leaves its own arguments in place: the engine's address comes first
if sys.argv[1:2] == ["audit"]:
    from policy.audit.command import app

    app(sys.argv[2:], prog_name="python -m policy audit")
elif __package__:
    sys.exit("usage: python -m policy audit --env ENVIRONMENT (--help says more); the folder itself is a policy pack")
else:
    from pulumi_policy import EnforcementLevel, PolicyPack

    from policy.pack import policies
    from policy.rules import RULES

    PolicyPack(name=PACK, enforcement_level=EnforcementLevel.MANDATORY, policies=policies(RULES))
