"""Whether the cloud is still as the state of an environment says. Changes neither; asks nobody but the engine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Literal

from pipeline.engine import CHANGES_MET, Engine

LOOK = ("refresh", "--preview-only", "--expect-no-changes", "--diff")
#: Of the engine's text in an issue, which holds 65,536 characters.
MOST_CHARACTERS = 50_000
Verdict = Literal["same", "differs", "failed"]


def look(engine: Engine, output: Path) -> Verdict:
    """Writes `drift-<env>.json` into a folder, for `python -m pipeline.github drift`, and gives its verdict."""
    answer = engine.answer(*LOOK)
    verdict: Verdict = "same" if answer.returncode == 0 else "differs" if answer.returncode == CHANGES_MET else "failed"
    finding = {"env": engine.env, "verdict": verdict, **_words(engine.env, verdict, answer)}
    output.mkdir(parents=True, exist_ok=True)
    (output / f"drift-{engine.env}.json").write_text(json.dumps(finding, indent=2) + "\n", encoding="utf-8")
    print(finding["title"])
    return verdict


def _words(env: str, verdict: Verdict, answer: subprocess.CompletedProcess[str]) -> dict[str, str]:
    if verdict == "same":
        return {"title": f"{env}: the cloud is as the state says", "text": ""}
    if verdict == "failed":
        title = f"{env}: whether the cloud differs from the state could not be found out"
        return {"title": title, "text": f"The engine said:\n\n{_fenced(answer.stdout + answer.stderr)}"}
    title = f"{env}: the cloud differs from the state"
    text = (
        f"Somebody or something changed resources of {env} outside of this repository. What a refresh would take over:\n\n"
        f"{_fenced(answer.stdout)}\n\n"
        f"To undo the change, run an update of {env}. To keep it, write it into the settings in a pull request; once that is "
        "merged, `pulumi refresh` takes it over (docs/state.md). This issue is brought up to date every night, and closes itself."
    )
    return {"title": title, "text": text}


def _fenced(text: str) -> str:
    """As a block of code, without what changes from night to night; the end is left out where it is too long."""
    lines = [line.rstrip() for line in text.strip().splitlines() if not line.startswith(("Duration:", "    Duration"))]
    whole = "\n".join(lines)
    shown = (
        whole
        if len(whole) <= MOST_CHARACTERS
        else f"{whole[:MOST_CHARACTERS]}\n... {len(whole) - MOST_CHARACTERS:,} characters more"
    )
    return f"~~~~text\n{shown.replace('~~~~', '~ ~ ~ ~')}\n~~~~"
