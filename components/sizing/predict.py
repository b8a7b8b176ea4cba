"""Predicts what an engine will log about its memory for a deployment that somebody describes, and whether it will start."""

from __future__ import annotations

from dataclasses import dataclass

from components.sizing.catalogue import Catalogue, Deployment
from components.sizing.deployments import read_deployment
from components.sizing.engine_config import Load
from components.sizing.kv_cache import tokens_in_flight
from components.sizing.memory import Budget, Fit, assess, layout_of
from components.sizing.profiling import Range
from components.sizing.weights import gib, resident_weights


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the engine will log. Sizes are GiB on one GPU; None where something about the deployment is not known.

    The pool lies within `kv_avail_gib` plus or minus `spread_gib`.
    """

    id: str
    weights_gib: float
    kv_avail_gib: float | None
    kv_tokens: int | None
    max_concurrency_x: float | None
    verdict: Fit
    reason: str
    spread_gib: float | None


def predict(deployment: Deployment, catalogue: Catalogue) -> Prediction:
    """The prediction for one deployment. Raises SizingError when its model is none of the catalogue's."""
    read = read_deployment(deployment, catalogue)
    config = read.config
    weights = round(gib(resident_weights(config).total_bytes), 3)
    if read.unknown is not None:
        return Prediction(deployment.id, weights, None, None, None, Fit.UNKNOWN, f"not known: {read.unknown}", None)
    budget = assess(config, Load(1, 1, config.max_model_len))
    if budget.unknown is not None:
        return Prediction(deployment.id, weights, None, None, None, Fit.UNKNOWN, f"not known: {budget.unknown}", None)
    pool, layout = budget.pool, layout_of(config)
    blocks = layout.blocks(int(pool.typical))
    in_flight = tokens_in_flight(config.engine, config.max_num_batched_tokens, config.async_scheduling)
    start = layout.blocks_to_start(config.max_model_len, in_flight)
    needed = (start + config.engine.keeps_null_block) * layout.bytes_per_block
    verdict, reason = _verdict(budget, pool, needed)
    by_group = config.engine.reports_tokens_by_group
    return Prediction(
        id=deployment.id,
        weights_gib=weights,
        kv_avail_gib=round(gib(int(pool.typical)), 3),
        kv_tokens=layout.logged_tokens(blocks, config.max_model_len, in_flight, by_group),
        max_concurrency_x=round(blocks / start, 2),
        verdict=verdict,
        reason=reason,
        spread_gib=round(gib(int(max(pool.typical - pool.low, pool.high - pool.typical))), 3),
    )


def _verdict(budget: Budget, pool: Range, needed: int) -> tuple[Fit, str]:
    """Whether the engine starts: its boot checks, then room for one request of max_model_len."""
    for check in budget.checks:
        if check.needed_bytes > check.least_free_bytes:
            fit = Fit.DOES_NOT_FIT if check.needed_bytes > check.most_free_bytes else Fit.TIGHT
            free = f"{gib(check.least_free_bytes):.1f} to {gib(check.most_free_bytes):.1f}"
            return fit, f"{check.name}: {gib(check.needed_bytes):.1f} GiB needed, {free} free"
    words = (
        f"one request of {budget.config.max_model_len} tokens needs {gib(needed):.2f} GiB of KV cache, the pool is "
        f"{gib(int(pool.low)):.2f} to {gib(int(pool.high)):.2f}"
    )
    if pool.low >= needed:
        return Fit.FITS, words
    return (Fit.TIGHT if pool.high >= needed else Fit.DOES_NOT_FIT), words
