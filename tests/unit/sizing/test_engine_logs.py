"""What is read from start-up logs. Lines are composed from the format strings of each release (sources read 2026-11-25)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from components.sizing.engine_log import EngineLog
from components.sizing.engine_logs import read_log
from components.sizing.errors import SizingError

# The engine's format strings. Where releases differ, the name says from or until which release a text holds.
SERVER = "vLLM server version %s, serving model %s"
ARGS = "non-default args: %s"
ENGINE = "Initializing a V1 LLM engine (v%s) with config: %s"
CONFIG = (
    "model={model!r}, speculative_config={speculative}, tokenizer={model!r}, skip_tokenizer_init=False, "
    "tokenizer_mode=auto, revision=None, tokenizer_revision=None, trust_remote_code=False, dtype=torch.bfloat16, "
    "max_seq_len={context}, download_dir=None, load_format=auto, tensor_parallel_size={tp}, pipeline_parallel_size={pp}, "
    "data_parallel_size=1, decode_context_parallel_size=1, dcp_comm_backend=ag_rs, disable_custom_all_reduce=False, "
    "quantization={quantization}, quantization_config=None, enforce_eager={eager}, aux_output_config=AuxOutputConfig(), "
    "kv_cache_dtype={kv}, device_config=cuda, seed=0, served_model_name={model}, enable_prefix_caching=True, "
    "pooler_config=None, compilation_config={{'mode': <CompilationMode.VLLM_COMPILE: 3>}}, kernel_config=KernelConfig()"
)
CHUNKED = "Chunked prefill is enabled with max_num_batched_tokens=%d."
WEIGHTS = "Model loading took %s GiB memory and %.6f seconds"
WEIGHTS_V2_UNTIL_0_27_1 = "Model loading took %s GiB and %.6f seconds"
ESTIMATE_V1 = "Estimated CUDA graph memory: %.2f GiB total"
POOL = "Available KV cache memory: %s GiB"
HINT = (
    "CUDA graph memory profiling is enabled (default since v0.21.0). The current --gpu-memory-utilization=%.4f is equivalent "
    "to --gpu-memory-utilization=%.4f without CUDA graph memory profiling. To maintain the same effective KV cache size as "
    "before, increase --gpu-memory-utilization to %.4f. To disable, set VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS=0."
)
TOKENS_UNTIL_0_27_1 = "GPU KV cache size: %s tokens"
CONCURRENCY_UNTIL_0_27_1 = "Maximum concurrency for %s tokens per request: %.2fx"
TOKENS_FROM_0_28 = "GPU KV cache size: %s tokens, Maximum concurrency for %s tokens per request: %.2fx"
TOKENS_FROM_0_30 = "%s KV cache size: %s tokens, Maximum concurrency for %s tokens per request: %.2fx"
CAPTURED = "Graph capturing finished in %.0f secs, took %.2f GiB"
GRAPH_POOL = "CUDA graph pool memory: %s GiB (actual), %s GiB (estimated), difference: %s GiB (%.1f%%)."
SUMMARY_0_26 = (
    "Free memory on device (%s/%s GiB) on startup. Desired GPU memory utilization is (%s, %s GiB). Actual usage is %s GiB for "
    "weight, %s GiB for peak activation, %s GiB for non-torch memory, and %s GiB for CUDAGraph memory. Replace "
    "gpu_memory_utilization config with `--kv-cache-memory=1` (0.0 GiB) to fit into requested memory, or "
    "`--kv-cache-memory=1` (0.0 GiB) to fully utilize gpu memory. Current kv cache memory in use is %s GiB."
)
SUMMARY_FROM_0_27_1 = (
    "Free memory on device (%s/%s GiB) on startup. Desired GPU memory utilization is (%s, %s GiB). Actual usage is %s GiB for "
    "consumed memory (weights + non-torch), %s GiB for peak activation, and %s GiB for CUDAGraph memory. Replace "
    "gpu_memory_utilization config with `--kv-cache-memory=1` (0.0 GiB) to fit into requested memory, or "
    "`--kv-cache-memory=1` (0.0 GiB) to fully utilize gpu memory. Current kv cache memory in use is %s GiB."
)
KV_REFUSAL = (
    "To serve at least one request with the %s max seq len (%d), (%s GiB KV cache is needed, which is larger than the "
    "available KV cache memory (%s GiB). Based on the available memory, the estimated maximum model length is %d. Try "
    "increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine."
)
FREE_REFUSAL = (
    "Free memory on device cuda:0 (%s/%s GiB) on startup is less than desired GPU memory utilization (%s, %s GiB). Decrease "
    "GPU memory utilization or reduce GPU memory used by other processes."
)


def config(model: str = "google/gemma-4-E4B-it", **changes: object) -> str:
    """The engine's configuration as it prints it."""
    plain = {
        "speculative": None,
        "context": 32768,
        "tp": 1,
        "pp": 1,
        "quantization": None,
        "eager": False,
        "kv": "auto",
    }
    return CONFIG.format(model=model, **{**plain, **changes})


