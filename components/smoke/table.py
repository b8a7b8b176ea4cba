"""Shows the rows: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.smoke.checks import FAILED, PASSED, SKIPPED, Row

#: Width where no terminal states one, so that notes in a log stay readable.
LOG_WIDTH = 160
STYLES = {PASSED: "green", FAILED: "bold red", SKIPPED: "dim"}


def show(rows: Sequence[Row]) -> None:
    """Prints the table, each failure in full below it, where a command in it can be copied, and a line that sums it up."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=LOG_WIDTH)
    table = Table("deployment", "check", "result", title="smoke test", title_justify="left")
    table.add_column("seconds", justify="right")
    table.add_column("first token, s", justify="right")
    table.add_column("note", overflow="fold")
    before = ""
    for row in rows:
        if before and row.deployment != before:
            table.add_section()
        name, before = "" if row.deployment == before else row.deployment, row.deployment
        first = "" if row.first_token_seconds is None else f"{row.first_token_seconds:.2f}"
        seconds = "" if row.result == SKIPPED else f"{row.seconds:.2f}"
        note = "see below" if row.result == FAILED else row.note
        # as Text: what an answer says must not be read as markup
        cells = (Text(name), row.check, Text(row.result, STYLES[row.result]), seconds, first, Text(note))
        table.add_row(*cells)
    console.print(table)
    for row in rows:
        if row.result == FAILED:
            console.print(f"{row.deployment}, {row.check}: {row.note}", markup=False, highlight=False, soft_wrap=True)
    console.print(summary(rows), highlight=False)


def summary(rows: Sequence[Row]) -> str:
    """How many rows ended how."""
    counts = Counter(row.result for row in rows)
    return ", ".join(f"{counts[result]} {result}" for result in (PASSED, FAILED, SKIPPED))


def as_json(rows: Sequence[Row]) -> str:
    """The same as JSON."""
    passed = all(row.result != FAILED for row in rows)
    return json.dumps({"passed": passed, "rows": [asdict(row) for row in rows]}, indent=2, ensure_ascii=False)
