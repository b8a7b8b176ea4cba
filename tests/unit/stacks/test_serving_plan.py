"""How a plan serves what teams wish: mode, canary, pause, addresses, and what a team's file may not combine."""

from __future__ import annotations

import pytest

from stacks.endpoints import endpoint_on_gke
from stacks.planned_deployment import PlannedDeployment
from stacks.serving_settings import IngressSettings
from tests.unit.stacks.test_environment_files import PAYMENTS, SUPPORT, Tree, tree

__all__ = ["tree"]

JWT = {"jwt": {"issuer": "https://id.example.com", "audiences": ["gemma"], "jwks_uri": "https://id.example.com/keys"}}
OUTSIDE = IngressSettings.model_validate({"exposure": "external", "domain": "gemma.example.com", "authentication": JWT})


def payments(tree: Tree, *lines: str) -> PlannedDeployment:
    """The deployment of payments with more lines in its file."""
    tree.edit(PAYMENTS, "    runs_on: gke", "".join(f"    {line}\n" for line in lines) + "    runs_on: gke")
    return next(d for d in tree.plan().deployments if d.loaded.team.team == "payments")


@pytest.mark.parametrize(
    ("lines", "mode"),
    [
        ((), "Knative"),
        (("first_token_ms: 20000",), "Standard"),
        (("tokens_per_second: 5",), "Standard"),
        (("max_cold_start_seconds: 0",), "Standard"),
        (("first_token_ms: 20000", "scale_to_zero: true"), "Knative"),
    ],
)
def test_latency_goals_and_no_cold_start_mean_standard_mode_and_scale_to_zero_means_knative(
    tree: Tree, lines: tuple[str, ...], mode: str
) -> None:
    planned = payments(tree, *lines)
    assert planned.model["mode"] == planned.published["mode"] == mode


def test_a_cold_start_cannot_be_forbidden_and_asked_for_at_once(tree: Tree) -> None:
    tree.edit(PAYMENTS, "    runs_on: gke", "    scale_to_zero: true\n    max_cold_start_seconds: 0\n    runs_on: gke")
    assert "scale_to_zero brings cold starts" in tree.problems()[0]


def test_a_canary_in_standard_mode_is_refused_and_on_cloud_run_needs_the_stable_revision(tree: Tree) -> None:
    tree.edit(PAYMENTS, "    runs_on: gke", "    canary_percent: 10\n    first_token_ms: 20000\n    runs_on: gke")
    tree.edit(SUPPORT, "    scale_to_zero: true", "    scale_to_zero: true\n    canary_percent: 10")
    standard, cloud_run = tree.problems()
    assert "canary_percent needs Knative's traffic split" in standard
    assert "needs stable_revision" in cloud_run
    tree.edit(PAYMENTS, "    first_token_ms: 20000\n", "")
    tree.edit(SUPPORT, "    canary_percent: 10", "    canary_percent: 10\n    stable_revision: helpdesk-00003-abc")
    (warning,) = [w for w in tree.plan().warnings if "canary" in w]
    assert warning.startswith("payments/assistant: canary_percent 10 keeps two revisions running, 2 more nvidia-l4")


def test_a_canary_of_a_paused_model_is_refused_since_its_start_would_promote_it(tree: Tree) -> None:
    tree.edit(PAYMENTS, "    runs_on: gke", "    canary_percent: 0\n    paused: true\n    runs_on: gke")
    (problem,) = tree.problems()
    assert "canary_percent and paused do not go together" in problem
    tree.edit(PAYMENTS, "    canary_percent: 0\n", "")
    assert tree.plan()


def test_two_canaries_of_a_team_are_told_that_the_later_one_stays_pending(tree: Tree) -> None:
    text = (tree.folder / PAYMENTS).read_text(encoding="utf-8")
    first = text[text.index("  - name: assistant") :].replace(
        "    runs_on: gke", "    canary_percent: 10\n    runs_on: gke"
    )
    second = first.replace("name: assistant", "name: batcher")
    tree.write(PAYMENTS, text[: text.index("  - name: assistant")] + first + second)
    (together,) = [w for w in tree.plan().warnings if w.startswith("payments:") and "canaries" in w]
    assert "assistant, batcher are canaries at once and want 4 GPUs beside all replicas" in together
    assert "the team's quota has 2, room for one rollout" in together
    assert "exceeded quota" in together


