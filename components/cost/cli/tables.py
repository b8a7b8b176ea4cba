"""Rows of text as tables for the terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from components.cost.plan.plan_rows import Rows


def rich_table(rows: Rows) -> Table:
    """A table with its title; sums and teams are bold."""
    table = Table(title=rows.title, title_justify="left")
    for number, name in enumerate(rows.header):
        table.add_column(name, justify="right" if number in rows.numbers else "left", no_wrap=number in rows.numbers)
    last = len(rows.rows) - rows.sums
    for number, row in enumerate(rows.rows):
        if rows.sums and number == last:
            table.add_section()
        bold = number >= last or row[0].startswith("team ")
        table.add_row(*(Text(cell, style="bold" if bold else "") for cell in row))
    return table
