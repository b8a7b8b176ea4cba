"""An estimate of speed and of start-up time, with its band. Never presented as measured.

Decoding reads the weights that the batch touches and the KV cache of all requests from memory in each step, prefill
computes; a step also has a fixed cost for each layer, and with tensor parallelism one for the exchange between the GPUs. The
efficiencies are fitted to the public rows of measured.yaml that are neither eager nor speculative; `docs/sizing-evidence.md`
shows each row's error. Two measurements of one machine by one author differ by a factor of 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from components.sizing.catalogue import GIB
from components.sizing.demand import Demand
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.memory import layout_of
from components.sizing.parameters import count_parameters
from components.sizing.weights import BF16_BYTES, checkpoint_bytes

#: Share of the memory bandwidth that decoding reaches.
BANDWIDTH_EFFICIENCY = 0.75
#: Share of the dense bf16 arithmetic that prefill reaches.
COMPUTE_EFFICIENCY = 0.55
#: Seconds that a layer costs in each step beside reading its weights; more in a layer of experts.
LAYER_SECONDS, EXPERT_LAYER_SECONDS = 50e-6, 75e-6
#: Seconds for the two exchanges of a layer between GPUs, however few tokens; and the bytes a second that they move. NVLink:
#: estimate.
EXCHANGE_SECONDS = {"pcie": 40e-6, "nvlink": 15e-6, "none": 40e-6}
EXCHANGE_BYTES_PER_SECOND = {"pcie": 10e9, "nvlink": 200e9, "none": 10e9}
#: The bands: measured rates lie between these shares of the estimate (tests/unit/sizing/test_speed.py). Prefill has four rows, of
#: which the slowest ran under a power limit.
DECODE_BAND = (0.65, 1.40)
PREFILL_BAND = (0.40, 1.60)

#: Run:ai streamer from a bucket in the same region: 58.28 GiB in 73 s on Cloud Run (men16922/llmso-study, 2026-08-01);
#: half of it is assumed, since small machines have less network.
LOAD_GIB_PER_S = 0.4
#: torch.compile 62 s, and about two minutes of profiling, graph capture and imports in the same run (263 s in all).
BOOT_SECONDS = 185


@dataclass(frozen=True, slots=True)
class Band:
    """An estimate with the range in which measurements lie."""

    worst: float
    typical: float
    best: float


def decode_rate(config: EngineConfig, load: Load) -> Band:
    """Tokens per second of one request while `load.concurrent_requests` decode together."""
    rate = 1 / _step_seconds(config, load, load.concurrent_requests)
    slowest, fastest = DECODE_BAND
    return Band(rate * slowest, rate, rate * fastest)


def first_token_seconds(config: EngineConfig, load: Load, prompt_tokens: int) -> Band:
    """Seconds to the first token of a prompt that arrives while n - 1 requests decode and nothing queues.

    The prompt is computed in chunks of what a batch leaves beside the decoding requests; each chunk is a step of its own.
    """
    decoding = load.concurrent_requests - 1
    chunk = max(1, config.max_num_batched_tokens - decoding)
    steps, rest = divmod(prompt_tokens, chunk)
    sizes = [chunk] * min(steps, 1) + [rest] * (rest > 0)
    whole = _step_seconds(config, load, decoding + sizes[0]) * max(steps, 1) if sizes else 0.0
    last = _step_seconds(config, load, decoding + rest) if steps and rest else 0.0
    typical = whole + last
    slowest, fastest = PREFILL_BAND
    return Band(typical / slowest, typical, typical / fastest)


def _step_seconds(config: EngineConfig, load: Load, tokens: int) -> float:
    """Seconds of one step with that many tokens while the load's requests hold their KV cache. Zero bandwidth is never
    reached."""
    card, tp = config.accelerator, config.tensor_parallel_size
    layout = layout_of(config)
    kv = load.concurrent_requests * layout.blocks_of_request(load.typical_tokens) * layout.bytes_per_block
    read = _weights_read(config, tokens) / tp + kv
    reading = read / ((card.bandwidth_gb_per_s or 1.0) * 1e9 * BANDWIDTH_EFFICIENCY)
    computing = _computing_seconds_per_token(config) * tokens / tp
    text = config.model.text
    layer = EXPERT_LAYER_SECONDS if text.num_experts else LAYER_SECONDS
    if tp > 1:
        # two all-reduces of the hidden states a layer, each of which moves 2 (n - 1) / n of them
        moved = 2 * 2 * (tp - 1) / tp * BF16_BYTES * tokens * text.hidden_size
        layer += EXCHANGE_SECONDS[card.link] + moved / EXCHANGE_BYTES_PER_SECOND[card.link]
    return max(reading, computing) + text.num_hidden_layers * layer


def _computing_seconds_per_token(config: EngineConfig) -> float:
    """Arithmetic of one token over all ranks; quantised matrices at the rate of the card's own units for it, if any."""
    card, counts, scheme = config.accelerator, count_parameters(config.model), config.scheme
    if card.bf16_dense_tflops is None:
        return 0.0  # a card without a figure is taken as bound by its memory
    quantized = sum(
        count
        for part, count in (
            ("attention", counts.attention),
            ("mlp", counts.mlp),
            ("experts", round(counts.experts * counts.routed_share)),
            ("per_layer_projections", counts.per_layer_projections),
        )
        if part in scheme.quantizes
    )
    # 4-bit integers are unpacked to bf16 before they are multiplied
    units = {"fp8": card.fp8_dense_tflops, "nvfp4": card.fp4_dense_tflops}.get(scheme.precision)
    rate = (units or card.bf16_dense_tflops) * 1e12 * COMPUTE_EFFICIENCY
    plain = card.bf16_dense_tflops * 1e12 * COMPUTE_EFFICIENCY
    return 2 * (quantized / rate + (counts.active - quantized) / plain)


