"""Sizing: what it takes to serve a Gemma 4 model, in pure Python that knows no Pulumi.

Data flows one way: a team's `Demand` and an environment's `Supply` go into `place()`, which asks `memory.assess()` about each
choice and returns the `SizingRecord` that components and reports read. Policies read a resource's engine arguments back with
`engine_arguments.read_arguments()` and ask the same `assess()`.

The names below are loaded on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.sizing.catalogue import Catalogue, load_catalogue
    from components.sizing.demand import Demand, Supply
    from components.sizing.errors import SizingError
    from components.sizing.memory import Budget, Fit, assess
    from components.sizing.placement import place
    from components.sizing.predict import Prediction, predict
    from components.sizing.record import SizingRecord

_HOME = {
    "Budget": "memory",
    "Catalogue": "catalogue",
    "Demand": "demand",
    "Fit": "memory",
    "Prediction": "predict",
    "SizingError": "errors",
    "SizingRecord": "record",
    "Supply": "demand",
    "assess": "memory",
    "load_catalogue": "catalogue",
    "place": "placement",
    "predict": "predict",
}

__all__ = [
    "Budget",
    "Catalogue",
    "Demand",
    "Fit",
    "Prediction",
    "SizingError",
    "SizingRecord",
    "Supply",
    "assess",
    "load_catalogue",
    "place",
    "predict",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
