"""What must lie in the bucket, and be readable by the engine, beside the checkpoint itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.sizing.catalogue import Catalogue
from components.sizing.record import SizingRecord


@dataclass(frozen=True, slots=True)
class ExtraCheckpoint:
    """One of them: `id` is a checkpoint's id, or an adapter's folder in the bucket without its revision.

    A drafter without a known `revision` needs one from the environment, like any checkpoint; an adapter without one lies directly
    in its folder.
    """

    kind: Literal["drafter", "adapter"]
    id: str
    revision: str | None


def extra_checkpoints(record: SizingRecord, catalogue: Catalogue) -> tuple[ExtraCheckpoint, ...]:
    """The drafter, where one is used, and the adapters of a deployment."""
    config, found = record.budget.config, []
    if config.drafter and config.checkpoint.drafter is not None:
        drafter = catalogue.drafter(config.checkpoint.drafter)
        found.append(ExtraCheckpoint("drafter", drafter.id, drafter.revision))
    found += [ExtraCheckpoint("adapter", adapter.source, adapter.revision) for adapter in record.demand.adapters]
    return tuple(found)
