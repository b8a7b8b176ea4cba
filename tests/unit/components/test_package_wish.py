"""Components that are given a wish: the same model as the platform's own plan makes of it, and refusals by argument."""

from __future__ import annotations

import datetime
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from components.argument_error import ArgumentError
from components.form_problems import field_name
from components.google.cloud_run_model import CloudRunModel, CloudRunModelArgs
from components.google.cloud_run_wish import cloud_run_serving
from components.kubernetes.cluster_endpoint import WaysIn, cluster_endpoint
from components.kubernetes.gemma_deployment import GemmaDeployment, GemmaDeploymentArgs
from components.kubernetes.gemma_wish import cluster_serving
from components.naming import account_id
from components.sizing.catalogue import load_catalogue
from components.wish_args import WishArgs
from stacks.environment import read_environment
from stacks.plan import Plan, make_plan
from tests.unit.components.registering import register, registered

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = load_catalogue()
OWNERSHIP = {"team": "search", "owner": "search-ml", "cost_center": "cc-7"}
WISH: dict[str, Any] = {"model": "gemma-4-e4b-it", "context_tokens": 8192, "peak_concurrent_requests": 4}
NODES = {
    "region": "us-central1",
    "zones": ["us-central1-a"],
    "machine_type": "g2-standard-12",
    "purchase_option": "spot",
}
ON_GKE: dict[str, Any] = {
    "name": "summaries",
    "namespace_name": "team-search",
    "service_account": "models",
    "pool": "g2-standard-12-spot",
    "bucket_name": "example-search-models",
    "nodes": NODES,
    "ownership": OWNERSHIP,
    "wish": WISH,
}
ON_CLOUD_RUN: dict[str, Any] = {
    "name": "assistant",
    "region": "us-central1",
    "network_id": "network",
    "subnetwork_id": "subnetwork",
    "bucket_name": "example-search-models",
    "ownership": OWNERSHIP,
    "wish": WISH,
}


@cache
def dev() -> Plan:
    environment, _ = read_environment(ROOT, "dev")
    return make_plan(environment, datetime.date(2026, 11, 26))


def without(args: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in args.items() if name not in names}


def refused(serving: Any, args: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ArgumentError) as error:
        serving(args, CATALOGUE)
    return {field_name(problem.path): problem.message for problem in error.value.problems}


def as_args(planned: Any) -> dict[str, Any]:
    """A deployment of the platform as another program would wish for it."""
    stated = planned.wish.model_dump(exclude_defaults=True)
    team = planned.loaded.team
    return {
        "name": planned.wish.name,
        "wish": {name: value for name, value in stated.items() if name in WishArgs.__annotations__},
        "ownership": {"team": team.team, "owner": team.owner, "cost_center": team.cost_center},
        "bucket_name": dev().bucket,
    }


def test_a_wish_becomes_what_the_platforms_own_plan_makes_of_it_on_gke() -> None:
    planned = next(each for each in dev().deployments if each.on_gke)
    settings, record = dev().environment.settings, planned.record
    nodes = {
        "region": settings.region,
        "zones": list(settings.zones),
        "machine_type": record.machine_type,
        "purchase_option": record.purchase_option,
    }
    more = {"namespace_name": "team-x", "nodes": nodes, "engine": {"version": settings.engine_version}}
    serving = cluster_serving({**as_args(planned), **more}, dev().environment.catalogue)
    assert serving.model == planned.model
    assert serving.labels == planned.labels.kubernetes()
    assert serving.endpoint == cluster_endpoint(planned, "team-x", WaysIn())
    decided = {"reason", "rejected", "ladder", "cost", "revision_digest"}  # what else could have been bought
    assert without(serving.record, *decided) == without(planned.published, *decided)


def test_a_wish_becomes_what_the_platforms_own_plan_makes_of_it_on_cloud_run() -> None:
    planned = next(each for each in dev().deployments if not each.on_gke)
    settings = dev().environment.settings
    args = {
        **as_args(planned),
        "region": settings.region,
        "engine": {"version": settings.engine_version},
        "gpu_quota": settings.quota.cloud_run[planned.record.accelerator],
    }
    serving = cloud_run_serving(args, dev().environment.catalogue)
    assert serving.model == planned.with_peak_cost
    assert (serving.checkpoint, serving.revision, serving.weights) == (
        planned.checkpoint,
        planned.revision,
        planned.weights_way,
    )
    assert serving.labels == planned.labels.google()
    assert serving.usd_per_month == str(planned.cost.amounts.expected)
    assert (serving.inputs, serving.cold_start_seconds) == (list(planned.wish.inputs), planned.limits.cold_start)


