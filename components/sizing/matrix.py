"""The sizing matrix: each model and precision on each machine type - verdict, longest context, requests at once, price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from components.sizing.capacity import BATCHED_TOKENS, GPU_MEMORY_UTILIZATION
from components.sizing.catalogue import Catalogue, Checkpoint, Engine, Model
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.evidence import spread_of
from components.sizing.host import host_too_small
from components.sizing.impact import largest_context, most_requests
from components.sizing.legality import why_illegal
from components.sizing.memory import Fit, assess

#: The load that the matrix asks for: requests of this length, one of them at once for the verdict.
CONTEXT_TOKENS, TYPICAL_TOKENS = 8192, 2048


@dataclass(frozen=True, slots=True)
class Cell:
    """One model in one precision on one machine. Context and requests are 0 where it does not fit; price None = no price."""

    model: str
    precision: str
    checkpoint: str
    machine: str
    gpus: str
    tensor_parallel_size: int
    verdict: str
    context: int
    requests: int
    usd_per_hour: Decimal | None


def matrix(catalogue: Catalogue, engine: Engine, region: str) -> list[Cell]:
    """Cells for the checkpoints that `precision: auto` may choose, text only, tensor parallel over all GPUs of the machine.

    Of machine types with the same GPUs the one with the smallest host that has room stands for all. Combinations that no engine
    runs are left out.
    """
    cells = []
    for model in catalogue.models:
        seen: set[str] = set()
        for checkpoint in catalogue.checkpoints_of(model):
            if checkpoint.auto and checkpoint.precision not in seen:
                seen.add(checkpoint.precision)
                cells += _cells(catalogue, engine, region, model, checkpoint)
    return cells


def _cells(catalogue: Catalogue, engine: Engine, region: str, model: Model, checkpoint: Checkpoint) -> list[Cell]:
    cells, shapes = [], set()
    for machine in catalogue.machines:
        card = catalogue.accelerator(machine.accelerator)
        if (card.id, machine.gpu_count) in shapes or region not in card.regions or machine.gpu_count > 8:
            continue
        if host_too_small(machine, None, machine.gpu_count) is not None:
            continue
        config = EngineConfig(
            engine=engine,
            model=model,
            checkpoint=checkpoint,
            scheme=catalogue.scheme(checkpoint),
            accelerator=card,
            tensor_parallel_size=machine.gpu_count,
            max_model_len=CONTEXT_TOKENS,
            max_num_seqs=1,
            max_num_batched_tokens=BATCHED_TOKENS[0],
            gpu_memory_utilization=GPU_MEMORY_UTILIZATION,
            text_only=True,
            spread=spread_of(catalogue, model, card, engine),
        )
        if why_illegal(config, catalogue) is not None:
            continue
        shapes.add((card.id, machine.gpu_count))
        budget = assess(config, Load(1, 1, TYPICAL_TOKENS))
        fits = budget.fit is Fit.FITS
        price = catalogue.machine_price(machine.id, region)
        cells.append(
            Cell(
                model=model.id,
                precision=checkpoint.precision,
                checkpoint=checkpoint.id,
                machine=machine.id,
                gpus=f"{machine.gpu_count} x {card.id}",
                tensor_parallel_size=machine.gpu_count,
                verdict=str(budget.fit),
                context=largest_context(budget) if fits else 0,
                requests=most_requests(budget) if fits else 0,
                usd_per_hour=price.on_demand if price and machine.buy.get("on-demand") else None,
            )
        )
    return cells
