"""What vLLM's memory profiling charges a GPU besides weights and KV cache, term by term, as a range.

The engine runs a step with the largest batch once and measures: tensors that stay, the highest peak of its passes, memory outside
PyTorch, and the CUDA graphs. Shapes are read in the releases' sources (2026-11-25); the few constants that no shape gives are
fitted to public logs, on all rows together (`measured.yaml`), and carry their range. Files named below lie under `vllm/`.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.sizing.catalogue import GIB
from components.sizing.cuda_graphs import captured_graphs
from components.sizing.engine_config import EngineConfig
from components.sizing.lora import buffer_tensors, pass_bytes
from components.sizing.weights import BF16_BYTES, MIB, allocated_bytes


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes: least, typical, most."""

    low: float
    typical: float
    high: float

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.typical + other.typical, self.high + other.high)

    def widened(self, factor: float) -> Range:
        """The same typical value with ends `factor` times as far from it, the lower one not below zero."""
        low = max(0.0, self.typical - factor * (self.typical - self.low))
        return Range(low, self.typical, self.typical + factor * (self.high - self.typical))


def _gib(low: float, typical: float, high: float) -> Range:
    return Range(low * GIB, typical * GIB, high * GIB)


def _exactly(size: float) -> Range:
    return Range(size, size, size)


#: CUDA modules, NCCL channels opened in the first step and the like, outside PyTorch, by major compute capability. Logged:
#: 0.05 to 0.16 GiB on 8.x, 0.21 to 0.39 on H100, 0.25 on 10.3; the others are estimates between them.
OUTSIDE_PYTORCH = {
    7: _gib(0.05, 0.10, 0.16),
    8: _gib(0.05, 0.12, 0.20),
    9: _gib(0.21, 0.26, 0.39),
    10: _gib(0.20, 0.25, 0.35),
    11: _gib(0.10, 0.25, 0.60),
    12: _gib(0.10, 0.22, 0.40),
}
OUTSIDE_PYTORCH_UNKNOWN = _gib(0.05, 0.25, 0.60)
#: What tensor parallelism adds to it (estimate).
OUTSIDE_PYTORCH_OF_RANKS = _gib(0.0, 0.03, 0.06)
#: cuBLAS workspaces (8 to 33 MiB), sampler rows, block and position buffers: in PyTorch, not worth a formula each.
SMALL_BUFFERS = _gib(0.0, 0.04, 0.15)
#: bf16 vectors of the hidden size alive for a token beside gate, up and activation: residual, norms, all-reduce (estimate).
HIDDEN_VECTORS = Range(2, 4, 6)
#: bf16 vectors of the tower's width alive for a patch; 19 reproduces a logged pass of 1.49 GiB (31B on H100).
TOWER_VECTORS = Range(14, 19, 24)
#: MoE kernels beyond their workspaces: 0.3 GiB are needed to explain 26B FP8 on L40S, nothing elsewhere.
EXPERT_KERNELS = _gib(0.0, 0.05, 0.40)
#: The older model runner with a drafter takes this beyond the drafter's weights and buffers; two logs of 2 x RTX 3090, cause
#: unknown.
DRAFTER_IN_V1 = _gib(0.0, 0.35, 0.75)

#: One video as the processor prepares it: 32 frames of 70 tokens, 630 patches each (transformers 5.23.0 processing_gemma4.py).
VIDEO_FRAMES, PATCHES_PER_FRAME, TOKENS_PER_FRAME = 32, 630, 70
#: Tokens of the largest item, one video: 32 x (70 + 2 + 6), timestamps and markers included
#: (`model_executor/models/gemma4_mm.py`).
VIDEO_ITEM_TOKENS = 2496
#: Memory for which the encoder's chunk of frames is planned: a tenth of the card, or half of what is free (`gemma4_mm.py`).
ENCODER_CHUNK_BYTES_PER_FRAME = PATCHES_PER_FRAME * 4 * 10240 * 8


