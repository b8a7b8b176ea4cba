"""The twelve pull requests: each is an edit of one small environment, and how its report must end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.sandbox.harness import Sandbox

ENVIRONMENT = "prod"
SETTINGS = "Pulumi.prod.yaml"
PAYMENTS = "stacks/prod/teams/payments.yaml"
SUPPORT = "stacks/prod/teams/support.yaml"
RISK = "stacks/prod/teams/risk.yaml"
#: A team as it comes, with one small model.
RISK_FILE = """\
# yaml-language-server: $schema=../../team.schema.json
schema: 1
team: risk
owner: risk-models
contact: risk@example.com
cost_center: cc-3300
monthly_budget_usd: 1500
deployments:
  - name: summary
    model: gemma-4-e4b-it
    context_tokens: 8192
    peak_concurrent_requests: 8
    typical_tokens: 2000
    active_hours_per_month: 200
    runs_on: gke
"""
GOES_ON, STOPPED = 0, 1


@dataclass(frozen=True)
class PullRequest:
    """One change, and the exit code of its report."""

    name: str
    change: Callable[[Sandbox], None]
    exit_code: int = GOES_ON


def _add_a_team(project: Sandbox) -> None:
    project.write(RISK, RISK_FILE)


def _ask_for_a_larger_context(project: Sandbox) -> None:
    project.edit(PAYMENTS, "context_tokens: 16384", "context_tokens: 131072")
    project.edit(PAYMENTS, "typical_tokens: 4000", "typical_tokens: 60000")


def _swap_the_model(project: Sandbox) -> None:
    project.edit(PAYMENTS, "gemma-4-26b-a4b-it", "gemma-4-12b-it")


def _remove_a_team(project: Sandbox) -> None:
    project.remove(SUPPORT)


def _pay_another_price(project: Sandbox) -> None:
    adjustment = "{sku: g2-standard-24, percent: 5, reason: contract, date: 2026-11-01}"
    project.edit(SETTINGS, "    owner: ml-platform", f"    price_adjustments: [{adjustment}]\n    owner: ml-platform")


def _change_a_label(project: Sandbox) -> None:
    project.edit(PAYMENTS, "cost_center: cc-1042", "cost_center: cc-1043")


def _lower_a_budget_below_the_cost(project: Sandbox) -> None:
    project.edit(PAYMENTS, "monthly_budget_usd: 4000", "monthly_budget_usd: 900")


def _write_a_bad_file(project: Sandbox) -> None:
    project.edit(SUPPORT, "runs_on: cloud-run", "runs_on: cloudrun")
    project.edit(PAYMENTS, "typical_tokens: 4000", "typical_token: 4000")


def _replace_a_node_pool(project: Sandbox) -> None:
    project.edit("components/google/gpu_node_pool.py", 'DRIVER_VERSION = "LATEST"', 'DRIVER_VERSION = "DEFAULT"')


def _bump_the_image(project: Sandbox) -> None:
    project.edit(SETTINGS, "sha256:" + 64 * "1", "sha256:" + 64 * "3")


def _change_nothing(project: Sandbox) -> None:
    text = (project.project / PAYMENTS).read_text(encoding="utf-8")
    project.write(PAYMENTS, text + "# reviewed\n")


def _change_two_at_once(project: Sandbox) -> None:
    project.edit(PAYMENTS, "peak_concurrent_requests: 16", "peak_concurrent_requests: 60")
    project.edit(SUPPORT, "active_hours_per_month: 160", "active_hours_per_month: 300")


PULL_REQUESTS = (
    PullRequest("added-team", _add_a_team),
    PullRequest("larger-context", _ask_for_a_larger_context),
    PullRequest("model-swap", _swap_the_model, STOPPED),  # a node pool goes, and nobody has agreed yet
    PullRequest("removed-team", _remove_a_team),
    PullRequest("price-change", _pay_another_price),
    PullRequest("label-change", _change_a_label),
    PullRequest("policy-violation", _lower_a_budget_below_the_cost, STOPPED),
    PullRequest("bad-file", _write_a_bad_file, STOPPED),
    PullRequest("node-pool-replacement", _replace_a_node_pool, STOPPED),
    PullRequest("image-bump", _bump_the_image),
    PullRequest("no-change", _change_nothing),
    PullRequest("two-at-once", _change_two_at_once),
)
