"""What people see who write something wrong: one readable message, a non-zero exit code, and nothing changed.

Each single mistake is tested in tests/unit/stacks; here the whole way through the engine is.
"""

from __future__ import annotations

import pytest

from tests.sandbox.harness import Sandbox

PAYMENTS = "stacks/dev/teams/payments.yaml"
SUPPORT = "stacks/dev/teams/support.yaml"


def refused(sandbox: Sandbox) -> str:
    """Output of an `up` that must be refused, readably and before anything is registered."""
    result = sandbox.up("dev")
    assert result.exit_code != 0, result.output
    assert "Traceback" not in result.output
    assert "nothing was changed" in result.output
    assert [r for r in sandbox.resources() if r["type"] != "pulumi:pulumi:Stack"] == []
    return result.output


def test_all_mistakes_in_all_files_are_named_at_once_with_line_field_and_what_is_allowed(sandbox: Sandbox) -> None:
    good = (sandbox.project / PAYMENTS).read_text(encoding="utf-8")
    sandbox.edit(PAYMENTS, "    context_tokens:", "    contxt_tokens:")
    sandbox.edit(PAYMENTS, "gemma-4-26b-a4b-it", "gemma-4-26b-it")
    sandbox.edit(SUPPORT, "cost_center: cc-2210\n", "")
    sandbox.edit("Pulumi.dev.yaml", "gke: {nvidia-l4: 8}", "gke: {nvidia-l5: 8}")
    sandbox.write("stacks/dev/teams/copy.yaml", good)  # a second file of the team payments
    sandbox.write("stacks/dev/teams/empty.yaml", "")
    sandbox.write("stacks/dev/teams/broken.yaml", "team: [payments\n")
    start = good.index("  - name: assistant")
    sandbox.write("stacks/dev/teams/twice.yaml", good.replace("team: payments", "team: twice") + good[start:])
    output = refused(sandbox)
    for part in (
        f"{PAYMENTS}:12: deployments[0].contxt_tokens: unknown field; did you mean 'context_tokens'?",
        f"{PAYMENTS}:11: deployments[0].model: unknown model 'gemma-4-26b-it'; did you mean 'gemma-4-26b-a4b-it'?",
        f"{SUPPORT}:2: cost_center: is missing",
        "Pulumi.dev.yaml:14: quota.gke.nvidia-l5: found 'nvidia-l5'; did you mean 'nvidia-l4'?",
        "copy.yaml:3: team: found 'payments', must equal the file's name 'copy'",
        "empty.yaml:1: is empty",
        "broken.yaml:2: is no valid YAML",
        "twice.yaml:17: deployments[1].name: 'assistant' is already the name of the deployment in line 10",
    ):
        assert part in output, output


@pytest.mark.slow
def test_wishes_that_the_model_cannot_meet_are_named_with_its_limits(sandbox: Sandbox) -> None:
    sandbox.edit(PAYMENTS, "runs_on: gke", "inputs: [text, audio]")
    sandbox.edit(SUPPORT, "context_tokens: 16384", "context_tokens: 200000")
    output = refused(sandbox)
    assert "2 problems in the settings of 'dev'" in output
    assert f"{PAYMENTS}:16: deployments[0].inputs: gemma-4-26b-a4b-it does not take audio" in output
    assert "allowed: text, image, video" in output
    assert f"{SUPPORT}:12: deployments[0].context_tokens: found 200000" in output
    assert "131072" in output


@pytest.mark.slow
def test_a_wish_that_nothing_can_serve_says_what_decides_and_what_would_fit_and_passes_once_mended(
    sandbox: Sandbox,
) -> None:
    sandbox.edit(PAYMENTS, "context_tokens: 32768", "context_tokens: 262144\n    full_context_requests: 16")
    output = refused(sandbox)
    for part in ("payments/assistant", "does not fit", "needs  ", "GiB per GPU", "decides: ", "fits  ", "change  "):
        assert part in output, output
    sandbox.edit(PAYMENTS, "context_tokens: 262144\n    full_context_requests: 16", "context_tokens: 32768")
    assert sandbox.preview("dev").exit_code == 0
