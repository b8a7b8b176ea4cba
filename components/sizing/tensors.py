"""The tensors that vLLM keeps on one GPU for a model's weights, in bytes, under tensor parallelism.

Shapes follow vLLM 0.33.0 `model_executor/models/gemma4.py`, `gemma4_mm.py`, `gemma4_unified.py` and `gemma4_mtp.py` (read
2026-11-25), with the two differences between releases that change bytes as fields of the engine row. Split over ranks: embedding
and head (by vocabulary), attention (key-value heads only until they run out), MLP, experts, the projection of the per-layer
inputs. Copied to each rank: towers, the per-layer gates and projections, router, norms, rotary caches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.sizing.catalogue import Engine, Model, QuantizationScheme, TextConfig

BF16_BYTES = 2


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor on one GPU and the part of the model that it belongs to."""

    part: str
    bytes: int


def text_tensors(
    model: Model, scheme: QuantizationScheme, engine: Engine, tensor_parallel_size: int
) -> Iterator[Tensor]:
    """Tensors of the language model on one rank."""
    text, tp = model.text, tensor_parallel_size
    hidden, width = text.hidden_size, text.hidden_size_per_layer_input
    yield _plain("embedding", text.vocab_size * hidden // tp)
    if width:
        yield _plain("per-layer embedding", text.vocab_size * width * text.num_hidden_layers // tp)
        rows = width * text.num_hidden_layers // tp
        yield from _matrix("per_layer_projections", scheme, rows, hidden)
    for layer in range(text.num_hidden_layers):
        yield from _layer(text, scheme, engine, layer, tp)
    yield _plain("norms and router", hidden)
    for full in (True, False):
        # one cosine/sine cache for each kind of layer, over the model's whole context whatever --max-model-len says
        head_dim = text.global_head_dim if full else text.head_dim
        yield _plain("rotary caches", model.max_context_tokens * head_dim)


def _layer(text: TextConfig, scheme: QuantizationScheme, engine: Engine, layer: int, tp: int) -> Iterator[Tensor]:
    hidden, owns_kv = text.hidden_size, layer in text.kv_layers
    full = text.is_full_attention(layer)
    head_dim = text.global_head_dim if full else text.head_dim
    kv_heads = text.num_global_key_value_heads if full else text.num_key_value_heads
    queries = text.num_attention_heads // tp * head_dim
    keys_and_values = 2 * max(1, kv_heads // tp) * head_dim
    if not owns_kv and not engine.builds_kv_of_shared_layers:
        keys_and_values = 0
    yield from _matrix("attention", scheme, queries + keys_and_values, hidden)
    yield from _matrix("attention", scheme, hidden, queries)
    wide = 2 if text.use_double_wide_mlp and not owns_kv else 1
    inner = text.intermediate_size * wide // tp
    yield from _matrix("mlp", scheme, 2 * inner, hidden)
    yield from _matrix("mlp", scheme, hidden, inner)
    if text.num_experts:
        inner = text.moe_intermediate_size // tp
        yield from _matrix("experts", scheme, 2 * inner, hidden, text.num_experts)
        yield from _matrix("experts", scheme, hidden, inner, text.num_experts)
        yield _plain("norms and router", hidden * text.num_experts)
        yield _plain("norms and router", 4 * hidden + text.num_experts)
    yield _plain("norms and router", 4 * hidden + 2 * head_dim)
    if width := text.hidden_size_per_layer_input:
        yield from _matrix("per_layer_projections", scheme, width, hidden)
        yield from _matrix("per_layer_projections", scheme, hidden, width)
        yield _plain("norms and router", hidden)


def vision_tensors(model: Model) -> Iterator[Tensor]:
    """Tensors of the vision tower, or of 12B's projections; the same on every rank."""
    vision, hidden = model.vision, model.text.hidden_size
    width = vision.hidden_size
    if not vision.num_hidden_layers:
        yield _plain("vision", 2 * vision.patch_values)
        yield _plain("vision", vision.patch_values * width)
        yield _plain("vision", 2 * vision.position_embedding_size * width)
        yield _plain("vision", width * hidden)
        yield _plain("vision", 5 * width)
        return
    yield _plain("vision", vision.patch_values * width)
    yield _plain("vision", 2 * vision.position_embedding_size * width)
    for _ in range(vision.num_hidden_layers):
        for _ in range(4):
            yield _plain("vision", width * vision.num_attention_heads * vision.head_dim)
        for _ in range(3):
            yield _plain("vision", width * vision.intermediate_size)
        yield _plain("vision", 4 * width + 2 * vision.head_dim)
    if vision.standardize:
        yield _plain("vision", 2 * width)
    yield _plain("vision", width * hidden)


def audio_tensors(model: Model) -> Iterator[Tensor]:
    """Tensors of the audio tower, or of 12B's projection; the same on every rank."""
    audio, hidden = model.audio, model.text.hidden_size
    if audio is None:
        return
    if not audio.num_hidden_layers:
        yield _plain("audio", audio.input_values * hidden)
        return
    width = audio.hidden_size
    yield _plain("audio", 9 * 128 + 9 * 128 * 32)
    yield _plain("audio", width * width)
    for _ in range(audio.num_hidden_layers):
        for _ in range(4):  # two feed-forward halves, up and down
            yield _plain("audio", 4 * width * width)
        for _ in range(5):
            yield _plain("audio", width * width)
        yield _plain("audio", 2 * width * width)
        yield _plain("audio", width * width)
        yield _plain("audio", 14 * width)
    yield _plain("audio", width * audio.output_size)
    yield _plain("audio", audio.output_size * hidden)


def _plain(part: str, parameters: int) -> Tensor:
    """A tensor that every scheme leaves in bf16."""
    return Tensor(part, BF16_BYTES * parameters)


def _matrix(part: str, scheme: QuantizationScheme, rows: int, columns: int, copies: int = 1) -> Iterator[Tensor]:
    """One matrix, or one for each of `copies` experts in a single tensor: its weights, and the scales of a quantised one."""
    name = part.replace("per_layer_projections", "per-layer projections")
    count = rows * columns * copies
    if part not in scheme.quantizes:
        yield Tensor(name, BF16_BYTES * count)
        return
    yield Tensor(name, int(count * scheme.bits / 8))
    if scheme.precision == "nvfp4":
        # block scales are laid out in tiles of 128 rows by 4 groups
        yield Tensor(name, _up(rows, 128) * _up(columns // scheme.group_size, 4) * copies)
    elif scheme.group_size:
        yield Tensor(name, count // scheme.group_size * scheme.scale_bytes)
    else:
        yield Tensor(name, 4 * rows * copies)  # one float32 scale for each output channel


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
