"""`python -m tests.preview_report.update [NAME ...]`: write the reports of the pull requests anew, to be read and committed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.preview_report.pull_requests import PULL_REQUESTS
from tests.preview_report.running import GOLDEN, bring_up, comparable, golden, report_of


def main(names: list[str]) -> None:
    """All of them, or those that are named."""
    chosen = [one for one in PULL_REQUESTS if not names or one.name in names]
    if unknown := set(names) - {one.name for one in chosen}:
        sys.exit(
            f"no such pull request: {', '.join(sorted(unknown))}; there are {', '.join(o.name for o in PULL_REQUESTS)}"
        )
    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        base = bring_up(Path(folder) / "base")
        for request in chosen:
            reported = report_of(base, request, Path(folder) / request.name)
            if not reported.markdown:
                sys.exit(f"{request.name}: no report came\n{reported.output}")
            golden(request).write_text(comparable(reported.markdown), encoding="utf-8")
            print(f"{request.name}: exit code {reported.exit_code}, {reported.data['title']}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
