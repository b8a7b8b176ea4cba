"""Pictures of one sizing: the memory budget of a GPU, what its KV pool holds at each context, and cost against load."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # no window: the picture goes to a file

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import LogFormatter, ScalarFormatter

from components.sizing.catalogue import GIB, Catalogue
from components.sizing.demand import Demand, Supply
from components.sizing.errors import SizingError
from components.sizing.kv_cache import tokens_in_flight
from components.sizing.memory import Budget, layout_of
from components.sizing.placement import place
from components.sizing.record import SizingRecord

FORMATS = (".svg", ".png")
#: One colour a term, told apart also in grey (matplotlib's colour-blind safe cycle).
COLOURS = {
    "weights": "#0072B2",
    "adapters": "#D55E00",
    "buffers": "#56B4E9",
    "activations": "#009E73",
    "runtime": "#999999",
    "CUDA graphs": "#CC79A7",
    "drafter graphs": "#F0E442",
    "KV cache": "#E69F00",
}
#: Peaks for which the cost is drawn, as multiples of the peak that was asked for.
LOADS = (0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


def draw(record: SizingRecord, demand: Demand, supply: Supply, catalogue: Catalogue, target: Path) -> None:
    """Writes the picture of `record` to `target`. Raises SizingError for another format than .svg or .png."""
    if target.suffix not in FORMATS:
        raise SizingError(f"'{target.name}' ends with '{target.suffix}'; allowed: {', '.join(FORMATS)}", "plot")
    with mpl.rc_context({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "gemma-platform"}):
        figure, axes = plt.subplots(3, 1, figsize=(8, 9), layout="constrained", height_ratios=(1, 1.6, 1.6))
        figure.suptitle(
            f"{demand.model}, {demand.context_tokens:,} tokens, {demand.peak_concurrent_requests} at once\n{record.placement}"
        )
        _budget(axes[0], record.budget)
        _capacity(axes[1], record.budget)
        _cost(axes[2], demand, supply, catalogue)
        # without a date the same input gives the same bytes
        metadata = {"Date": None} if target.suffix == ".svg" else {"Software": None}
        figure.savefig(target, dpi=150, metadata=metadata)
        plt.close(figure)


def _budget(axes: Axes, budget: Budget) -> None:
    left = 0.0
    for term in budget.terms:
        width = term.high_bytes / GIB
        axes.barh(0, width, left=left, color=COLOURS[term.name], label=f"{term.name} {width:.2f}")
        left += width
    usable = budget.usable_bytes / GIB
    total = budget.config.accelerator.cuda_total_gib or usable
    axes.axvline(usable, color="black", linestyle="--", label=f"usable {usable:.2f}")
    axes.set_xlim(0, max(left, total) * 1.02)
    axes.set_yticks([])
    axes.set_xlabel("GiB on one GPU, upper ends")
    axes.set_title(f"Memory of one {budget.config.accelerator.id}: {budget.fit}", loc="left")
    axes.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.35), frameon=False)


def _capacity(axes: Axes, budget: Budget) -> None:
    config, layout, pool = budget.config, layout_of(budget.config), budget.pool
    in_flight = tokens_in_flight(config.engine, config.max_num_batched_tokens, config.async_scheduling)
    contexts = [2**power for power in range(10, 19) if 2**power <= config.model.max_context_tokens]
    for name, size, style in (("least", pool.low, ":"), ("typical", pool.typical, "-"), ("most", pool.high, ":")):
        blocks = layout.blocks(int(size))
        held = [max(0.0, (blocks - layout.blocks_in_flight(in_flight)) / layout.blocks_of_request(c)) for c in contexts]
        axes.plot(contexts, held, style, color="#E69F00", label=f"requests held while decoding, {name} pool")
    blocks = layout.blocks(int(pool.typical))
    logged = [blocks / layout.blocks_to_start(context, in_flight) for context in contexts]
    axes.plot(contexts, logged, "--", color="#0072B2", label="maximum concurrency as the engine logs it")
    axes.axvline(config.max_model_len, color="grey", linewidth=0.8, label="context asked for")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(LogFormatter(labelOnlyBase=False, minor_thresholds=(2, 0.6)))
    axes.set_xticks(contexts, [f"{context // 1024}k" for context in contexts])
    axes.set_xlabel("tokens of each request")
    axes.set_ylabel("requests at once, one replica")
    axes.set_title("What the KV cache holds", loc="left")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)


def _cost(axes: Axes, demand: Demand, supply: Supply, catalogue: Catalogue) -> None:
    peaks = sorted({max(1, round(demand.peak_concurrent_requests * load)) for load in LOADS})
    points: list[tuple[int, float, str]] = []
    for peak in peaks:
        wish = replace(
            demand,
            peak_concurrent_requests=peak,
            full_context_requests=min(demand.full_context_requests, peak),
        )
        try:
            record = place(wish, supply, catalogue)
        except SizingError:
            continue  # beyond the quota: the line ends there
        name = record.machine_type or f"Cloud Run {record.accelerator}"
        points.append((peak, float(record.usd_per_month), f"{record.max_replicas} x {name}"))
    axes.plot([p for p, _, _ in points], [usd for _, usd, _ in points], "o-", color="#0072B2", drawstyle="steps-mid")
    previous = ""
    for peak, usd, label in points:
        if label != previous:
            axes.annotate(label, (peak, usd), textcoords="offset points", xytext=(4, -11), fontsize=7)
        previous = label
    axes.axvline(demand.peak_concurrent_requests, color="grey", linewidth=0.8)
    axes.set_ylim(0, 1.15 * max(usd for _, usd, _ in points))
    axes.set_xlabel("requests at the busiest moment")
    axes.set_ylabel("USD a month, as places are compared")
    axes.set_title("Cost against load", loc="left")
    axes.grid(alpha=0.3)
