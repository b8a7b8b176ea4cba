"""The arguments of every engine that dev and prod start, on GKE and on Cloud Run, against the options of exactly its release."""

from __future__ import annotations

import pytest

from components.sizing.catalogue import load_catalogue
from components.sizing.engine_arguments import engine_of_image
from stacks.describe.resource_graph import ResourceGraph
from tests.kubernetes_api.declared import ENVIRONMENTS, graph_of, manifests_of
from tests.kubernetes_api.engine_flags import argument_faults

CLOUD_RUN = "gcp:cloudrunv2/service:Service"


def engines(graph: ResourceGraph) -> list[tuple[str, str, list[str]]]:
    """(name, image, command and arguments) of each engine; a service or an InferenceService has exactly one."""
    found: list[tuple[str, str, list[str]]] = []
    for manifest in manifests_of(graph):
        if manifest["kind"] == "InferenceService":
            (container,) = manifest["spec"]["predictor"]["containers"]
            name = f"{manifest['metadata']['namespace']}/{manifest['metadata']['name']}"
            found.append((name, container["image"], [*container.get("command", ()), *container["args"]]))
    for service in graph.of(CLOUD_RUN):
        (container,) = service.inputs["template"]["containers"]
        found.append((service.name, container["image"], [*container.get("commands", ()), *container["args"]]))
    return found


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_engine_starts_with_arguments_that_its_release_has(env: str) -> None:
    found = engines(graph_of(env))
    assert len(found) >= 2
    catalogue = load_catalogue()
    for name, image, arguments in found:
        assert argument_faults(engine_of_image(image, catalogue).version, arguments) == [], name


def test_both_places_are_seen() -> None:
    names = {name for env in ENVIRONMENTS for name, *_ in engines(graph_of(env))}
    assert any(name.startswith("team-") for name in names)
    assert any(not name.startswith("team-") for name in names)


@pytest.mark.parametrize(
    ("argument", "fault"),
    [
        ("--max-model-length=32768", "--max-model-length is unknown, did you mean --max-model-len?"),
        ("--max-num-seqs", "--max-num-seqs takes a value"),
        ("--language-model-only=true", "--language-model-only takes no value"),
        ("--kv-cache-dtype=fp9", "--kv-cache-dtype is 'fp9'. Allowed: auto, "),
        ("--max-num-seqs=many", "--max-num-seqs is 'many', which is not a whole number"),
        ("--max-num-seqs=-1", "which is not a whole number"),
        ("--gpu-memory-utilization=90", "--gpu-memory-utilization is '90', which is not a number above 0"),
        ("--mm-processor-kwargs=280", "--mm-processor-kwargs is '280', which is not a JSON object"),
        ("--mm-processor-kwargs={max_soft_tokens: 280}", "which is not a JSON object"),
        ("--served-model-name=", "which is not text"),
        ("--seed=1", "--seed: what its value is, is not known"),
        ("--lora-modules", "--lora-modules takes words of the form name=path, found none"),
        ("second-model", "one model is wanted, found ['gs://models/m', 'second-model']"),
    ],
)
def test_an_argument_that_the_release_refuses_is_found(argument: str, fault: str) -> None:
    arguments = ["vllm", "serve", "gs://models/m", "--language-model-only"]
    assert argument_faults("0.33.0", arguments) == []
    (found,) = argument_faults("0.33.0", [*arguments, argument])
    assert fault in found


def test_adapters_are_words_after_their_option() -> None:
    begin = ["m", "--enable-lora", "--max-loras=2", "--max-lora-rank=16", "--lora-modules"]
    assert argument_faults("0.33.0", [*begin, "a=/adapters/a", "b=/adapters/b", "--language-model-only"]) == []
    assert argument_faults("0.33.0", [*begin, "a"]) == ["--lora-modules takes words of the form name=path, found ['a']"]


def test_an_option_counts_for_the_release_that_has_it_only() -> None:
    arguments = ["m", "--disable-log-requests"]
    assert argument_faults("0.33.0", arguments) == []
    assert argument_faults("0.24.0", arguments) != []
    assert argument_faults("0.99.0", arguments) == [
        "the options of vLLM 0.99.0 are not known: add them to tests/data/vllm_flags.json"
    ]