def staying_bytes(config: EngineConfig) -> Range:
    """Tensors made after the weights that stay: sampler state, input buffers, workspaces of the experts, small buffers."""
    text, runner = config.model.text, config.engine.runner_of(config.model)
    rows = min(config.max_num_seqs, config.max_num_batched_tokens)
    # counts of output tokens, and two bit masks over the vocabulary (`v1/worker/gpu/sample/penalties.py`,
    # `structured_outputs.py`)
    state = 4 * rows * text.vocab_size * (1 + 2 / 32) if runner.runner == "v2" else 0
    buffers = BF16_BYTES * config.max_num_batched_tokens * text.hidden_size * (3 if config.drafter else 1)
    total = _exactly(state + buffers) + SMALL_BUFFERS
    if text.num_experts:
        # two workspaces that the pass leaves behind; not divided over ranks (`v1/worker/workspace.py`,
        # `fused_moe/modular_kernel.py`)
        widest = max(text.hidden_size, 2 * text.moe_intermediate_size)
        workspaces = 2 * BF16_BYTES * config.max_num_batched_tokens * text.top_k_experts * widest
        total = total + _exactly(workspaces) + EXPERT_KERNELS
    if config.drafter and runner.runner == "v1":
        total = total + DRAFTER_IN_V1
    return total


def peak_bytes(config: EngineConfig) -> tuple[Range, str]:
    """Highest peak of the passes of one profiling step, and which pass it is. They run one after the other.

    Each pass is widened by how near the evidence is before the highest is taken: widened afterwards, an upper end from one pass
    would fall when the typical value of another rises.
    """
    passes = {
        "sampler": _sampler_pass(config).widened(config.spread),
        "language model": _language_pass(config).widened(config.spread),
        "vision": _vision_pass(config).widened(config.spread),
    }
    decides = max(passes, key=lambda name: passes[name].typical)
    return Range(*(max(getattr(p, end) for p in passes.values()) for end in ("low", "typical", "high"))), decides


def _sampler_pass(config: EngineConfig) -> Range:
    """Logits of one row for each sequence, in the copies that the sampler makes of them."""
    text, runner = config.model.text, config.engine.runner_of(config.model)
    rows = min(config.max_num_seqs, config.max_num_batched_tokens)
    fixed = BF16_BYTES * (config.max_num_batched_tokens + rows) * text.hidden_size
    sorts = runner.top_k_buffer and rows < FEWEST_ROWS_FOR_TRITON
    if runner.top_k_buffer and not sorts:
        fixed += min(config.accelerator.multiprocessors or 132, rows) * text.vocab_size * 4
    extra = SORT_BYTES if sorts else 0
    if config.drafter and runner.runner == "v1":
        extra += REJECTION_SAMPLER_BYTES
    low, typical, high = (each + extra for each in runner.logit_bytes)
    logits = rows * text.vocab_size
    return Range(low * logits + fixed, typical * logits + fixed, high * logits + fixed)


#: Below eight rows the sampler sorts with PyTorch: values and 64-bit indices (`v1/sample/ops/topk_topp_sampler.py`).
FEWEST_ROWS_FOR_TRITON = 8
SORT_BYTES = 14
#: The older runner also warms the rejection sampler, on twice the rows (`v1/sample/rejection_sampler.py`).
REJECTION_SAMPLER_BYTES = 12


def _language_pass(config: EngineConfig) -> Range:
    """The step with all batched tokens: gate, up and activation of the widest MLP, and vectors of the hidden size."""
    text, batch = config.model.text, config.max_num_batched_tokens
    widest = text.intermediate_size * (2 if text.use_double_wide_mlp else 1)
    inner = 3 * widest / config.tensor_parallel_size
    inner += 2 * text.num_hidden_layers * text.hidden_size_per_layer_input
    if text.num_experts:
        inner += 2 * text.hidden_size
    # encoder outputs are kept while the language model runs
    items = BF16_BYTES * _profiled_tokens(config) * text.hidden_size
    vectors = HIDDEN_VECTORS
    return Range(
        *(
            BF16_BYTES * batch * (inner + count * text.hidden_size) + items
            for count in (vectors.low, vectors.typical, vectors.high)
        )
    )


