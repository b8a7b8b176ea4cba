"""Reads what vLLM prints while it starts: the release, how it was told to run, what its memory profile found, and refusals.

The texts are the format strings of the releases 0.20.0 to 0.33.0 (sources read 2026-11-25); files named below lie under
`vllm/`. What stands before a message (container time stamps, process, level, file and line, colours) is skipped, wherever it
comes from.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any

from components.sizing.catalogue import ITEM_KINDS
from components.sizing.errors import SizingError


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLog:
    """One start of an engine as its log tells it; None where it does not. Sizes are GiB on one GPU, flags have vLLM's names.

    Of several ranks the largest weights and the smallest pool are kept, since those decide; else the first rank counts. A
    file that holds several starts is read as the last one that got as far as loading weights.
    """

    engine_version: str | None = None
    #: As the operator gave it, which may be a path or an address.
    model: str | None = None
    #: "none" where the log says that there is none.
    quantization: str | None = None
    #: Only some mixture-of-experts and fp8 kernels name the card.
    gpu: str | None = None
    tensor_parallel_size: int | None = None
    pipeline_parallel_size: int | None = None
    data_parallel_size: int | None = None
    #: In force, after the engine shortened it to fit where it was asked to.
    max_model_len: int | None = None
    gpu_memory_utilization: float | None = None
    kv_cache_dtype: str | None = None
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    limit_mm_per_prompt: dict[str, int] | None = None
    enforce_eager: bool | None = None
    #: Method and tokens, such as "mtp n=4"; "none" where the log says that there is none.
    speculative: str | None = None
    async_scheduling: bool | None = None
    block_size: int | None = None
    #: Other flags that were given, as the log repeats them.
    args: Mapping[str, Any] = field(default_factory=dict)

    cuda_total_gib: float | None = None
    free_at_start_gib: float | None = None
    weights_gib: float | None = None
    kv_avail_gib: float | None = None
    kv_tokens: int | None = None
    max_concurrency_x: float | None = None
    cuda_graphs_estimate_gib: float | None = None
    cuda_graphs_actual_gib: float | None = None
    #: False where the operator kept the engine from subtracting its estimate of the graphs.
    cuda_graphs_charged: bool | None = None
    #: Peak of the profile; from 0.27.1 (`consumed_gib` is there then) without tensors that stay. Never with the graphs.
    peak_activation_gib: float | None = None
    #: Memory outside PyTorch; printed up to 0.26.0.
    non_torch_gib: float | None = None
    #: Weights, tensors that stay and memory outside PyTorch together; printed from 0.27.1.
    consumed_gib: float | None = None

    #: The engine's own words where it stopped for lack of memory, with what it needed and what there was.
    refusal: str | None = None
    needed_gib: float | None = None
    available_gib: float | None = None

    @property
    def reached_memory(self) -> bool:
        """True when the log tells anything about memory."""
        figures = (self.weights_gib, self.kv_avail_gib, self.kv_tokens, self.refusal)
        return any(figure is not None for figure in figures)


#: What `read_log` looks for, for the message about a file without any of it.
LOOKED_FOR = (
    "'vLLM server version ...'",
    "'Initializing a V1 LLM engine (v...)'",
    "'non-default args: {...}'",
    "'Model loading took ... GiB'",
    "'Available KV cache memory: ... GiB'",
    "'KV cache size: ... tokens'",
)


def read_log(lines: Iterable[str], name: str = "the log") -> EngineLog:
    """The start that `lines` tell of. Raises SizingError, naming `name`, when no line is the engine's."""
    starts = [_Start()]
    for line in lines:
        process, message = _message(line)
        if starts[-1].has_results and any(pattern.search(message) for pattern in _BEGINNINGS):
            starts.append(_Start())
        starts[-1].take(process, message)
    if not any(start.found for start in starts):
        raise SizingError(f"{name}: no line of a vLLM start-up log; looked for {', '.join(LOOKED_FOR)}")
    logs = [start.log() for start in starts if start.found]
    return next((log for log in reversed(logs) if log.reached_memory), logs[-1])


#: Flags whose values releases before 0.29.0 print as they are; they are never kept.
SECRETS = ("api_key", "hf_token")

_NUMBER = r"-?[\d,]*\.?\d+"
_ENGINE = re.compile(r"Initializing a V1 LLM engine \(v(?P<engine_version>[^)]+)\) with config: (?P<config>.*)")
_ARGS = re.compile(r"non-default args: (?P<args>\{.*)")
#: Lines that the server prints before anything else; one of them after results is another start in the same file.
_BEGINNINGS = (
    re.compile(r"vLLM server version \S+, serving model"),
    re.compile(r"█\s+version\s+\S"),
    _ENGINE,
    _ARGS,
)

