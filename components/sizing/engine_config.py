"""What decides the memory of one engine replica: the model as `vllm serve` is told to run it, on which GPUs."""

from __future__ import annotations

from dataclasses import dataclass

from components.sizing.catalogue import Accelerator, Checkpoint, Engine, Model


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """One replica. Field names are vLLM's flag names; values are those in force, defaults filled in."""

    engine: Engine
    model: Model
    checkpoint: Checkpoint
    accelerator: Accelerator
    tensor_parallel_size: int
    max_model_len: int
    max_num_seqs: int
    max_num_batched_tokens: int
    gpu_memory_utilization: float
    text_only: bool
    kv_element_bytes: int = 2
    block_size_tokens: int = 16
    async_scheduling: bool = True
    enforce_eager: bool = False

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
