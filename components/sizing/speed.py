"""An estimate of speed and of start-up time, with its band. Never presented as measured.

Decoding reads the weights that the batch touches and the KV cache of all requests from memory in each step, prefill
computes; a step also has a fixed cost for each layer, and with tensor parallelism one for the exchange between the GPUs. The
efficiencies are fitted to the public rows of measured.yaml that are neither eager nor speculative; `docs/sizing-evidence.md`
shows each row's error. Two measurements of one machine by one author differ by a factor of 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from components.sizing.catalogue import GIB
from components.sizing.demand import Demand
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.lora import adapter_bytes
from components.sizing.memory import layout_of
from components.sizing.parameters import count_parameters
from components.sizing.weights import BF16_BYTES, checkpoint_bytes, drafter_bytes

if TYPE_CHECKING:
    from components.sizing.record import SizingRecord

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
#: Seconds that serving adapters adds to a layer: two small kernels for each of its four matrices (estimate, no public log).
LORA_LAYER_SECONDS = 30e-6
#: Layers of a drafter (gemma4_mtp.py of vLLM 0.33.0).
DRAFTER_LAYERS = 4
#: Tokens that a step yields with a drafter: none of its proposals taken, typical, most. With the band below they hold the
#: sixteen public rates of eight deployments with MTP (tests/unit/sizing/test_speculative.py), which gained 0.98 to 2.55 times.
TOKENS_OF_A_STEP = (1.0, 2.0, 3.3)
#: Longest time that an answer may take. With a start from zero (a node of 600 s, and at most 540 s of start) and a margin it
#: stays within the hour that Cloud Run allows a request (docs.cloud.google.com/run/docs/configuring/request-timeout, 2026).
LONGEST_GENERATION_SECONDS = 2400
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
    steps = 1 / _decode_step_seconds(config, load, 0, _kv_of_typical(config, load))
    slowest, fastest = DECODE_BAND
    least, typical, most = _tokens_of_a_step(config)
    return Band(steps * slowest * least, steps * typical, steps * fastest * most)


def generation_seconds(demand: Demand, config: EngineConfig, load: Load, answer_tokens: int) -> float:
    """Most seconds of an answer of `answer_tokens` to the longest prompt that leaves room for it, every slot of the replica busy.

    The others decode, their prompts are computed in the same steps as they come, and the KV cache holds the whole load.
    """
    prompt = max(1, config.max_model_len - answer_tokens)
    return first_token_seconds(config, load, prompt).worst + answer_tokens / worst_rate(demand, config, load)


def worst_rate(demand: Demand, config: EngineConfig, load: Load) -> float:
    """Tokens a second of one request at the pessimistic end, with the prompts of the others in the same steps."""
    prompts = (demand.typical_tokens - demand.typical_answer_tokens) / demand.typical_answer_tokens
    beside = ceil((load.concurrent_requests - 1) * prompts)
    seconds = _decode_step_seconds(config, load, beside, _kv_of_all(config, load))
    return DECODE_BAND[0] * _tokens_of_a_step(config)[0] / seconds


def longest_generation_seconds(record: SizingRecord) -> int:
    """Seconds within which the longest answer that the engine gives is there, by the pessimistic end of the estimate."""
    config, load = record.budget.config, record.budget.load
    return ceil(generation_seconds(record.demand, config, load, record.max_answer_tokens))


def first_token_seconds(config: EngineConfig, load: Load, prompt_tokens: int) -> Band:
    """Seconds to the first token of a prompt that arrives while n - 1 requests decode and nothing queues.

    The prompt is computed in chunks of what a batch leaves beside the decoding requests; each chunk is a step of its own.
    """
    decoding = load.concurrent_requests - 1
    chunk = max(1, config.max_num_batched_tokens - decoding)
    steps, rest = divmod(prompt_tokens, chunk)
    sizes = [chunk] * min(steps, 1) + [rest] * (rest > 0)
    kv = _kv_of_typical(config, load)
    whole = _step_seconds(config, decoding + sizes[0], kv) * max(steps, 1) if sizes else 0.0
    last = _step_seconds(config, decoding + rest, kv) if steps and rest else 0.0
    typical = whole + last
    slowest, fastest = PREFILL_BAND
    return Band(typical / slowest, typical, typical / fastest)


def _tokens_of_a_step(config: EngineConfig) -> tuple[float, float, float]:
    """Tokens that one request gets from a step: least, typical, most."""
    if not config.drafter:
        return 1.0, 1.0, 1.0
    least, typical, most = TOKENS_OF_A_STEP
    return least, typical, min(most, 1.0 + config.tokens_ahead)


def _kv_of_typical(config: EngineConfig, load: Load) -> int:
    """Bytes of the KV cache that a step reads when every request is as long as they typically are."""
    layout = layout_of(config)
    return load.concurrent_requests * layout.blocks_of_request(load.typical_tokens) * layout.bytes_per_block


def _kv_of_all(config: EngineConfig, load: Load) -> int:
    """The same with the load's longest requests at their full length."""
    layout, full = layout_of(config), min(load.full_context_requests, load.concurrent_requests)
    longest = full * layout.blocks_of_request(config.max_model_len) * layout.bytes_per_block
    return longest + _kv_of_typical(config, load) * (load.concurrent_requests - full) // load.concurrent_requests


