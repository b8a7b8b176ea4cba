"""What goes, and what stays, when something leaves the program: a team after one confirmation, KServe's definitions never."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.paths import Layout
from tests.sandbox.harness import Sandbox

pytestmark = pytest.mark.slow

TEAM = "stacks/prod/teams/support.yaml"


@pytest.fixture
def sandbox(set_up: Layout, tmp_path: Path) -> Sandbox:
    """Without the policies, which have nothing to do with what is deleted."""
    return Sandbox.create(tmp_path, policy_pack=None)


def urns(sandbox: Sandbox, env: str) -> set[str]:
    return {resource["urn"] for resource in sandbox.resources(env)}


def cloud(sandbox: Sandbox) -> set[str]:
    """The place of the file of everything that exists."""
    return {path.relative_to(sandbox.instance.cloud).as_posix() for path in sandbox.instance.cloud.rglob("*.json")}


@pytest.mark.parametrize("runs_on", ["gke", "cloud-run"])
def test_a_team_goes_with_everything_of_it_after_one_confirmation_and_loses_nothing_before_it(
    sandbox: Sandbox, runs_on: str
) -> None:
    """Without a preview too, as pipelines run it: what refuses must be what the engine comes to first."""
    sandbox.edit(TEAM, "    inputs: [text, image]", f"    inputs: [text, image]\n    runs_on: {runs_on}")
    up = sandbox.up("prod")
    assert up.exit_code == 0, up.output
    before, existing = urns(sandbox, "prod"), cloud(sandbox)
    own = {urn for urn in before if "support" in urn}
    assert len(own) > 15
    sandbox.remove(TEAM)

    for refused in (sandbox.preview("prod"), sandbox.up("prod")):
        assert refused.exit_code != 0
        # the message stands in the output twice, beside its resource and at the end
        named = set(re.findall(r'resource "(\S+)" cannot be deleted', refused.output))
        assert [urn.rpartition(":")[2] for urn in named] == ["support"]
        assert "TeamGuard::support" in named.pop()
        assert (urns(sandbox, "prod"), cloud(sandbox)) == (before, existing)

    (guard,) = [urn for urn in before if urn.endswith("TeamGuard::support")]
    sandbox.pulumi("state", "unprotect", guard, "--yes", "--stack", "prod", check=True)
    removed = sandbox.up("prod")
    assert removed.exit_code == 0, removed.output
    after = urns(sandbox, "prod")
    assert not [urn for urn in after if "support" in urn]
    assert cloud(sandbox) < existing
    # the other team has all of its own
    assert {urn for urn in before if "payments" in urn} <= after


def test_kserves_definitions_and_so_every_model_outlast_their_release_in_the_program(sandbox: Sandbox) -> None:
    up = sandbox.up("dev")
    assert up.exit_code == 0, up.output
    kinds = ("CustomResourceDefinition", "InferenceService")

    def served() -> set[str]:
        return {path for path in cloud(sandbox) if any(kind in path for kind in kinds)}

    before = served()
    assert all(any(kind in path for path in before) for kind in kinds)
    (definitions,) = [urn for urn in urns(sandbox, "dev") if urn.endswith("Release::serving-kserve-definitions")]
    call = 'chart_release(f"{name}-definitions", KSERVE_CRD, namespace, {}, mirror, kept)'
    nothing = 'pulumi.ComponentResource("test:index:Nothing", f"{name}-definitions", {}, child)'
    sandbox.edit("components/kubernetes/kserve.py", call, nothing)
    removed = sandbox.up("dev")
    assert removed.exit_code == 0, removed.output
    assert definitions not in urns(sandbox, "dev")
    assert served() == before
