"""Reads what vLLM prints while it starts: the release, how it was told to run, what its memory profile found, and refusals.

The texts are the format strings of the releases 0.20.0 to 0.33.0 (sources read 2026-11-25); files named below lie under
`vllm/`. What stands before a message (container time stamps, process, level, file and line, colours) is skipped, wherever it
comes from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from components.sizing.engine_log import EngineLog
from components.sizing.engine_log_values import FIELDS, KINDS, arguments, engine_config, from_args, number
from components.sizing.errors import SizingError

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
            self._config = {"engine_version": match["engine_version"], **engine_config(match["config"])}
        if (match := _ARGS.search(message)) and not self._args:
            self.found = True
            given = arguments(match["args"])
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
            self._weights.append(number(match[1]))
        if match := _POOL.search(message):
            self._pools.append(number(match[1]))
            # what this process captured before it knew its pool was the newer runner's profiling pass (from 0.29.0)
            self._captured.pop(process, None)
        if match := _CAPTURED.search(message):
            self.found = True
            self._captured[process] = number(match[1])
        if (match := _SUMMARY.search(message)) and self._summary is None:
            self._summary = match
        for pattern in _REFUSALS:
            if (match := pattern.search(message)) and not self._refusal:
                numbers = {f"{name}_gib": number(text) for name, text in match.groupdict().items() if text}
                self._refusal = {"refusal": match[0], **numbers}
        if self._weights or self._pools or self._refusal or "kv_tokens" in self._facts:
            self.found = self.has_results = True

    def _note(self, rank: int, match: re.Match[str]) -> None:
        for name, text in match.groupdict().items():
            if name not in self._facts or rank < self._facts[name][0]:
                self._facts[name] = (rank, KINDS[name](text))

    def log(self) -> EngineLog:
        """What was collected."""
        known: dict[str, Any] = {"args": self._args}
        for source in (from_args(self._args), self._config, {name: value for name, (_, value) in self._facts.items()}):
            known |= {name: value for name, value in source.items() if value is not None}
        # the server names the model as it was given; the engine may name the folder to which it was fetched
        known["model"] = from_args(self._args)["model"] or known.get("model")
        known |= self._flags | self._refusal
        if self._weights:
            known["weights_gib"] = max(self._weights)
        if self._pools:
            known["kv_avail_gib"] = min(self._pools)
        if self._captured and "cuda_graphs_actual_gib" not in known:
            known["cuda_graphs_actual_gib"] = next(iter(self._captured.values()))
        known |= self._of_summary(known)
        return EngineLog(**{name: value for name, value in known.items() if name in FIELDS})

    def _of_summary(self, known: Mapping[str, Any]) -> dict[str, float]:
        if self._summary is None:
            return {}
        peak = number(self._summary["peak"])
        if self._summary["kind"] == "weight":
            outside = self._summary["non_torch"]
            return {"peak_activation_gib": peak} | ({} if outside is None else {"non_torch_gib": number(outside)})
        charged = known.get("cuda_graphs_charged") is not False
        graphs = known.get("cuda_graphs_estimate_gib", 0.0) if charged else 0.0
        return {"peak_activation_gib": round(peak - graphs, 2), "consumed_gib": number(self._summary["first"])}
