"""Bytes of weights that stay on each GPU, by part: what vLLM logs as "Model loading took X GiB".

The logged figure is what PyTorch's allocator holds for the tensors, not the sum of their sizes: blocks are rounded up, and since
vLLM 0.22.1 loads under a split limit of 20 MiB every large tensor costs whole 2 MiB (`v1/worker/gpu_worker.py`
`_scoped_allocator_max_split`, read 2026-11-25). That rounding is 0.02 to 0.3 GiB and explains logs that bytes alone miss.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from components.sizing.catalogue import GIB, Checkpoint, Engine, Model, QuantizationScheme
from components.sizing.engine_config import EngineConfig
from components.sizing.parameters import count_parameters
from components.sizing.tensors import BF16_BYTES, Tensor, audio_tensors, text_tensors, vision_tensors

MIB = 2**20
#: PyTorch c10/cuda/CUDACachingAllocator.cpp: sizes are rounded to 512 bytes; from 10 MiB on a tensor has a segment of its own,
#: a multiple of 2 MiB, of which a rest above 1 MiB is split off again. Read 2026-11-25.
ALLOCATION_GRAIN = 512
LARGE_ALLOCATION = 10 * MIB
SEGMENT_GRAIN = 2 * MIB
LARGEST_UNSPLIT_REST = 1 * MIB
#: Blocks above this are never split while vLLM loads weights (0.22.1 and later).
SPLIT_LIMIT = 20 * MIB


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes on one GPU by part, and the peak while they are loaded."""

    parts: tuple[tuple[str, int], ...]
    load_peak_bytes: int

    @property
    def total_bytes(self) -> int:
        """All weights on one GPU once they are loaded."""
        return sum(size for _, size in self.parts)


def resident_weights(config: EngineConfig) -> Weights:
    """Weights on one GPU of a replica run as `config`.

    The vision tower is left out when neither images nor videos are allowed, the audio tower when no sound is; 12B, which has
    no towers, keeps its projections always (vLLM 0.25.1 and 0.33.0 `model_executor/models/interfaces.py`, 2026-11-25).
    """
    encoder_free = config.model.vision.num_hidden_layers == 0
    return _resident(
        config.model,
        config.checkpoint,
        config.scheme,
        config.engine,
        config.tensor_parallel_size,
        vision=encoder_free or (not config.text_only and bool({"image", "video"} & set(config.items))),
        audio=encoder_free or (not config.text_only and "audio" in config.items),
        drafter=config.drafter,
        batched_tokens=config.max_num_batched_tokens,
        split_limit=config.engine.loads_with_split_limit and config.accelerator.cuda,
    )


@cache
def _resident(
    model: Model,
    checkpoint: Checkpoint,
    scheme: QuantizationScheme,
    engine: Engine,
    tensor_parallel_size: int,
    *,
    vision: bool,
    audio: bool,
    drafter: bool,
    batched_tokens: int,
    split_limit: bool,
) -> Weights:
    if checkpoint.resident_gib is not None:
        published = int(checkpoint.resident_gib * GIB) // tensor_parallel_size
        return Weights((("as published", published),), load_peak_bytes=published)
    parts = dict(_text_parts(model, scheme, engine, tensor_parallel_size, split_limit))
    if vision:
        parts |= _allocated(vision_tensors(model), split_limit)
    if audio:
        parts |= _allocated(audio_tensors(model), split_limit)
    head = BF16_BYTES * model.text.vocab_size * model.text.hidden_size // tensor_parallel_size
    resident = sum(parts.values())
    if checkpoint.ships_output_head and engine.keeps_shipped_output_head and model.text.hidden_size_per_layer_input:
        # a head that the checkpoint stores is merged with the embedding again only where there is one embedding
        parts["output head"] = head
    if width := model.text.hidden_size_per_layer_input:
        buffer = BF16_BYTES * batched_tokens * model.text.num_hidden_layers * width
        parts["per-layer input buffer"] = allocated_bytes(buffer, split_limit)
    if drafter:
        parts["drafter"] = drafter_bytes(model) // tensor_parallel_size
    # the output head is allocated before it is tied to the embedding, so it is there twice for a moment
    return Weights(tuple(parts.items()), load_peak_bytes=max(resident + head, sum(parts.values())))


@cache
def _text_parts(
    model: Model, scheme: QuantizationScheme, engine: Engine, tensor_parallel_size: int, split_limit: bool
) -> tuple[tuple[str, int], ...]:
    tensors = text_tensors(model, scheme, engine, tensor_parallel_size)
    return tuple(_allocated(tensors, split_limit).items())


def _allocated(tensors: Iterable[Tensor], split_limit: bool) -> dict[str, int]:
    parts: dict[str, int] = defaultdict(int)
    for tensor in tensors:
        parts[tensor.part] += allocated_bytes(tensor.bytes, split_limit)
    return dict(parts)


def allocated_bytes(size: int, split_limit: bool) -> int:
    """Bytes that PyTorch's caching allocator holds for a tensor of `size` bytes."""
    size = _up(max(size, 1), ALLOCATION_GRAIN)
    if size < LARGE_ALLOCATION:
        return size
    segment = _up(size, SEGMENT_GRAIN)
    whole = (split_limit and size >= SPLIT_LIMIT) or segment - size <= LARGEST_UNSPLIT_REST
    return segment if whole else size


@cache
def checkpoint_bytes(model: Model, checkpoint: Checkpoint, scheme: QuantizationScheme) -> int:
    """Size of the checkpoint's files in bytes: what is stored in a bucket and read at start.

    As listed by the publisher where the catalogue has it, else computed from the parameters.
    """
    if checkpoint.disk_bytes is not None:
        return checkpoint.disk_bytes
    counts = count_parameters(model)
    quantized = {
        "attention": counts.attention,
        "mlp": counts.mlp,
        "experts": counts.experts,
        "per_layer_projections": counts.per_layer_projections,
    }
    if scheme.online:
        return BF16_BYTES * counts.total
    stored = sum(count * scheme.bytes_per_parameter(part) for part, count in quantized.items())
    head = counts.embedding * BF16_BYTES if checkpoint.ships_output_head else 0
    return int(stored) + BF16_BYTES * (counts.total - sum(quantized.values())) + head


def drafter_bytes(model: Model) -> int:
    """Size of the model's drafter, which is stored in bf16."""
    return BF16_BYTES * model.drafter.parameters


def gib(size: int) -> float:
    """Bytes as GiB."""
    return size / GIB


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
