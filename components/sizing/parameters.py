"""Parameter counts of a model, by the part that decides how they are stored and split over GPUs.

Counted from the model's configuration; bytes are `weights.py`'s business. Source of the layer structure: vLLM 0.33.0
`model_executor/models/gemma4.py` and transformers 5.23.0 `modeling_gemma4.py`, `modeling_gemma4_unified.py`, read 2026-11-21.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from components.sizing.catalogue import AudioConfig, Model, TextConfig, VisionConfig


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of one model, dimensionless counts.

    The first seven are the language model. `attention`, `mlp`, `experts` and `per_layer_projections` are matrices that
    quantised checkpoints store in fewer bits; `embedding` also serves as the output head. `norms_and_router` stay as they are.
    `duplicated_value` are not in the checkpoint: in layers without a value projection vLLM loads the keys' weights into the
    values' slot too.
    """

    attention: int
    mlp: int
    experts: int
    per_layer_projections: int
    embedding: int
    per_layer_embedding: int
    norms_and_router: int
    duplicated_value: int
    vision: int
    audio: int
    #: Share of the experts that one token is sent to; 0 for a dense model.
    routed_share: float

    @property
    def text(self) -> int:
        """Parameters of the text model as published."""
        return self._computing + self.experts + self.per_layer_embedding

    @property
    def total(self) -> int:
        """All parameters as published, towers included."""
        return self.text + self.vision + self.audio

    @property
    def active(self) -> int:
        """What one token computes with: the text model without the per-layer tables and with the routed experts only."""
        return self._computing + round(self.experts * self.routed_share)

    @property
    def _computing(self) -> int:
        return self.attention + self.mlp + self.per_layer_projections + self.embedding + self.norms_and_router


@cache
def count_parameters(model: Model) -> Parameters:
    """Counts the parameters of `model` from its configuration."""
    text = model.text
    layers = range(text.num_hidden_layers)
    hidden, per_layer_width = text.hidden_size, text.hidden_size_per_layer_input
    return Parameters(
        attention=sum(_attention(text, layer) for layer in layers),
        mlp=sum(_mlp(text, layer) for layer in layers),
        experts=len(layers) * text.num_experts * 3 * hidden * text.moe_intermediate_size,
        # in each layer a gate and a projection, and one projection of the embedding for all layers
        per_layer_projections=3 * len(layers) * hidden * per_layer_width,
        embedding=text.vocab_size * hidden,
        per_layer_embedding=text.vocab_size * len(layers) * per_layer_width,
        norms_and_router=_norms_and_router(text),
        duplicated_value=sum(_duplicated_value(text, layer) for layer in text.kv_layers),
        vision=_vision(model.vision, hidden),
        audio=_audio(model.audio, hidden) if model.audio else 0,
        routed_share=text.top_k_experts / text.num_experts if text.num_experts else 0.0,
    )


def _kv_projection(text: TextConfig, layer: int) -> int:
    """Size of one of the key and value projections of a layer."""
    if text.is_full_attention(layer):
        return text.hidden_size * text.num_global_key_value_heads * text.global_head_dim
    return text.hidden_size * text.num_key_value_heads * text.head_dim


def _duplicated_value(text: TextConfig, layer: int) -> int:
    """Weights that vLLM holds twice because the checkpoint has no value projection in this layer."""
    return _kv_projection(text, layer) if text.attention_k_eq_v and text.is_full_attention(layer) else 0


def _attention(text: TextConfig, layer: int) -> int:
    head_dim = text.global_head_dim if text.is_full_attention(layer) else text.head_dim
    query_and_output = 2 * text.hidden_size * text.num_attention_heads * head_dim
    if layer not in text.kv_layers:
        return query_and_output
    return query_and_output + 2 * _kv_projection(text, layer) - _duplicated_value(text, layer)


def _mlp(text: TextConfig, layer: int) -> int:
    doubled = text.use_double_wide_mlp and layer not in text.kv_layers
    return 3 * text.hidden_size * text.intermediate_size * (2 if doubled else 1)


def _norms_and_router(text: TextConfig) -> int:
    hidden, experts = text.hidden_size, text.num_experts
    total = hidden + text.hidden_size_per_layer_input  # final norm; norm of the per-layer inputs
    for layer in range(text.num_hidden_layers):
        head_dim = text.global_head_dim if text.is_full_attention(layer) else text.head_dim
        total += head_dim + 4 * hidden + 1  # query norm, four layer norms, layer scalar
        if layer in text.kv_layers:
            total += head_dim  # key norm
        if experts:
            total += hidden * experts + hidden + experts + 3 * hidden  # router, its scales, three more norms
        if text.hidden_size_per_layer_input:
            total += hidden
    return total


def _vision(vision: VisionConfig, text_hidden: int) -> int:
    width = vision.hidden_size
    if not vision.num_hidden_layers:
        # norm of the pixels, their projection, and a second projection, each with norms or biases; positions in two axes
        projections = vision.patch_values * width + width + width * width
        return 2 * vision.patch_values + projections + 2 * vision.position_embedding_size * width + 4 * width
    attention = 4 * width * vision.num_attention_heads * vision.head_dim
    layer = attention + 3 * width * vision.intermediate_size + 4 * width + 2 * vision.head_dim
    patches = vision.patch_values * width + 2 * vision.position_embedding_size * width
    standardize = 2 * width if vision.standardize else 0
    return patches + vision.num_hidden_layers * layer + standardize + width * text_hidden


def _audio(audio: AudioConfig, text_hidden: int) -> int:
    if not audio.num_hidden_layers:
        return audio.input_values * text_hidden
    width = audio.hidden_size
    feed_forward = 2 * (8 * width * width + 2 * width)
    attention = 5 * width * width + width // 8
    convolution = 3 * width * width + 5 * width
    layer = feed_forward + attention + convolution + 5 * width
    subsampling = 9 * 128 + 128 + 9 * 128 * 32 + 32 + width * width
    output = width * audio.output_size + audio.output_size + audio.output_size * text_hidden
    return subsampling + audio.num_hidden_layers * layer + output
