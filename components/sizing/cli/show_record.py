"""Shows a sizing record in a terminal: the memory budget, where it runs, what lost, and the arguments to paste."""

from __future__ import annotations

import shlex

from rich.console import Console
from rich.table import Table

from components.sizing.catalogue import GIB
from components.sizing.engine_arguments import COMMAND, engine_arguments
from components.sizing.memory import Budget, Term
from components.sizing.record import SizingRecord
from components.sizing.speed import longest_generation_seconds

BAR_WIDTH = 60
#: One letter of the bar for each term, in the order of the budget.
LETTERS = {
    "weights": "W",
    "adapters": "L",
    "buffers": "B",
    "activations": "A",
    "runtime": "R",
    "CUDA graphs": "G",
    "drafter graphs": "D",
    "KV cache": "K",
}


def bar(budget: Budget) -> str:
    """The budget of one GPU as a bar of `BAR_WIDTH` characters: a letter for each term, dots for what is spare."""
    text, used = "", 0
    for term in budget.terms:
        used += term.high_bytes
        end = min(BAR_WIDTH, round(BAR_WIDTH * used / max(1, budget.usable_bytes)))
        text += LETTERS[term.name] * (end - len(text))
    return text.ljust(BAR_WIDTH, ".")


def budget_table(budget: Budget) -> Table:
    """The memory budget of one GPU as a table."""
    config = budget.config
    table = Table(
        "term", "GiB a GPU", "known from", title=f"memory of one {config.accelerator.id}", title_justify="left"
    )
    for term in budget.terms:
        table.add_row(f"{LETTERS[term.name]} {term.name}", _span(term), term.source)
    table.add_section()
    table.add_row("needed", f"{budget.needed_bytes / GIB:.2f}", "all terms at their upper end")
    limit = f"{config.accelerator.cuda_total_gib or 0:.2f} x {config.gpu_memory_utilization:g}"
    table.add_row("usable", f"{budget.usable_bytes / GIB:.2f}", limit)
    for check in budget.checks:
        met = "met" if check.needed_bytes <= check.least_free_bytes else "not met"
        free = f"{check.least_free_bytes / GIB:.2f}"
        table.add_row(check.name, f"{check.needed_bytes / GIB:.2f}", f"{met}: {free} are free at worst")
    table.add_row("verdict", str(budget.fit), budget.unknown or f"{budget.spare_bytes / GIB:+.2f} GiB")
    return table


def _span(term: Term) -> str:
    low, high = term.low_bytes / GIB, term.high_bytes / GIB
    return f"{high:.2f}" if term.low_bytes == term.high_bytes else f"{low:.2f} to {high:.2f}"


def show(record: SizingRecord, console: Console) -> None:
    """Prints the record for people."""
    console.print(f"[bold]{record.demand.key}[/]: {record.demand.model}", highlight=False)
    console.print(f"{record.placement}", highlight=False)
    for name, value in record.overrides.items():
        console.print(f"override {name}: {value} ({record.override_reason})", markup=False, highlight=False)
    console.print(f"{record.reason}\n", highlight=False)
    console.print(budget_table(record.budget))
    console.print(f"  {bar(record.budget)}\n", markup=False)
    console.print(_money_table(record))
    if record.rejected:
        console.print("not taken:")
        for lost in record.rejected:
            console.print(f"  {lost.choice}: {lost.reason}", markup=False, highlight=False)
    words = [shlex.quote(word) for word in (*COMMAND, *engine_arguments(record, record.budget.config.checkpoint.id))]
    console.print(
        "\n" + " \\\n  ".join([" ".join(words[:3]), *words[3:]]), markup=False, highlight=False, soft_wrap=True
    )


def _money_table(record: SizingRecord) -> Table:
    table = Table("price and speed", "", "known from", title_justify="left")
    tokens, decode, first = record.usd_per_million_tokens, record.decode_tokens_per_second, record.first_token_seconds
    table.add_row("a replica-hour", f"USD {record.usd_per_hour:f}", record.price_source)
    table.add_row("a month, to compare places", f"USD {record.usd_per_month:,}", _replicas(record))
    table.add_row(
        "a million tokens", f"USD {tokens.best:.2f} to {tokens.worst:.2f}", "estimate, at the load it is sized for"
    )
    table.add_row("one request decodes", f"{decode.worst:.0f} to {decode.best:.0f} tokens/s", "estimate")
    table.add_row(
        "first token", f"{first.best:.1f} to {first.worst:.1f} s", "estimate, a typical prompt beside the others"
    )
    seconds = longest_generation_seconds(record)
    table.add_row(
        "longest answer", f"{record.max_answer_tokens:,} tokens in {seconds:,} s", "estimate, every slot busy"
    )
    table.add_row("start-up", f"{record.startup_seconds} s", "estimate")
    rungs = ", ".join(
        f"{rung.option}{'' if rung.usd_per_hour else ' (no price)'}{'' if rung.confirmed else ' (unconfirmed)'}"
        for rung in record.ladder
    )
    if rungs:
        table.add_row("ladder", rungs, "one machine type, so the same arguments fit each rung")
    return table


def _replicas(record: SizingRecord) -> str:
    demand = record.demand
    if record.min_replicas == record.max_replicas:
        return f"{record.max_replicas} all month"
    return (
        f"{record.min_replicas} all month, up to {record.max_replicas} in {demand.active_hours_per_month} active hours"
    )
