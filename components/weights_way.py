"""How weights reach an engine: by what they are, how large they are, and where the engine runs. The one place of this rule. Pure.

- **Adapters** are files of a read-only FUSE mount, on GKE and on Cloud Run: the engine reads them from a file system only.
- **A checkpoint and its drafter** are streamed from the bucket by the Run:ai streamer, which needs safetensors, as all of the
  catalogue are, and is in the engine's image. It is the fastest way that anybody has measured, and needs no container beside the
  engine and no memory for a cache.
- **On Cloud Run** the platform's engineers may ask for mounts instead (`cloud_run.weights: mount`), for a network in which the
  streamer does not get through. A mount is slow, and Cloud Run's probe waits for so long and no longer: a checkpoint is mounted
  only up to the size at which a third of that time still suffices, and only where the team's `max_cold_start_seconds` bears it.
  Others are streamed all the same, and a preview says so. On GKE a mount of a checkpoint would need its size in memory beside
  the engine to be fast, so none is offered.

Sources of the figures, and of what a mount needs: docs.cloud.google.com/run/docs/configuring/services/gpu-best-practices;
docs.cloud.google.com/kubernetes-engine/docs/how-to/persistent-volumes/run-ai-model-streamer (2026);
GoogleCloudPlatform/accelerated-platforms online-inference-gpu/vllm (cache of the mount in memory, 2026).
"""

from __future__ import annotations

from math import ceil

from components.served_model import MOUNT, STREAM
from components.sizing.catalogue import GIB
from components.sizing.engine_config import EngineConfig
from components.sizing.lora import adapter_bytes
from components.sizing.record import SizingRecord
from components.sizing.record_making import CLOUD_RUN_PROBE_LIMIT_SECONDS, PROBE_FACTOR
from components.sizing.speed import BOOT_SECONDS, LOAD_GIB_PER_S
from components.sizing.weights import checkpoint_bytes

#: What a mount reads at worst: 58.28 GiB in "twenty minutes" without the streamer, on Cloud Run with RTX PRO 6000
#: (leeharden.com/posts/running-gemma4-on-cloud-run, 2026); others saw its reads stall for 15 minutes (three.ws, 2026-10).
MOUNT_GIB_PER_S = 58.28 / (20 * 60)
#: Largest checkpoint that is mounted: PROBE_FACTOR times its estimated start is within what Cloud Run's probe may wait.
LARGEST_MOUNT_GIB = (CLOUD_RUN_PROBE_LIMIT_SECONDS / PROBE_FACTOR - BOOT_SECONDS) * MOUNT_GIB_PER_S


def checkpoint_gib(record: SizingRecord) -> float:
    """Size of the checkpoint as it lies in the bucket."""
    config = record.budget.config
    return checkpoint_bytes(config.model, config.checkpoint, config.scheme) / GIB


def weights_way(record: SizingRecord, on_cloud_run: str) -> str:
    """How the checkpoint of a deployment is read; `on_cloud_run` is what the environment asks for there."""
    if on_cloud_run not in (STREAM, MOUNT):
        raise ValueError(f"weights is '{on_cloud_run}'; allowed: {STREAM}, {MOUNT}")
    asked, goal = record.runs_on == "cloud-run" and on_cloud_run == MOUNT, record.demand.max_cold_start_seconds
    fast_enough = not record.demand.scale_to_zero or goal is None or start_seconds(record, MOUNT) <= goal
    return MOUNT if asked and checkpoint_gib(record) <= LARGEST_MOUNT_GIB and fast_enough else STREAM


def start_seconds(record: SizingRecord, way: str) -> int:
    """Estimate of a start, in whole minutes, what is mounted at a mount's pace: the record's own takes all for streamed."""
    config = record.budget.config
    mounted = _adapters_gib(config) + (checkpoint_gib(record) if way == MOUNT else 0)
    return record.startup_seconds + 60 * ceil(mounted * (1 / MOUNT_GIB_PER_S - 1 / LOAD_GIB_PER_S) / 60)


def probe_seconds(record: SizingRecord, way: str) -> int:
    """How long a start may take: with a mounted checkpoint all that Cloud Run allows, since the estimate is poor."""
    return CLOUD_RUN_PROBE_LIMIT_SECONDS if way == MOUNT else record.startup_probe_seconds


def _adapters_gib(config: EngineConfig) -> float:
    return config.max_loras * adapter_bytes(config.model, config.max_lora_rank) / GIB if config.max_loras else 0.0
