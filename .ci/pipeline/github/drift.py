"""The nightly findings as files of a folder, and what becomes of them: one issue for each environment that differs.

`python -m pipeline drift` writes `drift-<env>.json` for each environment that exists in the cloud.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pipeline.github import issues
from pipeline.github.api import GitHub, GitHubError
from pipeline.github.run import address


def publish(github: GitHub, folder: Path, environ: Mapping[str, str]) -> list[str]:
    """Opens, changes and closes issues; says for each environment what was done. Raises GitHubError."""
    where = address(environ)
    done = []
    for file in sorted(folder.glob("drift-*.json")):
        try:
            finding = json.loads(file.read_text(encoding="utf-8"))
            env, verdict, title, text = (str(finding[key]) for key in ("env", "verdict", "title", "text"))
        except (ValueError, KeyError, TypeError) as error:
            raise GitHubError(f"{file.name} is no finding: {error!r}") from None
        if verdict == "same":
            done.append(f"{env}: {issues.close(github, env, 'The cloud is as the state says again.')}")
        else:
            # the address changes with each run: standing in the text it would make every night a change
            done.append(f"{env}: {issues.report(github, env, title, text)} ({where})")
    return done
