"""An environment from its first preview to its end, and what stands between prod and an accident."""

from __future__ import annotations

import pytest

from tests.sandbox.harness import Sandbox

pytestmark = pytest.mark.slow


def own_resources(sandbox: Sandbox, env: str = "dev") -> list[str]:
    """URNs in the state, without the stack itself."""
    return [r["urn"] for r in sandbox.resources(env) if r["type"] != "pulumi:pulumi:Stack"]


def test_dev_survives_a_failed_create_with_nothing_lost_or_doubled_and_its_destroy_leaves_nothing(
    sandbox: Sandbox,
) -> None:
    preview = sandbox.preview("dev")
    assert preview.exit_code == 0, preview.output
    assert "gemma-platform@v" in preview.output
    assert "can't run policy" not in preview.output
    assert own_resources(sandbox) == []

    sandbox.fault("g2-standard-24-spot", "fail")
    failed = sandbox.up("dev")
    assert failed.exit_code != 0
    assert "a fault set for 'g2-standard-24-spot'" in failed.output
    before = set(own_resources(sandbox))
    assert not any(urn.endswith("nodePool:NodePool::g2-standard-24-spot") for urn in before)

    sandbox.clear_fault("g2-standard-24-spot")
    mended = sandbox.up("dev")
    assert mended.exit_code == 0, mended.output
    after = own_resources(sandbox)
    assert before < set(after)
    assert len(after) == len(set(after))
    assert sandbox.preview("dev", expect_no_changes=True).exit_code == 0

    destroyed = sandbox.destroy("dev")
    assert destroyed.exit_code == 0, destroyed.output
    assert own_resources(sandbox) == []
    # an API that was enabled stays so, as other things in the project may use it
    left = [p for p in sandbox.instance.cloud.rglob("*.json") if p.name != "faults.json"]
    assert {p.parent.name for p in left} <= {"gcp_projects_service_Service"}, left


def test_prod_passes_the_policies_and_is_not_destroyed_by_accident(sandbox: Sandbox) -> None:
    up = sandbox.up("prod")
    assert up.exit_code == 0, up.output
    placements = [d["placement"] for d in sandbox.stack_outputs("prod")["deployments"].values()]
    assert "GKE, g2-standard-24 (on-demand), 2 x nvidia-l4, 2 to 3 replicas" in placements
    before = own_resources(sandbox, "prod")
    result = sandbox.destroy("prod")
    assert result.exit_code != 0
    # how many of the protected are named depends on how far the preview had come
    assert "TeamGuard::" in result.output
    assert "is protected" in result.output
    assert "pulumi state unprotect" in result.output
    assert own_resources(sandbox, "prod") == before