def _decode_step_seconds(config: EngineConfig, load: Load, beside: int, kv_bytes: int) -> float:
    """Seconds of a step in which all requests decode, beside `beside` tokens of prompts; the drafter's own steps included."""
    tokens = load.concurrent_requests * (1 + config.tokens_ahead) + beside
    seconds = _step_seconds(config, min(tokens, config.max_num_batched_tokens), kv_bytes)
    if config.drafter:
        reading = drafter_bytes(config.model) / config.tensor_parallel_size / _bytes_per_second(config)
        seconds += config.tokens_ahead * (reading + DRAFTER_LAYERS * LAYER_SECONDS)
    return seconds


def _bytes_per_second(config: EngineConfig) -> float:
    return (config.accelerator.bandwidth_gb_per_s or 1.0) * 1e9 * BANDWIDTH_EFFICIENCY


def _step_seconds(config: EngineConfig, tokens: int, kv_bytes: int) -> float:
    """Seconds of one step with that many tokens that reads `kv_bytes` of KV cache. Zero bandwidth is never reached."""
    card, tp = config.accelerator, config.tensor_parallel_size
    read = _weights_read(config, tokens) / tp + kv_bytes
    reading = read / _bytes_per_second(config)
    computing = _computing_seconds_per_token(config) * tokens / tp
    text = config.model.text
    layer = EXPERT_LAYER_SECONDS if text.num_experts else LAYER_SECONDS
    if config.max_loras:
        layer += LORA_LAYER_SECONDS
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
    return 60 * ceil((startup_bytes(config) / GIB / LOAD_GIB_PER_S + BOOT_SECONDS) / 60)


def startup_bytes(config: EngineConfig) -> int:
    """Bytes that a start reads: the checkpoint, its drafter, and its adapters on all layers."""
    size = checkpoint_bytes(config.model, config.checkpoint, config.scheme)
    if config.drafter:
        size += drafter_bytes(config.model)
    if config.max_loras:
        size += config.max_loras * adapter_bytes(config.model, config.max_lora_rank)
    return size


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
    if demand.max_answer_tokens is not None:
        seconds = generation_seconds(demand, config, load, demand.max_answer_tokens)
        if seconds > LONGEST_GENERATION_SECONDS:
            return (
                f"an answer of {demand.max_answer_tokens} tokens takes about {seconds:.0f} s at worst (estimate), "
                f"{LONGEST_GENERATION_SECONDS} are allowed"
            )
    return None
