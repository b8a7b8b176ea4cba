"""The engine that a resource runs: found in the resource and read as sizing understands it, for the rules about engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.kubernetes.engine_pod import (
    ACCELERATOR_LABEL,
    CONTAINER,
    GPU_RESOURCE,
    PLATFORM_ACCELERATOR_LABEL,
)
from components.labels import TEAM
from components.served_model import FULL_CONTEXT_REQUESTS, TYPICAL_TOKENS
from components.sizing.catalogue import Catalogue
from components.sizing.engine_arguments import COMMAND, read_arguments
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.errors import SizingError
from policy.rules.resource_types import CLOUD_RUN_SERVICE, INFERENCE_SERVICE
from policy.rules.rule import UNKNOWN, Context, Finding, Resource

Path = tuple[str | int, ...]

#: On the pools of a ladder the GPU stands under the platform's own label.
ACCELERATOR_LABELS = (ACCELERATOR_LABEL, PLATFORM_ACCELERATOR_LABEL)
#: Parts of an InferenceService that have pods of their own (KServe 0.20.0).
PARTS = ("predictor", "transformer", "explainer")


@dataclass(frozen=True, slots=True)
class Workload:
    """An engine as a resource declares it. Any field may hold UNKNOWN or something of a wrong type."""

    subject: str
    image: Any
    arguments: Any
    accelerator: Any
    gpu_count: Any
    annotations: Any


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine and where it stands in its resource: the template of its pods, and its container."""

    resource: Resource
    pod: Path
    container: Path
    workload: Workload

    def of_pod(self, *path: str | int) -> Any:
        """A value of the pods' template."""
        return self.resource.at(*self.pod, *path)

    def of_container(self, *path: str | int) -> Any:
        """A value of its container."""
        return self.resource.at(*self.container, *path)

    @property
    def on_cloud_run(self) -> bool:
        """True where Cloud Run runs it, which knows no requests and chooses hosts by itself."""
        return self.resource.type == CLOUD_RUN_SERVICE

    @property
    def subject(self) -> str:
        """How messages name it."""
        return self.workload.subject


def applies(resource_type: str) -> bool:
    """True for the types that may run an engine."""
    return resource_type in (INFERENCE_SERVICE, CLOUD_RUN_SERVICE)


def engine_of(resource: Resource) -> Engine | None:
    """The engine that the resource runs, or None when it asks for no GPU and does not start vLLM."""
    if resource.type == INFERENCE_SERVICE:
        pod, annotations, command = ("spec", "predictor"), ("metadata", "annotations"), "command"
        named = [value for label in ACCELERATOR_LABELS if (value := resource.at(*pod, "nodeSelector", label))]
        accelerator = named[0] if named else None
    elif resource.type == CLOUD_RUN_SERVICE:
        pod, annotations, command = ("template",), ("annotations",), "commands"
        accelerator = resource.at(*pod, "nodeSelector", "accelerator")
    else:
        return None
    container = _container(resource, pod)
    gpu_count = resource.at(*container, "resources", "limits", GPU_RESOURCE)
    words = _joined(resource.at(*container, command), resource.at(*container, "args"))
    starts_vllm = words is UNKNOWN or (isinstance(words, list) and words[:2] == list(COMMAND))
    if gpu_count is None and accelerator is None and not starts_vllm:
        return None
    image = resource.at(*container, "image")
    workload = Workload(resource.name, image, words, accelerator, gpu_count, resource.at(*annotations))
    return Engine(resource, pod, container, workload)


def deployment_of(resource: Resource) -> str:
    """`<team>/<deployment>`: of an InferenceService by its label and name, empty where they are not known; else the resource's
    name."""
    if resource.type != INFERENCE_SERVICE:
        return resource.name
    team, name = resource.at("metadata", "labels", TEAM), resource.at("metadata", "name")
    return f"{team}/{name}" if isinstance(team, str) and isinstance(name, str) else ""


def read(workload: Workload, catalogue: Catalogue) -> tuple[EngineConfig, Load, int]:
    """(engine, load, GPUs) of a workload. Raises SizingError for what is unknown, missing or not understood."""
    image = text(workload.image, "the image")
    accelerator = catalogue.accelerator(text(workload.accelerator, "the accelerator (node selector)"))
    gpus = count(workload.gpu_count, f"the limit '{GPU_RESOURCE}'")
    if workload.arguments is UNKNOWN or not isinstance(workload.arguments, list):
        raise SizingError("the engine's arguments are not known before the update; write them as plain values")
    config = read_arguments([str(word) for word in workload.arguments], image, accelerator, catalogue)
    return config, _load(workload.annotations, config), gpus