def line(message: str, process: str = "EngineCore pid=123", file: str = "gpu_worker.py:773") -> str:
    """A message as the engine's formatter prints it."""
    return f"({process}) INFO 11-25 12:00:00 [{file}] {message}"


def start(version: str, args: str = "{}", **changes: object) -> list[str]:
    """The lines before the weights are loaded."""
    return [
        line(SERVER % (version, changes.get("model", "google/gemma-4-E4B-it")), "APIServer pid=1"),
        line(ARGS % args, "APIServer pid=1"),
        line(ENGINE % (version, config(**changes))),  # type: ignore[arg-type]
    ]


def test_0_20_2_with_the_older_runner_two_lines_of_kv_cache_and_the_estimate_of_the_graphs() -> None:
    args = (
        "{'model_tag': 'google/gemma-4-26B-A4B-it', 'model': 'google/gemma-4-26B-A4B-it', 'max_model_len': 65536, "
        "'gpu_memory_utilization': 0.85, 'max_num_seqs': 16, 'limit_mm_per_prompt': {'image': 2, 'video': {'count': 0}}}"
    )
    log = read_log(
        [
            *start("0.20.2", args, model="google/gemma-4-26B-A4B-it", context=65536, kv="fp8"),
            line(CHUNKED % 4096),
            line("Using default MoE config. Config file not found at ['/x/E=128,N=704,device_name=NVIDIA_L4.json']"),
            line(WEIGHTS % (48.49, 61.5), file="gpu_model_runner.py:4880"),
            line(ESTIMATE_V1 % 0.79),
            line(POOL % 12.96),
            line(HINT % (0.85, 0.8399, 0.8601)),
            line(TOKENS_UNTIL_0_27_1 % "326,864"),
            line(CONCURRENCY_UNTIL_0_27_1 % ("65,536", 4.99)),
            line(CAPTURED % (12, 0.66)),
            line(GRAPH_POOL % (0.66, 0.79, 0.13, 19.7)),
        ]
    )
    assert (log.engine_version, log.model, log.gpu) == ("0.20.2", "google/gemma-4-26B-A4B-it", "NVIDIA L4")
    assert (log.max_model_len, log.max_num_seqs, log.max_num_batched_tokens) == (65536, 16, 4096)
    assert (log.gpu_memory_utilization, log.kv_cache_dtype, log.enforce_eager) == (0.85, "fp8", False)
    assert (log.quantization, log.speculative) == ("none", "none")
    assert log.limit_mm_per_prompt == {"image": 2, "video": 0}
    assert (log.weights_gib, log.kv_avail_gib, log.kv_tokens, log.max_concurrency_x) == (48.49, 12.96, 326864, 4.99)
    assert (log.cuda_graphs_estimate_gib, log.cuda_graphs_actual_gib) == (0.79, 0.66)
    assert log.refusal is None