def test_the_shortest_program_registers_everything_that_a_service_needs() -> None:
    program = register(lambda: CloudRunModel("assistant", CloudRunModelArgs(**ON_CLOUD_RUN)))
    service = program.one("gcp:cloudrunv2/service:Service").inputs
    assert service["name"] == "assistant"
    assert service["labels"]["team"] == "search"
    assert not service["deletionProtection"]
    assert program.one("gcp:serviceaccount/account:Account").inputs["accountId"] == "gemma-assistant"
    member = program.one("gcp:storage/bucketIAMMember:BucketIAMMember").inputs
    assert member["bucket"] == "example-search-models"
    assert set(program.outputs) == {"endpoint", "placement", "expected_usd_per_month"}
    assert program.outputs["placement"].startswith("Cloud Run, ")


def test_the_shortest_deployment_registers_a_model_and_its_record() -> None:
    program = registered(lambda: GemmaDeployment("summaries", GemmaDeploymentArgs(**ON_GKE)))
    model = program.one("kubernetes:serving.kserve.io/v1beta1:InferenceService").inputs
    assert model["metadata"]["namespace"] == "team-search"
    assert model["metadata"]["labels"]["app.kubernetes.io/owner"] == "search-ml"
    assert model["spec"]["predictor"]["priorityClassName"] == "gemma-interactive"
    record = json.loads(program.one("kubernetes:core/v1:ConfigMap").inputs["data"]["record.json"])
    assert record["deployment"] == "search/summaries"
    assert record["machine_type"] == "g2-standard-12"
    assert program.outputs["placement"] == "GKE, g2-standard-12 (spot), 1 x nvidia-l4, 1 replica"


def test_without_a_wish_nothing_is_added_to_the_outputs() -> None:
    serving = cluster_serving(ON_GKE, CATALOGUE)
    stated: dict[str, Any] = {
        **without(ON_GKE, "wish", "nodes", "ownership", "bucket_name"),
        "model": serving.model,
        "record": serving.record,
        "endpoint": serving.endpoint,
        "labels": serving.labels,
    }
    program = registered(lambda: GemmaDeployment("summaries", GemmaDeploymentArgs(**stated)))
    assert set(program.outputs) == {"endpoint"}


def test_what_the_caller_adds_stands_beside_what_follows_from_the_wish() -> None:
    args = {
        **ON_GKE,
        "labels": {"tier": "gold", "team": "other"},
        "engine": {"image": "registry.example/vllm:v0.33.0", "revisions": {"google/gemma-4-E4B-it": "f" * 40}},
        "ways_in": {"domain": "models.example.com", "tokens": True},
        "wish": {**WISH, "workload": "batch"},
    }
    serving = cluster_serving(args, CATALOGUE)
    assert serving.labels["tier"] == "gold"
    assert serving.labels["team"] == "search"
    assert serving.model["image"] == serving.record["image"] == "registry.example/vllm:v0.33.0"
    assert serving.model["arguments"][0].endswith(f"/{'f' * 40}")
    assert serving.endpoint["base_url"] == "https://summaries-predictor-team-search.models.example.com/v1"
    assert serving.endpoint["authentication"] == "token"
    assert serving.priority_class == "gemma-batch"


def test_a_reserved_pool_is_priced_and_placed_on_its_reservation() -> None:
    nodes = {**NODES, "purchase_option": "reservation", "reservation": "held-2026"}
    record = cluster_serving({**ON_GKE, "nodes": nodes}, CATALOGUE).record
    assert (record["purchase_option"], record["reservation"]) == ("reservation", "held-2026")


