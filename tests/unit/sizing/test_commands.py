"""The commands beside `explain` and `kv`, as somebody types them: tables, predictions, upgrades, pictures; good and bad input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from components.sizing.__main__ import app

ROOT = Path(__file__).parents[3]
LOGGED = {
    "id": "26B-L40S-fp8",
    "model": "gemma-4-26B-A4B FP8 (exact repo not named)",
    "quantization": "FP8",
    "gpu": "L40S",
    "gpu_count": 1,
    "engine_version": "vLLM 0.25.1",
    "tensor_parallel_size": 1,
    "max_model_len": 32768,
    "gpu_memory_utilization": 0.92,
    "kv_cache_dtype": "default (model dtype)",
    "max_num_seqs": None,
    "limit_mm_per_prompt": None,
    "notes": "a field that predictions do not read",
}


def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    """(exit code, standard output, standard error)."""
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.exit_code, result.stdout, result.stderr


def test_predict_answers_a_line_with_the_fields_that_are_promised() -> None:
    code, out, err = run("predict", stdin=json.dumps(LOGGED))
    assert (code, err) == (0, "")
    answer = json.loads(out)
    promised = {"weights_gib", "kv_avail_gib", "kv_tokens", "max_concurrency_x", "verdict", "reason", "spread_gib"}
    assert promised <= set(answer)
    assert answer["verdict"] == "fits"
    assert abs(answer["kv_avail_gib"] - 12.75) <= answer["spread_gib"]  # logged


def test_predict_names_bad_lines_by_number_and_answers_the_others() -> None:
    bad = [json.dumps({**LOGGED, "max_model_len": "long"}), "{", json.dumps({**LOGGED, "model": "llama-3"}), "[1]"]
    code, out, err = run("predict", stdin="\n".join([json.dumps(LOGGED), *bad, json.dumps(LOGGED)]))
    assert code == 1
    assert len(out.splitlines()) == 2
    problems = err.splitlines()
    assert [line.split(":")[0] for line in problems] == ["line 2", "line 3", "line 4", "line 5"]
    assert "field 'max_model_len'" in problems[0]
    assert "'long'" in problems[0]
    assert "names no Gemma 4 size; known: E2B, E4B, 12B, 26B-A4B, 31B" in problems[2]


def test_predict_never_leaves_the_weights_out_for_want_of_a_card() -> None:
    _, out, _ = run("predict", stdin=json.dumps({"model": "google/gemma-4-31B-it", "quantization": "bf16"}))
    answer = json.loads(out)
    assert answer["weights_gib"] == pytest.approx(58.99, abs=0.05)
    assert answer["kv_avail_gib"] is None
    assert answer["verdict"] == "unknown"


def test_table_shows_what_fits_where_and_says_no_price() -> None:
    code, out, _ = run("table", "--model", "gemma-4-31b-it", "--json")
    assert code == 0
    cells = {(cell["precision"], cell["machine"]): cell for cell in json.loads(out)}
    assert cells["bf16", "g2-standard-8"]["verdict"] == "does-not-fit"
    assert cells["bf16", "g2-standard-8"]["context"] == 0
    assert cells["w4a16", "g2-standard-24"]["verdict"] == "fits"
    # an H100 alone is no on-demand product: its list price is nothing that can be paid
    assert cells["bf16", "a3-highgpu-1g"]["usd_per_hour"] is None
    assert cells["bf16", "g4-standard-24"]["verdict"] == "unknown"  # half a card: its memory is not known
    code, out, _ = run("table", "--model", "gemma-4-31b-it", "--markdown")
    assert "| gemma-4-31b-it | bf16 | a3-highgpu-1g | 1 x nvidia-h100-80gb | fits |" in out
    assert "| no price |" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--region", "us-centrl1"], "did you mean 'us-central1'"),
        (["--model", "gemma-4-31b"], "did you mean 'gemma-4-31b-it'"),
        (["--engine", "0.99.0"], "unknown vLLM version '0.99.0'"),
    ],
)
def test_table_names_what_is_wrong(arguments: list[str], message: str) -> None:
    code, _, err = run("table", *arguments)
    assert code == 1
    assert message in err


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the settings in a folder of their own, which is the current one."""
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for environment in ("dev", "prod"):
        shutil.copytree(ROOT / "stacks" / environment, tmp_path / "stacks" / environment)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_impact_compares_every_deployment_of_an_environment(checkout: Path) -> None:
    code, out, _ = run("impact", "--from", "0.25.1", "--to", "0.33.0", "--env", "prod", "--json")
    assert code == 0
    found = {one["deployment"]: one for one in json.loads(out)}
    assert set(found) == {"payments/assistant", "support/helpdesk"}
    assert all(one["holds"] for one in found.values())
    before, after = found["payments/assistant"]["largest_context"]
    assert after < before  # twice the tokens in flight from 0.26.0 on


