"""How a command refuses: one message on standard error, and exit code 1."""

from __future__ import annotations

from typing import NoReturn

import typer


def refuse(message: object, code: int = 1) -> NoReturn:
    """Prints what was wrong and ends the command."""
    typer.echo(str(message), err=True)
    raise typer.Exit(code) from None
