"""Replays cases of vLLM's KV cache planner: one case in, what that release's planner returns out.

The form of a case is that of planner output recorded per release (tests/data/README.md), so that any further recording can be
compared line by line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.sizing.catalogue import Catalogue, Model
from components.sizing.errors import SizingError, did_you_mean
from components.sizing.kv_cache import kv_layout, tokens_in_flight

#: Bytes of one key or value element by --kv-cache-dtype.
ELEMENT_BYTES = {"auto": 2, "fp8": 1}

#: Fields of a case, all needed, with their types.
FIELDS: dict[str, type] = {
    "variant": str,
    "tp": int,
    "kv_dtype": str,
    "block_size": int,
    "max_model_len": int,
    "max_num_batched_tokens": int,
    "async_scheduling": bool,
    "available_bytes": int,
}


def plan_case(case: Mapping[str, Any], version: str, catalogue: Catalogue) -> dict[str, Any]:
    """`ok`, and for what starts also `num_blocks`, `groups`, `tokens` (as logged) and `concurrency` (4 decimals).

    Raises SizingError naming the field that is missing, of a wrong type or unknown.
    """
    _check(case)
    engine = catalogue.engine(version)
    element_bytes = ELEMENT_BYTES[case["kv_dtype"]]
    hybrid = not case.get("disable_hybrid_kv_cache_manager", False)
    layout = kv_layout(_model(catalogue, case["variant"]), case["tp"], element_bytes, case["block_size"], hybrid)
    blocks = layout.blocks(case["available_bytes"])
    in_flight = tokens_in_flight(engine, case["max_num_batched_tokens"], case["async_scheduling"])
    needed = layout.blocks_to_start(case["max_model_len"], in_flight)
    if needed + (1 if engine.keeps_null_block else 0) > blocks:
        return {"ok": False}
    return {
        "ok": True,
        "num_blocks": blocks,
        "groups": layout.groups,
        "tokens": layout.logged_tokens(blocks, case["max_model_len"], in_flight, engine.reports_tokens_by_group),
        "concurrency": round(blocks / needed, 4),
    }


def _check(case: Mapping[str, Any]) -> None:
    for name, kind in FIELDS.items():
        if name not in case:
            raise SizingError(f"{name} is missing", name)
        value = case[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise SizingError(f"{name} is {value!r}, not {kind.__name__}", name)
        if kind is int and value < (0 if name == "available_bytes" else 1):
            raise SizingError(f"{name} is {value}, too small", name)
    if case["kv_dtype"] not in ELEMENT_BYTES:
        raise SizingError(
            f"kv_dtype is '{case['kv_dtype']}'{did_you_mean(case['kv_dtype'], ELEMENT_BYTES)}", "kv_dtype"
        )


def _model(catalogue: Catalogue, variant: str) -> Model:
    for model in catalogue.models:
        if model.variant == variant:
            return model
    raise SizingError(
        f"unknown variant '{variant}'{did_you_mean(variant, [m.variant for m in catalogue.models])}", "variant"
    )
