"""How near public measurements are to a configuration, which widens or narrows the ranges of its memory budget."""

from __future__ import annotations

from functools import cache

from components.sizing.catalogue import Accelerator, Catalogue, Engine, Model
from components.sizing.name_matching import accelerator_of, engine_of, model_of

#: Factors on the ranges: a measured pool of the same model, card and release series; of any card of that compute capability;
#: of none.
SAME, NEAR, NONE = 0.75, 1.0, 1.5
#: A release whose own rules are not known.
RELEASE_UNKNOWN = 1.5


@cache
def spread_of(
    catalogue: Catalogue, model: Model, accelerator: Accelerator, engine: Engine, release_known: bool = True
) -> float:
    """The factor for one model on one card under one release."""
    measured = _measured(catalogue)
    exact = (model.variant, accelerator.id, engine.numbers[:2]) in measured
    cards = {catalogue.accelerator(card).compute_capability[0] for _, card, _ in measured}
    near = SAME if exact else NEAR if accelerator.compute_capability[0] in cards else NONE
    return near if release_known else near * RELEASE_UNKNOWN


@cache
def _measured(catalogue: Catalogue) -> frozenset[tuple[str, str, tuple[int, ...]]]:
    """(model, card, release series) of every case that logged its KV pool."""
    found = set()
    for case in catalogue.measured:
        accelerator = accelerator_of(case.gpu, catalogue)
        if case.kv_avail_gib is not None and accelerator.cuda_total_bytes:
            engine, _ = engine_of(case.engine_version, catalogue)
            found.add((model_of(case.model, catalogue).variant, accelerator.id, engine.numbers[:2]))
    return frozenset(found)
