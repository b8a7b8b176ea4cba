"""How a command refuses: the message on standard error with the field at fault, and exit code 1."""

from __future__ import annotations

from typing import NoReturn

import typer

from components.sizing.errors import SizingError


def refuse(error: SizingError) -> NoReturn:
    """Prints what was wrong and ends the command with 1."""
    prefix = f"{error.field}: " if error.field else ""
    typer.echo(f"{prefix}{error}", err=True)
    raise typer.Exit(1) from None
