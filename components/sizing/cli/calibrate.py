"""`calibrate`: start-up logs of vLLM beside what this project predicts, and measured cases made of them."""

from __future__ import annotations

import datetime
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.sizing.calibration import ComparedTerm, Comparison, compare
from components.sizing.catalogue import Catalogue, load_catalogue
from components.sizing.engine_log import EngineLog
from components.sizing.engine_logs import read_log
from components.sizing.errors import SizingError
from components.sizing.measured_rows import as_yaml, measured_case, with_cases

#: The file name that stands for standard input.
STANDARD_INPUT = Path("-")


@dataclass(frozen=True, slots=True)
class _Read:
    """One file as far as it could be read."""

    file: Path
    case_id: str
    log: EngineLog | None = None
    comparison: Comparison | None = None
    case: dict[str, Any] | None = None
    #: Why there is no comparison, or no case.
    problem: str | None = None


def calibrate(
    files: Annotated[list[Path], typer.Argument(help="Start-up logs of vLLM; - for standard input.")],
    gpu: Annotated[str | None, typer.Option(help="The card, where the log does not name it: an id or a name.")] = None,
    model: Annotated[str | None, typer.Option(help="The checkpoint, where the log names only a folder.")] = None,
    case_id: Annotated[
        str | None, typer.Option("--id", help="Id of the case; of several files: -1, -2 ... added.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Where the log is from, for the case; default: the file.")] = None,
    write: Annotated[
        Path | None, typer.Option(help="Catalogue file to which the cases are added; made where it is not there.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what was predicted beside what the engine logged, term by term, and write measured cases for the catalogue."""
    catalogue = load_catalogue()
    overrides = {"gpu": gpu, "model": model}
    results = [
        _read(file, overrides, _case_id(case_id, file, number, len(files)), source, catalogue)
        for number, file in enumerate(files, start=1)
    ]
    failed = any(result.comparison is None for result in results)
    if json_output:
        typer.echo(json.dumps([_as_json(result) for result in results], indent=2, default=str))
    else:
        console = Console()
        for result in results:
            _show(result, console)
    for result in results:
        # without a comparison the file is of no use; without a case only what was asked to be written is missing
        if result.problem and (result.comparison is None or write is not None):
            failed = True
            typer.echo(f"{result.file}: {result.problem}", err=True)
    cases = [result.case for result in results if result.case is not None]
    if write is not None and cases:
        try:
            _write(write, cases)
        except SizingError as error:
            typer.echo(f"{write}: {error}", err=True)
            raise typer.Exit(1) from None
        typer.echo(f"{len(cases)} measured case{'s' if len(cases) > 1 else ''} added to {write}", err=True)
    if failed:
        raise typer.Exit(1)


def _read(
    file: Path, overrides: dict[str, str | None], case_id: str, source: str | None, catalogue: Catalogue
) -> _Read:
    """The file compared, and made a case where it can be one."""
    log: EngineLog | None = None
    comparison: Comparison | None = None
    try:
        log = read_log(_text(file).splitlines(), str(file))
        comparison = compare(log, overrides, catalogue)
        where = source or f"start-up log {file.name}"
        case = measured_case(log, comparison.deployment, case_id=case_id, source=where, date=datetime.date.today())
    except SizingError as error:
        problem = f"{error.field}: {error}" if error.field else str(error)
        return _Read(file, case_id, log, comparison, problem=problem.removeprefix(f"{file}: "))
    return _Read(file, case_id, log, comparison, case)


def _text(file: Path) -> str:
    if file == STANDARD_INPUT:
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SizingError(f"cannot be read: {error.strerror}") from None


def _case_id(given: str | None, file: Path, number: int, count: int) -> str:
    if given is not None:
        return given if count == 1 else f"{given}-{number}"
    return re.sub(r"[^0-9A-Za-z.]+", "-", file.stem).strip("-") or f"log-{number}"


def _write(path: Path, cases: Sequence[dict[str, Any]]) -> None:
    """Adds the cases to a catalogue file, which is replaced only when the catalogue takes in the result."""
    path = path.resolve()
    try:
        text = with_cases(path.read_text(encoding="utf-8"), cases) if path.exists() else as_yaml(cases)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".calibrate-") as folder:
            draft = Path(folder) / path.name
            draft.write_text(text, encoding="utf-8")
            if path.exists():
                draft.chmod(path.stat().st_mode)
            try:
                load_catalogue(draft)
            except SizingError as error:
                raise SizingError(str(error).replace(f"{draft}: ", "")) from None
            draft.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SizingError(f"cannot be written: {error}") from None


def _as_json(result: _Read) -> dict[str, Any]:
    compared = result.comparison
    return {
        "file": str(result.file),
        "problem": result.problem,
        # the flags as given may hold what must not be passed on
        "log": None if result.log is None else {k: v for k, v in asdict(result.log).items() if k != "args"},
        "terms": [] if compared is None else [asdict(term) for term in compared.terms],
        "verdict": None if compared is None else str(compared.verdict),
        "reason": None if compared is None else compared.reason,
        "outcome": None if compared is None else compared.outcome,
        "case": result.case,
    }


def _show(result: _Read, console: Console) -> None:
    """Prints one comparison for people; a file without one is named on standard error alone."""
    compared, log = result.comparison, result.log
    if compared is None or log is None:
        return
    told = compared.deployment
    title = f"{result.file}: {told.model}, {told.gpu_count or 1} x {told.gpu or 'GPU not named'}, vLLM {told.engine_version}"
    table = Table("term", "predicted", "typical", "logged", "unit", "", title=title, title_justify="left")
    for term in compared.terms:
        table.add_row(term.term, *_predicted(term), _figure(term.logged, term), term.unit, _mark(term))
    console.print(table, markup=False)
    console.print(f"predicted: {compared.verdict}; {compared.reason}", markup=False, highlight=False, soft_wrap=True)
    came = {"runs": "it runs", "no-memory": f"refused: {log.refusal}", None: "the log ends before it shows"}
    console.print(f"logged: {came[compared.outcome]}", markup=False, highlight=False, soft_wrap=True)
    if compared.outside:
        names = ", ".join(term.term for term in compared.outside)
        console.print(f"outside their range: {names}", markup=False, highlight=False, soft_wrap=True)
    console.print()


def _predicted(term: ComparedTerm) -> tuple[str, str]:
    """(the range, its typical value)."""
    if term.low == term.high:
        return "", _figure(term.typical, term)
    return f"{_figure(term.low, term)} to {_figure(term.high, term)}", _figure(term.typical, term)


def _figure(value: float | None, term: ComparedTerm) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if term.unit == "tokens" else f"{value:.2f}"


def _mark(term: ComparedTerm) -> Text:
    if term.inside is False and term.logged is not None and term.low is not None:
        return Text("below" if term.logged < term.low else "above", style="bold red")
    return Text()