@pytest.mark.parametrize("weights", [WEIGHTS, WEIGHTS_V2_UNTIL_0_27_1], ids=["older runner", "newer runner"])
def test_0_25_1_says_memory_after_the_weights_only_with_the_older_runner(weights: str) -> None:
    log = read_log([*start("0.25.1"), line(weights % (15.27, 9.1)), line(POOL % 3.4)])
    assert (log.weights_gib, log.kv_avail_gib, log.engine_version) == (15.27, 3.4, "0.25.1")


def test_0_28_0_puts_tokens_and_concurrency_on_one_line() -> None:
    log = read_log([*start("0.28.0"), line(TOKENS_FROM_0_28 % ("1,234,567", "32,768", 37.68))])
    assert (log.kv_tokens, log.max_concurrency_x, log.max_model_len) == (1234567, 37.68, 32768)


@pytest.mark.parametrize("device", ["GPU", "XPU", "GPU + host"])
def test_0_30_0_and_later_name_the_device_before_the_kv_cache(device: str) -> None:
    log = read_log([*start("0.30.0"), line(TOKENS_FROM_0_30 % (device, "90,112", "32,768", 2.75))])
    assert (log.kv_tokens, log.max_concurrency_x) == (90112, 2.75)


def newest() -> list[str]:
    """A whole start of 0.33.0 with the newer runner, which captures graphs twice: once while it profiles."""
    return [
        *start("0.33.0"),
        line(CHUNKED % 2048),
        line(WEIGHTS % (15.01, 8.2)),
        line(CAPTURED % (2, 0.31)),
        line(POOL % 3.61),
        line(HINT % (0.92, 0.9010, 0.9390)),
        line(TOKENS_FROM_0_30 % ("GPU", "90,112", "32,768", 2.75)),
        line(CAPTURED % (9, 0.35)),
        line(GRAPH_POOL % (0.35, 0.42, 0.07, 20.0)),
        line(SUMMARY_FROM_0_27_1 % (21.7, 22.03, 0.92, 20.27, 15.55, 1.02, 0.35, 3.61)),
    ]


def test_0_33_0_prints_captured_graphs_twice_and_the_last_counts() -> None:
    lines = [each for each in newest() if "pool memory" not in each]
    assert read_log(lines).cuda_graphs_actual_gib == 0.35
    assert read_log(lines[: lines.index(line(POOL % 3.61)) + 1]).cuda_graphs_actual_gib is None


def test_the_summary_of_0_33_0_yields_activations_without_the_graphs_and_what_the_card_had() -> None:
    log = read_log(newest())
    assert (log.consumed_gib, log.peak_activation_gib, log.non_torch_gib) == (15.55, 0.6, None)
    assert (log.free_at_start_gib, log.cuda_total_gib, log.gpu_memory_utilization) == (21.7, 22.03, 0.92)


def test_graphs_that_were_kept_out_of_the_pool_are_not_taken_out_of_the_activations() -> None:
    disabled = "CUDA graph memory profiling is disabled (VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS=0). Without it, ..."
    log = read_log([disabled if "profiling is enabled" in each else each for each in newest()])
    assert (log.peak_activation_gib, log.cuda_graphs_charged) == (1.02, False)


def test_the_summary_of_0_26_0_tells_activations_and_memory_outside_pytorch_apart() -> None:
    summary = SUMMARY_0_26 % (21.7, 22.03, 0.9, 19.83, 15.01, 1.4, 0.12, 0.35, 3.1)
    log = read_log([*start("0.26.0"), line(WEIGHTS % (15.01, 3)), line(summary)])
    assert (log.peak_activation_gib, log.non_torch_gib, log.consumed_gib) == (1.4, 0.12, None)


@pytest.mark.parametrize(("version", "whose"), [("0.20.2", "models's"), ("0.25.1", "model's"), ("0.33.0", "model's")])
def test_a_kv_refusal_yields_what_was_needed_and_what_there_was(version: str, whose: str) -> None:
    raised = "ValueError: " + KV_REFUSAL % (whose, 262144, 24.5, 3.61, 38000)
    log = read_log([*start(version, context=262144), line(WEIGHTS % (15.01, 3)), line(POOL % 3.61), raised])
    assert (log.needed_gib, log.available_gib, log.kv_tokens) == (24.5, 3.61, None)
    assert log.refusal is not None
    assert log.refusal.startswith("To serve at least one request")


