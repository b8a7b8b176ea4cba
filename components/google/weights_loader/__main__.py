"""`python -m components.google.weights_loader`: copy a checkpoint into the model bucket and verify it."""

from __future__ import annotations

import os
import sys
import time
from typing import Annotated

import typer
from google.cloud import storage

from .connection import connect
from .errors import BadRequestError, LoaderError
from .gcs_source import GcsSource
from .hub_http import TOKEN_VARIABLE, Hub
from .hub_source import HubSource
from .loader import Request, load
from .names import check_bucket, check_checkpoint, check_revision
from .redaction import redacted
from .source import Source

# Without its own traceback: it prints the values of variables, and one of them is the token.
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    source: Annotated[str, typer.Option(help="gs://bucket/folder, or hf://publisher/name")],
    bucket: Annotated[str, typer.Option(help="Bucket of the models, without gs://")],
    checkpoint: Annotated[str, typer.Option(help="Id of the checkpoint, such as google/gemma-4-E4B-it")],
    revision: Annotated[
        str | None, typer.Option(help="Commit, or sha256: digest; without it, the digest of what the bucket lists")
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, max=10, help="Objects that are copied at the same time")] = 4,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be copied, and copy nothing")] = False,
) -> None:
    """Copy a checkpoint to <bucket>/<checkpoint>/<revision>/, verify every object by CRC32C, and write manifest.json last.

    Ends with 0 when the checkpoint is complete, else with: 2 an argument is wrong, 3 the source is missing, 4 credentials,
    5 content is damaged, 6 something else is there already, 7 network or service (run again).
    """
    start = time.monotonic()
    try:
        request = Request(
            check_bucket(bucket),
            check_checkpoint(checkpoint),
            check_revision(revision) if revision else None,
            parallel,
            dry_run,
        )
        client = connect()
        outcome = load(request, _source(source, revision, client), client, _say)
    except LoaderError as error:
        _say(f"error: {error}", to_errors=True)
        raise typer.Exit(error.exit_code) from None
    except Exception as error:  # whatever it is, it must not print a traceback with an address or a token in it
        _say(f"error: unexpected {type(error).__name__}: {error}", to_errors=True)
        raise typer.Exit(1) from None
    _say(f"{outcome}: {checkpoint} after {time.monotonic() - start:.1f} s")


def _source(source: str, revision: str | None, client: storage.Client) -> Source:
    if source.startswith("gs://"):
        return GcsSource(client, source)
    if source.startswith("hf://"):
        return HubSource(Hub.from_environment(), source, revision)
    raise BadRequestError(f"source {source!r}: must begin with gs:// or hf://")


def _say(text: str, to_errors: bool = False) -> None:
    """One line to the job's log, without secrets."""
    line = redacted(text.replace("\n", " "), os.environ.get(TOKEN_VARIABLE, "").strip())
    print(f"weights-loader: {line}", file=sys.stderr if to_errors else sys.stdout, flush=True)


if __name__ == "__main__":
    app(prog_name="python -m components.google.weights_loader")