def test_names_of_accounts_fit_google_and_long_ones_stay_apart() -> None:
    names = [account_id(name) for name in ("a", "assistant", "a-name-with-more-than-thirty-letters-1")]
    assert names[:2] == ["gemma-a", "gemma-assistant"]
    assert all(6 <= len(name) <= 30 for name in names)
    assert names[2] != account_id("a-name-with-more-than-thirty-letters-2")


@pytest.mark.parametrize(
    ("args", "path", "says"),
    [
        (without(ON_GKE, "wish"), "wish", "is missing; give it, or what follows from it: model, record, endpoint"),
        (without(ON_GKE, "wish"), "nodes", "has no meaning without wish"),
        ({**ON_GKE, "record": {}}, "record", "follows from wish; leave one of them out"),
        ({**without(ON_GKE, "wish"), "model": {}}, "endpoint", "is missing; give it, or a wish that it follows from"),
        (without(ON_GKE, "nodes"), "nodes", "is missing; a wish needs it"),
        ({**ON_GKE, "wish": {**WISH, "callers": []}}, "wish.callers", "unknown argument; allowed: model,"),
        ({**ON_GKE, "wish": {**WISH, "workload": "bach"}}, "wish.workload", "did you mean 'batch'?"),
        ({**ON_GKE, "ownership": {**OWNERSHIP, "owner": "Search ML"}}, "ownership.owner", "which is no label"),
        ({**ON_GKE, "nodes": {**NODES, "region": "us-central9"}}, "nodes.region", "did you mean 'us-central1'?"),
        ({**ON_GKE, "nodes": {**NODES, "zones": ["europe-west4-a"]}}, "nodes.zones", "not in region us-central1"),
        ({**ON_GKE, "nodes": {**NODES, "zones": []}}, "nodes.zones", "is empty"),
        ({**ON_GKE, "nodes": {**NODES, "purchase_option": "spott"}}, "nodes.purchase_option", "did you mean 'spot'?"),
        ({**ON_GKE, "nodes": {**NODES, "gpus": 0}}, "wish", "search/summaries"),
        ({**ON_GKE, "engine": {"version": "0.1.0"}}, "engine.version", "allowed: "),
        (
            {**ON_GKE, "wish": {**WISH, "context_tokens": 10**6}},
            "wish.context_tokens",
            "above gemma-4-e4b-it's maximum",
        ),
        (
            {**ON_GKE, "wish": {**WISH, "model": "gemma-4-31b-it"}},
            "nodes.machine_type",
            "a pool of g2-standard-24 would do",
        ),
        ({**ON_GKE, "ways_in": {"domain": "d.example", "external": True}}, "ways_in.external", "needs tokens"),
    ],
)
def test_a_deployment_refuses_by_argument(args: dict[str, Any], path: str, says: str) -> None:
    assert says in refused(cluster_serving, args)[path]


@pytest.mark.parametrize(
    ("args", "path", "says"),
    [
        (without(ON_CLOUD_RUN, "wish"), "wish", "model, checkpoint, usd_per_month, inputs, cold_start_seconds"),
        (without(ON_CLOUD_RUN, "ownership"), "ownership", "is missing"),
        ({**ON_CLOUD_RUN, "revision": "x"}, "revision", "engine.revisions names another one"),
        ({**ON_CLOUD_RUN, "region": "us-west1"}, "region", "found 'us-west1'"),
        ({**ON_CLOUD_RUN, "gpu_quota": 0}, "wish", "search/assistant"),
        ({**ON_CLOUD_RUN, "wish": {**WISH, "canary_percent": 10}}, "wish", "needs stable_revision"),
        ({**ON_CLOUD_RUN, "stable_revision": "assistant-00001-abc"}, "wish", "no meaning without canary_percent"),
        ({**ON_CLOUD_RUN, "region": "us-east4", "wish": {**WISH, "model": "gemma-4-31b-it"}}, "wish", "does not fit"),
    ],
)
def test_a_service_refuses_by_argument(args: dict[str, Any], path: str, says: str) -> None:
    assert says in refused(cloud_run_serving, args)[path]


def test_a_catalogue_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ArgumentError, match=r"catalogue: '/nowhere\.yaml'"):
        registered(lambda: CloudRunModel("assistant", CloudRunModelArgs(**ON_CLOUD_RUN, catalogue="/nowhere.yaml")))
