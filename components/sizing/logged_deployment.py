"""The deployment that a log of the engine describes, in the words of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from components.sizing.catalogue import Catalogue, Deployment
from components.sizing.engine_log import EngineLog
from components.sizing.errors import SizingError, did_you_mean
from components.sizing.name_matching import accelerator_of, scheme_of


def deployment_of(log: EngineLog, overrides: Mapping[str, Any], catalogue: Catalogue) -> Deployment:
    """The deployment that a log describes; `overrides` are fields of `Deployment` that the log lacks or names in its own way.

    Raises SizingError when the model, the kind of quantisation or an overriding GPU cannot be told.
    """
    if (gpu := overrides.get("gpu")) is not None:
        _check_gpu(gpu, catalogue)
    model = overrides.get("model") or log.model
    if model is None:
        raise SizingError("the log names no model; give it", "model")
    model = _checkpoint_id(model, catalogue)
    ranks = [log.tensor_parallel_size, log.pipeline_parallel_size, log.data_parallel_size]
    count = 1
    for rank in ranks:
        count *= rank or 1
    stated = {
        "model": model,
        "quantization": _quantization(model, log.quantization, catalogue),
        # CUDA adds the kind of memory to some names, which the catalogue's leave out
        "gpu": None if log.gpu is None else re.sub(r"\s*HBM\d\w*$", "", log.gpu),
        "gpu_count": count if any(ranks) else None,
        "engine_version": log.engine_version,
        "tensor_parallel_size": log.tensor_parallel_size,
        "max_model_len": log.max_model_len,
        "gpu_memory_utilization": log.gpu_memory_utilization,
        "kv_cache_dtype": log.kv_cache_dtype,
        "max_num_seqs": log.max_num_seqs,
        "max_num_batched_tokens": log.max_num_batched_tokens,
        "limit_mm_per_prompt": log.limit_mm_per_prompt,
        "enforce_eager": log.enforce_eager,
        "speculative": _drafter(log.speculative),
    }
    given = {name: value for name, value in overrides.items() if value is not None and name != "model"}
    return Deployment.model_validate(stated | given)


def _checkpoint_id(model: str, catalogue: Catalogue) -> str:
    """The catalogue's checkpoint whose id a path or address ends with, else the name as it is."""
    plain = model.rstrip("/").lower()
    for checkpoint in catalogue.checkpoints:
        if plain == checkpoint.id.lower() or plain.endswith("/" + checkpoint.id.lower()):
            return checkpoint.id
    return model


def _quantization(model: str, stated: str | None, catalogue: Catalogue) -> str | None:
    """How the weights are stored. The engine names its method, which tells the kind only together with the model's name."""
    if stated is None or stated == "none":
        return stated
    known = next((checkpoint for checkpoint in catalogue.checkpoints if checkpoint.id == model), None)
    stored = known.precision if known else scheme_of(model, None, catalogue).precision
    if stated.startswith("fp8") and stored == "bf16":
        return "online fp8"
    told = scheme_of(model, stated, catalogue).precision
    if known is not None and stored != "bf16":
        # the catalogue knows better than the words of a name
        return stated if told == stored else None
    if told == "bf16":
        raise SizingError(
            f"the log says quantization={stated}, and the model's name '{model}' does not say of which kind; give the "
            "checkpoint's name",
            "model",
        )
    return stated


def _drafter(speculative: str | None) -> str | None:
    """Drafting as a deployment states it; methods without a model take no memory."""
    if speculative is not None and speculative.startswith(("ngram", "suffix")):
        return f"none ({speculative})"
    return speculative


def _check_gpu(gpu: str, catalogue: Catalogue) -> None:
    found = accelerator_of(gpu, catalogue)
    ids = [accelerator.id for accelerator in catalogue.accelerators]
    if found.id not in ids:
        raise SizingError(f"unknown GPU '{gpu}'{did_you_mean(gpu, ids)}", "gpu")
