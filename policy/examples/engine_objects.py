"""A deployment as the platform declares it, with its record and namespace, for the examples of rules about engines.

Made by sizing and the platform's own builders, so that examples stay right when the catalogue changes. Each call gives copies.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from components.kubernetes.engine_pod import LADDER_PREFIX
from components.kubernetes.inference_service import API_VERSION, KIND, KNATIVE, make_annotations, make_labels, make_spec
from components.kubernetes.priority_classes import INTERACTIVE
from components.kubernetes.team_namespace import RESTRICTED, namespace_labels
from components.labels import make_labels as team_labels
from components.served_model import RECORD_KEY, RECORD_PREFIX, served_model, weights_folder, weights_place
from components.sizing.catalogue import load_catalogue
from components.sizing.demand import Demand, Supply
from components.sizing.placement import place
from components.sizing.published import published
from components.sizing.speed import longest_generation_seconds
from components.time_limits import time_limits
from policy.rules.rule import Resource

Content = dict[str, Any]
Change = Callable[[Content], object]

TEAM, NAME, BUCKET = "search", "ranker", "models"
NAMESPACE_NAME = f"team-{TEAM}"
#: `<team>/<deployment>`.
DEPLOYMENT = f"{TEAM}/{NAME}"
SUPPLY = Supply(
    region="us-central1",
    zones=("us-central1-a", "us-central1-b"),
    engine_version="0.33.0",
    purchase_order=("spot", "on-demand"),
    batch_purchase_order=("spot",),
    gke_quota={"nvidia-l4": 8},
    cloud_run_quota={},
)
DEMAND = Demand(
    team=TEAM,
    name=NAME,
    model="gemma-4-e4b-it",
    context_tokens=16384,
    peak_concurrent_requests=8,
    typical_tokens=2000,
    typical_answer_tokens=500,
    full_context_requests=1,
    active_hours_per_month=200,
    runs_on="gke",
)


@cache
def _made() -> tuple[Content, Content]:
    """(InferenceService, content of its record)."""
    record = place(DEMAND, SUPPLY, load_catalogue())
    checkpoint = record.budget.config.checkpoint
    weights = weights_place("stream", BUCKET, weights_folder(checkpoint.id, checkpoint.revision))
    limits = time_limits(
        longest_generation_seconds(record),
        record.startup_seconds,
        record.startup_probe_seconds,
        from_zero=record.min_replicas == 0,
        new_node=True,
    )
    model = served_model(record, weights, limits, mode=KNATIVE, bucket_name=BUCKET)
    labels = team_labels(TEAM, "cc-7", TEAM, record.budget.config.model).kubernetes()
    pool = f"{LADDER_PREFIX}{record.machine_type}"
    service = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {
            "name": NAME,
            "namespace": NAMESPACE_NAME,
            "labels": make_labels(model, labels),
            "annotations": make_annotations(model),
        },
        "spec": make_spec(NAME, model, pool, "models", labels, INTERACTIVE),
    }
    return service, {**published(record, weights), "image": model["image"]}


def service(*changes: Change) -> Content:
    """The InferenceService, after `changes`."""
    return _changed(_made()[0], changes)


def record(*changes: Change) -> Content:
    """The ConfigMap of its sizing record; `changes` are of the record, not of the object."""
    content = _changed(_made()[1], changes)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": RECORD_PREFIX + NAME, "namespace": NAMESPACE_NAME},
        "data": {RECORD_KEY: json.dumps(content)},
    }


def namespace() -> Content:
    """The namespace of its team."""
    labels = service()["metadata"]["labels"]
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE_NAME, "labels": namespace_labels(labels, RESTRICTED)},
    }


def served(*changes: Change) -> Resource:
    """The InferenceService after `changes`, as Pulumi declares it."""
    return Resource.of_object(service(*changes))


def beside(*changes: Change) -> tuple[Content, ...]:
    """What is in the cluster with it: its namespace, and its record after `changes`."""
    return namespace(), record(*changes)


def container(content: Content) -> Content:
    """The engine's container of an InferenceService."""
    return content["spec"]["predictor"]["containers"][0]


def limits(**amounts: str) -> Change:
    """Sets requests and limits alike."""

    def change(content: Content) -> None:
        resources = container(content)["resources"]
        resources["requests"] = resources["limits"] = {**resources["limits"], **amounts}

    return change


def flag(word: str) -> Change:
    """Sets one flag of the arguments, of an InferenceService or of a record: `--max-num-seqs=9`."""

    def change(content: Content) -> None:
        place, key = (container(content), "args") if "spec" in content else (content, "arguments")
        name = word.partition("=")[0]
        kept = [argument for argument in place[key] if argument.partition("=")[0] != name]
        place[key] = [*kept, word]

    return change


def without_flag(name: str) -> Change:
    """Takes a flag out of the arguments of an InferenceService or of a record."""

    def change(content: Content) -> None:
        place, key = (container(content), "args") if "spec" in content else (content, "arguments")
        place[key] = [argument for argument in place[key] if argument.partition("=")[0] != name]

    return change


def _changed(content: Content, changes: tuple[Change, ...]) -> Content:
    made = copy.deepcopy(content)
    for change in changes:
        change(made)
    return made
