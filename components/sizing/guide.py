"""Renders docs/sizing.md: the method, with two worked examples whose numbers the code produces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from components.sizing.capacity import GPU_MEMORY_UTILIZATION
from components.sizing.catalogue import GIB, Catalogue, Model
from components.sizing.demand import Demand, Supply
from components.sizing.engine_arguments import ADAPTERS_ROOT
from components.sizing.kv_cache import kv_layout, tokens_in_flight
from components.sizing.legality import LORA_PRECISIONS
from components.sizing.lora import RANKS, buffer_tensors
from components.sizing.memory import Budget, layout_of
from components.sizing.placement import place
from components.sizing.record import SizingRecord
from components.sizing.replicas import HOURS_OF_ACTIVE_DAY
from components.sizing.speed import LONGEST_GENERATION_SECONDS
from components.sizing.weights import drafter_bytes

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, TEMPLATE = DOCS / "sizing.md", "sizing.md.j2"
ENGINE = "0.33.0"


def render_guide(catalogue: Catalogue) -> str:
    """The page as Markdown; the same for the same catalogue."""
    environment = Environment(
        loader=FileSystemLoader(DOCS / "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (Markdown of our own)
    )
    return environment.get_template(TEMPLATE).render(
        l4=catalogue.accelerator("nvidia-l4"),
        utilization=f"{GPU_MEMORY_UTILIZATION:.2f}",
        releases=sum(1 for engine in catalogue.engines if engine.evidence == "planner"),
        hybrid=_hybrid(catalogue),
        one=_first(catalogue),
        two=_second(catalogue),
        day_hours=HOURS_OF_ACTIVE_DAY,
        extras=_extras(catalogue),
    )


def _hybrid(catalogue: Catalogue) -> dict[str, float]:
    """GiB for one request of 31B at 32,768 tokens with the hybrid manager on and off, 2,048 batched tokens."""
    model, engine = catalogue.model("gemma-4-31b-it"), catalogue.engine(ENGINE)
    in_flight = tokens_in_flight(engine, 2048, True)
    gib = {}
    for name, hybrid in (("on_gib", True), ("off_gib", False)):
        layout = kv_layout(model, 1, 2, hybrid=hybrid)
        gib[name] = layout.blocks_to_start(32768, in_flight) * layout.bytes_per_block / GIB
    return gib


def _extras(catalogue: Catalogue) -> dict[str, Any]:
    """What a drafter and one adapter of rank 16 take on one GPU, and the platform's limits."""
    engine, dense = catalogue.engine(ENGINE), catalogue.model("gemma-4-31b-it")

    def buffers(model: Model) -> float:
        return sum(buffer_tensors(model, engine, 1, 1, 16)) / GIB

    return {
        "ahead": dense.drafter.num_speculative_tokens,
        "drafter_gib": drafter_bytes(dense) / GIB,
        "ranks": ", ".join(str(rank) for rank in RANKS),
        "e4b_gib": buffers(catalogue.model("gemma-4-e4b-it")),
        "dense_gib": buffers(dense),
        "moe_gib": buffers(catalogue.model("gemma-4-26b-a4b-it")),
        "dense_precisions": ", ".join(LORA_PRECISIONS),
        "adapters_root": ADAPTERS_ROOT,
        "limit_seconds": f"{LONGEST_GENERATION_SECONDS:,}",
    }


def _supply(gke: dict[str, int], cloud_run: dict[str, int]) -> Supply:
    return Supply(
        region="us-central1",
        zones=("us-central1-a", "us-central1-b"),
        engine_version=ENGINE,
        purchase_order=("on-demand",),
        batch_purchase_order=("on-demand",),
        gke_quota=gke,
        cloud_run_quota=cloud_run,
    )


def _first(catalogue: Catalogue) -> dict[str, Any]:
    demand = Demand(
        team="docs",
        name="one",
        model="gemma-4-e4b-it",
        context_tokens=16384,
        peak_concurrent_requests=8,
        typical_tokens=3000,
        typical_answer_tokens=400,
        full_context_requests=1,
        active_hours_per_month=730,
        precision="bf16",
    )
    record = place(demand, _supply({"nvidia-l4": 1}, {}), catalogue)
    budget, config = record.budget, record.budget.config
    layout = layout_of(config)
    in_flight = tokens_in_flight(config.engine, config.max_num_batched_tokens, config.async_scheduling)
    start = layout.blocks_to_start(config.max_model_len, in_flight)
    return {
        "model": config.model.name,
        "context": config.max_model_len,
        "typical": demand.typical_tokens,
        "requests": config.max_num_seqs,
        "table": _terms(budget),
        "full_groups": layout.full_groups,
        "sliding_groups": layout.sliding_groups,
        "full_block": layout.full_block_tokens,
        "sliding_block": layout.sliding_block_tokens,
        "window": layout.sliding_window,
        "in_flight": in_flight,
        "block_bytes": layout.bytes_per_block,
        "start_blocks": start,
        "start_gib": start * layout.bytes_per_block / GIB,
        "load_gib": budget.terms[-1].high_bytes / GIB,
        "usable": f"{budget.usable_bytes / GIB:.2f}",
        "needed": f"{budget.needed_bytes / GIB:.2f}",
        "spare": f"{budget.spare_bytes / GIB:.2f}",
        "verdict": str(budget.fit),
    }


def _second(catalogue: Catalogue) -> dict[str, Any]:
    demand = Demand(
        team="docs",
        name="two",
        model="gemma-4-31b-it",
        context_tokens=32768,
        peak_concurrent_requests=24,
        typical_tokens=4000,
        typical_answer_tokens=500,
        full_context_requests=1,
        active_hours_per_month=220,
    )
    supply = _supply({"nvidia-l4": 16, "nvidia-rtx-pro-6000": 4}, {"nvidia-rtx-pro-6000": 2})
    record = place(demand, supply, catalogue)
    return {
        "model": record.budget.config.model.name,
        "peak": demand.peak_concurrent_requests,
        "table": _terms(record.budget),
        "placement": record.placement,
        "reason": record.reason,
        "money": _money(record),
    }


def _money(record: SizingRecord) -> str:
    return (
        f"A replica-hour costs USD {record.usd_per_hour:f} ({record.price_source}); {record.min_replicas} of up to "
        f"{record.max_replicas} replicas run all month, the others in {record.demand.active_hours_per_month} active hours "
        f"with their starts and idle tails: USD {record.usd_per_month:,} a month."
    )


def _terms(budget: Budget) -> str:
    lines = ["| term | GiB a GPU | known from |", "|---|---|---|"]
    for term in budget.terms:
        low, high = term.low_bytes / GIB, term.high_bytes / GIB
        size = f"{high:.2f}" if term.low_bytes == term.high_bytes else f"{low:.2f} to {high:.2f}"
        lines.append(f"| {term.name} | {size} | {term.source} |")
    lines.append(f"| **needed** | {budget.needed_bytes / GIB:.2f} | all terms at their upper end |")
    return "\n".join(lines)


if __name__ == "__main__":
    from components.sizing.catalogue import load_catalogue

    PAGE.write_text(render_guide(load_catalogue()), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(DOCS.parent)}")
