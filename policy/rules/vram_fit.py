"""Rule: what a resource tells the engine to do fits the GPUs that the resource asks for.

Reads the resource's own image, arguments, GPU and load annotations, never a team's file, and asks the same sizing that placed it.
What cannot be read or computed is a violation: a model that may not start is not let through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.kubernetes.engine_pod import (
    ACCELERATOR_LABEL,
    CONTAINER,
    GPU_RESOURCE,
    PLATFORM_ACCELERATOR_LABEL,
)
from components.served_model import FULL_CONTEXT_REQUESTS, TYPICAL_TOKENS
from components.sizing.catalogue import Catalogue
from components.sizing.engine_arguments import COMMAND, read_arguments
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.errors import SizingError
from components.sizing.memory import Fit, assess
from components.sizing.refusal import refusal
from policy.rules.required_labels import CLOUD_RUN_SERVICE, INFERENCE_SERVICE
from policy.rules.rule import UNKNOWN, Context, Finding, Resource, Rule


@dataclass(frozen=True, slots=True)
class Workload:
    """An engine as a resource declares it. Any field may hold UNKNOWN or something of a wrong type."""

    subject: str
    image: Any
    arguments: Any
    accelerator: Any
    gpu_count: Any
    annotations: Any


def workload_of(resource: Resource) -> Workload | None:
    """The engine that the resource runs, or None when it asks for no GPU and does not start vLLM."""
    if resource.type == INFERENCE_SERVICE:
        pod, annotations = ("spec", "predictor"), ("metadata", "annotations")
        # on the pools of a ladder the GPU stands under the platform's own label
        labels = (ACCELERATOR_LABEL, PLATFORM_ACCELERATOR_LABEL)
        named = [value for label in labels if (value := resource.at(*pod, "nodeSelector", label)) is not None]
        accelerator = named[0] if named else None
        container = _container(resource, pod)
        command, arguments = "command", "args"
    elif resource.type == CLOUD_RUN_SERVICE:
        pod, annotations = ("template",), ("annotations",)
        accelerator = resource.at(*pod, "nodeSelector", "accelerator")
        container = _container(resource, pod)
        command, arguments = "commands", "args"
    else:
        return None
    start = (*pod, "containers", container)
    gpu_count = resource.at(*start, "resources", "limits", GPU_RESOURCE)
    words = _joined(resource.at(*start, command), resource.at(*start, arguments))
    starts_vllm = words is UNKNOWN or (isinstance(words, list) and words[:2] == list(COMMAND))
    if gpu_count is None and accelerator is None and not starts_vllm:
        return None
    return Workload(
        subject=resource.name,
        image=resource.at(*start, "image"),
        arguments=words,
        accelerator=accelerator,
        gpu_count=gpu_count,
        annotations=resource.at(*annotations),
    )


def judge(workload: Workload, context: Context) -> list[str]:
    """Violations of one workload; empty when its engine fits."""
    try:
        config, load, gpus = _read(workload, context.catalogue)
    except SizingError as error:
        return [f"{workload.subject}: memory cannot be judged, so it is refused: {error}"]
    if config.tensor_parallel_size != gpus:
        return [
            f"{workload.subject}: --tensor-parallel-size is {config.tensor_parallel_size} but the resource asks for {gpus} "
            f"x {config.accelerator.id}; " + _fit_hint(config, load, gpus)
        ]
    budget = assess(config, load)
    excused = budget.fit is Fit.UNKNOWN and workload.subject in context.allow_unknown
    if excused or budget.fit is Fit.FITS or (budget.fit is Fit.TIGHT and context.allow_tight):
        return []
    return [
        refusal(
            workload.subject,
            budget,
            context.catalogue,
            "GPU, checkpoint, --max-model-len or --max-num-seqs of this resource, or the team file it comes from",
        )
    ]


def check(resource: Resource, context: Context) -> list[Finding]:
    """Violations of one resource."""
    workload = workload_of(resource)
    return [] if workload is None else [Finding(message) for message in judge(workload, context)]


def _fit_hint(config: EngineConfig, load: Load, gpus: int) -> str:
    """Whether the engine would fit with as many GPUs as its arguments need."""
    needed = assess(config, load)
    verb = "fits" if needed.fit is Fit.FITS else "does not fit either"
    return f"{config.gpus} {verb}: ask for {config.tensor_parallel_size} GPUs, or set --tensor-parallel-size={gpus}"


def _container(resource: Resource, pod: tuple[str, ...]) -> int:
    """Index of the container that holds the GPU; else of KServe's own container; else 0."""
    containers = resource.at(*pod, "containers")
    indices = range(len(containers) if isinstance(containers, list) else 0)
    for index in indices:
        if resource.at(*pod, "containers", index, "resources", "limits", GPU_RESOURCE) is not None:
            return index
    return next((i for i in indices if resource.at(*pod, "containers", i, "name") == CONTAINER), 0)


