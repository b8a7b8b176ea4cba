"""A sizing record as plain data: what is published for other programs, and what `--json` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from components.sizing.catalogue import RunAs
from components.sizing.engine_arguments import COMMAND, adapter_path, engine_arguments
from components.sizing.figures import figures
from components.sizing.parameters import count_parameters
from components.sizing.record import SizingRecord
from components.sizing.speed import Band, longest_generation_seconds

#: Version of this form; fields are only ever added within one.
FORM = 1


def published(record: SizingRecord, weights: str | None = None, drafter: str | None = None) -> dict[str, Any]:
    """The record as plain data: sizes in bytes per GPU, money as text, the same for the same input.

    `weights` and `drafter` are where the engine reads them; the checkpoints' ids without.
    """
    budget, config = record.budget, record.budget.config
    uri = weights or config.checkpoint.id
    counts = count_parameters(config.model)
    return {
        "form": FORM,
        "deployment": record.demand.key,
        "model": config.model.id,
        "labels": record.labels,
        "parameters": {"total": counts.total, "active": counts.active},
        "checkpoint": config.checkpoint.id,
        "revision": config.checkpoint.revision,
        "precision": config.checkpoint.precision,
        "engine": config.engine.version,
        "image": record.image,
        "placement": record.placement,
        "runs_on": record.runs_on,
        "region": record.region,
        "zones": list(record.zones),
        "machine_type": record.machine_type,
        "accelerator": record.accelerator,
        "gpu_count": record.gpu_count,
        "replicas_per_host": record.replicas_per_host,
        "purchase_option": record.purchase_option,
        "reservation": record.reservation,
        "ladder": [
            {
                "option": rung.option,
                "usd_per_hour": None if rung.usd_per_hour is None else str(rung.usd_per_hour),
                "reservation": rung.reservation,
                "confirmed": rung.confirmed,
            }
            for rung in record.ladder
        ],
        "verdict": str(budget.fit),
        "usable_bytes": budget.usable_bytes,
        "needed_bytes": budget.needed_bytes,
        "spare_bytes": budget.spare_bytes,
        "terms": [
            {
                "name": term.name,
                "low_bytes": term.low_bytes,
                "typical_bytes": term.typical_bytes,
                "high_bytes": term.high_bytes,
                "source": term.source,
            }
            for term in budget.terms
        ],
        "replicas": [record.min_replicas, record.max_replicas],
        "max_num_seqs": record.max_num_seqs,
        "target_concurrency": record.target_concurrency,
        "max_model_len": config.max_model_len,
        "max_answer_tokens": record.max_answer_tokens,
        "longest_generation_seconds": longest_generation_seconds(record),
        "drafter": config.checkpoint.drafter if config.drafter else None,
        "num_speculative_tokens": config.tokens_ahead,
        "adapters": [
            {
                "name": adapter.name,
                "rank": adapter.rank,
                "source": adapter.source,
                "revision": adapter.revision,
                "path": adapter_path(adapter),
            }
            for adapter in record.demand.adapters
        ],
        "overrides": record.overrides,
        "override_reason": record.override_reason,
        "run_as": _run_as(record.run_as),
        "vcpu": record.vcpu,
        "memory_gib": record.memory_gib,
        "shared_memory_gib": record.shared_memory_gib,
        "disk_gib": record.disk_gib,
        "startup_seconds": record.startup_seconds,
        "startup_probe_seconds": record.startup_probe_seconds,
        "usd_per_hour": str(record.usd_per_hour),
        "price_source": record.price_source,
        "usd_per_month": str(record.usd_per_month),
        "usd_per_million_tokens": _band(record.usd_per_million_tokens),
        "decode_tokens_per_second": _band(record.decode_tokens_per_second),
        "first_token_seconds": _band(record.first_token_seconds),
        "command": list(COMMAND),
        "arguments": engine_arguments(record, uri, drafter),
        "environment": dict(sorted(record.environment.items())),
        "reason": record.reason,
        "rejected": [{"choice": lost.choice, "reason": lost.reason} for lost in record.rejected],
        "figures": [asdict(figure) for figure in figures(record)],
    }


def _band(band: Band) -> dict[str, float]:
    return {"worst": round(band.worst, 4), "typical": round(band.typical, 4), "best": round(band.best, 4)}


def _run_as(user: RunAs | None) -> dict[str, Any] | None:
    return None if user is None else user.model_dump(mode="json", exclude={"date"})
