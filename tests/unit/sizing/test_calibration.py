"""A start-up log beside its prediction, the measured case made of it, and the command that does both."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from components.sizing.calibration import ComparedTerm, Comparison, compare
from components.sizing.catalogue import Catalogue, load_catalogue
from components.sizing.cli.calibrate import calibrate
from components.sizing.engine_log import EngineLog
from components.sizing.engine_logs import read_log
from components.sizing.errors import SizingError
from components.sizing.evidence import spread_of
from components.sizing.logged_deployment import deployment_of
from components.sizing.measured_rows import as_yaml, measured_case, with_cases
from components.sizing.memory import Fit
from components.sizing.predict import predict

CATALOGUE = load_catalogue()
ON_L4 = {"gpu": "nvidia-l4"}
DAY = datetime.date(2026, 11, 25)
MODEL = "google/gemma-4-E4B-it"


def log_of(**changes: object) -> EngineLog:
    """A start of E4B by 0.33.0 as far as it was told to run."""
    plain: dict[str, object] = {
        "engine_version": "0.33.0",
        "model": MODEL,
        "quantization": "none",
        "tensor_parallel_size": 1,
        "max_model_len": 32768,
        "gpu_memory_utilization": 0.92,
        "kv_cache_dtype": "auto",
        "max_num_seqs": 16,
        "max_num_batched_tokens": 2048,
        "limit_mm_per_prompt": {"image": 0, "video": 0, "audio": 0},
        "enforce_eager": False,
        "args": {"max_num_seqs": 16},
    }
    return EngineLog(**(plain | changes))  # type: ignore[arg-type]


def as_predicted(**changes: object) -> EngineLog:
    """The same start, with results that are the typical values of the prediction."""
    comparison = compare(log_of(**{"refusal": None, **changes}), ON_L4, CATALOGUE)
    predicted = predict(comparison.deployment, CATALOGUE)
    assert predicted.kv_avail_gib is not None
    results = {
        "weights_gib": round(predicted.weights_gib, 2),
        "kv_avail_gib": round(predicted.kv_avail_gib, 2),
        "kv_tokens": predicted.kv_tokens,
        "max_concurrency_x": predicted.max_concurrency_x,
        "cuda_graphs_estimate_gib": term(comparison, "CUDA graphs").typical,
    }
    return log_of(**(results | changes))


def term(comparison: Comparison, name: str) -> ComparedTerm:
    """The term of that name."""
    return next(each for each in comparison.terms if each.term == name)


def text_of(log: EngineLog) -> str:
    """A start as 0.33.0 prints it, from the engine's format strings."""
    config = (
        f"model={log.model!r}, speculative_config=None, tokenizer={log.model!r}, max_seq_len={log.max_model_len}, "
        f"tensor_parallel_size={log.tensor_parallel_size}, pipeline_parallel_size=1, data_parallel_size=1, "
        f"quantization=None, quantization_config=None, enforce_eager={log.enforce_eager}, "
        f"kv_cache_dtype={log.kv_cache_dtype}, device_config=cuda, seed=0, "
    )
    args = {
        "model": log.model,
        "gpu_memory_utilization": log.gpu_memory_utilization,
        "max_num_seqs": log.max_num_seqs,
        "limit_mm_per_prompt": log.limit_mm_per_prompt,
    }
    messages = [
        f"vLLM server version {log.engine_version}, serving model {log.model}",
        f"non-default args: {args}",
        f"Initializing a V1 LLM engine (v{log.engine_version}) with config: {config}",
        f"Chunked prefill is enabled with max_num_batched_tokens={log.max_num_batched_tokens}.",
        f"Model loading took {log.weights_gib} GiB memory and 9.123456 seconds",
        f"Available KV cache memory: {log.kv_avail_gib} GiB",
    ]
    if log.refusal is None:
        messages.append(
            f"GPU KV cache size: {log.kv_tokens:,} tokens, Maximum concurrency for {log.max_model_len:,} tokens per request: "
            f"{log.max_concurrency_x:.2f}x"
        )
    else:
        messages.append(f"ValueError: {log.refusal}")
    return "".join(f"(EngineCore pid=7) INFO 11-25 12:00:00 [core.py:1] {message}\n" for message in messages)


