"""How the values in vLLM's messages are written: numbers, its own configuration, and the arguments it was given."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from typing import Any

from components.sizing.catalogue import ITEM_KINDS
from components.sizing.engine_log import EngineLog


def number(text: str) -> float:
    return float(text.replace(",", ""))


def whole(text: str) -> int:
    return int(text.replace(",", ""))


#: How the texts of `_FACTS` are read.
KINDS: dict[str, Any] = {
    "kv_tokens": whole,
    "max_model_len": whole,
    "max_num_batched_tokens": whole,
    "block_size": whole,
    "max_concurrency_x": number,
    "gpu_memory_utilization": number,
    "cuda_graphs_actual_gib": number,
    "cuda_graphs_estimate_gib": number,
    "free_at_start_gib": number,
    "cuda_total_gib": number,
    "gpu": lambda text: text.replace("_", " "),
    "engine_version": str,
    "model": str,
}
#: What a log can say.
FIELDS = {each.name for each in fields(EngineLog)}


def engine_config(text: str) -> dict[str, Any]:
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


def arguments(text: str) -> dict[str, Any]:
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


def from_args(args: Mapping[str, Any]) -> dict[str, Any]:
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
