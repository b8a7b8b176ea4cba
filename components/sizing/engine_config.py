"""What decides the memory of one engine replica: the model as `vllm serve` is told to run it, on which GPUs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from components.sizing.catalogue import Accelerator, Checkpoint, Engine, Model, QuantizationScheme

#: No items of any kind: text only.
NO_ITEMS: Mapping[str, int] = MappingProxyType({})


# a named tuple, because placement makes thousands of variants and `_replace` is several times as fast as a dataclass's
class EngineConfig(NamedTuple):
    """One replica. Field names are vLLM's flag names where there is one; values are those in force, defaults filled in.

    `items` are the most items of each kind in one request; a kind that is absent is switched off. `text_only` leaves the towers
    out (`--language-model-only`). `drafter` loads the publisher's drafter beside the model. `max_loras` adapters of up to
    `max_lora_rank` can be active at once; 0 serves none.
    """

    engine: Engine
    model: Model
    checkpoint: Checkpoint
    scheme: QuantizationScheme
    accelerator: Accelerator
    tensor_parallel_size: int
    max_model_len: int
    max_num_seqs: int
    max_num_batched_tokens: int
    gpu_memory_utilization: float
    text_only: bool
    items: Mapping[str, int] = NO_ITEMS
    image_tokens: int = 280
    kv_element_bytes: int = 2
    block_size_tokens: int = 16
    async_scheduling: bool = True
    enforce_eager: bool = False
    drafter: bool = False
    max_loras: int = 0
    max_lora_rank: int = 0
    hybrid_kv_cache: bool = True
    data_parallel_size: int = 1
    pipeline_parallel_size: int = 1
    expert_parallel: bool = False
    #: How far the evidence for ranges is: below 1 for a measured case of the same model, GPU and release, above 1 without
    #: any near it.
    spread: float = 1.0

    @property
    def tokens_ahead(self) -> int:
        """Tokens that the drafter proposes in each step."""
        return self.model.drafter.num_speculative_tokens if self.drafter else 0

    @property
    def lora(self) -> bool:
        """True when adapters can be served."""
        return self.max_loras > 0

    @property
    def gpus(self) -> str:
        """The GPUs in words, for messages."""
        return f"{self.tensor_parallel_size} x {self.accelerator.id}"


@dataclass(frozen=True, slots=True)
class Load:
    """What the KV cache of one replica must hold at once.

    `concurrent_requests` requests, `full_context_requests` of them `max_model_len` tokens long and the rest
    `typical_tokens` (prompt and answer together).
    """

    concurrent_requests: int
    full_context_requests: int
    typical_tokens: int