def test_a_pool_below_zero_and_the_refusal_without_figures_are_read() -> None:
    refused = "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when ..."
    log = read_log([*start("0.28.0"), line(POOL % -1.25), refused])
    assert (log.kv_avail_gib, log.refusal, log.needed_gib) == (-1.25, "No available memory for the cache blocks", None)


def test_a_refusal_for_lack_of_free_memory_names_the_card_total_too() -> None:
    log = read_log([*start("0.30.0"), "ValueError: " + FREE_REFUSAL % (12.5, 22.03, 0.92, 20.27)])
    assert (log.needed_gib, log.available_gib) == (20.27, 12.5)
    assert (log.cuda_total_gib, log.free_at_start_gib, log.gpu_memory_utilization) == (22.03, 12.5, 0.92)


def test_running_out_of_memory_is_a_refusal() -> None:
    raised = (
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.63 GiB. GPU 0 has a total capacity of 22.03 GiB of "
        "which 1.2 GiB is free."
    )
    log = read_log([*start("0.33.0"), raised])
    assert (log.refusal or "").startswith("CUDA out of memory. Tried to allocate 2.63 GiB")
    assert log.cuda_total_gib == 22.03


def test_of_two_ranks_the_largest_weights_and_the_smallest_pool_count_and_the_graphs_of_the_first() -> None:
    first, second = "Worker_TP0 pid=11", "Worker_TP1 pid=12"
    log = read_log(
        [
            *start("0.33.0", tp=2),
            line(WEIGHTS % (7.61, 3), first),
            line(WEIGHTS % (7.66, 3), second),
            line(CAPTURED % (1, 0.1), first),
            line(POOL % 11.2, first),
            line(CAPTURED % (1, 0.1), second),
            line(POOL % 11.05, second),
            line(CAPTURED % (5, 0.41), first),
            line(CAPTURED % (5, 0.44), second),
        ]
    )
    assert (log.tensor_parallel_size, log.weights_gib, log.kv_avail_gib) == (2, 7.66, 11.05)
    assert log.cuda_graphs_actual_gib == 0.41


def coloured(text: str) -> str:
    return text.replace("(EngineCore pid=123)", "\x1b[0;36m(EngineCore pid=123)\x1b[0;0m").replace(
        "INFO", "\x1b[32mINFO\x1b[0m"
    )


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: text,
        coloured,
        lambda text: f"2026-11-25T12:00:00.123456789Z {text}\r",
        lambda text: f"vllm-1  | {coloured(text)}",
        lambda text: json.dumps({"log": coloured(text) + "\n", "stream": "stderr"}),
        lambda text: json.dumps({"textPayload": text}),
        lambda text: text.split("] ", 1)[1],
    ],
    ids=["plain", "coloured", "docker time stamps", "compose", "json-file driver", "cloud logging", "no prefix"],
)
def test_what_stands_before_a_message_does_not_matter(wrap: Callable[[str], str]) -> None:
    assert read_log([wrap(each) for each in newest()]) == read_log(newest())


def test_the_banner_as_a_logo_names_release_and_model() -> None:
    logo = [
        " ▄▄ ▄█ █     █     █ ▀▄▀ █  version 0.33.0",
        "  █▄█▀ █     █     █     █  model   google/gemma-4-E4B-it",
    ]
    log = read_log([f"(APIServer pid=1) INFO 11-25 12:00:00 [startup.py:40] {each}" for each in logo])
    assert (log.engine_version, log.model) == ("0.33.0", "google/gemma-4-E4B-it")


