"""Rule: what a resource tells the engine to do fits the GPUs that the resource asks for.

Preview: reads the resource's own image, arguments, GPU and load annotations, never a team's file, and asks the same sizing that
placed it. What cannot be read or computed is a violation: a model that may not start is not let through.
Admission, and the stack as a whole: the model is the one of its published sizing record, whose verdict is allowed here. A pod of
a team that asks for a GPU belongs to a deployment with a record; its arguments are not compared, since pods of the revision
before a change are started anew too while the change is under way.
"""

from __future__ import annotations

from collections.abc import Sequence

from components.kubernetes.engine_pod import GPU_RESOURCE, INFERENCE_SERVICE_LABEL
from components.served_model import RECORD_PREFIX
from components.sizing.engine_config import EngineConfig, Load
from components.sizing.errors import SizingError
from components.sizing.memory import Fit, assess
from components.sizing.refusal import refusal
from policy.rules import record
from policy.rules.record import CONFIG_MAP, Record, compared, comparing, says
from policy.rules.rule import UNKNOWN, AdmissionPolicy, Context, Finding, Resource, Rule, Validation
from policy.rules.workload import Engine, Workload, applies, deployment_of, engine_of, read

#: In `Context.advisory`: a tight fit is told, and stops nothing.
ADVISES_TIGHT = "vram-fit-tight"
POD = "kubernetes:core/v1:Pod"

VERDICT = "its sizing record's verdict is not allowed in this environment"
IMAGE = "its image is not that of its sizing record"
ARGUMENTS = "its command or arguments are not those of its sizing record"
LEFT_OUT = "nothing; words are left out, or stand in another order"
STRANGE_POD = "asks for a GPU and belongs to no deployment with a sizing record"
DEPLOY = "change the team file and run `make up`, which sizes the deployment anew"


def findings_of(workload: Workload, context: Context, key: str) -> list[Finding]:
    """Violations of one workload; none when its engine fits. `key` is `<team>/<deployment>`."""
    try:
        config, load, gpus = read(workload, context.catalogue)
    except SizingError as error:
        return [Finding(f"{workload.subject}: memory cannot be judged, so it is refused: {error}")]
    if config.tensor_parallel_size != gpus:
        return [
            Finding(
                f"{workload.subject}: --tensor-parallel-size is {config.tensor_parallel_size} but the resource asks for "
                f"{gpus} x {config.accelerator.id}; " + _fit_hint(config, load, gpus)
            )
        ]
    budget = assess(config, load)
    excused = budget.fit is Fit.UNKNOWN and key in context.allow_unknown
    if excused or budget.fit is Fit.FITS or (budget.fit is Fit.TIGHT and context.allow_tight):
        return []
    change = "GPU, checkpoint, --max-model-len or --max-num-seqs of this resource, or the team file it comes from"
    message = refusal(workload.subject, budget, context.catalogue, change)
    return [Finding(message, advisory=budget.fit is Fit.TIGHT and ADVISES_TIGHT in context.advisory)]


def check(resource: Resource, context: Context) -> list[Finding]:
    """Violations of one resource."""
    engine = engine_of(resource)
    return [] if engine is None else findings_of(engine.workload, context, deployment_of(resource))


def check_stack(resources: Sequence[Resource], context: Context) -> list[Finding]:
    """InferenceServices that are not what their records say, and pods with a GPU that no record stands for."""

    def differences(engine: Engine, published: Record) -> list[str]:
        return _differences(engine, published, context)

    pods = [resource for resource in resources if resource.type == POD]
    strange = [
        Finding(f"{pod.name}: {STRANGE_POD}; {record.WAY_OUT}.")
        for pod in pods
        if _asks_for_gpu(pod) and not _has_record(pod, resources)
    ]
    return [*compared(resources, differences), *strange]


def _differences(engine: Engine, published: Record, context: Context) -> list[str]:
    wrong = []
    verdict, key = published.get("verdict"), str(published.get("deployment"))
    if verdict not in _verdicts(context) and not (verdict == Fit.UNKNOWN and key in context.allow_unknown):
        wrong.append(f"{VERDICT}: '{verdict}'; {DEPLOY}")
    if engine.workload.image != published.get("image"):
        wrong.append(f"{IMAGE}, {published.get('image')}; {DEPLOY}")
    if engine.of_container("command") != published.get("command") or (
        engine.of_container("args") != published.get("arguments")
    ):
        words = engine.workload.arguments if isinstance(engine.workload.arguments, list) else []
        known = [*_list(published.get("command")), *_list(published.get("arguments"))]
        other = ", ".join(str(word) for word in words if word not in known)
        wrong.append(f"{ARGUMENTS}, which has none of: {other or LEFT_OUT}; {DEPLOY}")
    return wrong


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _verdicts(context: Context) -> list[str]:
    tight = context.allow_tight or ADVISES_TIGHT in context.advisory
    return [Fit.FITS.value, *([Fit.TIGHT.value] if tight else [])]