REFUSED = (
    f"To serve at least one request with the model's max seq len ({131072}), (99.5 GiB KV cache is needed, which is larger than "
    "the available KV cache memory (3.61 GiB). Based on the available memory, the estimated maximum model length is 8192."
)


# ---- predicted against logged


def test_a_log_that_is_as_predicted_lies_inside_every_range() -> None:
    comparison = compare(as_predicted(), ON_L4, CATALOGUE)
    assert [each.term for each in comparison.terms] == [
        "weights",
        "CUDA graphs",
        "KV pool",
        "tokens",
        "tokens of the logged pool",
        "concurrency",
    ]
    assert all(each.inside for each in comparison.terms)
    assert (comparison.outside, comparison.unknown, comparison.outcome) == ((), None, "runs")


def test_ranges_hold_their_typical_value_and_are_those_of_the_prediction() -> None:
    comparison = compare(as_predicted(), ON_L4, CATALOGUE)
    for each in comparison.terms:
        assert each.low is not None
        assert each.typical is not None
        assert each.high is not None
        assert each.low <= each.typical <= each.high
    predicted = predict(comparison.deployment, CATALOGUE)
    assert term(comparison, "KV pool").typical == predicted.kv_avail_gib
    assert term(comparison, "tokens").typical == predicted.kv_tokens
    assert comparison.verdict == predicted.verdict


def test_a_term_outside_its_range_is_marked() -> None:
    log = as_predicted()
    comparison = compare(replace(log, weights_gib=17.0, max_concurrency_x=99.0), ON_L4, CATALOGUE)
    assert [each.term for each in comparison.outside] == ["weights", "concurrency"]


def test_a_pool_of_another_size_is_told_apart_from_another_planner() -> None:
    smaller = compare(as_predicted(kv_avail_gib=0.4), ON_L4, CATALOGUE)
    assert term(smaller, "KV pool").inside is False
    other = compare(replace(as_predicted(), kv_tokens=1000), ON_L4, CATALOGUE)
    assert term(other, "KV pool").inside
    assert term(other, "tokens of the logged pool").inside is False


def test_what_the_log_lacks_is_neither_inside_nor_outside() -> None:
    comparison = compare(log_of(weights_gib=15.0), ON_L4, CATALOGUE)
    pool = term(comparison, "KV pool")
    assert (pool.logged, pool.inside) == (None, None)
    assert pool.typical is not None
    assert comparison.outcome is None


def test_the_summary_adds_activations_and_what_stays_beside_the_weights() -> None:
    summary = {"consumed_gib": 15.6, "peak_activation_gib": 0.9, "cuda_total_gib": 22.03, "free_at_start_gib": 21.6}
    comparison = compare(as_predicted(weights_gib=15.0, **summary), ON_L4, CATALOGUE)
    assert term(comparison, "buffers and outside PyTorch").logged == 0.6
    assert term(comparison, "activations").logged == 0.9
    assert term(comparison, "the card's memory").inside
    assert term(comparison, "free at start").inside


def test_the_older_summary_adds_activations_with_what_stays_and_memory_outside_pytorch() -> None:
    log = as_predicted(engine_version="0.26.0", peak_activation_gib=1.4, non_torch_gib=0.12)
    comparison = compare(log, ON_L4, CATALOGUE)
    assert term(comparison, "buffers and activations").logged == 1.4
    assert term(comparison, "outside PyTorch").inside


def test_captured_graphs_are_a_term_of_their_own_beside_the_estimate() -> None:
    comparison = compare(as_predicted(cuda_graphs_actual_gib=0.9), ON_L4, CATALOGUE)
    assert term(comparison, "CUDA graphs").inside
    assert (term(comparison, "CUDA graphs, captured").logged, term(comparison, "CUDA graphs, captured").inside) == (
        0.9,
        False,
    )


def test_an_eager_engine_has_no_graphs_to_compare() -> None:
    log = log_of(enforce_eager=True)
    assert "CUDA graphs" not in [each.term for each in compare(log, ON_L4, CATALOGUE).terms]


