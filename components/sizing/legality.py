"""Which combinations of model, checkpoint, GPU and tensor parallelism an engine can run at all, whatever the memory.

Source of the divisibility rules: vLLM 0.33.0 `gemma4.py` Gemma4Attention; `marlin_utils.py` check_moe_marlin_supports_layer
(2026-11-21). What releases are known to break stands in known_bugs.yaml.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from components.sizing.catalogue import (
    Accelerator,
    Bound,
    Catalogue,
    Checkpoint,
    Condition,
    Engine,
    KnownBug,
    Model,
    QuantizationScheme,
    dotted,
    version_numbers,
)
from components.sizing.engine_config import EngineConfig


class Traits(NamedTuple):
    """What of a configuration decides its legality; few enough to be the key of a cache."""

    engine: Engine
    model: Model
    checkpoint: Checkpoint
    scheme: QuantizationScheme
    accelerator: Accelerator
    tensor_parallel_size: int
    data_parallel_size: int
    pipeline_parallel_size: int
    expert_parallel: bool
    max_num_batched_tokens: int
    kv_element_bytes: int
    drafter: bool
    lora: bool
    text_only: bool
    videos: bool

    @classmethod
    def of(cls, config: EngineConfig) -> Traits:
        """The traits of a configuration."""
        return cls(*(getattr(config, name) for name in cls._fields[:-1]), videos=bool(config.items.get("video")))


def why_illegal(config: EngineConfig, catalogue: Catalogue) -> str | None:
    """Why the engine cannot run `config`, or None when it can."""
    return _why_illegal(Traits.of(config), catalogue)


@lru_cache(maxsize=10_000)
def _why_illegal(traits: Traits, catalogue: Catalogue) -> str | None:
    needed = traits.model.min_engine_version
    if traits.engine.numbers < version_numbers(needed):
        return f"{traits.model.id} needs vLLM {needed}, this is {traits.engine.version}"
    if traits.accelerator.compute_capability < traits.checkpoint.min_compute_capability:
        capability = dotted(traits.checkpoint.min_compute_capability)
        return f"{traits.checkpoint.id} needs compute capability {capability}"
    if traits.checkpoint.status == "infeasible":
        return f"{traits.checkpoint.id} cannot be served by vLLM"
    if reason := illegal_parallelism(traits.model, traits.scheme, traits.tensor_parallel_size):
        return reason
    if reason := _illegal_extras(traits):
        return reason
    for bug in _bugs_of(traits, catalogue):
        if bug.severity == "refuse":
            return f"{bug.title} ({bug.issue or bug.id}); {bug.avoid}"
    return None


#: Precisions whose linear layers are known to take adapters (`_get_lora_device` in vLLM 0.33.0 `lora/layers/utils.py`, read
#: 2026-11-25); what becomes of NVFP4 and of the mobile format there is not known.
LORA_PRECISIONS = ("bf16", "fp8", "w4a16", "int4")
#: The same of experts: bf16 takes the Triton kernels; for other precisions the kernel is chosen without asking whether it takes
#: adapters, and the engine stops where it does not (`fused_moe/oracle/` and `lora/layers/fused_moe.py`).
EXPERT_LORA_PRECISIONS = ("bf16",)


def _illegal_extras(traits: Traits) -> str | None:
    """Why a drafter or adapters cannot be served so. What no source tells is refused."""
    precision, model = traits.scheme.precision, traits.model
    if traits.drafter and traits.checkpoint.drafter is None:
        return f"no drafter for {traits.checkpoint.id} is known"
    if not traits.lora:
        return None
    if traits.drafter:
        return "no source says that Gemma 4 runs with a drafter and adapters together"
    known = EXPERT_LORA_PRECISIONS if model.text.num_experts else LORA_PRECISIONS
    if precision not in known:
        kind = "experts" if model.text.num_experts else "layers"
        return f"no source says that {kind} in {precision} take adapters; known: {', '.join(known)}"
    return None


def illegal_parallelism(model: Model, scheme: QuantizationScheme, tensor_parallel_size: int) -> str | None:
    """Why the model cannot be split over that many GPUs, or None when it can."""
    text, size = model.text, tensor_parallel_size
    if text.num_attention_heads % size:
        return f"{text.num_attention_heads} attention heads cannot be split over {size} GPUs"
    for heads in (text.num_key_value_heads, text.num_global_key_value_heads):
        if heads % size if heads >= size else size % heads:
            return f"{heads} key-value heads cannot be split over or copied to {size} GPUs"
    if text.num_experts and "experts" in scheme.quantizes:
        share, rest = divmod(text.moe_intermediate_size, size)
        whole_groups = not scheme.splits_experts_by_group or share % scheme.group_size == 0
        if rest or not whole_groups:
            return f"experts {text.moe_intermediate_size} wide cannot be split over {size} GPUs in {scheme.id}"
    elif text.num_experts and text.moe_intermediate_size % size:
        return f"experts {text.moe_intermediate_size} wide cannot be split over {size} GPUs"
    return None


def bugs_of(config: EngineConfig, catalogue: Catalogue) -> list[KnownBug]:
    """Known bugs that strike this configuration, in the catalogue's order."""
    return _bugs_of(Traits.of(config), catalogue)


def _bugs_of(traits: Traits, catalogue: Catalogue) -> list[KnownBug]:
    return [bug for bug in catalogue.known_bugs if bug.affects(traits.engine) and _strikes(bug.when, traits)]


def _strikes(when: Condition, traits: Traits) -> bool:
    capability = traits.accelerator.compute_capability
    tests = (
        (when.models, traits.model.id in (when.models or ())),
        (when.precisions, traits.scheme.precision in (when.precisions or ())),
        (when.schemes, traits.scheme.id in (when.schemes or ())),
        (when.owners, traits.checkpoint.id.split("/")[0] in (when.owners or ())),
        (when.tensor_parallel_size, _holds(when.tensor_parallel_size, traits.tensor_parallel_size)),
        (when.data_parallel_size, _holds(when.data_parallel_size, traits.data_parallel_size)),
        (when.pipeline_parallel_size, _holds(when.pipeline_parallel_size, traits.pipeline_parallel_size)),
        (when.max_num_batched_tokens, _holds(when.max_num_batched_tokens, traits.max_num_batched_tokens)),
        (when.expert_parallel, traits.expert_parallel == when.expert_parallel),
        (when.drafter, traits.drafter == when.drafter),
        (when.lora, traits.lora == when.lora),
        (when.videos, traits.videos == when.videos),
        (when.kv_element_bytes, traits.kv_element_bytes == when.kv_element_bytes),
        (when.min_compute_capability, capability >= (when.min_compute_capability or (0, 0))),
        (when.below_compute_capability, capability < (when.below_compute_capability or (99, 0))),
        (when.unseen, False),
    )
    return all(holds for given, holds in tests if given is not None)


def _holds(bound: Bound | None, value: int) -> bool:
    return bound is None or bound.holds(value)
