"""A rough, pessimistic estimate of speed and start-up time, to judge a team's goals. Never presented as measured.

Decoding is bound by reading weights and KV cache, prefill by arithmetic (a roofline). The efficiencies are the pessimistic
end of public single-stream rows collected 2026-11-21: 26B bf16 on H100 reaches 45 % of its bandwidth bound, dense models
80 to 86 % (31B on 2 x L4 and on RTX PRO 6000).
"""

from __future__ import annotations

from components.sizing.catalogue import GIB
from components.sizing.demand import Demand
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.kv_cache import kv_layout
from components.sizing.parameters import count_parameters
from components.sizing.weights import LINEAR_BYTES, checkpoint_bytes

BANDWIDTH_EFFICIENCY = 0.4
COMPUTE_EFFICIENCY = 0.3

#: Run:ai streamer from a bucket in the same region: 58.28 GiB in 73 s on Cloud Run (men16922/llmso-study, 2026-08-01);
#: half of it is assumed, since small machines have less network.
LOAD_GIB_PER_S = 0.4
#: torch.compile 62 s, and about two minutes of profiling, graph capture and imports in the same run (263 s in all).
BOOT_SECONDS = 185


def decode_tokens_per_second(config: EngineConfig, load: Load) -> float:
    """Tokens per second of one request while `load.concurrent_requests` decode together."""
    layout = kv_layout(config.model, config.tensor_parallel_size, config.kv_element_bytes, config.block_size_tokens)
    kv = load.concurrent_requests * layout.blocks_of_request(load.typical_tokens) * layout.bytes_per_block
    weights = _weights_touched(config, load.concurrent_requests) / config.tensor_parallel_size
    return config.accelerator.bandwidth_gb_per_s * 1e9 * BANDWIDTH_EFFICIENCY / (weights + kv)


def first_token_seconds(config: EngineConfig, load: Load, prompt_tokens: int) -> float:
    """Seconds to the first token of a prompt that arrives while the others decode and nothing queues."""
    active = count_parameters(config.model).active
    flops = 2 * active * prompt_tokens
    rate = config.accelerator.bf16_dense_tflops * 1e12 * config.tensor_parallel_size * COMPUTE_EFFICIENCY
    return flops / rate + 1 / decode_tokens_per_second(config, load)


def startup_seconds(config: EngineConfig) -> int:
    """Seconds from process start to the first request served, weights read from a bucket."""
    return round(checkpoint_bytes(config.model, config.checkpoint) / GIB / LOAD_GIB_PER_S) + BOOT_SECONDS


def missed_goal(demand: Demand, config: EngineConfig, load: Load) -> str | None:
    """The first goal of `demand` that this configuration is not sure to meet, in words; None when all are met."""
    decode = decode_tokens_per_second(config, load)
    if demand.tokens_per_second is not None and decode < demand.tokens_per_second:
        return f"about {decode:.0f} tokens/s a request (estimate), {demand.tokens_per_second:g} wanted"
    prompt = demand.typical_tokens - demand.typical_answer_tokens
    first = first_token_seconds(config, load, prompt) * 1000
    if demand.first_token_ms is not None and first > demand.first_token_ms:
        return f"first token after about {first:.0f} ms (estimate), {demand.first_token_ms} wanted"
    start = startup_seconds(config)
    if demand.max_cold_start_seconds is not None and demand.scale_to_zero and start > demand.max_cold_start_seconds:
        return f"cold start about {start} s (estimate), {demand.max_cold_start_seconds} wanted"
    return None


def _weights_touched(config: EngineConfig, requests: int) -> float:
    """Bytes of weights read in one decoding step over all ranks: of the experts only those that the batch selects."""
    text, counts = config.model.text, count_parameters(config.model)
    per_parameter = LINEAR_BYTES[config.checkpoint.kind]
    experts = text.num_hidden_layers * text.num_experts * 3 * text.hidden_size * text.moe_intermediate_size
    if not experts:
        return counts.linear * per_parameter
    chosen = 1 - (1 - text.top_k_experts / text.num_experts) ** requests
    return (counts.linear - experts + experts * chosen) * per_parameter