def test_two_small_canaries_in_the_room_of_a_large_rollout_are_told_of_no_wait(tree: Tree) -> None:
    text = (tree.folder / PAYMENTS).read_text(encoding="utf-8")
    large = text[text.index("  - name: assistant") :].replace(
        "    runs_on: gke", "    availability: high\n    runs_on: gke"
    )
    small = large.replace("gemma-4-26b-a4b-it", "gemma-4-e4b-it").replace(
        "    availability: high\n", "    canary_percent: 5\n"
    )
    others = "".join(small.replace("name: assistant", f"name: {name}") for name in ("one", "two"))
    tree.write(PAYMENTS, text[: text.index("  - name: assistant")] + large + others)
    tree.edit("Pulumi.dev.yaml", "gke: {nvidia-l4: 8}", "gke: {nvidia-l4: 64}")
    plan = tree.plan()
    assert [d.record.gpu_count * max(1, d.record.min_replicas) for d in plan.deployments[:3]] == [4, 1, 1]
    assert not [w for w in plan.warnings if "canaries at once" in w]
    assert len([w for w in plan.warnings if "canary_percent 5 keeps two revisions running, 1 more" in w]) == 2


def test_canaries_of_two_teams_on_one_pool_at_its_limit_are_told_that_the_later_one_stays_pending(tree: Tree) -> None:
    text = (tree.folder / PAYMENTS).read_text(encoding="utf-8")
    trying = text.replace("    runs_on: gke", "    canary_percent: 10\n    runs_on: gke")
    tree.write(PAYMENTS, trying)
    tree.write("stacks/dev/teams/shop.yaml", trying.replace("team: payments", "team: shop"))
    tree.edit("Pulumi.dev.yaml", "gke: {nvidia-l4: 8}", "gke: {nvidia-l4: 64}")
    plan = tree.plan()
    (ladder,) = plan.ladders
    # one machine for each replica and one for a rollout: two canaries at peak want one more
    assert ladder.nodes == sum(d.record.max_replicas for d in plan.deployments if d.pool) + 1
    (together,) = [w for w in plan.warnings if "canaries at once" in w]
    assert together.startswith("payments/assistant, shop/assistant are canaries at once and want 2 machines")
    assert "its pools have 1, room for one rollout" in together
    assert "Insufficient nvidia.com/gpu" in together


def test_an_endpoint_is_inside_the_cluster_until_the_settings_expose_it(tree: Tree) -> None:
    planned = payments(tree)
    inside = endpoint_on_gke(planned, "team-payments", IngressSettings())
    assert inside["base_url"] == "http://assistant-predictor.team-payments.svc.cluster.local/v1"
    assert (inside["authentication"], inside["model"]) == ("none", "assistant")
    outside = endpoint_on_gke(planned, "team-payments", OUTSIDE)
    assert outside["base_url"] == "https://assistant-predictor-team-payments.gemma.example.com/v1"
    assert outside["authentication"] == "token"
    assert "$GEMMA_TOKEN" in outside["curl"][1]


def test_a_deployment_in_standard_mode_stays_inside_and_names_the_namespaces_that_may_call_it(tree: Tree) -> None:
    planned = payments(tree, "first_token_ms: 20000", "caller_namespaces: [shop]")
    endpoint = endpoint_on_gke(planned, "team-payments", OUTSIDE)
    assert endpoint["base_url"].startswith("http://assistant-predictor.team-payments.svc.cluster.local")
    assert endpoint["reachable_from"] == "pods of the cluster in team-payments, shop"


def test_the_internet_is_refused_without_authentication_and_a_gateway_without_a_domain(tree: Tree) -> None:
    owner = "    owner: ml-platform"
    tree.edit("Pulumi.dev.yaml", owner, f"    ingress: {{exposure: external, domain: gemma.example.com}}\n{owner}")
    assert "external needs authentication" in tree.problems()[0]
    tree.edit("Pulumi.dev.yaml", "{exposure: external, domain: gemma.example.com}", "{exposure: internal}")
    assert "exposure internal needs a domain" in tree.problems()[0]


def test_a_drafter_is_loaded_at_its_revision_readable_and_told_to_the_engine(tree: Tree) -> None:
    planned = payments(tree, "speculative: true")
    (_, drafter) = planned.loads
    assert drafter[0] == "google/gemma-4-26B-A4B-it-assistant"
    assert planned.model["reads"] == [drafter[0]]
    (argument,) = [a for a in planned.model["arguments"] if a.startswith("--speculative-config=")]
    assert f"gs://{planned.model['bucket_name']}/{drafter[0]}/{drafter[1]}" in argument


def test_a_team_serves_its_own_adapters_and_no_other_teams(tree: Tree) -> None:
    line = "adapters: [{name: tone, rank: 16, source: adapters/payments/tone}]"
    planned = payments(tree, "checkpoint: google/gemma-4-26B-A4B-it", line)
    assert planned.model["reads"] == ["adapters/payments/tone"]
    assert planned.model["mounted"] == {"/adapters/adapters/payments/tone": "adapters/payments/tone"}
    tree.edit(PAYMENTS, "adapters/payments/tone", "adapters/support/tone")
    assert "adapters of this team lie below adapters/payments/" in tree.problems()[0]