def test_graphs_that_are_not_charged_enlarge_the_predicted_pool() -> None:
    charged = term(compare(as_predicted(), ON_L4, CATALOGUE), "KV pool").typical
    kept_out = term(compare(as_predicted(cuda_graphs_charged=False), ON_L4, CATALOGUE), "KV pool").typical
    assert charged is not None
    assert kept_out is not None
    assert kept_out > charged


def test_a_refused_context_shows_what_one_request_needs() -> None:
    log = as_predicted(max_model_len=131072, refusal=REFUSED, needed_gib=99.5, available_gib=3.61, kv_tokens=None)
    needs = term(compare(log, ON_L4, CATALOGUE), "KV cache of one request")
    assert needs.low == needs.high
    assert (needs.logged, needs.inside) == (99.5, False)


def test_a_refusal_for_lack_of_free_memory_shows_what_was_asked_for() -> None:
    log = log_of(
        refusal="... less than desired GPU memory utilization ...",
        needed_gib=20.27,
        available_gib=12.5,
        free_at_start_gib=12.5,
    )
    comparison = compare(log, ON_L4, CATALOGUE)
    assert term(comparison, "asked for at start").inside
    assert term(comparison, "free at start").inside is False
    assert comparison.outcome == "no-memory"


# ---- which deployment it is


def test_without_a_gpu_the_weights_are_still_compared_and_the_reason_is_said() -> None:
    comparison = compare(as_predicted(), {}, CATALOGUE)
    assert term(comparison, "weights").inside
    assert term(comparison, "KV pool").typical is None
    assert comparison.verdict == Fit.UNKNOWN
    assert "names no GPU" in comparison.reason or "does not name it" in comparison.reason


@pytest.mark.parametrize(
    ("printed", "accelerator"),
    [
        ("NVIDIA L4", "nvidia-l4"),
        ("NVIDIA H100 80GB HBM3", "nvidia-h100-80gb"),
        ("NVIDIA A100-SXM4-80GB", "nvidia-a100-80gb"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "nvidia-rtx-pro-6000"),
    ],
)
def test_the_name_that_cuda_gives_a_card_is_found_in_the_catalogue(printed: str, accelerator: str) -> None:
    by_name = compare(as_predicted(gpu=printed), {}, CATALOGUE)
    by_id = compare(as_predicted(), {"gpu": accelerator}, CATALOGUE)
    assert by_name.terms == by_id.terms


def test_a_gpu_that_is_not_in_the_catalogue_is_refused_with_the_nearest() -> None:
    with pytest.raises(SizingError, match="unknown GPU 'nvidia-l44'; did you mean 'nvidia-l4'"):
        compare(log_of(), {"gpu": "nvidia-l44"}, CATALOGUE)


@pytest.mark.parametrize(
    "given", ["gs://models/google/gemma-4-E4B-it/", "/mnt/models/google/gemma-4-e4b-it", "google/gemma-4-E4B-it"]
)
def test_a_path_that_ends_with_a_checkpoints_id_is_that_checkpoint(given: str) -> None:
    assert deployment_of(log_of(model=given), {}, CATALOGUE).model == MODEL


def test_a_model_that_names_no_size_is_refused_and_can_be_given() -> None:
    log = replace(as_predicted(), model="/mnt/models")
    with pytest.raises(SizingError, match="names no Gemma 4 size"):
        compare(log, ON_L4, CATALOGUE)
    with pytest.raises(SizingError, match="names no model"):
        compare(log_of(model=None), ON_L4, CATALOGUE)
    assert not compare(log, {**ON_L4, "model": MODEL}, CATALOGUE).outside


def test_a_quantization_of_unclear_kind_is_refused_rather_than_taken_for_bf16() -> None:
    with pytest.raises(SizingError, match="quantization=compressed-tensors"):
        compare(log_of(model="/mnt/gemma-4-E4B-it", quantization="compressed-tensors"), ON_L4, CATALOGUE)


