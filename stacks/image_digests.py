"""`python -m stacks.image_digests --env prod`: ask registries for the digests of what an environment installs by tag.

Prints the lines for `image_digests` of the settings. With references as arguments, their digests instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from stacks.environment import read_environment
from stacks.installed_images import installed_images
from stacks.problems import SettingsError
from stacks.registry import RegistryError, digest_of

FAILED, REFUSED = 1, 2

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(
    references: Annotated[
        list[str] | None, typer.Argument(help="Images with registry and tag. Default: all that --env installs by tag.")
    ] = None,
    env: Annotated[str | None, typer.Option(help="Environment whose images are meant.")] = None,
) -> None:
    """Print `image_digests` for the settings, as registries tell them now, without a login.

    Look at what changed before you commit it: a digest that is new for an old tag was moved by somebody. Ends with 0, with 1
    where a registry did not tell a digest, with 2 where it could not start.
    """
    if (env is None) == (not references):
        _stop("name images, or an environment with --env; not both")
    failed = False
    typer.echo("    image_digests:")
    for reference in references or _installed(env or ""):
        try:
            typer.echo(f"      {reference}: {digest_of(reference)}")
        except RegistryError as error:
            failed = True
            typer.echo(f"{error}", err=True)
    raise typer.Exit(FAILED if failed else 0)


def _installed(env: str) -> tuple[str, ...]:
    try:
        environment, _ = read_environment(Path.cwd(), env)
    except SettingsError as error:
        _stop(str(error))
    return installed_images(environment.settings, environment.catalogue)


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(REFUSED)


if __name__ == "__main__":
    app(prog_name="python -m stacks.image_digests")