#: Messages whose named groups are fields. Where two state the same field the earlier pattern wins, then the earlier line.
_FACTS = tuple(
    re.compile(pattern)
    for pattern in (
        # v1/core/kv_cache_utils.py: two lines up to 0.27.1, one from 0.28.0; "GPU" is the device's name from 0.30.0
        rf"KV cache size: (?P<kv_tokens>{_NUMBER}) tokens",
        rf"Maximum concurrency for (?P<max_model_len>{_NUMBER}) tokens per request: (?P<max_concurrency_x>{_NUMBER})x",
        r"Auto-fit max_model_len: reduced from \d+ to (?P<max_model_len>\d+) to fit",
        # v1/worker/gpu_worker.py
        rf"CUDA graph pool memory: (?P<cuda_graphs_actual_gib>{_NUMBER}) GiB \(actual\), "
        rf"(?P<cuda_graphs_estimate_gib>{_NUMBER}) GiB \(estimated\)",
        rf"Free memory on device \S* ?\((?P<free_at_start_gib>{_NUMBER})/(?P<cuda_total_gib>{_NUMBER}) GiB\) on startup",
        rf"esired GPU memory utilization (?:is )?\((?P<gpu_memory_utilization>{_NUMBER}),",
        r"The current --gpu-memory-utilization=(?P<gpu_memory_utilization>\d\.\d+) is equivalent",
        # v1/worker/gpu_model_runner.py, the older runner only
        rf"Estimated CUDA graph memory: (?P<cuda_graphs_estimate_gib>{_NUMBER}) GiB total",
        # config/scheduler.py, platforms/interface.py
        r"Chunked prefill is enabled with max_num_batched_tokens=(?P<max_num_batched_tokens>\d+)\.",
        r"Setting kv cache block size to (?P<block_size>\d+) for ",
        # names of tuned kernels' files (fused_moe.py, fp8_utils.py)
        r"device_name=(?P<gpu>[^,/\s]+?)(?:\.json|,)",
        r"has a total capacity of (?P<cuda_total_gib>[\d.]+) GiB",
        # the server's banner, plain and as a logo
        r"vLLM server version (?P<engine_version>\S+), serving model (?P<model>\S+)",
        r"█\s+version\s+(?P<engine_version>\S+)",
        r"█\s+model\s+(?P<model>\S+)",
    )
)
#: One line for each rank. The newer runner says "memory" from 0.28.0 only.
_WEIGHTS = re.compile(rf"Model loading took ({_NUMBER}) GiB (?:memory )?and")
_POOL = re.compile(rf"Available KV cache memory: ({_NUMBER}) GiB")
_CAPTURED = re.compile(rf"Graph capturing finished in {_NUMBER} secs, took ({_NUMBER}) GiB")
#: v1/worker/gpu_worker.py; INFO from 0.26.0, DEBUG before. From 0.27.1 "peak activation" holds the estimate of the graphs.
_SUMMARY = re.compile(
    rf"Actual usage is (?P<first>{_NUMBER}) GiB for (?P<kind>weight|consumed memory \(weights \+ non-torch\)), "
    rf"(?P<peak>{_NUMBER}) GiB for peak activation,"
    rf"(?: (?P<non_torch>{_NUMBER}) GiB for non-torch memory,)? and {_NUMBER} GiB for CUDAGraph memory"
)
_GRAPHS_NOT_CHARGED = re.compile(r"CUDA graph memory profiling is disabled")
_SCHEDULING = re.compile(r"Asynchronous scheduling is (enabled|disabled)\.")

_REFUSALS = tuple(
    re.compile(pattern)
    for pattern in (
        # "models's" up to 0.20.2
        rf"To serve at least one request with the models?'s max seq len \(\d+\), \((?P<needed>{_NUMBER}) GiB KV cache is "
        rf"needed, which is larger than the available KV cache memory \((?P<available>{_NUMBER}) GiB\)",
        r"No available memory for the cache blocks",
        rf"Free memory on device \S* ?\((?P<available>{_NUMBER})/{_NUMBER} GiB\) on startup is less than "
        r"(?:desired GPU memory utilization|the engine's budget after excluding external process's weights) "
        rf"\({_NUMBER}, (?P<needed>{_NUMBER}) GiB\)",
        r"CUDA out of memory[^\n]{0,200}",
    )
)

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_PROCESS = re.compile(r"\(([^()]*\bpid=\d+)\)")
#: Keys under which container runtimes and log collectors keep the line.
_JSON_KEYS = ("log", "message", "textPayload", "msg")


def _message(line: str) -> tuple[str, str]:
    """(the process that printed the line, "" where it does not say; the line without colours)."""
    text = line.strip()
    if text.startswith("{"):
        with suppress(ValueError):
            record = json.loads(text)
            inner = next((record[key] for key in _JSON_KEYS if isinstance(record.get(key), str)), None)
            text = text if inner is None else inner.strip()
    text = _COLOUR.sub("", text)
    process = _PROCESS.search(text)
    return (process.group(1) if process else ""), text


