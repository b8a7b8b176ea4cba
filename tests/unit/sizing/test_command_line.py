"""`python -m components.sizing` as somebody types it: what is printed, what goes to standard error, and exit codes."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from components.sizing.__main__ import app

CASES = (Path(__file__).parents[2] / "data" / "vllm_planner_cases.jsonl").read_text(encoding="utf-8").splitlines()
WISH = ["explain", "--model", "gemma-4-26b-a4b-it", "--context", "32768", "--concurrency", "16", "--typical", "4000"]


def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    """(exit code, standard output, standard error)."""
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.exit_code, result.stdout, result.stderr


def test_explain_shows_terms_verdict_place_price_and_arguments_to_paste() -> None:
    code, out, _ = run(*WISH)
    assert code == 0
    for part in ("GKE, g2-standard-24 (on-demand), 2 x nvidia-l4", "weights", "KV cache", "fits", "USD 1,460.61"):
        assert part in out
    command = shlex.split(out[out.index("vllm serve") :].replace("\\\n", " "))
    assert command[:2] == ["vllm", "serve"]
    assert '--model-loader-extra-config={"distributed":true}' in command


def test_explain_as_json_carries_the_same_numbers() -> None:
    _, out, _ = run(*WISH, "--json")
    record = json.loads(out)
    assert record["usd_per_month"] == "1460.61"
    assert record["needed_bytes"] == sum(term["high_bytes"] for term in record["terms"])
    assert record["verdict"] == "fits"


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--model", "gemma-4-26b-a4b"], "did you mean 'gemma-4-26b-a4b-it'"),
        (["--region", "mars-1"], "no GPU of the catalogue is in 'mars-1'"),
        (["--engine", "0.34.0"], "unknown vLLM version '0.34.0'"),
        (["--inputs", "text,smell"], "found 'smell'; allowed: text, image, video, audio"),
        (["--runs-on", "moon"], "found 'moon'; allowed: auto, gke, cloud-run"),
        (["--context", "1000000"], "above gemma-4-26b-a4b-it's maximum of 262144"),
    ],
)
def test_explain_names_what_is_wrong_and_what_is_allowed(extra: list[str], message: str) -> None:
    code, out, err = run(*WISH, *extra)
    assert code == 1
    assert out == ""
    assert message in err


def test_kv_answers_line_by_line_and_names_the_lines_that_are_no_cases() -> None:
    lines = [
        CASES[0],
        "nonsense",
        "[1]",
        CASES[1].replace('"tp":', '"tq":'),
        CASES[1].replace('"12B"', '"12b"'),
        CASES[1],
    ]
    code, out, err = run("kv", "--engine", "0.33.0", stdin="\n".join(lines))
    assert code == 1
    assert [json.loads(line)["tokens"] for line in out.splitlines()] == [
        json.loads(case)["results"]["0.33.0"][2] for case in (CASES[0], CASES[1])
    ]
    assert [line.split(":")[0] for line in err.splitlines()] == ["line 2", "line 3", "line 4", "line 5"]
    assert "did you mean '12B'" in err


def test_kv_refuses_an_engine_without_evidence() -> None:
    code, _, err = run("kv", "--engine", "0.19.0", stdin=CASES[0])
    assert code == 1
    assert "unknown vLLM version '0.19.0'" in err


def test_the_module_runs_as_a_program() -> None:
    command = [sys.executable, "-m", "components.sizing", "kv", "--engine", "0.20.0"]
    answer = subprocess.run(command, input=CASES[0], capture_output=True, text=True, cwd=Path(__file__).parents[3])
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["ok"] is True