def test_fp8_of_a_bf16_checkpoint_is_quantized_while_it_loads() -> None:
    assert deployment_of(log_of(quantization="fp8"), {}, CATALOGUE).quantization == "online fp8"


@pytest.mark.parametrize("checkpoint", CATALOGUE.checkpoints, ids=lambda checkpoint: checkpoint.id)
def test_every_checkpoint_of_the_catalogue_is_recognised_from_what_the_engine_prints(checkpoint: object) -> None:
    known = next(each for each in CATALOGUE.checkpoints if each is checkpoint)
    printed = "none" if known.precision == "bf16" else "compressed-tensors"
    comparison = compare(log_of(model=known.id, quantization=printed), ON_L4, CATALOGUE)
    plain = predict(comparison.deployment.model_copy(update={"quantization": None}), CATALOGUE)
    assert term(comparison, "weights").typical == plain.weights_gib


def test_ngram_drafting_takes_no_memory_and_a_drafter_does() -> None:
    plain, ngram, drafter = (
        term(compare(log_of(speculative=text), ON_L4, CATALOGUE), "weights").typical or 0.0
        for text in ("none", "ngram n=4", "mtp n=4")
    )
    assert plain == ngram < drafter


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pipeline_parallel_size": 2}, "memory under pipeline parallelism"),
        ({"data_parallel_size": 2}, "memory under data parallelism"),
        ({"args": {"enable_lora": True}}, "memory under --enable-lora"),
    ],
)
def test_what_the_budget_does_not_compute_is_said_rather_than_guessed(changes: dict[str, object], reason: str) -> None:
    comparison = compare(as_predicted() if not changes else log_of(weights_gib=8.0, **changes), ON_L4, CATALOGUE)
    assert comparison.unknown == reason
    assert term(comparison, "weights").typical is None
    assert not comparison.outside


def test_without_async_scheduling_half_as_many_tokens_are_in_flight() -> None:
    usual, plain = (
        term(compare(as_predicted(async_scheduling=value), ON_L4, CATALOGUE), "concurrency").typical or 0.0
        for value in (True, False)
    )
    assert plain > usual


# ---- the measured case


def loaded(tmp_path: Path, text: str) -> Catalogue:
    """The catalogue with a file of that text taken in."""
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return load_catalogue(path)


def case_of(log: EngineLog, case_id: str = "ours") -> dict[str, object]:
    """The measured case of a log."""
    deployment = deployment_of(log, ON_L4, CATALOGUE)
    return measured_case(log, deployment, case_id=case_id, source="our cluster", date=DAY)


def test_a_case_comes_back_from_the_catalogue_as_it_was_logged(tmp_path: Path) -> None:
    log = as_predicted()
    own = loaded(tmp_path, as_yaml([case_of(log)])).measured[-1]
    assert (own.id, own.outcome, own.reliability, own.source, own.date) == ("ours", "runs", "high", "our cluster", DAY)
    assert (own.model, own.gpu, own.engine_version, own.max_model_len) == (MODEL, "nvidia-l4", "0.33.0", 32768)
    assert (own.weights_gib, own.kv_avail_gib, own.kv_tokens) == (log.weights_gib, log.kv_avail_gib, log.kv_tokens)
    assert own.cuda_graphs_gib == log.cuda_graphs_estimate_gib
    assert own.limit_mm_per_prompt == {"image": 0, "video": 0, "audio": 0}


def test_a_case_narrows_the_range_of_that_model_gpu_and_release_alone(tmp_path: Path) -> None:
    log = as_predicted()
    catalogue = loaded(tmp_path, as_yaml([case_of(log)]))
    before, after = compare(log, ON_L4, CATALOGUE), compare(log, ON_L4, catalogue)
    for name in ("KV pool", "CUDA graphs", "tokens"):
        wide, narrow = term(before, name), term(after, name)
        assert narrow.typical == wide.typical
        assert narrow.high - narrow.low < wide.high - wide.low  # type: ignore[operator]
    card, engine = catalogue.accelerator("nvidia-l4"), catalogue.engine("0.33.0")
    for model in catalogue.models:
        narrower = spread_of(catalogue, model, card, engine) < spread_of(CATALOGUE, model, card, engine)
        assert narrower == (model.id == "gemma-4-e4b-it")