class _Start:
    """Collects what the lines of one start say."""

    def __init__(self) -> None:
        self.found = False
        self.has_results = False
        self._facts: dict[str, tuple[int, Any]] = {}
        self._config: dict[str, Any] = {}
        self._args: dict[str, Any] = {}
        self._weights: list[float] = []
        self._pools: list[float] = []
        self._captured: dict[str, float] = {}
        self._refusal: dict[str, Any] = {}
        self._summary: re.Match[str] | None = None
        self._flags: dict[str, bool] = {}

    def take(self, process: str, message: str) -> None:
        """Notes what one message says."""
        for rank, pattern in enumerate(_FACTS):
            if match := pattern.search(message):
                self.found = True
                self._note(rank, match)
        if match := _ENGINE.search(message):
            self.found = True
            self._config = {"engine_version": match["engine_version"], **_engine_config(match["config"])}
        if (match := _ARGS.search(message)) and not self._args:
            self.found = True
            given = _arguments(match["args"])
            self._args = {key: value for key, value in given.items() if key not in SECRETS}
        if match := _SCHEDULING.search(message):
            self.found = True
            self._flags["async_scheduling"] = match[1] == "enabled"
        if _GRAPHS_NOT_CHARGED.search(message):
            self.found = True
            self._flags["cuda_graphs_charged"] = False
        self._take_results(process, message)

    def _take_results(self, process: str, message: str) -> None:
        if match := _WEIGHTS.search(message):
            self._weights.append(_number(match[1]))
        if match := _POOL.search(message):
            self._pools.append(_number(match[1]))
            # what this process captured before it knew its pool was the newer runner's profiling pass (from 0.29.0)
            self._captured.pop(process, None)
        if match := _CAPTURED.search(message):
            self.found = True
            self._captured[process] = _number(match[1])
        if (match := _SUMMARY.search(message)) and self._summary is None:
            self._summary = match
        for pattern in _REFUSALS:
            if (match := pattern.search(message)) and not self._refusal:
                numbers = {f"{name}_gib": _number(text) for name, text in match.groupdict().items() if text}
                self._refusal = {"refusal": match[0], **numbers}
        if self._weights or self._pools or self._refusal or "kv_tokens" in self._facts:
            self.found = self.has_results = True

    def _note(self, rank: int, match: re.Match[str]) -> None:
        for name, text in match.groupdict().items():
            if name not in self._facts or rank < self._facts[name][0]:
                self._facts[name] = (rank, _KINDS[name](text))

    def log(self) -> EngineLog:
        """What was collected."""
        known: dict[str, Any] = {"args": self._args}
        for source in (_from_args(self._args), self._config, {name: value for name, (_, value) in self._facts.items()}):
            known |= {name: value for name, value in source.items() if value is not None}
        # the server names the model as it was given; the engine may name the folder to which it was fetched
        known["model"] = _from_args(self._args)["model"] or known.get("model")
        known |= self._flags | self._refusal
        if self._weights:
            known["weights_gib"] = max(self._weights)
        if self._pools:
            known["kv_avail_gib"] = min(self._pools)
        if self._captured and "cuda_graphs_actual_gib" not in known:
            known["cuda_graphs_actual_gib"] = next(iter(self._captured.values()))
        known |= self._of_summary(known)
        return EngineLog(**{name: value for name, value in known.items() if name in _FIELDS})

    def _of_summary(self, known: Mapping[str, Any]) -> dict[str, float]:
        if self._summary is None:
            return {}
        peak = _number(self._summary["peak"])
        if self._summary["kind"] == "weight":
            outside = self._summary["non_torch"]
            return {"peak_activation_gib": peak} | ({} if outside is None else {"non_torch_gib": _number(outside)})
        charged = known.get("cuda_graphs_charged") is not False
        graphs = known.get("cuda_graphs_estimate_gib", 0.0) if charged else 0.0
        return {"peak_activation_gib": round(peak - graphs, 2), "consumed_gib": _number(self._summary["first"])}


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _whole(text: str) -> int:
    return int(text.replace(",", ""))


#: How the texts of `_FACTS` are read.
_KINDS: dict[str, Any] = {
    "kv_tokens": _whole,
    "max_model_len": _whole,
    "max_num_batched_tokens": _whole,
    "block_size": _whole,
    "max_concurrency_x": _number,
    "gpu_memory_utilization": _number,
    "cuda_graphs_actual_gib": _number,
    "cuda_graphs_estimate_gib": _number,
    "free_at_start_gib": _number,
    "cuda_total_gib": _number,
    "gpu": lambda text: text.replace("_", " "),
    "engine_version": str,
    "model": str,
}
_FIELDS = {each.name for each in fields(EngineLog)}