def _asks_for_gpu(pod: Resource) -> bool:
    """True also where it is not known whether it does."""
    for kind in ("containers", "initContainers"):
        found = pod.at("spec", kind)
        for index in range(len(found) if isinstance(found, list) else 0):
            if pod.at("spec", kind, index, "resources", "limits", GPU_RESOURCE) is not None:
                return True
        if found is UNKNOWN:
            return True
    return False


def _has_record(pod: Resource, resources: Sequence[Resource]) -> bool:
    name, namespace = pod.at("metadata", "labels", INFERENCE_SERVICE_LABEL), pod.at("metadata", "namespace")
    return isinstance(name, str) and any(
        other.type == CONFIG_MAP
        and other.at("metadata", "name") == RECORD_PREFIX + name
        and other.at("metadata", "namespace") == namespace
        for other in resources
    )


def _fit_hint(config: EngineConfig, load: Load, gpus: int) -> str:
    """Whether the engine would fit with as many GPUs as its arguments need."""
    needed = assess(config, load)
    verb = "fits" if needed.fit is Fit.FITS else "does not fit either"
    return f"{config.gpus} {verb}: ask for {config.tensor_parallel_size} GPUs, or set --tensor-parallel-size={gpus}"


def admission(context: Context) -> tuple[AdmissionPolicy, ...]:
    """InferenceServices are what their records say; GPU pods have a record."""
    verdict = 'variables.record.?verdict.orValue("")'
    verdicts, unknown = _cel_list(_verdicts(context)), _cel_list(sorted(context.allow_unknown))
    services = comparing(
        "vram-fit",
        (
            Validation(
                f'{verdict} in {verdicts} || ({verdict} == "{Fit.UNKNOWN}" && variables.deployment in {unknown})',
                f"{VERDICT}; {DEPLOY}.",
                says(f"{VERDICT}: '", verdict, f'"\'; {DEPLOY}."'),
            ),
            Validation(
                'variables.engine.?image.orValue("") == variables.record.?image.orValue("none")',
                f"{IMAGE}; {DEPLOY}.",
                says(f"{IMAGE}, ", 'variables.record.?image.orValue("none")', f'"; {DEPLOY}."'),
            ),
            Validation(
                'variables.engine.?command.orValue([]) == variables.record.?command.orValue(["none"]) && '
                'variables.engine.?args.orValue([]) == variables.record.?arguments.orValue(["none"])',
                f"{ARGUMENTS}; {DEPLOY}.",
                says(
                    f"{ARGUMENTS}, which has none of: ",
                    'variables.other_words.join(", ")',
                    f'"; {DEPLOY}."',
                ),
            ),
        ),
        (
            (
                "other_words",
                "variables.words.filter(word, !(word in variables.record.?arguments.orValue([])) && "
                "!(word in variables.record.?command.orValue([])))",
            ),
        ),
    )
    gpu = f'?resources.?limits[?"{GPU_RESOURCE}"].hasValue()'
    pods = AdmissionPolicy(
        name="vram-fit-pods",
        resources=(("", "v1", "pods"),),
        variables=(
            (
                "asks_for_gpu",
                f"object.spec.containers.exists(c, c.{gpu}) || object.spec.?initContainers.orValue([]).exists(c, c.{gpu})",
            ),
            ("deployment_name", f'object.metadata.?labels[?"{INFERENCE_SERVICE_LABEL}"].orValue("")'),
        ),
        validations=(
            Validation(
                '!variables.asks_for_gpu || (variables.deployment_name != "" && dyn(resource.get("v1", "configmaps", '
                f'object.metadata.namespace, "{RECORD_PREFIX}" + variables.deployment_name)) != null)',
                f"this pod {STRANGE_POD}; {record.WAY_OUT}.",
            ),
        ),
        operations=("CREATE",),
    )
    return services, pods


def _cel_list(values: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


RULE = Rule(
    id="vram-fit",
    title="A model fits the GPUs that its resource asks for",
    why="an engine that runs out of GPU memory fails minutes after the deployment looked fine",
    fix="ask for less context or fewer requests at once, another precision, or a GPU that the message names",
    severity="critical",
    applies=lambda resource_type: applies(resource_type) or resource_type == POD,
    check=check,
    admission=admission,
    check_stack=check_stack,
)
