"""In which order the composer has the engine make what must not come before something else."""

from __future__ import annotations

import pulumi

from sandbox.paths import ROOT
from stacks.environment import read_environment
from stacks.governance import govern
from stacks.plan import make_plan
from stacks.serving import Serving
from tests.unit.components.registering import registered

RELEASE, KNATIVE = "helm.sh/v3:Release::", "KnativeServing::"


def test_policies_come_after_kyverno_and_the_serving_stack_of_which_neither_waits_for_the_other() -> None:
    plan = make_plan(*read_environment(ROOT, "dev"))
    nothing = pulumi.ResourceOptions()
    program = registered(lambda: govern(plan, Serving(plan, nothing), nothing))

    def waits_for(end: str) -> set[str]:
        """Names of the releases, and of Knative's own object, that one resource waits for."""
        (found,) = [one for one in program.resources if f"{one.type}::{one.name}".endswith(end)]
        return {urn.rpartition("::")[2] for urn in found.dependencies if RELEASE in urn or KNATIVE in urn}

    serving = {
        one.name for one in program.resources if one.name.startswith("serving-") and one.type.endswith(":Release")
    }
    assert "serving-kserve-controller" in serving
    assert waits_for(":Governance::governance") == {"kyverno", "serving-knative", *serving}
    assert waits_for(f"{RELEASE}kyverno") == set()
    assert not any("kyverno" in waits_for(f"{RELEASE}{name}") for name in serving)