def test_a_refused_start_is_a_case_without_memory(tmp_path: Path) -> None:
    log = as_predicted(refusal=REFUSED, kv_tokens=None, max_concurrency_x=None)
    own = loaded(tmp_path, as_yaml([case_of(log)])).measured[-1]
    assert (own.outcome, own.kv_avail_gib, own.kv_tokens) == ("no-memory", log.kv_avail_gib, None)


def test_a_log_that_ends_before_the_outcome_is_no_case() -> None:
    with pytest.raises(SizingError, match="the log ends before"):
        case_of(log_of(weights_gib=15.0, kv_avail_gib=3.0))


def test_a_case_without_its_gpu_or_flags_is_less_reliable() -> None:
    log = as_predicted()
    unnamed = measured_case(log, deployment_of(log, {}, CATALOGUE), case_id="x", source="s", date=DAY)
    assert (unnamed["reliability"], case_of(as_predicted(args={}))["reliability"]) == ("med", "med")


@pytest.mark.parametrize(
    "before",
    [
        "",
        "# ours\n",
        "accelerators: []\n",
        "accelerators: []  # none yet",
        "measured:\n- {id: a, model: m}\n",
        "measured:\n  - id: a  # the first\n    model: m # end\n\n# about prices\nprices: []\n",
        "measured:\n    - id: a\n      throughput: [{decode: 1}]\n      source: |\n        two\n        lines\nmodels: []\n",
        "measured:\n- id: a\n  limit_mm_per_prompt:\n    image: 1",
    ],
)
def test_cases_are_added_to_a_file_and_all_else_in_it_stays(before: str) -> None:
    case = case_of(as_predicted())
    after = with_cases(before, [case])
    old = yaml.safe_load(before) or {}
    assert yaml.safe_load(after) == old | {"measured": [*old.get("measured", []), case]}
    for kept in before.splitlines():
        assert kept in after.splitlines()
    assert with_cases(after, [case_of(as_predicted(), "next")]).count("- id: next") == 1


@pytest.mark.parametrize(
    ("before", "message"),
    [
        ("measured:\n- id: ours\n", "'ours' is there already"),
        ("measured: [{id: a}]\n", "one entry a line"),
        ("measured:\n  a: 1\n", "one entry a line"),
        ("- a\n", "expected a mapping"),
        ("a: [", "cannot be read"),
        ("measured:\n- id: a\nmeasured:\n- id: b\n", "cannot be extended"),
    ],
)
def test_a_file_that_cannot_take_cases_is_refused(before: str, message: str) -> None:
    with pytest.raises(SizingError, match=message):
        with_cases(before, [case_of(as_predicted())])


# ---- the command

APP = typer.Typer()
APP.command()(calibrate)


