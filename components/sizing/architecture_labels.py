"""Labels that tell a model's architecture, for cost fairness between dense and mixture-of-experts models."""

from __future__ import annotations

from components.sizing.catalogue import Model
from components.sizing.parameters import count_parameters

MODEL_ARCHITECTURE = "model-architecture"
TOTAL_PARAMS = "total-params"
ACTIVE_PARAM_RATIO = "active-param-ratio"


def architecture_labels(model: Model) -> dict[str, str]:
    """`total-params` in millions (`25806m`), `active-param-ratio` per mille of them that a token computes with (`148`)."""
    counts = count_parameters(model)
    return {
        MODEL_ARCHITECTURE: model.architecture,
        TOTAL_PARAMS: f"{round(counts.total / 1e6)}m",
        ACTIVE_PARAM_RATIO: str(round(1000 * counts.active / counts.total)),
    }
