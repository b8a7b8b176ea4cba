"""Rows of text as tables for the terminal."""

from __future__ import annotations

from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.cost.plan.plan_rows import Rows

#: Characters that a table needs before its names are cut; a narrower terminal breaks the lines instead.
LEAST_WIDTH = 150


def wide_console() -> Console:
    """Where tables are printed: as wide as the terminal, and never so narrow that names of machines vanish."""
    console = Console()
    return console if console.width >= LEAST_WIDTH else Console(width=LEAST_WIDTH)


def rich_table(rows: Rows) -> Table:
    """A table with its title; sums and teams are bold."""
    table = Table(title=rows.title, title_justify="left")
    for number, name in enumerate(rows.header):
        justify: Literal["left", "right"] = "right" if number in rows.numbers else "left"
        table.add_column(name, justify=justify, no_wrap=number in rows.numbers, overflow="fold")
    last = len(rows.rows) - rows.sums
    for number, row in enumerate(rows.rows):
        if rows.sums and number == last:
            table.add_section()
        bold = number >= last or row[0].startswith("team ")
        table.add_row(*(Text(cell, style="bold" if bold else "") for cell in row))
    return table