def test_impact_ends_with_1_when_a_deployment_would_no_longer_fit(checkout: Path) -> None:
    # 31B in 4 bits on 2 x L4, the most that the quota allows, holds 217,376 tokens with 0.25.1 and 196,896 with 0.33.0
    settings, wish = checkout / "Pulumi.dev.yaml", checkout / "stacks/dev/teams/payments.yaml"
    settings.write_text(settings.read_text("utf-8").replace("{nvidia-l4: 8}", "{nvidia-l4: 2}"), "utf-8")
    text = wish.read_text("utf-8").replace("gemma-4-26b-a4b-it", "gemma-4-31b-it").replace("32768", "210000")
    wish.write_text(text.replace("peak_concurrent_requests: 16", "peak_concurrent_requests: 1"), "utf-8")
    code, out, _ = run("impact", "--from", "0.25.1", "--to", "0.33.0", "--json")
    payments = next(one for one in json.loads(out) if one["deployment"] == "payments/assistant")
    assert code == 1
    assert payments["before"].startswith("GKE, g2-standard-24")
    assert (payments["holds"], payments["after"]) == (False, None)
    assert "max_model_len 210000" in payments["refusal"]


def test_impact_and_explain_refuse_settings_that_are_wrong(checkout: Path) -> None:
    code, _, err = run("impact", "--from", "0.25.1", "--to", "0.33.0", "--env", "staging")
    assert code == 1
    assert "Pulumi.staging.yaml: is missing" in err
    file = checkout / "stacks/dev/teams/support.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("16384", "999999"), encoding="utf-8")
    code, _, err = run("explain", "--team", str(file))
    assert code == 1
    assert "above gemma-4-e4b-it's maximum of 131072" in err
    code, _, err = run("explain", "--team", str(checkout / "Pulumi.yaml"))
    assert code == 1
    assert "does not lie in stacks/<environment>/teams/" in err


def test_explain_reads_a_teams_file_in_its_environment(checkout: Path) -> None:
    code, out, _ = run("explain", "--team", "stacks/dev/teams/payments.yaml", "--json")
    assert code == 0
    (record,) = json.loads(out)
    assert record["deployment"] == "payments/assistant"
    assert record["purchase_option"] == "spot"  # dev's preference
    assert record["labels"]["total-params"] == "25806m"
    assert [rung["option"] for rung in record["ladder"]] == ["spot", "on-demand"]
    assert all(figure["source"] for figure in record["figures"])


def test_explain_takes_a_drafter_adapters_and_a_longest_answer(tmp_path: Path) -> None:
    wish = ["explain", "--model", "gemma-4-e4b-it", "--concurrency", "4", "--json"]
    code, out, _ = run(*wish, "--speculative", "--answer", "3000")
    record = json.loads(out)
    assert code == 0
    assert record["drafter"] == "google/gemma-4-E4B-it-assistant"
    assert record["max_answer_tokens"] == 3000
    assert '--override-generation-config={"max_new_tokens": 3000}' in record["arguments"]
    code, out, err = run(*wish, "--adapter", "tone:16", "--adapter", "law:20", "--plot", str(tmp_path / "x.svg"))
    assert code == 0, err
    assert record["form"] == json.loads(out)["form"] == 1
    assert [adapter["name"] for adapter in json.loads(out)["adapters"]] == ["tone", "law"]
    assert "adapters" in (tmp_path / "x.svg").read_text(encoding="utf-8")
    code, out, _ = run("explain", "--model", "gemma-4-e4b-it", "--adapter", "tone:16")
    assert code == 0
    assert "L adapters" in out


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_explain_draws_a_picture_that_is_the_same_each_time(tmp_path: Path, suffix: str) -> None:
    wish = ["explain", "--model", "gemma-4-e4b-it", "--context", "8192", "--concurrency", "4", "--json", "--plot"]
    files = [tmp_path / f"{name}{suffix}" for name in ("one", "two")]
    for file in files:
        code, _, err = run(*wish, str(file))
        assert code == 0, err
    assert files[0].read_bytes() == files[1].read_bytes()
    if suffix == ".svg":
        text = files[0].read_text(encoding="utf-8")
        for words in ("GiB on one GPU", "requests at once", "USD a month", "KV cache"):
            assert words in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either --model or --team"),
        (["--model", "gemma-4-e4b-it", "--gpu", "nvidia-l5"], "did you mean 'nvidia-l4'"),
        (["--model", "gemma-4-e4b-it", "--plot", "x.pdf"], "allowed: .svg, .png"),
        (["--model", "gemma-4-e4b-it", "--adapter", "tone"], "found 'tone'; write NAME:RANK"),
        (["--model", "gemma-4-e4b-it", "--adapter", "tone:1000"], "the rank is 1000; allowed: 1 to 512"),
        (["--model", "gemma-4-e4b-it", "--context", "4096", "--answer", "5000"], "to the context, 4096"),
    ],
)
def test_explain_names_what_is_wrong(arguments: list[str], message: str) -> None:
    code, _, err = run("explain", *arguments)
    assert code == 1
    assert message in err
