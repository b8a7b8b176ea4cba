"""Gets the outputs of a stack: from a file, from standard input, or by asking `pulumi`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from components.smoke.answer import excerpt
from components.smoke.errors import WrongUseError

#: The folder of Pulumi.yaml.
PROJECT = Path(__file__).resolve().parents[2]
#: For reading a state, however far its backend is; seconds.
PULUMI_SECONDS = 120


def read_outputs(file: str | None, environment: str | None) -> str:
    """The outputs as JSON. `file` may be `-`; without it the stack called like the environment is asked. Raises WrongUseError."""
    if file is None:
        if environment is None:
            raise WrongUseError("name the environment with --env, or its outputs with --outputs")
        return _asked(environment)
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUseError(f"--outputs {file}: cannot be read ({error})") from None


def _asked(stack: str) -> str:
    command = ["pulumi", "stack", "output", "--json", "--stack", stack, "--non-interactive"]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=PULUMI_SECONDS)
    except FileNotFoundError:
        raise WrongUseError(
            "there is no `pulumi` on the PATH; install it, or give its outputs: "
            f"`pulumi stack output --json --stack {stack} > outputs.json`, then --outputs outputs.json"
        ) from None
    except subprocess.TimeoutExpired:
        raise WrongUseError(f"`{' '.join(command)}` took more than {PULUMI_SECONDS} s") from None
    if done.returncode != 0:
        raise WrongUseError(
            f"`{' '.join(command)}` failed: {excerpt(done.stderr)}; log in with `pulumi login` to the backend that has "
            "the stack, or give its outputs with --outputs"
        )
    return done.stdout
