"""The smoke command as a program, through an ingress, against a real engine with a real Gemma-family model.

The model is Gemma 3 270M on the CPU: health, model list, chat and streaming are its own. It can neither call tools nor see
pictures, so the ingress leads those two kinds of request to a server of recorded answers, whose words end in "(recorded)"; the
refusal of strangers is the ingress's own. Who answered what is counted at the ingress, and written under the table that the
command printed, to `.sandbox/logs/smoke.txt`. That broken promises fail is shown in tests/unit/smoke/.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.paths import ROOT, Layout
from sandbox.progress import SetupError
from tests.tools import openai_engine
from tests.tools.servers import free_port
from tests.tools.smoke_ingress import INGRESS, Ingress, ingress_to
from tests.tools.smoke_recorded import MODEL, recorded_engine

pytestmark = pytest.mark.tools

HOST = "assistant-predictor.team-payments.svc.cluster.local"
TOKEN = "tok-" + "Abc1" * 6  # made here, so that no scanner finds a secret in this file
REAL, RECORDED = "real model", "recorded server"
#: Kind of request of each check, and who must have answered it.
PROVED_BY = {
    "health": ("health", REAL),
    "model list": ("models", REAL),
    "chat completion": ("chat", REAL),
    "streaming": ("stream", REAL),
    "tool call": ("tool", RECORDED),
    "image input": ("image", RECORDED),
}
#: More than a run takes on two busy cores.
RUN_SECONDS = 120


@dataclass
class Stage:
    """Ingress and engine, which is up, and how the command ended that was started before the engine."""

    ingress: Ingress
    first: subprocess.CompletedProcess[str]


def start(ingress: Ingress, *arguments: str, token: str = TOKEN, **changes: Any) -> subprocess.Popen[str]:
    """The command as a program; its outputs are those of a deployment behind the ingress."""
    endpoint = {
        "base_url": f"http://{HOST}/v1",
        "health_url": f"http://{HOST}/health",
        "model": MODEL,
        "authentication": "token",
        "reachable_from": "pods of the cluster",
        "inputs": ["text", "image"],
        "expected_cold_start_seconds": 30,
        "mode": "Knative",
        **changes,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "components.smoke", "--env", "dev", "--outputs", "-", "--via", ingress.url, *arguments],
        cwd=ROOT,
        env={**os.environ, "GEMMA_TOKEN": token, "NO_PROXY": "127.0.0.1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"environment": "dev", "deployments": {"payments/assistant": endpoint}}))
    process.stdin.close()
    process.stdin = None
    return process


def end(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    try:
        out, err = process.communicate(timeout=RUN_SECONDS)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Starts the command first and the engine once a request has found nothing behind the ingress, as at a cold start."""
    try:
        installed = openai_engine.build(Layout())
    except SetupError as error:
        pytest.fail(str(error), pytrace=False)
    port = free_port()
    with recorded_engine() as recorded:
        engines = {REAL: f"http://127.0.0.1:{port}", RECORDED: recorded.url}

        def route(kind: str) -> tuple[str, str]:
            name = REAL if kind in ("health", "models", "chat", "stream") else RECORDED
            return name, engines[name]

        with ingress_to(HOST, TOKEN, route) as ingress:
            command = start(ingress)
            try:
                assert ingress.waiting.wait(30)
            except BaseException:
                command.kill()
                raise
            log = tmp_path_factory.mktemp("engine") / "log"
            with openai_engine.serve(installed, MODEL, port, log):
                yield Stage(ingress, end(command))


def cells(table: str) -> dict[str, list[str]]:
    """The table's rows by check."""
    lines = [[cell.strip() for cell in line.split("│")] for line in table.splitlines() if line.startswith("│")]
    return {row[2]: row for row in lines if row[2]}


def test_every_row_passes_and_the_table_says_which_ones_a_real_model_proved(stage: Stage) -> None:
    done, rows = stage.first, cells(stage.first.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    proved = {check: stage.ingress.servers(kind) for check, (kind, _) in PROVED_BY.items()}
    report = [done.stdout, *(f"{check}: answered by the {', '.join(by)}" for check, by in proved.items())]
    report.append("authentication: refused by the ingress")
    text = "\n".join(report)
    print(text)
    (Layout().logs / "smoke.txt").write_text(text + "\n", encoding="utf-8")

    assert proved == {check: {server} for check, (_, server) in PROVED_BY.items()}
    assert {check: row[3] for check, row in rows.items() if check in PROVED_BY} == dict.fromkeys(PROVED_BY, "passed")
    assert [check for check, row in rows.items() if "(recorded)" in row[6]] == ["tool call", "image input"]
    assert rows["authentication"][3] == "passed"
    assert rows["authentication"][6] == "401 without a token, 401 with a made-up token"
    assert 0 < float(rows["streaming"][5]) <= float(rows["streaming"][4])
    assert rows["chat completion"][6].split(":")[0].endswith("16 out")


def test_the_cold_start_of_the_engine_was_waited_for_and_told(stage: Stage) -> None:
    assert "payments/assistant, health: not ready, came 503 with 'upstream connect error" in stage.first.stderr
    assert TOKEN not in stage.first.stdout + stage.first.stderr


def test_a_real_engine_that_serves_another_name_fails(stage: Stage) -> None:
    done = end(start(stage.ingress, "--json", model="another"))
    assert done.returncode == 1
    notes = {row["check"]: row["note"] for row in json.loads(done.stdout)["rows"] if row["result"] == "failed"}
    assert notes["model list"] == "expected 'another' among the models, came assistant"


def test_a_token_that_the_ingress_does_not_know_fails_before_the_engine_is_asked(stage: Stage) -> None:
    stage.ingress.passed.clear()
    done = end(start(stage.ingress, "--json", token="tok-" + "Old1" * 6))
    assert done.returncode == 1
    failed = [row for row in json.loads(done.stdout)["rows"] if row["result"] == "failed"]
    assert [row["check"] for row in failed] == ["health"]
    assert "refused, came 401 with" in failed[0]["note"]
    assert {passed.server for passed in stage.ingress.passed} == {INGRESS}


def test_a_host_that_the_ingress_does_not_know_fails(stage: Stage) -> None:
    host = f"other-{HOST}"
    done = end(start(stage.ingress, base_url=f"http://{host}/v1", health_url=f"http://{host}/health"))
    assert done.returncode == 1
    assert f"the ingress does not know {host}" in done.stdout


def test_an_ingress_that_asks_nobody_for_a_token_fails(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage.ingress, "token", None)
    done = end(start(stage.ingress, "--json", inputs=["text"]))
    assert done.returncode == 1
    failed = [row for row in json.loads(done.stdout)["rows"] if row["result"] == "failed"]
    assert [row["check"] for row in failed] == ["authentication"]
    assert "expected a refusal (401 or 403) without a token, came 200 with" in failed[0]["note"]
