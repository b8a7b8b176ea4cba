"""`python -m components.schema_check`: writes the schema of the package, and holds it against the last release's.

`components/schema.json` is what this tree promises to callers in every language, `components/schema-released.json` what the last
release has promised. Neither states a version: `components/version.py` does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from semver import Version

from components.deprecation import problems
from components.packaged import package_schema
from components.schema_changes import Change, changes
from components.version import VERSION
from components.version_step import refusal

FOLDER = Path(__file__).parent
SCHEMA, RELEASED = FOLDER / "schema.json", FOLDER / "schema-released.json"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def render_schema() -> str:
    """The committed form of the schema."""
    described = package_schema()
    del described["version"]
    return json.dumps(described, indent=2) + "\n"


@app.command()
def check(
    version: Annotated[
        str, typer.Option(help="The version that is to be released. Default: that of the tree.")
    ] = VERSION,
    write: Annotated[
        bool, typer.Option("--write", help="Write components/schema.json anew, and compare nothing.")
    ] = False,
) -> None:
    """Say what has changed for callers since the last release. Exit code 1 when the version does not allow it."""
    if not Version.is_valid(version):
        typer.echo(
            f"--version: found '{version}'; allowed: three numbers with dots between them, such as {VERSION}", err=True
        )
        raise typer.Exit(2)
    current = render_schema()
    if write:
        SCHEMA.write_text(current, encoding="utf-8")
        typer.echo(f"wrote {SCHEMA.relative_to(FOLDER.parent)}")
        return
    if not SCHEMA.is_file() or SCHEMA.read_text(encoding="utf-8") != current:
        typer.echo(f"{SCHEMA.relative_to(FOLDER.parent)} is not that of this tree: run `make docs`", err=True)
        raise typer.Exit(1)
    schema = json.loads(current)
    found = changes(json.loads(RELEASED.read_text(encoding="utf-8")), schema)
    _show(found)
    too_small = refusal(found, Version.parse(VERSION), Version.parse(version))
    if wrong := [*problems(schema, version), *([too_small] if too_small else [])]:
        typer.echo("\n".join(f"{version} cannot be released: {each}" for each in wrong), err=True)
        raise typer.Exit(1)
    typer.echo(f"{version} can be released after {VERSION}")


def _show(found: list[Change]) -> None:
    if not found:
        typer.echo("nothing has changed for callers")
        return
    table = Table("where", "what", "effect")
    for change in found:
        table.add_row(change.where, change.what, str(change.effect))
    Console(width=150).print(table)


if __name__ == "__main__":
    app(prog_name="python -m components.schema_check")
