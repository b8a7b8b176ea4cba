"""`impact`: what an engine upgrade does to all deployments of an environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from components.sizing.cli.refusals import refuse
from components.sizing.cli.wishes import of_environment
from components.sizing.errors import SizingError
from components.sizing.impact import Impact, impact_of


def impact(
    old: Annotated[str, typer.Option("--from", help="Version of vLLM that runs today.")],
    new: Annotated[str, typer.Option("--to", help="Version of vLLM that is planned.")],
    env: Annotated[str, typer.Option(help="Environment, as in stacks/<environment>.")] = "dev",
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show for each team's deployment what changes: context, concurrency, verdict, flags, price.

    Exit code 1 when a deployment would no longer fit where it runs today, or could not be placed at all.
    """
    try:
        demands, supply, catalogue = of_environment(Path.cwd(), env)
        found = [impact_of(demand, supply, catalogue, old, new) for demand in demands]
    except SizingError as error:
        refuse(error)
    if json_output:
        typer.echo(json.dumps([_plain(one) for one in found], indent=2))
    else:
        Console().print(_table(found, old, new))
    if any(not one.holds or one.after is None for one in found):
        raise typer.Exit(1)


def _table(found: list[Impact], old: str, new: str) -> Table:
    table = Table(
        "deployment", "as it runs today", "longest context", "requests at once", "placed anew", "USD a month", "flags"
    )
    table.title, table.title_justify = f"vLLM {old} to {new}", "left"
    for one in found:
        kept = "[green]still fits[/]" if one.holds else f"[red]no longer fits[/]: {one.why_not}"
        if one.before is None:
            kept = f"[red]not placed with {old}[/]: {one.why_not}"
        after = one.after.placement if one.after else f"[red]none[/]: {one.refusal}"
        same = one.before and one.after and one.before.placement == one.after.placement
        table.add_row(
            one.deployment,
            kept,
            _change(*one.largest_context),
            _change(*one.most_requests),
            "unchanged" if same else after,
            _money(one),
            "\n".join([*(f"+ {flag}" for flag in one.flags_added), *(f"- {flag}" for flag in one.flags_removed)])
            or "same",
        )
    return table


def _change(before: int, after: int) -> str:
    return f"{before:,}" if before == after else f"{before:,} to {after:,} ({(after - before) / max(1, before):+.0%})"


def _money(one: Impact) -> str:
    if one.usd_difference is None or one.after is None:
        return "-"
    return f"{one.after.usd_per_month:,} ({one.usd_difference:+,})"


def _plain(one: Impact) -> dict[str, Any]:
    return {
        "deployment": one.deployment,
        "holds": one.holds,
        "why_not": one.why_not,
        "verdict": str(one.kept.fit) if one.kept else None,
        "spare_bytes": one.kept.spare_bytes if one.kept else None,
        "largest_context": list(one.largest_context),
        "most_requests": list(one.most_requests),
        "before": one.before.placement if one.before else None,
        "after": one.after.placement if one.after else None,
        "refusal": one.refusal,
        "usd_per_month": [str(r.usd_per_month) if r else None for r in (one.before, one.after)],
        "flags_added": list(one.flags_added),
        "flags_removed": list(one.flags_removed),
    }
