"""`python -m components.preview_report`: one preview of an environment, as a report for whoever reviews the change."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from components.cost.cli.environments import check_name, day_of
from components.cost.errors import CostError
from components.preview_report.errors import ReportError
from components.preview_report.inputs import difference
from components.preview_report.json_form import report_data
from components.preview_report.making import make, read
from components.preview_report.markdown import report_markdown
from components.preview_report.report import NOT_PREVIEWED

DIFFERS = 3

# Without its own traceback, which would print the values of variables.
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(
    env: Annotated[
        str, typer.Option(help="Environment, as in Pulumi.<env>.yaml; the stack of that name is previewed.")
    ],
    today: Annotated[
        str | None,
        typer.Option(help="Day as of which it is previewed, YYYY-MM-DD; default: the settings' day, or today."),
    ] = None,
    commit: Annotated[str | None, typer.Option(help="Name to show for the commit; default: git's.")] = None,
    compared_with: Annotated[
        str | None, typer.Option(help="Words for what is deployed; default: the number of its last update.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for preview-<env>.md and preview-<env>.json; default: standard output.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the JSON form instead of Markdown.")] = False,
    expect: Annotated[
        str | None,
        typer.Option(help="Digest of an earlier report, or its JSON file: nothing is previewed where it differs."),
    ] = None,
    digest_only: Annotated[
        bool,
        typer.Option("--digest-only", help="Print the digest, compared with --expect where given; preview nothing."),
    ] = False,
) -> None:
    """Preview an environment once, with the policies, and report what it changes, costs and needs.

    Ends with 0 where nothing stops it; 1 where a policy, a loss that nobody agreed to, or the settings do; 2 where it could not
    be previewed; 3 where the digest is not the one that --expect names. Nothing is changed, and no secret is shown.
    """
    try:
        check_name(env)
        day = day_of(today)
        wanted = None if expect is None else _expected(expect)
        found = read(Path.cwd(), env, day)
        if wanted is not None and (differs := difference(found.inputs, *wanted)) is not None:
            _stop(differs, DIFFERS)
        if digest_only:
            typer.echo(json.dumps(found.inputs.parts) if json_output else found.inputs.digest)
            raise typer.Exit
        report = make(found, commit, compared_with)
        text, data = report_markdown(report), json.dumps(report_data(report), indent=2) + "\n"
        if output is not None:
            _write(output, env, text, data)
    except (CostError, ReportError) as error:
        _stop(str(error))
    if output is None:
        typer.echo(data if json_output else text, nl=False)
    raise typer.Exit(report.exit_code)


def _expected(text: str) -> tuple[str, Mapping[str, str] | None]:
    """(digest, the parts behind it where they are known) of a digest, or of the JSON file of a report."""
    file = Path(text)
    if not file.is_file():
        if not text or set(text) - set("0123456789abcdef"):
            raise ReportError(
                f"--expect: found '{text}'; give a digest as a report shows it, or the JSON file of a report"
            )
        return text, None
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        return str(data["digest"]), {str(name): str(value) for name, value in data["inputs"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ReportError(f"--expect {file}: is no JSON file of a report (preview-<env>.json)") from None


def _write(folder: Path, env: str, text: str, data: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"preview-{env}.md").write_text(text, encoding="utf-8")
        (folder / f"preview-{env}.json").write_text(data, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"--output {folder}: cannot be written ({error.strerror})") from None


def _stop(message: str, code: int = NOT_PREVIEWED) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def main() -> None:
    """Run the command line."""
    sys.exit(app(prog_name="python -m components.preview_report"))
