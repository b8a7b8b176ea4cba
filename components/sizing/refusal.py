"""The one message for "this does not fit": what was asked, what it needs, what there is, what decides, what would fit.

Sizing uses it when nothing can serve a wish, the policy when a resource cannot run what its flags promise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from components.sizing.catalogue import GIB, Catalogue
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.legality import why_illegal
from components.sizing.memory import Budget, Fit, assess


def refusal(subject: str, budget: Budget, catalogue: Catalogue, where: str) -> str:
    """The message for `subject`; `where` says what to change and in which file or resource."""
    config = budget.config
    gib = {term.name: term.high_bytes / GIB for term in budget.terms}
    needs = ", ".join(f"{name} {size:.1f}" for name, size in gib.items())
    lines = [
        f"{subject}: {config.checkpoint.id} with max_model_len {config.max_model_len} and max_num_seqs {config.max_num_seqs} "
        f"{_verdict_words(budget)} {config.gpus}",
        f"  load     {_load_words(budget)}",
        f"  needs    {budget.needed_bytes / GIB:.1f} GiB per GPU: {needs}",
        f"  has      {budget.usable_bytes / GIB:.1f} GiB per GPU = {config.accelerator.cuda_total_gib or 0:.2f} x "
        f"gpu_memory_utilization {config.gpu_memory_utilization:g}",
    ]
    if budget.unknown is None:
        term = budget.deciding_term
        lines.append(f"  short of {-budget.spare_bytes / GIB:.1f} GiB; decides: {term.name} ({term.source})")
    else:
        lines.append(f"  not known: {budget.unknown}")
    fits = nearest_fits(config, budget.load, catalogue)
    lines.append(f"  fits     {'; '.join(fits) if fits else 'no GPU, checkpoint or context of the catalogue'}")
    lines.append(f"  change   {where}")
    return "\n".join(lines)


def _load_words(budget: Budget) -> str:
    load = budget.load
    full = min(load.full_context_requests, load.concurrent_requests)
    return (
        f"{load.concurrent_requests} requests at once, {full} of them {budget.config.max_model_len} tokens long, "
        f"the others {load.typical_tokens}"
    )


def _verdict_words(budget: Budget) -> str:
    return {
        Fit.FITS: "fits",
        Fit.TIGHT: "is too tight on",
        Fit.UNKNOWN: "cannot be judged on",
        Fit.DOES_NOT_FIT: "does not fit",
    }[budget.fit]


def nearest_fits(config: EngineConfig, load: Load, catalogue: Catalogue) -> list[str]:
    """Up to four changes of one thing each that make it fit: GPUs, checkpoint, context, concurrency."""
    found = [*_other_gpus(config, load, catalogue)[:2]]
    for checkpoint in (c for c in catalogue.checkpoints_of(config.model) if c.auto):
        other = config._replace(checkpoint=checkpoint, scheme=catalogue.scheme(checkpoint))
        if checkpoint.id != config.checkpoint.id and _runs(other, catalogue) and _fits(other, load):
            found.append(f"{config.gpus} with {checkpoint.id} ({checkpoint.precision})")
            break
    if longest := _largest(1, config.max_model_len - 1, lambda n: _fits(config._replace(max_model_len=n), load)):
        found.append(f"{config.gpus} with {longest} tokens of context")
    most = _largest(
        1,
        load.concurrent_requests - 1,
        lambda n: _fits(config._replace(max_num_seqs=n), replace(load, concurrent_requests=n)),
    )
    if most:
        found.append(f"{config.gpus} with {most} requests at once")
    return found


def _other_gpus(config: EngineConfig, load: Load, catalogue: Catalogue) -> list[str]:
    """GPU choices of the catalogue's machines that fit, least memory first."""
    shapes = {(machine.accelerator, machine.gpu_count) for machine in catalogue.machines}
    options: list[tuple[float, str]] = []
    for accelerator_id, count in shapes:
        accelerator = catalogue.accelerator(accelerator_id)
        other = config._replace(accelerator=accelerator, tensor_parallel_size=count)
        if other.gpus != config.gpus and _runs(other, catalogue) and _fits(other, load):
            options.append(((accelerator.cuda_total_gib or 0) * count, f"{other.gpus} with tensor parallel {count}"))
    return [text for _, text in sorted(options)]


def _runs(config: EngineConfig, catalogue: Catalogue) -> bool:
    return why_illegal(config, catalogue) is None


def _fits(config: EngineConfig, load: Load) -> bool:
    return assess(config, load).fit is Fit.FITS


def _largest(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The largest number in [low, high] for which `holds` is true; 0 when there is none. `holds` is monotone."""
    best = 0
    while low <= high:
        middle = (low + high) // 2
        if holds(middle):
            best, low = middle, middle + 1
        else:
            high = middle - 1
    return best