def test_flags_that_hold_objects_are_read_key_by_key() -> None:
    args = (
        "{'host': '0.0.0.0', 'model': 'google/gemma-4-E4B-it', 'compilation_config': CompilationConfig(level=None), "
        "'max_num_seqs': 8, 'gpu_memory_utilization': 0.9, 'language_model_only': True, "
        "'speculative_config': {'model': 'google/gemma-4-E4B-it-assistant', 'num_speculative_tokens': 4}}"
    )
    log = read_log([line(ARGS % args)])
    assert (log.model, log.max_num_seqs, log.gpu_memory_utilization) == ("google/gemma-4-E4B-it", 8, 0.9)
    assert log.limit_mm_per_prompt == {"image": 0, "video": 0, "audio": 0}
    assert log.speculative == "draft model n=4"


def test_a_brace_within_a_flag_does_not_end_the_flags() -> None:
    log = read_log([line(ARGS % "{'chat_template': 'a } b', 'max_num_seqs': 8} and more")])
    assert log.max_num_seqs == 8


def test_secrets_that_older_releases_print_are_not_kept() -> None:
    log = read_log([line(ARGS % "{'api_key': ['s3cret'], 'hf_token': 's3cret', 'max_num_seqs': 8}")])
    assert "s3cret" not in repr(log)


def test_drafting_is_read_from_the_engines_configuration() -> None:
    drafting = "SpeculativeConfig(method='mtp', model='google/gemma-4-E4B-it-assistant', num_spec_tokens=4)"
    log = read_log([line(ENGINE % ("0.33.0", config(speculative=drafting)))])
    assert (log.speculative, log.model, log.quantization) == ("mtp n=4", "google/gemma-4-E4B-it", "none")


def test_the_model_is_named_as_given_not_by_the_folder_it_was_fetched_to() -> None:
    address = "gs://models/google/gemma-4-E4B-it/"
    lines = [
        line(SERVER % ("0.33.0", address)),
        line(ENGINE % ("0.33.0", config("/home/vllm/.cache/vllm/assets/model_streamer/0a1b"))),
    ]
    assert read_log(lines).model == address


def test_a_context_that_the_engine_shortened_is_the_one_in_force() -> None:
    shortened = "Auto-fit max_model_len: reduced from 131072 to 90112 to fit in available KV cache memory (3.61 GiB)"
    log = read_log([*start("0.33.0", "{'max_model_len': -1}", context=131072), line(shortened)])
    assert log.max_model_len == 90112


def test_a_value_cut_off_by_the_end_of_the_file_is_not_taken() -> None:
    whole = line(ENGINE % ("0.33.0", config(tp=16)))
    log = read_log(
        [line(ARGS % "{'max_num_seqs': 8, 'max_model_len': 32"), whole[: whole.index("tensor_parallel_size=16") + 22]]
    )
    assert (log.max_num_seqs, log.max_model_len, log.tensor_parallel_size) == (8, 32768, None)


def test_a_log_that_ends_early_yields_what_it_has() -> None:
    log = read_log(newest()[:5])
    assert (log.weights_gib, log.kv_avail_gib, log.kv_tokens, log.refusal) == (15.01, None, None, None)


def test_of_several_starts_in_one_file_the_last_that_loaded_weights_counts() -> None:
    refused = [*start("0.25.1"), line(POOL % -1.0), "ValueError: No available memory for the cache blocks. Try ..."]
    log = read_log([*refused, *newest(), *start("0.33.0")])
    assert (log.engine_version, log.refusal, log.kv_tokens) == ("0.33.0", None, 90112)


@pytest.mark.parametrize("lines", [[], ["hello", "GPU memory is full", '{"log": 1}', "{broken"]])
def test_a_file_without_a_line_of_the_engine_is_refused_by_name_and_says_what_was_looked_for(lines: list[str]) -> None:
    with pytest.raises(
        SizingError, match=r"notes\.txt: no line of a vLLM start-up log.*'Model loading took \.\.\. GiB'"
    ):
        read_log(lines, "notes.txt")


def test_nothing_is_invented_for_what_a_log_does_not_say() -> None:
    assert read_log([line(POOL % 3.61)]) == EngineLog(kv_avail_gib=3.61)
