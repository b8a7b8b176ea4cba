"""Configurations of an engine for tests, made from the catalogue's rows by name."""

from __future__ import annotations

from typing import Any

from components.sizing.catalogue import load_catalogue
from components.sizing.engine_config import EngineConfig

CATALOGUE = load_catalogue()
ALL_INPUTS = {"image": 1, "video": 1, "audio": 1}


def engine_config(
    checkpoint: str,
    accelerator: str = "nvidia-h100-80gb",
    *,
    engine: str = "0.33.0",
    scheme: str | None = None,
    text_only: bool = True,
    **changes: Any,
) -> EngineConfig:
    """One replica of a checkpoint on one GPU, text only with one short request, unless said otherwise.

    With `text_only` False a request may carry one item of each kind that the model takes. `scheme` replaces the checkpoint's own.
    """
    known = CATALOGUE.checkpoint(checkpoint)
    model = CATALOGUE.model(known.model)
    own = next(s for s in CATALOGUE.quantization if s.id == (scheme or known.scheme))
    config = EngineConfig(
        engine=CATALOGUE.engine(engine),
        model=model,
        checkpoint=known,
        scheme=own,
        accelerator=CATALOGUE.accelerator(accelerator),
        tensor_parallel_size=1,
        max_model_len=8192,
        max_num_seqs=1,
        max_num_batched_tokens=2048,
        gpu_memory_utilization=0.90,
        text_only=text_only,
        items={} if text_only else {kind: n for kind, n in ALL_INPUTS.items() if kind in model.inputs},
    )
    return config._replace(**changes)
