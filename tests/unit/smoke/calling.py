"""Calls the smoke test as somebody types it, against a server of this test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from components.smoke.__main__ import app
from tests.tools.smoke_recorded import MODEL

KEY = "payments/assistant"
HOST = "assistant-predictor.team-payments.svc.cluster.local"


@dataclass(frozen=True)
class Result:
    """How the command ended."""

    code: int
    out: str
    err: str

    def row(self, check: str) -> dict[str, Any]:
        """One row of the JSON output."""
        (found,) = (row for row in json.loads(self.out)["rows"] if row["check"] == check)
        return found

    def results(self) -> dict[str, str]:
        """Result by check."""
        return {row["check"]: row["result"] for row in json.loads(self.out)["rows"]}


def endpoint(origin: str, **changes: Any) -> dict[str, Any]:
    """One deployment of the outputs, with what the platform adds that is not read."""
    return {
        "base_url": f"{origin}/v1",
        "health_url": f"{origin}/health",
        "model": MODEL,
        "authentication": "none",
        "reachable_from": "pods of the cluster",
        "curl": ["curl ..."],
        "inputs": ["text", "image"],
        "expected_cold_start_seconds": 0,
        "mode": "Knative",
        "placement": "GKE, g2-standard-24",
        **changes,
    }


def outputs(deployments: dict[str, Any]) -> str:
    """The outputs of a stack as `pulumi stack output --json` prints them."""
    return json.dumps({"environment": "dev", "deployments": deployments, "records": {}})


def run(deployments: dict[str, Any], *arguments: str, token: str | None = None, no_proxy: str = "*") -> Result:
    """The command with those outputs on standard input."""
    return run_text(outputs(deployments), *arguments, token=token, no_proxy=no_proxy)


def run_text(
    text: str, *arguments: str, token: str | None = None, no_proxy: str = "*", asks_pulumi: bool = False
) -> Result:
    """The same with any text there, or with nothing, so that `pulumi` is asked."""
    source = [] if asks_pulumi else ["--outputs", "-"]
    runner = CliRunner(env={"GEMMA_TOKEN": token, "NO_PROXY": no_proxy, "no_proxy": no_proxy})
    result = runner.invoke(app, [*source, *arguments], input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Result(result.exit_code, result.stdout, result.stderr)