def test_an_override_decides_for_its_deployment_until_its_last_day_and_every_preview_says_so(tree: Tree) -> None:
    def override(expires: str) -> str:
        return (
            "    overrides:\n      - deployment: payments/assistant\n        reason: measured to be faster in the pilot\n"
            f"        expires: {expires}\n        tensor_parallel_size: 4\n    owner: ml-platform"
        )

    before = payments(tree).record.gpu_count
    tree.edit("Pulumi.dev.yaml", "    owner: ml-platform", override("2026-12-01"))
    plan = tree.plan()
    overridden = next(d for d in plan.deployments if d.loaded.team.team == "payments")
    assert (before, overridden.record.gpu_count) == (2, 4)
    assert overridden.published["overrides"] == {"tensor_parallel_size": "4"}
    assert any("tensor_parallel_size 4 by the platform's engineers until 2026-12-01" in w for w in plan.warnings)
    tree.edit("Pulumi.dev.yaml", "2026-12-01", "2026-11-01")
    late = tree.plan()
    assert next(d for d in late.deployments if d.loaded.team.team == "payments").record.gpu_count == 2
    assert any("ended on 2026-11-01" in w for w in late.warnings)


def test_a_paused_deployment_keeps_its_place_and_its_revision(tree: Tree) -> None:
    running = payments(tree)
    tree.edit(PAYMENTS, "    runs_on: gke", "    paused: true\n    runs_on: gke")
    paused = next(d for d in tree.plan().deployments if d.loaded.team.team == "payments")
    assert paused.model["paused"]
    assert paused.published["revision_digest"] == running.published["revision_digest"]
    assert paused.pool == running.pool


def test_callers_count_where_somebody_asks_who_calls_and_the_preview_says_where_nobody_does(tree: Tree) -> None:
    def idle() -> list[str]:
        return [w for w in tree.plan().warnings if "callers have no effect" in w]

    payments(tree, "callers: [batch@p.iam.gserviceaccount.com]")
    (nobody,) = idle()
    assert "payments/assistant: callers have no effect: the environment has no ingress.authentication" in nobody
    owner = "    owner: ml-platform"
    issuer = "{issuer: 'https://id.example.com', audiences: [gemma], jwks_uri: 'https://id.example.com/keys'}"
    tree.edit("Pulumi.dev.yaml", owner, f"    ingress: {{authentication: {{jwt: {issuer}}}}}\n{owner}")
    assert idle() == []
    tree.edit(PAYMENTS, "    runs_on: gke", "    first_token_ms: 20000\n    runs_on: gke")
    assert idle()[0].endswith("it is reached inside the cluster only; name caller_namespaces")


def test_small_weights_are_mounted_on_cloud_run_where_the_settings_say_so_and_all_limits_follow(tree: Tree) -> None:
    def helpdesk() -> PlannedDeployment:
        return next(d for d in tree.plan().deployments if d.loaded.team.team == "support")

    streamed = helpdesk()
    assert (streamed.weights_way, streamed.weights[:5]) == ("stream", "gs://")
    owner = "    owner: ml-platform"
    tree.edit("Pulumi.dev.yaml", owner, f"    cloud_run: {{weights: mount}}\n{owner}")
    mounted = helpdesk()
    assert (mounted.weights_way, mounted.weights[:8]) == ("mount", "/models/")
    assert mounted.model["arguments"][0] == mounted.weights
    # a mount is slower: whoever waits for a start from zero is given the time, and told of it
    assert mounted.limits.cold_start > streamed.limits.cold_start
    assert mounted.limits.request - streamed.limits.request == mounted.limits.cold_start - streamed.limits.cold_start
    assert mounted.published["seconds"]["startup_probe"] == 1800
    assert next(d for d in tree.plan().deployments if d.loaded.team.team == "payments").weights_way == "stream"


def test_weights_too_large_for_a_mount_are_streamed_all_the_same_and_the_preview_says_so(tree: Tree) -> None:
    owner = "    owner: ml-platform"
    tree.edit("Pulumi.dev.yaml", owner, f"    cloud_run: {{weights: mount}}\n{owner}")
    tree.edit(SUPPORT, "    scale_to_zero: true", "    scale_to_zero: true\n    max_cold_start_seconds: 300")
    plan = tree.plan()
    (warning,) = [w for w in plan.warnings if "although cloud_run.weights is mount" in w]
    assert warning.startswith("support/helpdesk: ")
    assert next(d for d in plan.deployments if d.key == "support/helpdesk").weights_way == "stream"