def _engine_config(text: str) -> dict[str, Any]:
    """Fields from the engine's printed configuration (`config/vllm.py` VllmConfig.__str__)."""

    def setting(key: str) -> str | None:
        # followed by a comma, so that a value cut off by the end of the file is not taken
        match = re.search(rf"(?:^|, ){key}=('[^']*'|[^,]+),", text)
        return match[1].strip("'") if match else None

    def whole(key: str) -> int | None:
        value = setting(key)
        return int(value) if value and value.isdecimal() else None

    eager, quantization = setting("enforce_eager"), setting("quantization")
    return {
        "model": setting("model"),
        "quantization": "none" if quantization == "None" else quantization,
        "tensor_parallel_size": whole("tensor_parallel_size"),
        "pipeline_parallel_size": whole("pipeline_parallel_size"),
        "data_parallel_size": whole("data_parallel_size"),
        "max_model_len": whole("max_seq_len"),
        "kv_cache_dtype": setting("kv_cache_dtype"),
        "enforce_eager": None if eager is None else eager == "True",
        "speculative": _speculative(text),
    }


def _speculative(text: str) -> str | None:
    """Drafting as the engine's configuration prints it (`config/speculative.py` __repr__)."""
    if re.search(r"(?:^|, )speculative_config=None,", text):
        return "none"
    match = re.search(r"SpeculativeConfig\(method='([^']*)', model=.*?, num_spec_tokens=(\d+)\)", text)
    return f"{match[1]} n={match[2]}" if match else None


def _arguments(text: str) -> dict[str, Any]:
    """The printed dict of flags. Where it holds objects or is cut off, those of its entries that can be read."""
    with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
        value = ast.literal_eval(_balanced(text))
        if isinstance(value, dict):
            return value
    found: dict[str, Any] = {}
    for match in re.finditer(rf"'(\w+)': ({_LITERAL})(?=\s*[,}}])", text):
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            found.setdefault(match[1], ast.literal_eval(match[2]))
    return found


#: A value that can be read apart from what surrounds it.
_LITERAL = (
    r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|-?\d[\d.]*(?:e[+-]?\d+)?|True|False|None"
    r"|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\[[^\[\]]*\]"
)


def _balanced(text: str) -> str:
    """`text` up to the brace that closes its first one; braces in quotes do not count."""
    depth, quote, escaped = 0, "", False
    for position, sign in enumerate(text):
        if quote:
            escaped, quote = (sign == "\\" and not escaped), ("" if sign == quote and not escaped else quote)
        elif sign in "'\"":
            quote = sign
        elif sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                return text[: position + 1]
    return text


def _from_args(args: Mapping[str, Any]) -> dict[str, Any]:
    """Fields from the flags that were given."""

    def whole(key: str) -> int | None:
        value = args.get(key)
        # -1 asks the engine to choose
        return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None

    def text(key: str) -> str | None:
        value = args.get(key)
        return value if isinstance(value, str) else None

    utilization, eager, scheduling = (
        args.get(key) for key in ("gpu_memory_utilization", "enforce_eager", "async_scheduling")
    )
    return {
        "model": text("model") or text("model_tag"),
        "quantization": text("quantization"),
        "tensor_parallel_size": whole("tensor_parallel_size"),
        "pipeline_parallel_size": whole("pipeline_parallel_size"),
        "data_parallel_size": whole("data_parallel_size"),
        "max_model_len": whole("max_model_len"),
        "gpu_memory_utilization": float(utilization) if isinstance(utilization, int | float) else None,
        "kv_cache_dtype": text("kv_cache_dtype"),
        "max_num_seqs": whole("max_num_seqs"),
        "max_num_batched_tokens": whole("max_num_batched_tokens"),
        "limit_mm_per_prompt": _limits(args),
        "enforce_eager": eager if isinstance(eager, bool) else None,
        "speculative": _drafting(args.get("speculative_config")),
        "async_scheduling": scheduling if isinstance(scheduling, bool) else None,
        "block_size": whole("block_size"),
    }


def _limits(args: Mapping[str, Any]) -> dict[str, int] | None:
    """Items of each kind in one request; a limit may be a number or a mapping with `count`."""
    if args.get("language_model_only") is True:
        return dict.fromkeys(ITEM_KINDS, 0)
    given = args.get("limit_mm_per_prompt")
    if not isinstance(given, dict) or not given:
        return None
    counts = {kind: limit.get("count", 1) if isinstance(limit, dict) else limit for kind, limit in given.items()}
    return {kind: count for kind, count in counts.items() if isinstance(count, int)} or None


def _drafting(given: object) -> str | None:
    if not isinstance(given, dict):
        return None
    return f"{given.get('method') or 'draft model'} n={given.get('num_speculative_tokens', '?')}"
