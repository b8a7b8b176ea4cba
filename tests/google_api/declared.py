"""The Google resources of an environment with their inputs, as a preview of the real engine shows them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from tests.google_api.discovery import HIDDEN
from tests.sandbox.harness import Sandbox

#: How a preview prints a secret.
SECRET = "[secret]"  # noqa: S105 - stands instead of one


@dataclass(frozen=True, slots=True)
class Declared:
    """One resource as the program declares it. `inputs` in Pulumi's names; what a preview does not show is HIDDEN."""

    token: str
    name: str
    inputs: dict[str, Any]


def google_resources(sandbox: Sandbox, env: str) -> list[Declared]:
    """Every Google resource of an environment that does not exist yet; AssertionError when the preview fails."""
    result = sandbox.preview(env, as_json=True)
    assert result.stdout.startswith("{"), result.output
    digest = json.loads(result.stdout)
    assert result.exit_code == 0, [line["message"] for line in digest["diagnostics"] if line["severity"] == "error"]
    states = [step["newState"] for step in digest["steps"]]
    return [
        Declared(state["type"], state["urn"].rpartition("::")[2], with_hidden(state.get("inputs", {})))
        for state in states
        if state["type"].startswith("gcp:")
    ]


def with_hidden(value: Any) -> Any:
    """The same with HIDDEN for what the preview does not show."""
    if isinstance(value, dict):
        return {key: with_hidden(member) for key, member in value.items()}
    if isinstance(value, list):
        return [with_hidden(member) for member in value]
    return HIDDEN if value in (UNKNOWN, SECRET) else value
