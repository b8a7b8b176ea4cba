"""Rows of models.yaml: the exact configuration of each Gemma 4 model, by the field names of its config.json."""

from __future__ import annotations

from typing import Literal

from components.sizing.catalogue.row import Identified, Input, Row


class TextConfig(Row):
    """The language model. Every `full_attention_every`-th layer attends to the whole context, the others to a window."""

    num_hidden_layers: int
    hidden_size: int
    intermediate_size: int
    num_attention_heads: int
    num_key_value_heads: int
    num_global_key_value_heads: int
    head_dim: int
    global_head_dim: int
    sliding_window: int
    full_attention_every: int
    num_kv_shared_layers: int
    #: The layers that share another's KV cache have an MLP twice as wide.
    use_double_wide_mlp: bool = False
    #: Width of the per-layer input embeddings; 0 where the model has none.
    hidden_size_per_layer_input: int
    #: Full-attention layers have no value projection: keys and values come from the same weights, yet both are cached.
    attention_k_eq_v: bool
    #: Image tokens see each other ("mm prefix LM"): vLLM then raises max_num_batched_tokens to the largest item.
    bidirectional_vision: bool
    vocab_size: int
    num_experts: int = 0
    top_k_experts: int = 0
    moe_intermediate_size: int = 0

    def is_full_attention(self, layer: int) -> bool:
        """True when layer number `layer` (from 0) attends to the whole context."""
        return (layer + 1) % self.full_attention_every == 0

    @property
    def kv_layers(self) -> range:
        """Layers that own a KV cache; the last `num_kv_shared_layers` reuse another layer's."""
        return range(self.num_hidden_layers - self.num_kv_shared_layers)


class VisionConfig(Row):
    """How images and video frames become tokens: a vision transformer, or (12B) a projection of pixels without layers."""

    num_hidden_layers: int
    hidden_size: int
    intermediate_size: int
    num_attention_heads: int
    head_dim: int
    #: Values of one patch: height x width x colours.
    patch_values: int
    position_embedding_size: int
    #: Patches (before pooling) that become one token.
    patches_per_token: int
    #: A learnt scale and shift of the output (26B-A4B and 31B).
    standardize: bool = False


class AudioConfig(Row):
    """How sound becomes tokens: a conformer, or (12B) a projection of samples without layers."""

    num_hidden_layers: int
    hidden_size: int
    output_size: int
    #: Samples of one frame (12B), or bins of the spectrogram.
    input_values: int


class DrafterConfig(Row):
    """The publisher's multi-token-prediction drafter for speculative decoding. It has no KV cache of its own."""

    id: str
    parameters: int
    #: Tokens ahead that vllm-project/recipes suggests.
    num_speculative_tokens: int


class Model(Identified):
    """One Gemma 4 model."""

    name: str
    #: The size as the field names it, such as 26B-A4B.
    variant: str
    architecture: Literal["dense", "moe"]
    licence: str
    max_context_tokens: int
    inputs: tuple[Input, ...]
    #: The engine's first version that serves it.
    min_engine_version: str
    text: TextConfig
    vision: VisionConfig
    audio: AudioConfig | None = None
    drafter: DrafterConfig

    __hash__ = Identified.__hash__
