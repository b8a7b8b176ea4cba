"""The preview report of one environment in a CI: real backend or sandbox, with what the jobs after it need to know of the run."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from pipeline.engine import Engine, run_python


def report(engine: Engine, output: Path, base: str, day: datetime.date) -> int:
    """Writes `preview-<env>.md`, `preview-<env>.json` and `run-<env>.json` into a folder; gives the report's exit code.

    In the sandbox, which holds nothing on a fresh machine, `base` is brought up first, so that the difference to it shows.
    """
    output.mkdir(parents=True, exist_ok=True)
    options = ["--today", day.isoformat(), "--output", str(output.resolve())]
    if engine.real:
        command = ["-m", "components.preview_report", "--env", engine.env, *options]
    else:
        command = ["-m", "sandbox", "report", engine.env, *(["--base", base] if base else []), *options]
    code = run_python(command, engine.environ)
    run = {"env": engine.env, "code": code, "day": day.isoformat(), "where": "cloud" if engine.real else "sandbox"}
    (output / f"run-{engine.env}.json").write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")
    return code


def shown_digest(output: Path, env: str) -> str:
    """The digest of a report that has been written; "none" where it has none."""
    try:
        twin = json.loads((output / f"preview-{env}.json").read_text(encoding="utf-8"))
        return str(twin["digest"])
    except (OSError, ValueError, KeyError):
        return "none"
