"""Which CUDA graphs an engine captures. Source: vLLM 0.33.0 `config/vllm.py` `_set_cudagraph_sizes`,
`v1/cudagraph_dispatcher.py`.

By default (FULL_AND_PIECEWISE) one piecewise graph for each size, and a full graph for each size that a batch of decoding
requests can have. Read 2026-11-25.
"""

from __future__ import annotations

from components.sizing.engine_config import EngineConfig

#: Largest size captured; releases since 0.28.0 go further on compute capability 10.x (engines.yaml).
LARGEST_GRAPH = 512


def capture_sizes(most_tokens: int) -> list[int]:
    """Sizes in tokens: 1, 2, 4, then each 8 up to 248, then each 16."""
    small = [size for size in (1, 2, 4) if size <= most_tokens]
    return small + list(range(8, min(most_tokens + 1, 256), 8)) + list(range(256, most_tokens + 1, 16))


def captured_graphs(config: EngineConfig) -> int:
    """Graphs of both kinds that are captured."""
    ahead = config.model.drafter.num_speculative_tokens if config.drafter else 0
    decoding = config.max_num_seqs * (1 + ahead)
    largest = config.engine.largest_graph_on_10x if config.accelerator.compute_capability[0] == 10 else LARGEST_GRAPH
    sizes = capture_sizes(min(decoding * 2, largest, config.max_num_batched_tokens))
    return len(sizes) + sum(1 for size in sizes if 1 + ahead <= size <= decoding)
