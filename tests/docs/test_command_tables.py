"""Tables headed "command" hold commands, and each flag that a row explains is one of its command's."""

from __future__ import annotations

import re

import pytest

from tests.docs.command_lines import commands
from tests.docs.command_tables import Row, all_rows, rows
from tests.docs.programs import check_of
from tests.docs.python_commands import application_of, problems_of_arguments

FLAG = re.compile(r"`(--[a-z-]+)(?:[ =][^`]*)?`")


def problems(row: Row) -> list[str]:
    """What is wrong with a row. Commands of a program are checked wherever they stand (test_code_blocks.py)."""
    spans = row.commands
    if not spans:
        return [f"{row.place}: no command"]
    if row.module is None:
        return [f"{row.place}: '{span}' is no command" for span in spans if not check_of(span.split()[0])]
    application = application_of(row.module)
    found = [
        f"{row.place}: {line}"
        for span in spans
        for words in commands(span)
        for line in problems_of_arguments(application, row.module, words)
    ]
    subcommands = [application.commands.get(span.split()[0]) for span in spans]
    known = {option for one in subcommands if one for parameter in one.params for option in parameter.opts}
    return [*found, *(f"{row.place}: no flag {flag}" for flag in FLAG.findall(row.rest) if flag not in known)]


def test_every_row_of_every_table_of_commands_is_right() -> None:
    assert sum(row.module is not None for row in all_rows()) >= 11
    found = [problem for row in all_rows() for problem in problems(row)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("| `plans --env prod` | x |", "no command 'plans'"),
        ("| `plan --environment prod` | x |", "--environment"),
        ("| `plan --env prod` | `--pdf FILE` too |", "no flag --pdf"),
        ("| plan | x |", "no command"),
    ],
)
def test_a_wrong_row_is_told_with_its_place(row: str, message: str) -> None:
    text = f"What? `.venv/bin/python -m components.cost` answers:\n\n| command | what |\n|---|---|\n{row}\n"
    (told,) = [line for one in rows("docs/x.md", text) for line in problems(one)]
    assert told.startswith("docs/x.md:5: ")
    assert message in told