def run(*arguments: str | Path, stdin: str | None = None) -> tuple[int, str, str]:
    """(exit code, standard output, standard error)."""
    result = CliRunner(env={"COLUMNS": "160"}).invoke(APP, [str(each) for each in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    """A log that is as predicted."""
    path = tmp_path / "e4b on l4.log"
    path.write_text(text_of(as_predicted()), encoding="utf-8")
    return path


def test_the_composed_log_reads_as_what_it_was_composed_from(log_file: Path) -> None:
    read = read_log(log_file.read_text(encoding="utf-8").splitlines())
    wanted = as_predicted()
    for name in (
        "model",
        "weights_gib",
        "kv_avail_gib",
        "kv_tokens",
        "max_num_seqs",
        "limit_mm_per_prompt",
        "quantization",
    ):
        assert getattr(read, name) == getattr(wanted, name)


def test_the_command_prints_every_term_with_its_unit(log_file: Path) -> None:
    code, out, err = run(log_file, "--gpu", "nvidia-l4")
    assert (code, err) == (0, "")
    for part in (MODEL, "1 x nvidia-l4", "vLLM 0.33.0", "weights", "KV pool", "tokens", "GiB", "logged: it runs"):
        assert part in out
    assert "below" not in out
    assert "above" not in out


def test_the_command_marks_what_lies_outside_its_range(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(text_of(as_predicted(kv_avail_gib=0.4)), encoding="utf-8")
    code, out, _ = run(path, "--gpu", "nvidia-l4")
    assert code == 0
    assert "below" in out
    assert "outside their range: KV pool, tokens of the logged pool" in out


def test_a_refusal_is_shown_in_the_engines_words(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(text_of(as_predicted(max_model_len=131072, refusal=REFUSED)), encoding="utf-8")
    code, out, _ = run(path, "--gpu", "nvidia-l4")
    assert code == 0
    assert "logged: refused: To serve at least one request" in out
    assert "KV cache of one request" in out


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_shown(log_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("nothing of an engine", encoding="utf-8")
    code, out, err = run(tmp_path / "absent", other, log_file, "--gpu", "nvidia-l4")
    assert code == 1
    assert "KV pool" in out
    assert f"{tmp_path / 'absent'}: cannot be read: No such file" in err
    assert f"{other}: no line of a vLLM start-up log; looked for" in err


def test_standard_input_is_read_as_a_file() -> None:
    code, out, _ = run("-", "--gpu", "nvidia-l4", stdin=text_of(as_predicted()))
    assert code == 0
    assert "KV pool" in out


def test_json_carries_terms_log_and_case_and_no_flags(log_file: Path) -> None:
    code, out, _ = run(log_file, "--gpu", "nvidia-l4", "--id", "ours", "--json")
    assert code == 0
    (result,) = json.loads(out)
    assert {each["term"] for each in result["terms"]} >= {"weights", "CUDA graphs", "KV pool", "tokens", "concurrency"}
    assert (result["case"]["id"], result["outcome"], result["problem"]) == ("ours", "runs", None)
    assert result["log"]["engine_version"] == "0.33.0"
    assert "args" not in result["log"]


def test_written_cases_are_taken_in_by_the_catalogue_and_later_ones_added(log_file: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    code, _, err = run(
        log_file, log_file, "--gpu", "nvidia-l4", "--id", "ours", "--source", "our cluster", "--write", own
    )
    assert (code, err.strip()) == (0, f"2 measured cases added to {own}")
    assert run(log_file, "--gpu", "nvidia-l4", "--write", own)[0] == 0
    ids = [case.id for case in load_catalogue(own).measured[-3:]]
    assert ids == ["ours-1", "ours-2", "e4b-on-l4"]
    assert [path.name for path in sorted(tmp_path.iterdir())] == [log_file.name, "own.yaml"]


@pytest.mark.parametrize("taken", ["ours", CATALOGUE.measured[0].id], ids=["in the file", "in the shipped catalogue"])
def test_a_repeated_id_is_refused_and_the_file_stays_as_it_was(log_file: Path, tmp_path: Path, taken: str) -> None:
    own = tmp_path / "own.yaml"
    run(log_file, "--gpu", "nvidia-l4", "--id", "ours", "--write", own)
    before = own.read_text(encoding="utf-8")
    code, _, err = run(log_file, "--gpu", "nvidia-l4", "--id", taken, "--write", own)
    assert code == 1
    assert taken in err
    assert own.read_text(encoding="utf-8") == before


def test_a_log_that_cannot_be_a_case_is_an_error_only_where_one_is_to_be_written(tmp_path: Path) -> None:
    cut, own = tmp_path / "cut.log", tmp_path / "own.yaml"
    cut.write_text("".join(text_of(as_predicted()).splitlines(keepends=True)[:5]), encoding="utf-8")
    code, out, err = run(cut, "--gpu", "nvidia-l4")
    assert (code, err) == (0, "")
    assert "the log ends before it shows" in out
    code, _, err = run(cut, "--gpu", "nvidia-l4", "--write", own)
    assert code == 1
    assert "no measured case" in err
    assert not own.exists()


def test_a_place_that_cannot_be_written_is_named(log_file: Path, tmp_path: Path) -> None:
    code, _, err = run(log_file, "--gpu", "nvidia-l4", "--write", tmp_path / "absent" / "own.yaml")
    assert code == 1
    assert "cannot be written" in err