def _vision_pass(config: EngineConfig) -> Range:
    """The tower on the largest items that the batch allows: pixels and outputs of all frames, activations of one chunk of
    them."""
    vision, text = config.model.vision, config.model.text
    tokens = _profiled_tokens(config)
    if not tokens or not config.engine.runner_of(config.model).profiles_encoder:
        return _exactly(0)
    if not vision.num_hidden_layers:
        return _exactly(tokens * (vision.patch_values * 4 * 2 + 4 * text.hidden_size))
    patches = tokens * vision.patches_per_token
    frames = max(1, patches // PATCHES_PER_FRAME)
    total = config.accelerator.cuda_total_bytes or 0
    chunk = min(frames, max(1, int(total / 10 / ENCODER_CHUNK_BYTES_PER_FRAME)))
    kept = patches * (vision.patch_values * 4 + 2 * BF16_BYTES * vision.hidden_size)
    active = chunk * PATCHES_PER_FRAME * vision.hidden_size * BF16_BYTES
    vectors = TOWER_VECTORS
    return Range(*(kept + active * count for count in (vectors.low, vectors.typical, vectors.high)))


def _profiled_tokens(config: EngineConfig) -> int:
    """Tokens of the items that the profile encodes: as many of the largest kind as one batch holds, at least one."""
    if config.text_only:
        return 0
    if config.items.get("video"):
        return VIDEO_FRAMES * TOKENS_PER_FRAME * max(1, config.max_num_batched_tokens // VIDEO_ITEM_TOKENS)
    if config.items.get("image"):
        most = config.max_num_seqs * config.items["image"]
        return config.image_tokens * min(most, max(1, config.max_num_batched_tokens // config.image_tokens))
    return 0


def outside_pytorch_bytes(config: EngineConfig) -> Range:
    """Memory that the engine takes outside PyTorch while it profiles."""
    major = config.accelerator.compute_capability[0]
    size = OUTSIDE_PYTORCH.get(major, OUTSIDE_PYTORCH_UNKNOWN)
    return size + OUTSIDE_PYTORCH_OF_RANKS if config.tensor_parallel_size > 1 else size


#: CUDA graphs: a first capture, and so much for each further graph (MiB); more with tensor parallelism, where each graph holds
#: its own communication buffers. Fitted to nine logged figures between 0.11 and 1.47 GiB.
FIRST_GRAPHS = Range(20 * MIB, 50 * MIB, 90 * MIB)
EACH_GRAPH = Range(6.0 * MIB, 7.3 * MIB, 9.0 * MIB)
EACH_GRAPH_OF_RANKS = Range(5.0 * MIB, 10.5 * MIB, 16.0 * MIB)


def cuda_graph_bytes(config: EngineConfig) -> Range:
    """Memory of the CUDA graphs that the engine captures after profiling; nothing with --enforce-eager."""
    if config.enforce_eager:
        return _exactly(0)
    count = captured_graphs(config)
    each = EACH_GRAPH_OF_RANKS if config.tensor_parallel_size > 1 else EACH_GRAPH
    first = FIRST_GRAPHS
    low, typical, high = (
        first.low + count * each.low,
        first.typical + count * each.typical,
        first.high + count * each.high,
    )
    if config.max_loras:
        # with adapters each graph is captured twice
        more = SECOND_CAPTURE
        low, typical = low + more.low * count * each.low, typical + more.typical * count * each.typical
        high += more.high * count * each.high
    return Range(low, typical, high)


#: What the second capture of a graph costs, as a share of the first (estimate): once with adapters, once without
#: (`cudagraph_specialize_lora`, on by default; `v1/worker/gpu/lora_utils.py` of 0.24.0 to 0.33.0).
SECOND_CAPTURE = Range(0.5, 1.0, 1.5)
#: The newer model runner captures the drafter's graphs last. One public start wanted 256 MiB there and found none; the ends are
#: estimates.
DRAFTER_GRAPHS = _gib(0.05, 0.15, 0.35)


def drafter_graph_bytes() -> Range:
    """Memory of the CUDA graphs of a drafter's own steps under the newer model runner."""
    return DRAFTER_GRAPHS


def adapters_bytes(config: EngineConfig) -> Range:
    """Buffers of the adapters, and what a pass with them keeps beside the layer's own tensors."""
    rows = config.engine, config.tensor_parallel_size, config.max_loras, config.max_lora_rank
    split = config.engine.loads_with_split_limit and config.accelerator.cuda
    buffers = sum(allocated_bytes(size, split) for size in buffer_tensors(config.model, *rows))
    beside = Range(0, 1, 2).widened(config.spread)
    used = pass_bytes(config.model, config.max_num_batched_tokens, config.max_lora_rank)
    return Range(*(buffers + count * used for count in (beside.low, beside.typical, beside.high)))