def check_engine(
    resource: Resource, context: Context, what: str, judge: Callable[[Engine, EngineConfig, int], list[Finding]]
) -> list[Finding]:
    """What `judge` says of the engine, its arguments as sizing reads them, and its GPUs; nothing where there is no engine.

    One that cannot be read is refused, since `what` of it cannot be judged.
    """
    engine = engine_of(resource)
    if engine is None:
        return []
    try:
        config, _, gpus = read(engine.workload, context.catalogue)
    except SizingError as error:
        return [Finding(f"{engine.subject}: {what} cannot be judged, so it is refused: {error}.")]
    return judge(engine, config, gpus)


def text(value: Any, what: str) -> str:
    """`value` as text. Raises SizingError that names `what` for anything else."""
    if value is UNKNOWN:
        raise SizingError(f"{what} is not known before the update; write it as a plain value")
    if not isinstance(value, str) or not value:
        raise SizingError(f"{what} is missing")
    return value


def count(value: Any, what: str, least: int = 1) -> int:
    """`value` as a whole number. Raises SizingError that names `what` for anything else."""
    if value is UNKNOWN:
        raise SizingError(f"{what} is not known before the update; write it as a plain value")
    written = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if value is None or not written.isdecimal() or int(written) < least:
        raise SizingError(
            f"{what} is {'missing' if value is None else repr(value)}, not a whole number of at least {least}"
        )
    return int(written)


def containers(resource: Resource, pod: Path) -> list[Path]:
    """Where the containers of a pod's template stand; that of a KServe runtime's model is one of them."""
    listed = _listed(resource.at(*pod, "containers"))
    found: list[Path] = [(*pod, "containers", index) for index, _ in enumerate(listed)]
    return [*found, (*pod, "model")] if resource.at(*pod, "model") is not None else found


def gpus_elsewhere(engine: Engine) -> bool:
    """True where a container of an InferenceService that is not the engine's asks for GPUs, or may do so."""
    if engine.on_cloud_run:
        return False
    resource = engine.resource
    for part in PARTS:
        first = resource.at("spec", part, "initContainers")
        before: list[Path] = [("spec", part, "initContainers", index) for index, _ in enumerate(_listed(first))]
        for place in (*containers(resource, ("spec", part)), *before):
            if place != engine.container and resource.at(*place, "resources", "limits", GPU_RESOURCE) is not None:
                return True
        if UNKNOWN in (first, resource.at("spec", part, "containers")):
            return True
    return False


def _container(resource: Resource, pod: Path) -> Path:
    """The container that holds the GPU; else KServe's own container; else the first."""
    found = containers(resource, pod)
    for path in found:
        if resource.at(*path, "resources", "limits", GPU_RESOURCE) is not None:
            return path
    named = [path for path in found if resource.at(*path, "name") == CONTAINER]
    return [*named, *found, (*pod, "containers", 0)][0]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _joined(command: Any, arguments: Any) -> Any:
    """Command and arguments as one list of words; UNKNOWN when any part is."""
    words: list[Any] = []
    for part in (command, arguments):
        if part is UNKNOWN:
            return UNKNOWN
        words += part if isinstance(part, list) else []
    return UNKNOWN if any(word is UNKNOWN for word in words) else words


def _load(annotations: Any, config: EngineConfig) -> Load:
    """The load that the resource states, or, without one, what its flags promise: every sequence at full length."""
    if annotations is UNKNOWN:
        raise SizingError("the annotations are not known before the update; write them as plain values")
    stated = annotations if isinstance(annotations, Mapping) else {}
    if FULL_CONTEXT_REQUESTS not in stated and TYPICAL_TOKENS not in stated:
        return Load(config.max_num_seqs, config.max_num_seqs, config.max_model_len)
    return Load(
        concurrent_requests=config.max_num_seqs,
        full_context_requests=count(stated.get(FULL_CONTEXT_REQUESTS), f"the annotation '{FULL_CONTEXT_REQUESTS}'", 0),
        typical_tokens=count(stated.get(TYPICAL_TOKENS), f"the annotation '{TYPICAL_TOKENS}'"),
    )
