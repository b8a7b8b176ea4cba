"""What was found, as a patch and as the text of a pull request."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from components.markdown import table
from pipeline.errors import CiError
from pipeline.pins.engine import EngineUpdate
from pipeline.pins.go_tools import GoTools
from pipeline.pins.pages import GENERATED
from pipeline.pins.requirements import Update


def write(
    root: Path,
    output: Path,
    packages: Sequence[Update],
    engines: Sequence[EngineUpdate],
    tools: GoTools,
    failed_pages: str | None = None,
) -> None:
    """Writes `pins.patch`, empty where no file has changed, and `body.md` into a folder. Raises CiError."""
    command = ["git", "diff", "--binary", "--", "requirements*.txt", "Pulumi.*.yaml", *GENERATED]
    answer = subprocess.run(command, cwd=root, capture_output=True)
    if answer.returncode != 0:
        raise CiError(f"git cannot say what has changed: {answer.stderr.decode(errors='replace').strip()}")
    output.mkdir(parents=True, exist_ok=True)
    (output / "pins.patch").write_bytes(answer.stdout)
    (output / "body.md").write_text(body(packages, engines, tools, failed_pages), encoding="utf-8")


def body(
    packages: Sequence[Update],
    engines: Sequence[EngineUpdate],
    tools: GoTools,
    failed_pages: str | None = None,
) -> str:
    """The text of the pull request; `failed_pages` is what `make docs` said where it failed."""
    parts = ["Made every week by `make ci-pins`. The tests of this pull request say whether it goes together."]
    for one in engines:
        verdict = "every deployment still fits" if one.holds else "**not every deployment still fits**"
        parts += [f"### vLLM {one.old} -> {one.new} in {one.env}: {verdict}", f"~~~~text\n{one.impact}\n~~~~"]
    if failed_pages is not None:
        parts += [
            f"### The generated pages are not up to date, because `make docs` failed\n\n~~~~text\n{failed_pages}\n~~~~"
        ]
    if packages:
        parts += ["### Python packages", _table(packages)]
    if tools.newer:
        parts += ["### Newer Go tools, which this does not change", _table(tools.newer)]
    if tools.unknown:
        parts += [
            "### Go tools of which the module proxy does not say what is newer",
            table(("module", "its answer"), sorted(tools.unknown.items())),
        ]
    return "\n\n".join(parts) + "\n"


def _table(updates: Sequence[Update]) -> str:
    rows = [(one.package, one.old or "-", one.new or "needed no more") for one in updates]
    return table(("package", "pinned", "newer"), rows)
