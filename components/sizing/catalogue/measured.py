"""Rows of measured.yaml: deployments that ran or failed in public, with what their logs printed; and the form of a deployment.

They are the evidence for the terms of the memory budget that no formula gives, for the speed estimate, and for their spreads.
"""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from components.sizing.catalogue.row import Row


class Deployment(BaseModel):
    """One engine somewhere, described as its operator would: names as printed, flags as given, null = flag not given.

    `gpu_memory_utilization` and the token counts are vLLM's flags. `limit_mm_per_prompt` is a mapping, or prose with counts
    ("image 0, audio 0"). Unknown fields are ignored, so that a row of logged results can be read as a deployment.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str = ""
    model: str
    quantization: str | None = None
    gpu: str | None = None
    gpu_count: int | None = None
    engine_version: str | None = None
    tensor_parallel_size: int | None = None
    max_model_len: int | None = None
    gpu_memory_utilization: float | None = None
    kv_cache_dtype: str | None = None
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    limit_mm_per_prompt: str | dict[str, int] | None = None
    enforce_eager: bool | None = None
    speculative: str | None = None


class Throughput(Row):
    """One speed that was printed. Rates are tokens per second; `decode` of one request where `requests` is 1, else of all."""

    requests: int = 1
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    decode: float | None = None
    prefill: float | None = None
    first_token_ms: float | None = None


class MeasuredCase(Deployment):
    """A deployment with what came of it. Sizes are GiB on one GPU, as the engine logged them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights_gib: float | None = None
    kv_avail_gib: float | None = None
    kv_tokens: int | None = None
    max_concurrency_x: float | None = None
    cuda_graphs_gib: float | None = None
    #: no-memory: refused or stopped for lack of memory. not-run: a manifest or a claim without a log.
    outcome: Literal["runs", "no-memory", "not-run"]
    throughput: tuple[Throughput, ...] = ()
    reliability: Literal["high", "med", "low"]
    source: str
    date: datetime.date

    def __hash__(self) -> int:
        return hash(self.id)
