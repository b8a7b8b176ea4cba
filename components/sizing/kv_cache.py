"""The KV cache as vLLM's planner lays it out for Gemma 4's mix of full and sliding-window attention.

Everything is per GPU rank. Source: vLLM 0.33.0 `v1/core/kv_cache_planning.py`, `v1/core/kv_cache_utils.py`,
`v1/kv_cache_interface.py`, read 2026-11-21. One pipeline stage, layer-outer layout.

What a request occupies while it decodes was confirmed in vLLM 0.33.0 `v1/core/single_type_kv_cache_manager.py`
(2026-11-25): `SlidingWindowManager.get_num_skipped_tokens` lets go of all tokens before the last `sliding_window`, and
`remove_skipped_blocks` frees whole blocks of them, so that a sliding group keeps the window's blocks and the one that it
begins in; full-attention groups keep a block for every `block size` tokens until the request ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil

from components.sizing.catalogue import DEFAULT_BLOCK_SIZE_TOKENS, Engine, Model, TextConfig


@dataclass(frozen=True, slots=True)
class KvLayout:
    """KV cache groups of one model at one tensor-parallel size.

    vLLM gives the attention type with the smaller page a larger block so that all pages match, and puts equally many layers
    into each group; a block then serves one group. With the hybrid manager off there is one group in which sliding layers
    count as full ones, and a block serves all layers.
    """

    full_groups: int
    sliding_groups: int
    full_block_tokens: int
    sliding_block_tokens: int
    bytes_per_block: int
    sliding_window: int

    @property
    def groups(self) -> int:
        """KV cache groups."""
        return self.full_groups + self.sliding_groups

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
            return blocks // self.groups * min(self.full_block_tokens, self.sliding_block_tokens)
        return int(blocks / self.blocks_to_start(max_model_len, tokens_in_flight) * max_model_len)

    def blocks_of_request(self, tokens: int) -> int:
        """Blocks that a request of `tokens` occupies while it decodes (tokens in flight are charged once, apart)."""
        return self.full_groups * ceil(tokens / self.full_block_tokens) + self.sliding_groups * (
            ceil(min(self.sliding_window, tokens) / self.sliding_block_tokens) + 1
        )

    def blocks_in_flight(self, tokens_in_flight: int) -> int:
        """Blocks that one scheduler step of a replica may hold beyond what requests occupy.

        Only in sliding groups: a prompt under way keeps its chunk beside the window there, while full-attention groups are
        charged for the whole length of each request already.
        """
        return self.sliding_groups * ceil(tokens_in_flight / self.sliding_block_tokens)


@cache
def kv_layout(
    model: Model,
    tensor_parallel_size: int,
    kv_element_bytes: int,
    block_size_tokens: int = DEFAULT_BLOCK_SIZE_TOKENS,
    hybrid: bool = True,
) -> KvLayout:
    """The KV layout of `model` on each of `tensor_parallel_size` GPUs, `kv_element_bytes` a value (2 bf16, 1 fp8).

    `hybrid` False is `--disable-hybrid-kv-cache-manager`, which KV connectors and KV offloading imply.
    """
    text = model.text
    full_layers = sum(1 for layer in text.kv_layers if text.is_full_attention(layer))
    sliding_layers = len(text.kv_layers) - full_layers
    full_page = block_size_tokens * _page_bytes_per_token(text, True, tensor_parallel_size, kv_element_bytes)
    sliding_page = block_size_tokens * _page_bytes_per_token(text, False, tensor_parallel_size, kv_element_bytes)
    if not hybrid:
        return KvLayout(
            full_groups=1,
            sliding_groups=0,
            full_block_tokens=block_size_tokens,
            sliding_block_tokens=block_size_tokens,
            bytes_per_block=full_layers * full_page + sliding_layers * sliding_page,
            sliding_window=text.sliding_window,
        )
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


def _page_bytes_per_token(text: TextConfig, full: bool, tensor_parallel_size: int, element_bytes: int) -> int:
    """Bytes of keys and values of one token in one layer; heads below the tensor-parallel size are copied to each rank."""
    heads = text.num_global_key_value_heads if full else text.num_key_value_heads
    head_dim = text.global_head_dim if full else text.head_dim
    return max(1, heads // tensor_parallel_size) * 2 * head_dim * element_bytes
