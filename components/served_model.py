"""What a runtime needs of a sizing record to serve the model, as plain values that a component can take."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from components.sizing.catalogue import RunAs
from components.sizing.engine_arguments import COMMAND, adapter_path, engine_arguments
from components.sizing.record import SizingRecord
from components.time_limits import TimeLimits

#: Annotations that tell the load for which a resource was sized, so that a policy can judge it by itself.
FULL_CONTEXT_REQUESTS = "gemma-platform/full-context-requests"
TYPICAL_TOKENS = "gemma-platform/typical-tokens"

#: How the name of the ConfigMap begins that holds a sizing record (the deployment's name follows), the label that marks it, and
#: the key that the record is under. Rules find records by them.
RECORD_PREFIX, RECORD_LABEL, RECORD_KEY = "sizing-", "gemma-platform/sizing-record", "record.json"
#: Annotations of a service on Cloud Run, which has no ConfigMap beside it: what it is expected to cost, and at most.
USD_PER_MONTH, USD_PER_MONTH_PEAK = "gemma-platform/usd-per-month", "gemma-platform/usd-per-month-peak"

#: The weights are in the bucket and nothing may be fetched from a hub, nor usage reported, at start.
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}

#: How the weights reach the engine: read from the bucket by the Run:ai streamer, or as files of a read-only FUSE mount.
STREAM, MOUNT = "stream", "mount"
#: Folder below which checkpoints are mounted.
MOUNT_ROOT = "/models"


class ServedModelArgs(TypedDict):
    """One replica of an engine with its model, and how many of it."""

    image: str
    """Container image of the engine."""
    command: list[str]
    """Command of the container."""
    arguments: list[str]
    """Arguments of the command."""
    environment: dict[str, str]
    """Environment variables."""
    accelerator: str
    """Google Cloud's name of the GPU."""
    accelerator_count: int
    """GPUs of one replica."""
    vcpu: int
    """CPU cores of one replica."""
    memory_gib: int
    """Memory of one replica, GiB."""
    shared_memory_gib: int
    """Shared memory of one replica, GiB."""
    min_replicas: int
    """Fewest replicas."""
    max_replicas: int
    """Most replicas."""
    concurrency: int
    """Requests that one replica runs at once."""
    target_concurrency: int
    """Requests a replica at which another one is started."""
    startup_probe_seconds: int
    """How long a start may take."""
    progress_deadline_seconds: int
    """How long a new revision may take until it is given up, a new node included."""
    request_seconds: int
    """Longest request, which is also how long a stopping replica may finish its answers."""
    spread_over_zones: bool
    """Replicas stand in different zones."""
    mode: str
    """On GKE: `Knative`, or `Standard`."""
    paused: bool
    """Stopped, but not deleted."""
    canary_percent: NotRequired[int]
    """Share of the requests that a new revision gets; the one before it keeps the rest. Without it the new one gets all."""
    first_token_ms: NotRequired[int]
    """Goal for the time to the first token."""
    run_as_user: NotRequired[int]
    """User id with which the image is known to run without root."""
    run_as_group: NotRequired[int]
    """Group id of that user."""
    writable_paths: list[str]
    """Folders that the engine writes, where its root file system is read-only; empty where that is not known to work."""
    bucket_name: str
    """Bucket with the weights, and with all that is mounted."""
    mounted: dict[str, str]
    """Folders of that bucket that the engine reads as files, by where they are mounted: LoRA adapters."""
    reads: list[str]
    """Folders of that bucket that it reads beside its checkpoint: a drafter's and adapters'."""
    annotations: dict[str, str]
    """The load it was sized for."""


def weights_folder(checkpoint: str, revision: str | None) -> str:
    """Folder of the bucket in which one revision of a checkpoint lies; the checkpoint's own where no revision is named."""
    return f"{checkpoint}/{revision}" if revision else checkpoint


def weights_mount(folder: str) -> str:
    """Where a folder is mounted; it holds the checkpoint's id, by which a policy knows what is served."""
    return f"{MOUNT_ROOT}/{folder}"


def weights_place(weights: str, bucket: str, folder: str) -> str:
    """What the engine is told to load. Raises ValueError for a way that there is not."""
    if weights not in (STREAM, MOUNT):
        raise ValueError(f"weights is '{weights}'; allowed: {STREAM}, {MOUNT}")
    return f"gs://{bucket}/{folder}" if weights == STREAM else weights_mount(folder)


def model_argument(arguments: Sequence[str]) -> str:
    """What `arguments` tell the engine to load: the first of them, or the value of --model; empty when neither is there."""
    for argument in arguments:
        if argument.startswith("--model="):
            return argument.removeprefix("--model=")
    first = arguments[0] if arguments else ""
    return "" if first.startswith("-") else first


def served_name(arguments: Sequence[str]) -> str:
    """Name of the model in requests, as `arguments` state it."""
    return next(a.partition("=")[2] for a in arguments if a.startswith("--served-model-name="))


def restricted_user(record: SizingRecord) -> RunAs | None:
    """As whom the engine's image is known to run without root and with a root file system that it cannot write; None unknown."""
    return record.run_as if record.run_as is not None and record.run_as.restricted is True else None


def served_model(
    record: SizingRecord,
    weights: str,
    limits: TimeLimits,
    *,
    mode: str,
    bucket_name: str,
    drafter: str | None = None,
    reads: Sequence[str] = (),
    image: str | None = None,
    paused: bool = False,
    canary_percent: int | None = None,
) -> ServedModelArgs:
    """The arguments that stand for `record`, weights read from `weights`: the gs:// folder, or the mount of it.

    The streamer reads either, so only the place differs; `drafter` is where the drafter lies, if there is one. `image` stands in
    for the record's, for a mirror of it; the others are those of ServedModelArgs.
    """
    load, user = record.budget.load, restricted_user(record)
    model = ServedModelArgs(
        image=image or record.image,
        command=list(COMMAND),
        arguments=engine_arguments(record, weights, drafter),
        environment={**OFFLINE, **record.environment},
        accelerator=record.accelerator,
        accelerator_count=record.gpu_count,
        vcpu=record.vcpu,
        memory_gib=record.memory_gib,
        shared_memory_gib=record.shared_memory_gib,
        min_replicas=record.min_replicas,
        max_replicas=record.max_replicas,
        concurrency=record.max_num_seqs,
        target_concurrency=record.target_concurrency,
        startup_probe_seconds=record.startup_probe_seconds,
        progress_deadline_seconds=limits.progress_deadline,
        request_seconds=limits.request,
        spread_over_zones=record.demand.high_availability,
        mode=mode,
        paused=paused,
        writable_paths=list(user.writable) if user else [],
        bucket_name=bucket_name,
        mounted={adapter_path(adapter): adapter.folder for adapter in record.demand.adapters},
        reads=list(reads),
        annotations={
            FULL_CONTEXT_REQUESTS: str(load.full_context_requests),
            TYPICAL_TOKENS: str(load.typical_tokens),
        },
    )
    if user is not None:
        model["run_as_user"], model["run_as_group"] = user.user_id, user.group_id
    if canary_percent is not None:
        model["canary_percent"] = canary_percent
    if record.demand.first_token_ms is not None:
        model["first_token_ms"] = record.demand.first_token_ms
    return model
