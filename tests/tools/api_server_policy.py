"""The API server's own evaluator of admission policies and match conditions, as a program (`admission_policy/main.go`)."""

from __future__ import annotations

import hashlib
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.paths import Layout
from sandbox.upstream.go_programs import go_program

SOURCE = Path(__file__).parent / "admission_policy"


@cache
def evaluator() -> Path:
    """The program, built when it is not there yet. Raises SetupError without Go."""
    # the flag makes the program's own text part of what it was built from
    text = hashlib.sha256((SOURCE / "main.go").read_bytes()).hexdigest()[:12]
    return go_program(Layout(), SOURCE, "admission-policy", flags=(f"-ldflags=-w -s -X main.text={text}",))


def refusals(policy: dict[str, Any], cases: list[dict[str, Any]]) -> list[list[str]]:
    """What the spec of a ValidatingAdmissionPolicy refuses of each case, an update: object, oldObject, verbs, dryRun."""
    question = json.dumps({"policy": policy, "cases": cases})
    done = subprocess.run([evaluator()], input=question, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
