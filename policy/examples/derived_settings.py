"""Examples of the rule derived-settings: near misses in spelling, and overrides that the settings have and do not have."""

from __future__ import annotations

from components.kubernetes.engine_pod import ACCELERATOR_LABEL, PLATFORM_ACCELERATOR_LABEL, POOL_LABEL
from policy.examples.engine_objects import (
    DEPLOYMENT,
    Change,
    Content,
    beside,
    container,
    flag,
    limits,
    namespace,
    served,
    without_flag,
)
from policy.rules.rule import UNKNOWN, Context, Example

FRACTION = flag("--gpu-memory-utilization=0.92")


def _overridden(**values: str) -> Change:
    return lambda record: record.update(overrides=values, override_reason="measured in the load test")


def _nodes(**labels: object) -> Change:
    """Adds labels to those by which the pods choose nodes; `pool` and `accelerator` are the platform's own."""
    names = {"pool": POOL_LABEL, "accelerator": PLATFORM_ACCELERATOR_LABEL, "spot": "cloud.google.com/gke-spot"}
    added = {names[key]: value for key, value in labels.items()}
    return lambda content: content["spec"]["predictor"]["nodeSelector"].update(added)


def _word(*words: str) -> Change:
    return lambda content: container(content)["args"].extend(words)


def _own_pool(content: Content) -> None:
    """A machine that is bought in one way has a pool without ComputeClass, where the GPU stands under GKE's own label."""
    content["spec"]["predictor"]["nodeSelector"] = {
        ACCELERATOR_LABEL: "nvidia-l4",
        POOL_LABEL: "g2-standard-8-on-demand",
    }


def _affinity(content: Content) -> None:
    term = {"matchExpressions": [{"key": "team", "operator": "Exists"}]}
    content["spec"]["predictor"]["affinity"] = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    }


EXAMPLES: tuple[Example, ...] = (
    Example("a deployment as it was sized", served(), beside=beside()),
    Example("a deployment on a pool of its own", served(_own_pool), beside=beside()),
    Example(
        "a memory fraction that the settings decide",
        served(FRACTION),
        context=Context(overrides={DEPLOYMENT: frozenset({"gpu_memory_utilization"})}),
        beside=beside(FRACTION, _overridden(gpu_memory_utilization="0.92")),
    ),
    Example(
        "an override that has run out",
        served(FRACTION),
        denied="--gpu-memory-utilization in force is 0.92",
        beside=beside(FRACTION, _overridden(gpu_memory_utilization="0.92")),
        denied_at_admission="overrides that the settings do not have, or no longer: gpu_memory_utilization",
    ),
    Example(
        "an override of another field",
        served(FRACTION),
        denied="--gpu-memory-utilization in force is 0.92",
        context=Context(overrides={DEPLOYMENT: frozenset({"kv_cache_dtype"})}),
        beside=beside(FRACTION, _overridden(gpu_memory_utilization="0.92")),
        denied_at_admission="overrides that the settings do not have, or no longer: gpu_memory_utilization",
    ),
    Example(
        "an override of another deployment",
        served(FRACTION),
        denied="--gpu-memory-utilization in force is 0.92",
        context=Context(overrides={"search/summary": frozenset({"gpu_memory_utilization"})}),
        beside=beside(FRACTION, _overridden(gpu_memory_utilization="0.92")),
        denied_at_admission="overrides that the settings do not have, or no longer: gpu_memory_utilization",
    ),
    Example(
        "a memory fraction that the record does not have",
        served(flag("--gpu-memory-utilization=0.91")),
        denied="--gpu-memory-utilization=0.91",
        beside=beside(),
    ),
    Example(
        "the engine's own memory fraction, by leaving the flag out",
        served(without_flag("--gpu-memory-utilization")),
        denied="derived arguments are not those of its sizing record: --gpu-memory-utilization=0.9",
        beside=beside(),
    ),
    Example(
        "two GPUs in the resource and in the flag, one in the record",
        served(flag("--tensor-parallel-size=2"), limits(**{"nvidia.com/gpu": "2"})),
        denied="--tensor-parallel-size=2",
        beside=beside(),
    ),
    Example(
        "a derived flag in its short spelling",
        served(_word("-tp", "1")),
        denied="derived arguments are not those of its sizing record: -tp",
        beside=beside(),
    ),
    Example(
        "data parallelism, which no override allows",
        served(_word("--data-parallel-size=2")),
        denied="--data-parallel-size",
        beside=beside(),
    ),
    Example(
        "an fp8 KV cache without scales",
        served(flag("--kv-cache-dtype=fp8")),
        denied="--kv-cache-dtype=fp8",
        beside=beside(),
        denied_at_admission="--kv-cache-dtype=fp8",
    ),
    Example(
        "a batch that sizing never chooses",
        served(flag("--max-num-batched-tokens=3000")),
        denied="--max-num-batched-tokens",
        beside=beside(),
    ),
    Example(
        "another GPU",
        served(_nodes(accelerator="nvidia-rtx-pro-6000")),
        denied="its GPU is not that of its sizing record, nvidia-l4",
        beside=beside(),
    ),
    Example(
        "a pool of another machine type whose name begins alike",
        served(_nodes(pool="ladder-g2-standard-80")),
        denied="its pool is not of the machine type of its sizing record, g2-standard-8",
        beside=beside(),
    ),
    Example(
        "Spot nodes chosen by GKE's own label",
        served(_nodes(spot="true")),
        denied="cloud.google.com/gke-spot",
        beside=beside(),
    ),
    Example("nodes chosen by affinity", served(_affinity), denied="affinity.nodeAffinity", beside=beside()),
    Example("no record", served(), denied="no sizing record is published for it", beside=(namespace(),)),
    Example(
        "the record of another deployment",
        served(),
        denied="its sizing record is another deployment's",
        beside=beside(lambda record: record.update(deployment="support/ranker")),
    ),
    Example(
        "a pool that is not known before the update",
        served(_nodes(pool=UNKNOWN)),
        denied="is not known before the update",
        beside=beside(),
        admission=False,
    ),
)
