"""The KV cache as vLLM's planner lays it out for Gemma 4's mix of full and sliding-window attention.

Everything is per GPU rank. Source: vLLM 0.33.0 `v1/core/kv_cache_planning.py`, `v1/core/kv_cache_utils.py`,
`v1/kv_cache_interface.py`, read 2026-11-21. One pipeline stage, layer-outer layout, hybrid KV cache manager on.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from components.sizing.catalogue import Engine, Model

#: Tokens per block before page sizes are made equal: vLLM's default on the GPUs of the catalogue (0.33.0, 2026-11-21).
DEFAULT_BLOCK_SIZE_TOKENS = 16


@dataclass(frozen=True, slots=True)
class KvLayout:
    """KV cache groups of one model at one tensor-parallel size.

    vLLM gives the attention type with the smaller page a larger block so that all pages match, and puts equally many layers
    into each group; a block then serves one group.
    """

    full_groups: int
    sliding_groups: int
    full_block_tokens: int
    sliding_block_tokens: int
    bytes_per_block: int
    sliding_window: int

    def blocks(self, available_bytes: int) -> int:
        """Blocks in a pool of that many bytes (`num_gpu_blocks`)."""
        return max(0, available_bytes) // self.bytes_per_block

    def blocks_to_start(self, max_model_len: int, tokens_in_flight: int) -> int:
        """Blocks that the engine's start-up check charges to one request of `max_model_len` tokens.

        A sliding group is charged for its window and the tokens in flight, not for the window alone.
        """
        in_window = min(self.sliding_window - 1 + tokens_in_flight, max_model_len)
        return self.full_groups * ceil(max_model_len / self.full_block_tokens) + self.sliding_groups * (
            ceil(in_window / self.sliding_block_tokens) + 1
        )

    def logged_tokens(self, blocks: int, max_model_len: int, tokens_in_flight: int, by_group: bool) -> int:
        """The N of the engine's line "GPU KV cache size: N tokens" for a pool of that many blocks.

        It is not the pool's bytes over bytes a token: `by_group` (until 0.20.0) divides the blocks by the groups, later versions
        multiply the maximum concurrency by the model length.
        """
        if by_group:
            groups = self.full_groups + self.sliding_groups
            return blocks // groups * min(self.full_block_tokens, self.sliding_block_tokens)
        return int(blocks / self.blocks_to_start(max_model_len, tokens_in_flight) * max_model_len)

    def blocks_of_request(self, tokens: int) -> int:
        """Blocks that a request of `tokens` occupies while it decodes (tokens in flight are charged once, apart)."""
        return self.full_groups * ceil(tokens / self.full_block_tokens) + self.sliding_groups * (
            ceil(min(self.sliding_window, tokens) / self.sliding_block_tokens) + 1
        )

    def blocks_in_flight(self, tokens_in_flight: int) -> int:
        """Blocks for the tokens that one scheduler step of a replica may hold beyond what requests occupy."""
        return self.full_groups * ceil(tokens_in_flight / self.full_block_tokens) + self.sliding_groups * ceil(
            tokens_in_flight / self.sliding_block_tokens
        )


def kv_layout(
    model: Model,
    tensor_parallel_size: int,
    kv_element_bytes: int,
    block_size_tokens: int = DEFAULT_BLOCK_SIZE_TOKENS,
) -> KvLayout:
    """The KV layout of `model` on each of `tensor_parallel_size` GPUs, `kv_element_bytes` a value (2 bf16, 1 fp8)."""
    text = model.text
    full_layers = sum(1 for layer in text.kv_layers if text.is_full_attention(layer))
    sliding_layers = len(text.kv_layers) - full_layers
    # KV heads below the tensor-parallel size are replicated, so a rank holds at least one.
    full_heads = max(1, text.num_global_key_value_heads // tensor_parallel_size)
    sliding_heads = max(1, text.num_key_value_heads // tensor_parallel_size)
    full_page = block_size_tokens * full_heads * 2 * text.global_head_dim * kv_element_bytes
    sliding_page = block_size_tokens * sliding_heads * 2 * text.head_dim * kv_element_bytes
    page = max(full_page, sliding_page)
    fewer, more = sorted((full_layers, sliding_layers))
    layers_per_group = more if more < 1.5 * fewer else fewer
    return KvLayout(
        full_groups=ceil(full_layers / layers_per_group),
        sliding_groups=ceil(sliding_layers / layers_per_group),
        full_block_tokens=block_size_tokens * page // full_page,
        sliding_block_tokens=block_size_tokens * page // sliding_page,
        bytes_per_block=layers_per_group * page,
        sliding_window=text.sliding_window,
    )


def tokens_in_flight(engine: Engine, max_num_batched_tokens: int, async_scheduling: bool) -> int:
    """Tokens of batches under way at once, which the sliding-window reservation counts."""
    return max_num_batched_tokens * (engine.tokens_in_flight_batches if async_scheduling else 1)
