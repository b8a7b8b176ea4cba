"""Shows a sizing record: the arithmetic behind it, where it runs, what lost, and the arguments to paste."""

from __future__ import annotations

import shlex
from typing import Any

from rich.console import Console
from rich.table import Table

from components.sizing.catalogue import GIB
from components.sizing.engine_arguments import COMMAND, engine_arguments
from components.sizing.memory import Budget
from components.sizing.record import SizingRecord

BAR_WIDTH = 60
#: One letter of the bar for each term, in the order of the budget.
LETTERS = {"weights": "W", "buffers": "B", "activations": "A", "runtime": "R", "CUDA graphs": "G", "KV cache": "K"}


def as_json(record: SizingRecord) -> dict[str, Any]:
    """The record as plain data; sizes in bytes per GPU, money as text."""
    budget = record.budget
    return {
        "model": record.demand.model,
        "checkpoint": budget.config.checkpoint.id,
        "placement": record.placement,
        "verdict": str(budget.fit),
        "usable_bytes": budget.usable_bytes,
        "needed_bytes": budget.needed_bytes,
        "terms": [
            {"name": term.name, "low_bytes": term.low_bytes, "high_bytes": term.high_bytes, "source": term.source}
            for term in budget.terms
        ],
        "replicas": [record.min_replicas, record.max_replicas],
        "usd_per_hour": str(record.usd_per_hour),
        "usd_per_month": str(record.usd_per_month),
        "startup_seconds": record.startup_seconds,
        "rejected": [{"choice": lost.choice, "reason": lost.reason} for lost in record.rejected],
        "arguments": engine_arguments(record, budget.config.checkpoint.id),
    }


def bar(budget: Budget) -> str:
    """The budget of one GPU as a bar of `BAR_WIDTH` characters: a letter for each term, dots for what is spare."""
    text, used = "", 0
    for term in budget.terms:
        used += term.high_bytes
        end = min(BAR_WIDTH, round(BAR_WIDTH * used / budget.usable_bytes))
        text += LETTERS[term.name] * (end - len(text))
    return text.ljust(BAR_WIDTH, ".")


def show(record: SizingRecord, console: Console) -> None:
    """Prints the record for people."""
    budget = record.budget
    console.print(f"[bold]{record.placement}[/]")
    console.print(f"{record.reason}\n")
    table = Table("term", "GiB a GPU", "known from", title=f"memory of one {record.accelerator}")
    for term in budget.terms:
        low, high = term.low_bytes / GIB, term.high_bytes / GIB
        table.add_row(
            f"{LETTERS[term.name]} {term.name}", f"{high:.2f}" if low == high else f"{low:.2f}-{high:.2f}", term.source
        )
    table.add_section()
    table.add_row("needed", f"{budget.needed_bytes / GIB:.2f}", "upper ends")
    limit = f"{budget.config.accelerator.cuda_total_gib:.2f} x {budget.config.gpu_memory_utilization:g}"
    table.add_row("usable", f"{budget.usable_bytes / GIB:.2f}", limit)
    table.add_row("verdict", str(budget.fit), f"{budget.spare_bytes / GIB:+.2f} GiB")
    console.print(table)
    console.print(f"  {bar(budget)}\n", markup=False)
    price = f"USD {record.usd_per_hour} a replica-hour, {record.usd_per_month:,} a month"
    console.print(f"{price}; starts in about {record.startup_seconds} s (estimate)")
    for lost in record.rejected:
        console.print(f"  not {lost.choice}: {lost.reason}", markup=False)
    words = [shlex.quote(word) for word in (*COMMAND, *engine_arguments(record, budget.config.checkpoint.id))]
    console.print("\n" + " \\\n  ".join([" ".join(words[:3]), *words[3:]]), markup=False, soft_wrap=True)
