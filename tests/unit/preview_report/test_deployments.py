"""What changes of a deployment, in words: the wish first, and what follows from it beside it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from components.preview_report.report import DeploymentLine
from tests.unit.preview_report.made import change, preview_of, report_of

KEY = "payments/assistant"


def line(deployed: dict[str, Any], **values: Any) -> DeploymentLine:
    """The line of a deployment of which these fields of its record change."""
    changed = copy.deepcopy(deployed)
    changed["records"][KEY] |= values
    return report_of(preview_of(changed), deployed).deployments[0]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"max_model_len": 65536}, "context 32k -> 64k"),
        ({"max_model_len": 20000}, "context 32k -> 20,000"),
        ({"model": "gemma-4-31b-it", "checkpoint": "x", "revision": "1"}, "model gemma-4-26b-a4b-it -> gemma-4-31b-it"),
        ({"engine": "0.34.0", "image": "docker.io/vllm/vllm-openai:v0.34.0"}, "engine 0.33.0 -> 0.34.0"),
        ({"image": "docker.io/vllm/vllm-openai:v0.33.0@sha256:" + 9 * "1"}, "image v0.33.0 -> v0.33.0@sha256:111111111"),
        ({"max_num_seqs": 20}, "requests at once a replica 16 -> 20"),
        ({"mode": "Standard"}, "served by Knative -> Standard"),
        ({"rejected": []}, "sizing record only"),
    ],
)  # fmt: skip
def test_one_cause_is_told_once(deployed: dict[str, Any], values: Mapping[str, Any], words: str) -> None:
    assert line(deployed, **values).change == words


def test_what_it_means_names_gpus_machine_replicas_and_what_is_left(deployed: dict[str, Any]) -> None:
    moved = line(deployed, gpu_count=4, machine_type="g2-standard-48", replicas=[1, 2], spare_bytes=int(0.5 * 2**30))
    assert moved.meaning == (
        "2 L4 -> 4 L4, g2-standard-24 -> g2-standard-48, 1 replica -> 1 to 2 replicas, fits, 0.5 GiB spare a GPU"
    )
    assert "fits -> tight" in line(deployed, verdict="tight").meaning


def test_a_new_revision_reloads_the_model_and_the_same_one_does_not(deployed: dict[str, Any]) -> None:
    assert line(deployed, max_model_len=65536).reload == "no"
    assert line(deployed, revision_digest="other").reload == "yes, ~5 min a replica"


def test_labels_alone_are_called_labels(deployed: dict[str, Any]) -> None:
    kind = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
    paths = ('metadata.labels["cost-center"]', 'spec.predictor.labels["cost-center"]')
    steps = (change("update", kind, KEY, paths=paths), change("same", kind, "support/helpdesk"))
    found = report_of(preview_of(deployed, changes=steps), deployed).deployments
    assert [(each.deployment, each.change) for each in found] == [(KEY, "labels")]


def test_what_does_not_change_has_no_line(deployed: dict[str, Any]) -> None:
    assert report_of(preview_of(deployed), deployed).deployments == ()
