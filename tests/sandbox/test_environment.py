"""dev and prod through the real command line: real engine, real policy pack, real team files; stand-ins for the two APIs."""

from __future__ import annotations

import json

import pytest

from tests.sandbox.harness import Sandbox

PAYMENTS = "stacks/dev/teams/payments.yaml"
SUPPORT = "stacks/dev/teams/support.yaml"


def own_resources(sandbox: Sandbox, env: str = "dev") -> list[str]:
    """URNs in the state, without the stack itself."""
    return [r["urn"] for r in sandbox.resources(env) if r["type"] != "pulumi:pulumi:Stack"]


@pytest.fixture
def dev_up(sandbox: Sandbox) -> Sandbox:
    """dev, brought up."""
    result = sandbox.up("dev")
    assert result.exit_code == 0, result.output
    return sandbox


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_a_preview_of_each_environment_passes_the_policies_and_creates_nothing(sandbox: Sandbox, env: str) -> None:
    result = sandbox.preview(env)
    assert result.exit_code == 0, result.output
    assert "gemma-platform@v0.1.0" in result.output
    assert "can't run policy" not in result.output
    assert own_resources(sandbox, env) == []


def test_dev_yields_the_slice_on_gke_and_on_cloud_run(dev_up: Sandbox) -> None:
    kinds = [r["type"] for r in dev_up.resources()]
    for kind in (
        "gcp:compute/subnetwork:Subnetwork",
        "gcp:container/cluster:Cluster",
        "gcp:storage/bucket:Bucket",
        "gcp:cloudrunv2/service:Service",
        "kubernetes:serving.kserve.io/v1beta1:InferenceService",
    ):
        assert kinds.count(kind) == 1, kind
    for kind in (
        "kubernetes:core/v1:Namespace",
        "kubernetes:core/v1:ServiceAccount",
        "gcp:container/nodePool:NodePool",
    ):
        assert kinds.count(kind) == 2, kind
    deployments = dev_up.stack_outputs()["deployments"]
    assert deployments["payments/assistant"]["placement"].startswith("GKE, g2-standard-24 (spot), 2 x nvidia-l4")
    assert deployments["payments/assistant"]["endpoint"] == "http://assistant-predictor.team-payments.svc.cluster.local"
    assert deployments["support/helpdesk"]["placement"].startswith("Cloud Run, 8 vCPU, 32 GiB, 1 x nvidia-l4")
    assert deployments["support/helpdesk"]["endpoint"].startswith("https://gemma-dev-support-helpdesk-")
    # 1.200136 an hour x 730 hours
    assert deployments["payments/assistant"]["price_usd_per_month"] == "876.10"


def test_the_engine_on_gke_gets_the_derived_arguments_gpus_and_labels(dev_up: Sandbox) -> None:
    service = next(r for r in dev_up.resources() if r["type"].endswith(":InferenceService"))["inputs"]
    container = service["spec"]["predictor"]["containers"][0]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert {"--tensor-parallel-size=2", "--max-model-len=32768", "--max-num-seqs=16"} <= set(container["args"])
    labels = service["metadata"]["labels"]
    assert labels["model-architecture"] == "moe"
    assert labels["total-params"] == "25806m"
    assert labels["active-param-ratio"] == "148"


def test_a_second_up_changes_nothing(dev_up: Sandbox) -> None:
    result = dev_up.preview("dev", expect_no_changes=True)
    assert result.exit_code == 0, result.output


def test_the_kubeconfig_is_a_secret_in_the_state(dev_up: Sandbox) -> None:
    state = json.dumps(dev_up.resources())
    assert "gke-gcloud-auth-plugin" not in state


def test_a_longer_context_on_cloud_run_changes_that_service_and_nothing_else(dev_up: Sandbox) -> None:
    dev_up.edit(SUPPORT, "context_tokens: 16384", "context_tokens: 20000")
    assert dev_up.changes("dev") == {"support/helpdesk": "update"}


def test_more_concurrency_on_gke_loads_the_model_anew_and_leaves_cluster_and_bucket_alone(dev_up: Sandbox) -> None:
    # 40 at once need two replicas of 20 on 2 x L4: the pool may grow to two nodes, the service changes its arguments
    dev_up.edit(PAYMENTS, "peak_concurrent_requests: 16", "peak_concurrent_requests: 40")
    assert dev_up.changes("dev") == {"payments/assistant": "update", "g2-standard-24-spot": "update"}


def test_a_removed_team_takes_only_its_own_resources_with_it(dev_up: Sandbox) -> None:
    dev_up.remove(SUPPORT)
    changes = dev_up.changes("dev")
    assert set(changes.values()) == {"delete"}
    assert all("support" in name for name in changes), changes


def test_a_changed_owner_relabels_and_replaces_nothing(dev_up: Sandbox) -> None:
    dev_up.edit(PAYMENTS, "owner: payments-ml", "owner: payments-ai")
    changes = dev_up.changes("dev")
    assert set(changes.values()) == {"update"}
    assert all(name.startswith("payments") for name in changes), changes


def test_refresh_finds_nothing_to_take_over_after_an_up(dev_up: Sandbox) -> None:
    result = dev_up.refresh("dev", "--expect-no-changes")
    assert result.exit_code == 0, result.output


def test_a_failed_create_is_continued_by_the_next_up_with_nothing_lost_or_doubled(sandbox: Sandbox) -> None:
    sandbox.fault("g2-standard-24-spot", "fail")
    failed = sandbox.up("dev")
    assert failed.exit_code != 0
    before = set(own_resources(sandbox))
    assert not any("GpuNodePool$" in urn for urn in before)
    sandbox.clear_fault("g2-standard-24-spot")
    mended = sandbox.up("dev")
    assert mended.exit_code == 0, mended.output
    after = own_resources(sandbox)
    assert before < set(after)
    assert len(after) == len(set(after))
    assert sandbox.preview("dev", expect_no_changes=True).exit_code == 0


def test_destroy_leaves_nothing_in_the_state_nor_in_the_cloud(dev_up: Sandbox) -> None:
    result = dev_up.destroy("dev")
    assert result.exit_code == 0, result.output
    assert own_resources(dev_up) == []
    left = [p for p in dev_up.instance.cloud.rglob("*.json") if p.name != "faults.json"]
    assert left == []


def test_prod_is_not_destroyed_by_accident(sandbox: Sandbox) -> None:
    assert sandbox.up("prod").exit_code == 0
    result = sandbox.destroy("prod")
    assert result.exit_code != 0
    assert "deletion" in result.output
    assert any("cluster" in urn for urn in own_resources(sandbox, "prod"))
