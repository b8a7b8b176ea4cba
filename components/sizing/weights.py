"""Bytes of weights that stay resident on each GPU, by part, precision and tensor parallelism."""

from __future__ import annotations

from dataclasses import dataclass

from components.sizing.catalogue import GIB, Checkpoint, Model
from components.sizing.parameters import Parameters, count_parameters

BF16_BYTES = 2

#: Bytes a parameter of the language model's matrices. w4a16: 4 bits and one bf16 scale for each group of 32
#: (compressed-tensors pack-quantized, group_size 32, ai.google.dev/gemma/docs/core, 2026-06). Embeddings, per-layer tables,
#: towers, router and norms stay in bf16 in every kind (vllm-project/recipes PR 514, 2026-06).
LINEAR_BYTES: dict[str, float] = {"bf16": 2.0, "fp8": 1.0, "w4a16": 0.5 + 2 / 32}


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes on one GPU. `sharded` divides by the tensor-parallel size, `replicated` (towers, rotary caches) does not."""

    sharded_bytes: int
    replicated_bytes: int

    @property
    def total_bytes(self) -> int:
        """All weights on one GPU."""
        return self.sharded_bytes + self.replicated_bytes


def resident_weights(model: Model, checkpoint: Checkpoint, tensor_parallel_size: int, text_only: bool) -> Weights:
    """Weights on one GPU of a replica that is `tensor_parallel_size` GPUs wide.

    With `text_only` the vision and audio towers are not loaded (`--language-model-only`). Towers are replicated on each rank:
    vLLM builds them outside its sharded layers (vLLM 0.33.0 `model_executor/models/gemma4_mm.py`, estimate).
    """
    counts = count_parameters(model)
    towers = 0 if text_only else BF16_BYTES * (counts.vision + counts.audio)
    linear = (counts.linear + counts.duplicated_value) * LINEAR_BYTES[checkpoint.kind]
    extra = checkpoint.extra_resident_gib * GIB
    text = int(linear + extra) + BF16_BYTES * counts.other
    return Weights(
        sharded_bytes=-(-text // tensor_parallel_size),
        replicated_bytes=towers + _rotary_caches(model),
    )


def checkpoint_bytes(model: Model, checkpoint: Checkpoint) -> int:
    """Size of the checkpoint's files in bytes: what is stored in a bucket and read at start (estimate, no index known)."""
    counts: Parameters = count_parameters(model)
    return int(counts.linear * LINEAR_BYTES[checkpoint.kind]) + BF16_BYTES * (counts.total - counts.linear)


def _rotary_caches(model: Model) -> int:
    """Two bf16 cosine/sine caches over the model's whole context, whatever --max-model-len says.

    Inferred: with it eight logged weight sizes agree to 0.2 GiB (0.1875 GiB at 128K, 0.375 GiB at 256K), 2026-11.
    """
    return model.max_context_tokens * (model.text.head_dim + model.text.global_head_dim) * BF16_BYTES
