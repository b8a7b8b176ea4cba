"""Served models for the tests of what serves them."""

from __future__ import annotations

from components.kubernetes.inference_service import KNATIVE
from components.served_model import ServedModelArgs, served_model, weights_place
from components.sizing.catalogue import load_catalogue
from components.sizing.demand import Demand
from components.sizing.placement import place
from components.time_limits import time_limits
from tests.unit.sizing.test_placement import SUPPLY


def model_of(
    demand: Demand, mode: str = KNATIVE, *, paused: bool = False, canary_percent: int | None = None
) -> ServedModelArgs:
    """A demand, placed, as components take it."""
    record = place(demand, SUPPLY, load_catalogue())
    limits = time_limits(
        900, record.startup_seconds, record.startup_probe_seconds, from_zero=record.min_replicas == 0, new_node=True
    )
    weights = weights_place("stream", "models", record.budget.config.checkpoint.id)
    return served_model(
        record, weights, limits, mode=mode, bucket_name="models", paused=paused, canary_percent=canary_percent
    )
