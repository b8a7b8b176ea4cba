"""What people see who write something wrong: one readable message, a non-zero exit code, and nothing changed."""

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


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        pytest.param(
            PAYMENTS,
            "context_tokens:",
            "contxt_tokens:",
            ["payments.yaml:12", "deployments[0].contxt_tokens", "did you mean 'context_tokens'?"],
            id="an unknown field",
        ),
        pytest.param(
            PAYMENTS,
            "gemma-4-26b-a4b-it",
            "gemma-4-27b-it",
            ["payments.yaml:11", "deployments[0].model", "unknown model 'gemma-4-27b-it'", "did you mean"],
            id="an unknown model",
        ),
        pytest.param(
            SUPPORT,
            "context_tokens: 16384",
            "context_tokens: 200000",
            ["support.yaml:12", "deployments[0].context_tokens", "200000", "131072"],
            id="a context above the maximum of the model",
        ),
        pytest.param(
            PAYMENTS,
            "runs_on: gke",
            "inputs: [text, audio]",
            ["payments.yaml:16", "deployments[0].inputs", "audio", "text, image, video"],
            id="audio for a model that takes none",
        ),
        pytest.param(PAYMENTS, "team: payments", "team: [payments", ["payments.yaml:", "valid YAML"], id="bad YAML"),
        pytest.param(
            PAYMENTS,
            "owner: payments-ml",
            "owner: Payments ML",
            ["payments.yaml:4", "owner", "Payments ML"],
            id="an owner that is no label",
        ),
        pytest.param(
            PAYMENTS,
            "cost_center: cc-1042\n",
            "",
            ["payments.yaml:2", "cost_center", "is missing"],
            id="no cost centre",
        ),
        pytest.param(
            "Pulumi.dev.yaml",
            "nvidia-l4: 8",
            "nvidia-l5: 8",
            ["Pulumi.dev.yaml:", "quota.gke.nvidia-l5", "did you mean 'nvidia-l4'?"],
            id="an unknown GPU in the quota",
        ),
    ],
)
def test_a_mistake_is_named_with_file_line_field_and_what_is_allowed(
    sandbox: Sandbox, file: str, old: str, new: str, expected: list[str]
) -> None:
    sandbox.edit(file, old, new)
    output = refused(sandbox)
    for part in expected:
        assert part in output, output


def test_an_empty_team_file_is_named(sandbox: Sandbox) -> None:
    sandbox.write(PAYMENTS, "")
    assert f"{PAYMENTS}:1: is empty" in refused(sandbox)


def test_all_problems_of_all_files_are_reported_at_once(sandbox: Sandbox) -> None:
    sandbox.edit(PAYMENTS, "context_tokens: 32768", "context_tokens: many")
    sandbox.edit(PAYMENTS, "owner: payments-ml", "owner: Payments")
    sandbox.edit(SUPPORT, "team: support", "team: helpers")
    output = refused(sandbox)
    assert "3 problems in the settings of 'dev'" in output
    for part in ("deployments[0].context_tokens", "owner", "must equal the file's name 'support'"):
        assert part in output


def test_two_teams_or_deployments_of_one_name_are_refused(sandbox: Sandbox) -> None:
    text = (sandbox.project / PAYMENTS).read_text(encoding="utf-8")
    start = text.index("  - name: assistant")
    sandbox.write(PAYMENTS, text + text[start:])
    sandbox.write("stacks/dev/teams/copy.yaml", text)
    output = refused(sandbox)
    assert "'assistant' is already the name of the deployment in line 10" in output
    assert "'payments' is already the team of stacks/dev/teams/copy.yaml" in output


def test_a_wish_that_nothing_can_serve_says_what_decides_and_what_would_fit_and_passes_once_mended(
    sandbox: Sandbox,
) -> None:
    sandbox.edit(PAYMENTS, "context_tokens: 32768", "context_tokens: 262144\n    full_context_requests: 16")
    output = refused(sandbox)
    for part in (
        "payments/assistant",
        "does not fit",
        "needs",
        "GiB per GPU",
        "decides: KV cache",
        "fits     ",
        "change   ",
    ):
        assert part in output, output
    sandbox.edit(PAYMENTS, "context_tokens: 262144\n    full_context_requests: 16", "context_tokens: 32768")
    assert sandbox.preview("dev").exit_code == 0
