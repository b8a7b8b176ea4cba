"""What serving LoRA adapters takes: buffers for the largest rank and number of adapters, whatever the adapters really hold.

vLLM wraps every linear layer of the language model, packed ones (qkv, gate and up) as one with a pair of matrices for each part,
and the experts as one; not the embeddings, the output head or, without --enable-tower-connector-lora, the towers. Under tensor
parallelism A of layers split by rows and B of layers split by columns are split, the others copied. Source: vLLM 0.33.0
`lora/model_manager.py` `_create_lora_modules`, `lora/layers/base_linear.py`, `column_parallel_linear.py`,
`row_parallel_linear.py`, `replicated_linear.py`, `fused_moe.py`, `model_executor/models/gemma4.py` (read 2026-11-25).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from components.sizing.catalogue import Engine, Model, TextConfig
from components.sizing.tensors import BF16_BYTES

#: Values of --max-lora-rank from 0.20.0 to 0.33.0 (`config/lora.py`), without 1.
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)


def rank_of_buffers(rank: int) -> int | None:
    """The smallest value of --max-lora-rank that holds adapters of `rank`; None above the largest."""
    return next((allowed for allowed in RANKS if allowed >= rank), None)


@cache
def buffer_tensors(
    model: Model, engine: Engine, tensor_parallel_size: int, max_loras: int, max_lora_rank: int
) -> tuple[int, ...]:
    """Bytes of each buffer on one rank; they stay, and the engine logs them with the weights."""
    each = BF16_BYTES * max_loras * max_lora_rank
    return tuple(each * width for width in _widths(model.text, engine, tensor_parallel_size))


@cache
def adapter_bytes(model: Model, rank: int) -> int:
    """Size of one adapter on all layers, as it is stored in bf16. The engines differ by less than the estimate that needs it."""
    text = model.text
    wide = sum(
        width for layer in range(text.num_hidden_layers) for width in _layer(text, layer, 1, layer in text.kv_layers)
    )
    return BF16_BYTES * rank * (wide + _whole_model(text, 1))


def pass_bytes(model: Model, max_num_batched_tokens: int, max_lora_rank: int) -> int:
    """Bytes alive in a pass beside the layer's own: float32 rows of the rank, for three parts or for the experts' two.

    `lora/punica_wrapper/punica_gpu.py` add_lora_linear, `layers/fused_moe/experts/lora_experts_mixin.py` (0.33.0).
    """
    rows = max(3, 2 * model.text.top_k_experts) * max_num_batched_tokens
    return 4 * rows * max_lora_rank


def _widths(text: TextConfig, engine: Engine, tp: int) -> Iterator[int]:
    for layer in range(text.num_hidden_layers):
        owns_kv = layer in text.kv_layers or engine.builds_kv_of_shared_layers
        yield from _layer(text, layer, tp, owns_kv)
    if width := _whole_model(text, tp):
        # A and B of the projection of all layers' inputs
        yield text.hidden_size
        yield width - text.hidden_size


def _whole_model(text: TextConfig, tp: int) -> int:
    """Width of both matrices of the projection of the per-layer inputs, which is split by columns; 0 without one."""
    per_layer = text.hidden_size_per_layer_input
    return text.hidden_size + per_layer * text.num_hidden_layers // tp if per_layer else 0


def _layer(text: TextConfig, layer: int, tp: int, owns_kv: bool) -> Iterator[int]:
    """Width of each A and B of one layer: its elements are that many times the rank."""
    hidden, full = text.hidden_size, text.is_full_attention(layer)
    head_dim = text.global_head_dim if full else text.head_dim
    heads = text.num_global_key_value_heads if full else text.num_key_value_heads
    queries, keys = text.num_attention_heads // tp * head_dim, max(1, heads // tp) * head_dim
    for columns in (queries, keys, keys) if owns_kv else (queries,):
        yield from (hidden, columns)
    yield from (queries, hidden)
    doubled = text.use_double_wide_mlp and layer not in text.kv_layers
    inner = text.intermediate_size * (2 if doubled else 1) // tp
    yield from (hidden, inner, hidden, inner)
    yield from (inner, hidden)
    if text.num_experts:
        expert = text.moe_intermediate_size // tp
        for width in (hidden, hidden, expert, expert, expert, hidden):
            yield text.num_experts * width
        yield from (hidden, text.num_experts)
    if width := text.hidden_size_per_layer_input:
        yield from (hidden, width)
        yield from (width, hidden)
