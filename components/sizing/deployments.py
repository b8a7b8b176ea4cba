"""Reads a deployment as an operator or a log describes it into the configuration that the engine runs.

Names of models, quantisation and cards are matched to the catalogue; flags that are not given take the defaults of that release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from components.sizing.catalogue import (
    ITEM_KINDS,
    Accelerator,
    Catalogue,
    Checkpoint,
    Deployment,
    Model,
    QuantizationScheme,
)
from components.sizing.engine_config import EngineConfig
from components.sizing.engine_defaults import batch_in_force
from components.sizing.evidence import spread_of
from components.sizing.name_matching import READ_ON, accelerator_of, engine_of, model_of, scheme_of


@dataclass(frozen=True, slots=True)
class ReadDeployment:
    """A deployment as far as it could be read. `unknown` names what a memory budget lacks."""

    config: EngineConfig
    unknown: str | None


def read_deployment(deployment: Deployment, catalogue: Catalogue) -> ReadDeployment:
    """The configuration that `deployment` describes. Raises SizingError when its model is none of the catalogue's."""
    model = model_of(deployment.model, catalogue)
    scheme = scheme_of(deployment.model, deployment.quantization, catalogue)
    checkpoint = _checkpoint(deployment, model, scheme, catalogue)
    if checkpoint.scheme != scheme.id:
        scheme = catalogue.scheme(checkpoint)
    engine, version_known = engine_of(deployment.engine_version, catalogue)
    accelerator = accelerator_of(deployment.gpu, catalogue)
    items = _items(deployment.limit_mm_per_prompt, model)
    seqs, batch = batch_in_force(
        engine,
        model,
        accelerator,
        text_only=not items,
        max_num_seqs=deployment.max_num_seqs,
        max_num_batched_tokens=deployment.max_num_batched_tokens,
        max_model_len=deployment.max_model_len or model.max_context_tokens,
    )
    element_bytes, kv_unknown = _kv_element_bytes(deployment.kv_cache_dtype, checkpoint, accelerator)
    config = EngineConfig(
        engine=engine,
        model=model,
        checkpoint=checkpoint,
        scheme=scheme,
        accelerator=accelerator,
        tensor_parallel_size=deployment.tensor_parallel_size or 1,
        max_model_len=deployment.max_model_len or model.max_context_tokens,
        max_num_seqs=seqs,
        max_num_batched_tokens=batch,
        gpu_memory_utilization=deployment.gpu_memory_utilization or engine.default_gpu_memory_utilization,
        text_only=not items,
        items=items,
        kv_element_bytes=element_bytes,
        block_size_tokens=engine.block_size_on(accelerator, model, element_bytes, bool(items)),
        enforce_eager=bool(deployment.enforce_eager),
        drafter=_has_drafter(deployment.speculative),
        spread=spread_of(catalogue, model, accelerator, engine, version_known),
    )
    unknown = None
    if accelerator.cuda_total_bytes is None:
        card = f"how much memory the card '{deployment.gpu}' gives to CUDA"
        unknown = card if deployment.gpu else "the card, which is not stated"
    return ReadDeployment(config, unknown or kv_unknown)


def _checkpoint(deployment: Deployment, model: Model, scheme: QuantizationScheme, catalogue: Catalogue) -> Checkpoint:
    """The catalogue's checkpoint of that id when it is stored as stated, else one that stands for the description."""
    for known in catalogue.checkpoints:
        same = known.id.lower() == deployment.model.lower()
        if same and (deployment.quantization is None or known.precision == scheme.precision):
            return known
    return Checkpoint(
        id=deployment.model,
        model=model.id,
        precision=scheme.precision,
        scheme=scheme.id,
        publisher="community",
        auto=False,
        min_compute_capability=(7, 5),
        status="derived",
        quality="not in the catalogue",
        source="description of a deployment",
        date=READ_ON,
    )


def _items(limits: str | Mapping[str, int] | None, model: Model) -> dict[str, int]:
    """Items of each kind that requests may carry; a kind without a limit is on."""
    stated = parse_limits(limits) if isinstance(limits, str) else dict(limits or {})
    return {kind: stated.get(kind, 1) for kind in ITEM_KINDS if kind in model.inputs and stated.get(kind, 1) > 0}


def parse_limits(text: str) -> dict[str, int]:
    """Counts in prose such as "image 0, audio 0" or "image/video/audio 0"."""
    limits: dict[str, int] = {}
    kinds = "|".join(ITEM_KINDS)
    for match in re.finditer(rf"((?:{kinds})(?:\s*/\s*(?:{kinds}))*)\W*?(\d+)", text):
        for kind in re.findall(kinds, match.group(1)):
            limits.setdefault(kind, int(match.group(2)))
    return limits


def _kv_element_bytes(text: str | None, checkpoint: Checkpoint, accelerator: Accelerator) -> tuple[int, str | None]:
    """(bytes of one KV element, or what is not known about it)."""
    dtype = (text or "auto").lower()
    if "per_token" in dtype or dtype.startswith(("int4", "nvfp4", "turboquant", "octave", "ultraquant")):
        return 1, f"the page size of a KV cache in {dtype}"
    if dtype.startswith("fp8"):
        return 1, None
    declared = checkpoint.kv_cache_declared == "fp8" and dtype.startswith(("auto", "default"))
    return (1 if declared and accelerator.compute_capability >= (8, 9) else 2), None


def _has_drafter(text: str | None) -> bool:
    return bool(text) and not str(text).lower().startswith("none")