def _weights_read(config: EngineConfig, tokens: int) -> float:
    """Bytes of weights read in one step over all ranks: of the experts only those that some token is sent to."""
    counts, scheme, text = count_parameters(config.model), config.scheme, config.model.text
    read = BF16_BYTES * (counts.embedding + counts.norms_and_router)
    for part, count in (
        ("attention", counts.attention + counts.duplicated_value),
        ("mlp", counts.mlp),
        ("per_layer_projections", counts.per_layer_projections),
    ):
        read += count * scheme.bytes_per_parameter(part)
    if text.num_experts:
        chosen = 1 - (1 - text.top_k_experts / text.num_experts) ** tokens
        read += counts.experts * chosen * scheme.bytes_per_parameter("experts")
    return read


def startup_seconds(config: EngineConfig) -> int:
    """Seconds from process start to the first request served, weights read from a bucket; whole minutes, rounded up.

    The estimate is no better than that, and a few seconds must not decide which checkpoint is cheapest.
    """
    size = checkpoint_bytes(config.model, config.checkpoint, config.scheme)
    return 60 * ceil((size / GIB / LOAD_GIB_PER_S + BOOT_SECONDS) / 60)


def missed_goal(demand: Demand, config: EngineConfig, load: Load) -> str | None:
    """The first goal of `demand` that this configuration is not sure to meet, in words; None when all are met."""
    if demand.tokens_per_second is not None:
        decode = decode_rate(config, load).worst
        if decode < demand.tokens_per_second:
            return f"about {decode:.0f} tokens/s a request at worst (estimate), {demand.tokens_per_second:g} wanted"
    if demand.first_token_ms is not None:
        prompt = demand.typical_tokens - demand.typical_answer_tokens
        first = first_token_seconds(config, load, prompt).worst * 1000
        if first > demand.first_token_ms:
            return f"first token after about {first:.0f} ms at worst (estimate), {demand.first_token_ms} wanted"
    if demand.max_cold_start_seconds is not None and demand.scale_to_zero:
        start = startup_seconds(config)
        if start > demand.max_cold_start_seconds:
            return f"cold start about {start} s (estimate), {demand.max_cold_start_seconds} wanted"
    return None
