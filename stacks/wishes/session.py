"""What both commands do with a draft: plan it, show what it would get, and write it; at a terminal with a question in between."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from components.cost.cli.environments import check_name
from components.cost.cli.refusals import refuse
from components.cost.errors import CostError
from components.sizing.catalogue import Catalogue
from stacks.environment import read_environment
from stacks.problems import SettingsError
from stacks.wishes.form_fields import FormField
from stacks.wishes.proposal import file_of, propose
from stacks.wishes.questions import INTRODUCTION
from stacks.wishes.refusals import refusal
from stacks.wishes.show import show_proposal


@dataclass(frozen=True, slots=True)
class Draft:
    """A team's file as it would be. `index` is the deployment that is new; `whole_file`: all of the file is."""

    team: str
    text: str
    index: int
    whole_file: bool


@dataclass(frozen=True, slots=True)
class Session:
    """Where a command works, and whether somebody is there to answer."""

    root: Path
    environment: str
    asks: bool
    dry_run: bool
    catalogue: Catalogue

    def settle(self, draft: Callable[[], Draft]) -> None:
        """Plans what `draft` makes, shows it and writes it. `draft` is asked again while somebody wants to change answers."""
        while True:
            made = draft()
            file = file_of(self.environment, made.team)
            try:
                proposal = propose(self.root, self.environment, made.team, made.text)
                break
            except SettingsError as error:
                message = refusal(error.problems, file, made.index, whole_file=made.whole_file)
            if not self.asks:
                refuse(message)
            typer.echo(f"\n{message}", err=True)
            if not typer.confirm("Change the answers?", default=True):
                raise typer.Exit(1)
        show_proposal(proposal)
        if self.dry_run:
            typer.echo(f"\n{file} would be (nothing was written):\n\n{proposal.text}", nl=False)
            return
        if self.asks and not typer.confirm(f"\nWrite {file}?", default=True):
            typer.echo("nothing was written")
            raise typer.Exit(1)
        proposal.write()
        typer.echo(
            f"\nwrote {file}\nnext: `make docs` (pages and code owners follow the team files), commit, open a pull request"
        )


def open_session(environment: str, *, yes: bool, dry_run: bool) -> Session:
    """The session of a command in the folder where it was called. Ends the command where there is no such environment."""
    root = Path.cwd()
    try:
        check_name(environment)
        bare, _ = read_environment(root, environment, {})
    except (CostError, SettingsError) as error:
        refuse(error)
    asks = not yes and at_terminal()
    if asks:
        typer.echo(INTRODUCTION)
    return Session(root, environment, asks, dry_run, bare.catalogue)


def at_terminal() -> bool:
    """True where somebody can answer."""
    return sys.stdin.isatty()


def complete(values: Mapping[str, Any], fields: Iterable[FormField]) -> None:
    """Ends the command where a field that must be there is not, naming its flag."""
    if missing := [field.flag for field in fields if field.required and field.name not in values]:
        refuse(f"missing: {', '.join(missing)}; give them, or call this at a terminal without --yes to be asked")
