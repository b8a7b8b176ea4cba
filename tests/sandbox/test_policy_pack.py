"""The policy pack on somebody else's stack, through the real engine: what it denies and with which words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.paths import ROOT
from sandbox.providers.cloud import Cloud
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from tests.sandbox.harness import Sandbox
from tests.sandbox.providers.serving_objects import install_stack

PROGRAM = """
import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s

GOOGLE = {
    "owner": "search",
    "cost-center": "cc-7",
    "team": "search",
    "model-architecture": "dense",
    "total-params": "7941m",
    "active-param-ratio": "585",
}
KUBERNETES = {**{k: v for k, v in GOOGLE.items() if k != "owner"}, "app.kubernetes.io/owner": "search"}

gcp.storage.Bucket("documents", name="example-search-documents", location="US-CENTRAL1", labels=GOOGLE)
kubernetes = k8s.Provider("cluster", kubeconfig="{}")
opts = pulumi.ResourceOptions(provider=kubernetes)
namespace = k8s.core.v1.Namespace("search", metadata={"name": "search", "labels": KUBERNETES}, opts=opts)
k8s.apiextensions.CustomResource(
    "ranker",
    api_version="serving.kserve.io/v1beta1",
    kind="InferenceService",
    metadata={
        "name": "ranker",
        "namespace": namespace.metadata.name,
        "labels": KUBERNETES,
        "annotations": {"gemma-platform/typical-tokens": "2000", "gemma-platform/full-context-requests": "1"},
    },
    spec={
        "predictor": {
            "labels": KUBERNETES,
            "nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-l4"},
            "containers": [
                {
                    "name": "kserve-container",
                    "image": "docker.io/vllm/vllm-openai:v0.33.0",
                    "command": ["vllm", "serve"],
                    "args": [
                        "google/gemma-4-E4B-it",
                        "--max-model-len=16384",
                        "--max-num-seqs=32",
                        "--tensor-parallel-size=1",
                        "--gpu-memory-utilization=0.90",
                        "--language-model-only",
                    ],
                    "resources": {"limits": {"nvidia.com/gpu": "1"}},
                }
            ],
        }
    },
    opts=opts,
)
"""


@pytest.fixture
def consumer(tmp_path: Path) -> Sandbox:
    """A stack of another team that complies with the pack."""
    source = tmp_path / "consumer"
    source.mkdir()
    (source / "Pulumi.yaml").write_text(
        "name: search\nruntime:\n  name: python\n  options: {toolchain: pip, virtualenv: .venv}\n", encoding="utf-8"
    )
    (source / "Pulumi.dev.yaml").write_text("config:\n  gcp:project: example-search\n", encoding="utf-8")
    (source / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    made = Sandbox.create(tmp_path, project=source, policy_pack=str(ROOT / "policy"))
    # the platform's own stack has set up the cluster that the program's kubeconfig reaches
    cluster = KubernetesApi(Cloud(made.instance.cloud))
    cluster.configure({"kubeconfig": "{}"})
    install_stack(cluster)
    return made


def denied(consumer: Sandbox, rule: str) -> str:
    """Output of a preview that the rule must deny."""
    result = consumer.preview("dev")
    assert result.exit_code != 0, result.output
    assert re.search(rf"\[mandatory\].*  {rule}  ", result.output), result.output
    return result.output


@pytest.mark.parametrize(
    ("old", "new", "rule", "message"),
    [
        pytest.param(
            'location="US-CENTRAL1", labels=GOOGLE',
            'location="US-CENTRAL1", labels={**GOOGLE, "team": "Search"}',
            "required-labels",
            "documents: the labels at labels hold 'team' with the value 'Search'",
            id="a label with a capital",
        ),
        pytest.param(
            'location="US-CENTRAL1", labels=GOOGLE',
            'location="US-CENTRAL1", labels={k: v for k, v in GOOGLE.items() if k != "owner"}',
            "required-labels",
            "lack 'owner'",
            id="a resource with a missing label",
        ),
        pytest.param(
            '"predictor": {\n            "labels": KUBERNETES,',
            '"predictor": {',
            "required-labels",
            "the labels at spec.predictor.labels lack 'app.kubernetes.io/owner'",
            id="pods without labels",
        ),
        pytest.param(
            "--tensor-parallel-size=1",
            "--tensor-parallel-size=2",
            "vram-fit",
            "--tensor-parallel-size is 2 but the resource asks for 1 x nvidia-l4",
            id="too few GPUs for its flags",
        ),
        pytest.param(
            '"google/gemma-4-E4B-it"',
            '"google/gemma-4-26B-A4B-it"',
            "vram-fit",
            "decides: weights",
            id="a model that is too large for its GPU",
        ),
        pytest.param(
            '"annotations": {"gemma-platform/typical-tokens": "2000", "gemma-platform/full-context-requests": "1"},',
            '"annotations": {"run": pulumi.Output.from_input(namespace.metadata.uid)},',
            "vram-fit",
            "short of",
            id="flags that promise more than the memory holds, with an annotation that is unknown",
        ),
        pytest.param(
            'docker.io/vllm/vllm-openai:v0.33.0"',
            'docker.io/vllm/vllm-openai:nightly"',
            "vram-fit",
            "states no vLLM version in its tag",
            id="an engine that is not known",
        ),
    ],
)
@pytest.mark.slow
def test_a_violation_stops_the_preview_with_its_reason(
    consumer: Sandbox, old: str, new: str, rule: str, message: str
) -> None:
    consumer.edit("__main__.py", old, new)
    assert message in denied(consumer, rule)


def test_a_violation_stops_an_up_before_the_resource_is_created_and_mending_it_lets_it_pass(consumer: Sandbox) -> None:
    consumer.edit("__main__.py", "--tensor-parallel-size=1", "--tensor-parallel-size=2")
    stopped = consumer.up("dev")
    assert stopped.exit_code != 0
    assert "asks for 1 x nvidia-l4" in stopped.output
    assert not any(r["type"].endswith(":InferenceService") for r in consumer.resources())
    consumer.edit("__main__.py", "--tensor-parallel-size=2", "--tensor-parallel-size=1")
    mended = consumer.up("dev")
    assert mended.exit_code == 0, mended.output
