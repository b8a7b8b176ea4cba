"""Which tensor-parallel sizes a model can be split into. Source: vLLM 0.33.0 `gemma4.py` Gemma4Attention, 2026-11-21."""

from __future__ import annotations

from components.sizing.catalogue import Checkpoint, Model

#: Weights that share one scale in a w4a16 checkpoint (compressed-tensors, group_size 32).
W4A16_GROUP = 32


def illegal_parallelism(model: Model, checkpoint: Checkpoint, tensor_parallel_size: int) -> str | None:
    """Why the model cannot be split over that many GPUs, or None when it can."""
    text, size = model.text, tensor_parallel_size
    if text.num_attention_heads % size:
        return f"{text.num_attention_heads} attention heads cannot be split over {size} GPUs"
    for heads in (text.num_key_value_heads, text.num_global_key_value_heads):
        if heads % size if heads >= size else size % heads:
            return f"{heads} key-value heads cannot be split over or copied to {size} GPUs"
    if text.num_experts:
        share, rest = divmod(text.moe_intermediate_size, size)
        if rest or (checkpoint.kind == "w4a16" and share % W4A16_GROUP):
            return f"experts {text.moe_intermediate_size} wide cannot be split over {size} GPUs in {checkpoint.kind}"
    return None
