"""Examples of the rule engine-capability: combinations that a release breaks, and near misses beside them."""

from __future__ import annotations

import json

from components.sizing.catalogue import load_catalogue
from policy.examples.engine_objects import Change, Content, beside, container, namespace, served
from policy.examples.labelled_objects import DIGEST, on_cloud_run
from policy.rules.engine_capability import NOT_DEPLOYABLE, OTHER_ENGINE
from policy.rules.record import NO_RECORD, OTHER_RECORD
from policy.rules.rule import UNKNOWN, Example, Resource

REGISTRY = "docker.io/vllm/vllm-openai"
E4B, MOE, MOE_NVFP4 = "google/gemma-4-E4B-it", "google/gemma-4-26B-A4B-it", "nvidia/Gemma-4-26B-A4B-NVFP4"
AHEAD = load_catalogue().model("gemma-4-e4b-it").drafter.num_speculative_tokens
DRAFTER = "--speculative-config=" + json.dumps({"model": f"{E4B}-assistant", "num_speculative_tokens": AHEAD})
NOT_JUDGED = "cannot be judged"


def _image(tag: str) -> Change:
    return lambda content: container(content).update(image=f"{REGISTRY}:{tag}")


def _sized_for(version: str) -> tuple[Content, ...]:
    return beside(lambda record: record.update(engine=version))


def _serves(checkpoint: str, accelerator: object, release: str, *words: str, gpus: int = 1) -> Resource:
    """A service with one engine. It is judged by what it says, wherever Cloud Run has such GPUs."""

    def change(content: Content) -> None:
        engine = content["template"]["containers"][0]
        kept = [word for word in engine["args"][1:] if not word.startswith("--tensor-parallel-size")]
        engine["args"] = [f"gs://models/{checkpoint}", *kept, f"--tensor-parallel-size={gpus}", *words]
        engine["image"] = f"{REGISTRY}:v{release}"
        engine["resources"]["limits"]["nvidia.com/gpu"] = str(gpus)
        content["template"]["nodeSelector"] = {"accelerator": accelerator}

    return on_cloud_run(change)


def _works(shows: str, resource: Resource) -> Example:
    return Example(shows, resource, admission=False)


def _breaks(shows: str, resource: Resource, denied: str) -> Example:
    return Example(shows, resource, denied, admission=False)


EXAMPLES: tuple[Example, ...] = (
    Example("a model as the platform declares it", served(), beside=beside()),
    Example("its release by digest", served(_image(f"v0.33.0@{DIGEST}")), beside=beside()),
    Example("an older release for which it was sized", served(_image("v0.25.1")), beside=_sized_for("0.25.1")),
    _works("a drafter before the release that breaks it", _serves(E4B, "nvidia-l4", "0.24.0", DRAFTER)),
    _works("a drafter after it", _serves(E4B, "nvidia-l4", "0.33.0", DRAFTER)),
    _works("an fp8 KV cache where the GPU can", _serves(E4B, "nvidia-l4", "0.33.0", "--kv-cache-dtype=fp8")),
    _works("what may fail is told only", _serves(MOE_NVFP4, "nvidia-b200", "0.33.0", gpus=2)),
    _breaks("a drafter on the release that breaks it", _serves(E4B, "nvidia-l4", "0.25.1", DRAFTER), "vllm#48848"),
    _breaks("NVFP4 experts on two GPUs", _serves(MOE_NVFP4, "nvidia-b200", "0.25.1", gpus=2), "vllm#39595"),
    _breaks("data parallel", _serves(MOE, "nvidia-b200", "0.33.0", "--data-parallel-size=2"), "vllm#38999"),
    _breaks(
        "an fp8 KV cache where the GPU cannot",
        _serves(E4B, "nvidia-a100-80gb", "0.33.0", "--kv-cache-dtype=fp8"),
        "vllm#43914",
    ),
    _breaks("heads that three GPUs cannot share", _serves(E4B, "nvidia-l4", "0.33.0", gpus=3), "attention heads"),
    _breaks(
        "a flag that sizing does not compute", _serves(E4B, "nvidia-l4", "0.33.0", "--cpu-offload-gb=4"), NOT_JUDGED
    ),
    _breaks("a GPU that is not known yet", _serves(E4B, UNKNOWN, "0.33.0"), NOT_JUDGED),
    Example("a release whose flags nobody listed", served(_image("v0.32.0")), NOT_DEPLOYABLE, beside=beside()),
    Example("another release than it was sized for", served(_image("v0.25.1")), OTHER_ENGINE, beside=beside()),
    Example("no record", served(), NO_RECORD, beside=(namespace(),)),
    Example(
        "the record of another deployment",
        served(),
        OTHER_RECORD,
        beside=beside(lambda record: record.update(deployment="search/reader")),
    ),
    Example(
        "a moving tag",
        served(_image("latest")),
        NOT_JUDGED,
        denied_at_admission=NOT_DEPLOYABLE,
        beside=beside(),
    ),
    Example(
        "a tag that only begins like a release",
        served(_image("v0.33.0-rc1")),
        NOT_JUDGED,
        denied_at_admission=NOT_DEPLOYABLE,
        beside=beside(),
    ),
    Example(
        "a release in the registry's port",
        served(lambda content: container(content).update(image="mirror.example:0.33.0/vllm/vllm-openai")),
        NOT_JUDGED,
        denied_at_admission=NOT_DEPLOYABLE,
        beside=beside(),
    ),
)
