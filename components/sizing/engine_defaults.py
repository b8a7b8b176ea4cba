"""Batch sizes that the engine takes when they are not given (vLLM `engine/arg_utils.py`, 0.20 to 0.33, read 2026-11-25)."""

from __future__ import annotations

from components.sizing.catalogue import Accelerator, Engine, Model
from components.sizing.profiling import VIDEO_ITEM_TOKENS


def batch_in_force(
    engine: Engine,
    model: Model,
    accelerator: Accelerator,
    *,
    text_only: bool,
    max_num_seqs: int | None,
    max_num_batched_tokens: int | None,
    max_model_len: int,
) -> tuple[int, int]:
    """(max_num_seqs, max_num_batched_tokens) in force; a given value is taken as it is."""
    defaults = engine.defaults_on(accelerator)
    seqs = max_num_seqs or defaults.max_num_seqs
    batch = max_num_batched_tokens
    if batch is None:
        batch = defaults.max_num_batched_tokens
        raises = engine.raises_batch_to_item
        if raises == "always" or (raises == "unless-text-only" and not text_only):
            batch = max(batch, largest_item(model))
        batch = min(batch, seqs * max_model_len)
    return (min(seqs, batch) if max_num_seqs is None else seqs), batch


def largest_item(model: Model) -> int:
    """Tokens of the largest item that cannot be split over batches: one video, for models whose image tokens see each other."""
    return VIDEO_ITEM_TOKENS if model.text.bidirectional_vision and "video" in model.inputs else 0
