"""Parameter counts of a model, by the part that decides how they are stored and sharded.

Counted from the model's configuration; bytes are `weights.py`'s business. Source of the layer structure: vLLM 0.33.0
`model_executor/models/gemma4.py` and transformers 5.23.0 `modeling_gemma4.py`, read 2026-11-21.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.sizing.catalogue import Model, TextConfig


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of one model, dimensionless counts.

    `linear` are the matrices of the language model that a quantised checkpoint stores in fewer bits (attention, MLP,
    experts, per-layer-input projections); `other` is the rest of the text model (embeddings, per-layer embedding tables,
    norms, router). `duplicated_value` are not in the checkpoint: in layers without a value projection vLLM loads the keys'
    weights into the values' slot too. `active` is what one token computes with: the text model without the per-layer tables
    and with only the routed experts.
    """

    linear: int
    other: int
    duplicated_value: int
    vision: int
    audio: int
    active: int

    @property
    def text(self) -> int:
        """Parameters of the text model as published."""
        return self.linear + self.other

    @property
    def total(self) -> int:
        """All parameters as published, towers included."""
        return self.text + self.vision + self.audio


def count_parameters(model: Model) -> Parameters:
    """Counts the parameters of `model` from its configuration."""
    text = model.text
    layers = range(text.num_hidden_layers)
    attention = sum(_attention(text, layer) for layer in layers)
    mlp = sum(_mlp(text, layer) for layer in layers)
    experts = text.num_hidden_layers * text.num_experts * 3 * text.hidden_size * text.moe_intermediate_size
    per_layer_input = (
        (2 * text.num_hidden_layers + text.num_hidden_layers) * text.hidden_size * (text.hidden_size_per_layer_input)
    )
    embedding = text.vocab_size * text.hidden_size
    per_layer_tables = text.vocab_size * text.num_hidden_layers * text.hidden_size_per_layer_input
    small = _norms_and_router(text)
    linear = attention + mlp + experts + per_layer_input
    routed = experts * text.top_k_experts // text.num_experts if text.num_experts else 0
    return Parameters(
        linear=linear,
        other=embedding + per_layer_tables + small,
        duplicated_value=sum(_duplicated_value(text, layer) for layer in text.kv_layers),
        vision=model.vision_parameters,
        audio=model.audio_parameters,
        active=linear - experts + routed + embedding + small,
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