def _joined(command: Any, arguments: Any) -> Any:
    """Command and arguments as one list of words; UNKNOWN when any part is."""
    words: list[Any] = []
    for part in (command, arguments):
        if part is UNKNOWN:
            return UNKNOWN
        words += part if isinstance(part, list) else []
    return UNKNOWN if any(word is UNKNOWN for word in words) else words


def _read(workload: Workload, catalogue: Catalogue) -> tuple[EngineConfig, Load, int]:
    """(engine, load, GPUs) of a workload. Raises SizingError for what is unknown, missing or not understood."""
    image = _text(workload.image, "the image")
    accelerator = catalogue.accelerator(_text(workload.accelerator, "the accelerator (node selector)"))
    gpus = _count(workload.gpu_count, f"the limit '{GPU_RESOURCE}'")
    if workload.arguments is UNKNOWN or not isinstance(workload.arguments, list):
        raise SizingError("the engine's arguments are not known before the update; write them as plain values")
    config = read_arguments([str(word) for word in workload.arguments], image, accelerator, catalogue)
    return config, _load(workload.annotations, config), gpus


def _load(annotations: Any, config: EngineConfig) -> Load:
    """The load that the resource states, or, without one, what its flags promise: every sequence at full length."""
    if annotations is UNKNOWN:
        raise SizingError("the annotations are not known before the update; write them as plain values")
    stated = annotations if isinstance(annotations, Mapping) else {}
    if FULL_CONTEXT_REQUESTS not in stated and TYPICAL_TOKENS not in stated:
        return Load(config.max_num_seqs, config.max_num_seqs, config.max_model_len)
    return Load(
        concurrent_requests=config.max_num_seqs,
        full_context_requests=_count(stated.get(FULL_CONTEXT_REQUESTS), f"the annotation '{FULL_CONTEXT_REQUESTS}'", 0),
        typical_tokens=_count(stated.get(TYPICAL_TOKENS), f"the annotation '{TYPICAL_TOKENS}'"),
    )


def _text(value: Any, what: str) -> str:
    if value is UNKNOWN:
        raise SizingError(f"{what} is not known before the update; write it as a plain value")
    if not isinstance(value, str) or not value:
        raise SizingError(f"{what} is missing")
    return value


def _count(value: Any, what: str, least: int = 1) -> int:
    if value is UNKNOWN:
        raise SizingError(f"{what} is not known before the update; write it as a plain value")
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if value is None or not text.isdecimal() or int(text) < least:
        raise SizingError(
            f"{what} is {'missing' if value is None else repr(value)}, not a whole number of at least {least}"
        )
    return int(text)


RULE = Rule(
    id="vram-fit",
    title="A model fits the GPUs that its resource asks for",
    why="an engine that runs out of GPU memory fails minutes after the deployment looked fine",
    fix="ask for less context or fewer requests at once, another precision, or a GPU that the message names",
    severity="critical",
    applies=lambda resource_type: resource_type in (INFERENCE_SERVICE, CLOUD_RUN_SERVICE),
    check=check,
)
