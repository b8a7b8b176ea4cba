"""Rows of quantization.yaml, checkpoints.yaml and drafters.yaml: how weights are stored, and which checkpoints exist."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components.sizing.catalogue.row import ComputeCapability, Identified, Row

#: What a team may name as `precision`.
Precision = Literal["bf16", "fp8", "w4a16", "nvfp4", "int4", "mobile"]

#: Parts of a model that one scheme can store in fewer bits; `parameters.py` counts each.
QuantizedPart = Literal["attention", "mlp", "experts", "per_layer_projections", "embedding", "per_layer_embedding"]

#: A commit of the source's repository, or the digest of a manifest (sorted name, bytes and CRC32C of every object).
Revision = Annotated[str, Field(pattern=r"^([0-9a-f]{40}|sha256:[0-9a-f]{64})$")]


class QuantizationScheme(Identified):
    """How many bytes a parameter takes, by part. What is not listed stays in bf16."""

    precision: Precision
    quantizes: tuple[QuantizedPart, ...]
    #: Bits of one stored weight.
    bits: float
    #: Weights that share one scale, and the bytes of that scale; 0 where scales are too few to count.
    group_size: int = 0
    scale_bytes: int = 0
    #: Experts are split over ranks in whole groups only.
    splits_experts_by_group: bool = False
    #: Quantised by the engine while loading: the bf16 weights must fit first.
    online: bool = False

    __hash__ = Identified.__hash__

    def bytes_per_parameter(self, part: str) -> float:
        """Bytes that one parameter of that part takes, its share of the scale included."""
        if part not in self.quantizes:
            return 2.0
        scales = self.scale_bytes / self.group_size if self.group_size else 0.0
        return self.bits / 8 + scales


class ResidentSize(Row):
    """What a log printed as "Model loading took", GiB on one GPU."""

    gib: float
    text_only: bool = False
    tensor_parallel_size: int = 1
    engine: str | None = None
    source: str


class Checkpoint(Identified):
    """One published set of weights of a model."""

    model: str
    precision: Precision
    scheme: str
    publisher: Literal["google", "organisation", "community"]
    #: Name of its licence where it is another than its model's.
    licence: str | None = None
    #: `precision: auto` may choose it: the publisher's bf16 and QAT w4a16, and FP8 by a named organisation.
    auto: bool
    #: None where no source states it; the loader then records the digest of the manifest that it copied.
    revision: Revision | None = None
    #: Bytes of all files. None = computed from the parameters.
    disk_bytes: int | None = None
    #: The files hold a copy of the embedding as output head.
    ships_output_head: bool = False
    #: Size in GPU memory as published, for a scheme that does not tell it.
    resident_gib: float | None = None
    min_compute_capability: ComputeCapability
    note: str | None = None
    #: Carries scales for an fp8 KV cache, so that fp8 KV needs no permission of the environment.
    kv_scales: bool = False
    #: Its configuration makes the engine's automatic KV dtype this one.
    kv_cache_declared: Literal["fp8"] | None = None
    status: Literal["measured", "derived", "infeasible"]
    quality: str
    measured_resident: tuple[ResidentSize, ...] = ()
    #: The multi-token-prediction drafter made for it.
    drafter: str | None = None

    __hash__ = Identified.__hash__


class Drafter(Identified):
    """A multi-token-prediction drafter: a checkpoint of its own, served beside those that name it."""

    model: str
    #: None where no public pin was found; the loader then records the digest of the manifest that it copied.
    revision: Revision | None = None
    #: Bytes of all weight files. None = two for each parameter.
    disk_bytes: int | None = None

    __hash__ = Identified.__hash__
