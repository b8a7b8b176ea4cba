"""dev through the real command line: real engine, real policy pack, real team files; stand-ins for the two APIs.

dev is brought up once for this module; the tests look at it and preview changes of it, which change nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from components.smoke.targets import targets_of
from sandbox.paths import Layout
from tests.sandbox.harness import Sandbox
from tests.unit.cost.commands import run as cost

PAYMENTS = "stacks/dev/teams/payments.yaml"
SUPPORT = "stacks/dev/teams/support.yaml"
SETTINGS = "Pulumi.dev.yaml"
#: Recording rules and alerts about cost, which hold the numbers of all teams.
COST_RULES = "cost-monitoring-rules"


@pytest.fixture(scope="module")
def brought_up(set_up: Layout, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """dev, brought up."""
    sandbox = Sandbox.create(tmp_path_factory.mktemp("dev"))
    result = sandbox.up("dev")
    assert result.exit_code == 0, result.output
    return sandbox


@pytest.fixture
def dev(brought_up: Sandbox) -> Iterator[Sandbox]:
    """The same, with team files and settings as they were after each test."""
    files = {name: (brought_up.project / name).read_text(encoding="utf-8") for name in (PAYMENTS, SUPPORT, SETTINGS)}
    yield brought_up
    for name, text in files.items():
        brought_up.write(name, text)


def test_dev_yields_the_slice_on_gke_and_on_cloud_run(dev: Sandbox) -> None:
    kinds = [r["type"] for r in dev.resources()]
    for kind in (
        "gcp:compute/subnetwork:Subnetwork",
        "gcp:container/cluster:Cluster",
        "gcp:storage/bucket:Bucket",
        "gcp:cloudrunv2/service:Service",
        "kubernetes:serving.kserve.io/v1beta1:InferenceService",
    ):
        assert kinds.count(kind) == 1, kind
    for kind in ("core/v1:ServiceAccount", "core/v1:ResourceQuota", "core/v1:LimitRange"):
        assert kinds.count(f"kubernetes:{kind}") == 2, kind  # one a team
    assert kinds.count("kubernetes:helm.sh/v3:Release") == 8
    assert kinds.count("kubernetes:operator.knative.dev/v1beta1:KnativeServing") == 1
    assert kinds.count("gcp:container/nodePool:NodePool") == 3  # system, and 2 x L4 in two ways to buy them
    assert kinds.count("kubernetes:cloud.google.com/v1:ComputeClass") == 1
    assert kinds.count("gcp:cloudrunv2/job:Job") == 2  # one loader for each checkpoint


def test_the_outputs_say_where_each_deployment_runs_why_and_for_how_much(dev: Sandbox) -> None:
    deployments = dev.stack_outputs()["deployments"]
    payments, support = deployments["payments/assistant"], deployments["support/helpdesk"]
    assert payments["placement"].startswith("GKE, g2-standard-24 (spot), 2 x nvidia-l4")
    assert payments["base_url"] == "http://assistant-predictor.team-payments.svc.cluster.local/v1"
    assert payments["price_usd_per_month"] == "876.10"  # 1.200136 an hour x 730 hours
    assert payments["reason"].startswith("cheapest that fits (fp8, 3.0 GiB spare a GPU)")
    assert support["placement"].startswith("Cloud Run, 8 vCPU, 32 GiB, 1 x nvidia-l4")
    assert support["base_url"].startswith("https://gemma-dev-support-helpdesk-")
    # (0.0001867 + 8 x 0.000018 + 32 x 0.000002) a second x 3600 = 1.42092 an hour,
    # x the 160 active hours, in which half of the peak needs one instance
    assert support["price_usd_per_month"] == "227.35"


def test_the_smoke_command_finds_every_deployment_in_the_outputs(dev: Sandbox) -> None:
    targets = targets_of(json.dumps(dev.stack_outputs()), "dev", None, None)
    assert {target.key for target in targets} == {"payments/assistant", "support/helpdesk"}


@pytest.mark.slow
def test_a_preview_and_a_plan_tell_what_the_month_costs_and_what_changes_it(dev: Sandbox) -> None:
    unchanged = dev.preview()
    assert re.search(
        r"cost: USD [\d,.]+ a month expected \([\d,.]+ to [\d,.]+, .* of it idle\); unchanged", unchanged.output
    )
    outputs = json.dumps(dev.stack_outputs())
    assert "no change against the deployed stack" in cost(dev.project, "plan", "--outputs", "-", stdin=outputs).out
    dev.edit(SUPPORT, "active_hours_per_month: 160", "active_hours_per_month: 300")
    changed = dev.preview().output
    # 140 hours more of 1.42092: 426.28 - 227.35
    assert "; +$198.93 against what is deployed" in changed
    line = "support/helpdesk: +$198.93 a month expected, now 426.28 (active hours: 160 -> 300)"
    assert f"cost: {line}" in changed
    planned = cost(dev.project, "plan", "--json", "--outputs", "-", stdin=outputs).json
    assert planned["change"]["expected"] == "198.93"


def test_the_engine_on_gke_gets_the_derived_arguments_gpus_and_labels(dev: Sandbox) -> None:
    service = next(r for r in dev.resources() if r["type"].endswith(":InferenceService"))["inputs"]
    container = service["spec"]["predictor"]["containers"][0]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert {"--tensor-parallel-size=2", "--max-model-len=32768", "--max-num-seqs=16"} <= set(container["args"])
    for labels in (service["metadata"]["labels"], service["spec"]["predictor"]["labels"]):
        assert labels["model-architecture"] == "moe"
        assert labels["total-params"] == "25806m"
        assert labels["active-param-ratio"] == "148"


def test_the_kubeconfig_is_a_secret_in_the_state(dev: Sandbox) -> None:
    state = json.dumps(dev.resources())
    assert '"kubeconfig"' in state
    assert "gke-gcloud-auth-plugin" not in state


def test_refresh_finds_nothing_to_take_over_after_an_up(dev: Sandbox) -> None:
    result = dev.refresh("dev", "--expect-no-changes")
    assert result.exit_code == 0, result.output


@pytest.mark.slow
def test_a_longer_context_on_cloud_run_changes_that_service_and_nothing_else(dev: Sandbox) -> None:
    dev.edit(SUPPORT, "context_tokens: 16384", "context_tokens: 20000")
    assert dev.changes("dev") == {"support/helpdesk": "update"}


@pytest.mark.slow
def test_more_concurrency_on_gke_changes_the_service_and_the_size_of_its_pool(dev: Sandbox) -> None:
    # 40 at once need two replicas of 20 on 2 x L4, so the pool may grow by one node; nothing is replaced
    dev.edit(PAYMENTS, "peak_concurrent_requests: 16", "peak_concurrent_requests: 40")
    pools = dict.fromkeys(("g2-standard-24-spot", "g2-standard-24-on-demand"), "update")
    # the second replica brings a disruption budget, and room in the team's quota
    changes = dev.changes("dev")
    assert changes.pop(COST_RULES) == "update"  # alerts know what a token may cost
    assert changes == {"payments/assistant": "create,update", "payments": "update", **pools}


@pytest.mark.slow
def test_another_owner_and_cost_centre_relabel_the_team_and_replace_nothing(dev: Sandbox) -> None:
    dev.edit(PAYMENTS, "owner: payments-ml", "owner: payments-ai")
    dev.edit(PAYMENTS, "cost_center: cc-1042", "cost_center: cc-1043")
    changes = dev.changes("dev")
    assert set(changes.values()) == {"update"}
    assert {name.partition("-")[0].partition("/")[0] for name in changes} == {"payments"}
    assert {"payments", "payments-view", "payments/assistant"} <= set(changes)


def test_a_removed_team_takes_only_its_own_resources_with_it(dev: Sandbox) -> None:
    dev.remove(SUPPORT)
    changes = dev.changes("dev")
    # alerts name the budgets of all teams
    assert changes.pop(COST_RULES) == "update"
    assert set(changes.values()) == {"delete"}
    # the loader of a checkpoint that nobody else serves goes too; its objects stay
    assert all("support" in name or name.startswith("load-google/gemma-4-E4B-it") for name in changes), changes


@pytest.mark.slow
def test_other_labels_prices_and_quota_of_the_platform_replace_nothing(dev: Sandbox) -> None:
    dev.edit(SETTINGS, "    owner: ml-platform", "    owner: platform-team")
    adjustment = "{sku: g2-standard-24, percent: 5, reason: contract, date: 2026-11-01}"
    dev.edit(SETTINGS, "    cost_center: cc-0001", f"    cost_center: cc-0002\n    price_adjustments: [{adjustment}]")
    changes = dev.changes("dev")
    assert set(changes.values()) == {"update"}
    assert {"cluster", "models", "g2-standard-24-spot"} <= set(changes)


@pytest.mark.slow
def test_an_old_deployment_warns_in_the_preview_before_it_expires_and_stops_it_after(dev: Sandbox) -> None:
    dev.edit(SUPPORT, "scale_to_zero: true", "scale_to_zero: true\n    expires_on: 2026-12-01")
    dev.edit(SETTINGS, "    owner: ml-platform", "    today: 2026-11-25\n    owner: ml-platform")
    before = dev.preview("dev")
    dev.edit(SETTINGS, "    today: 2026-11-25\n", "    today: 2026-12-02\n")
    after = dev.preview("dev")
    assert before.exit_code == 0, before.output
    assert "support/helpdesk expires on 2026-12-01" in before.output
    assert after.exit_code != 0
    assert "expired on 2026-12-01" in after.output
