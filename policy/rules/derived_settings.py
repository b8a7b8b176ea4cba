"""Rule: what placement derives is what it derives: parallelism, memory fraction, batch, KV dtype, GPU and nodes.

A deployment departs from it by an override in the environment's settings alone, which has a reason and a last day. Sizing does
not compute data, pipeline and expert parallelism, nor engines over several nodes, so no override allows them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from components.kubernetes.engine_pod import COMPUTE_CLASS_LABEL, LADDER_PREFIX, POOL_LABEL
from components.sizing.capacity import GPU_MEMORY_UTILIZATION, batches_from
from components.sizing.engine_config import EngineConfig
from components.sizing.engine_defaults import largest_item
from policy.rules.record import Record, compared, comparing, says
from policy.rules.rule import UNKNOWN, AdmissionPolicy, Context, Finding, Resource, Rule, Validation
from policy.rules.workload import ACCELERATOR_LABELS, Engine, applies, check_engine, deployment_of

#: Node labels by which a pod of an engine may choose nodes; all others would go around placement.
NODE_LABELS = (*ACCELERATOR_LABELS, POOL_LABEL, COMPUTE_CLASS_LABEL)
#: Fields of `predictor` that choose nodes past placement, or spread one engine over several of them (KServe 0.20.0).
NOT_CHOSEN = ("nodeName", "workerSpec")
#: Words of a command line that say something derived, in every spelling that vLLM 0.33.0's parser takes. RE2 and Python alike.
DERIVED_FLAGS = (
    r"^(-tp|-pp|-dp|-ep|--(tensor|pipeline|data|decode|prefill)[-_].*parallel.*|--enable[-_]expert[-_]parallel"
    r"|--(gpu|device)[-_]memory[-_]utilization|--kv[-_]cache[-_].*|--max[-_]num[-_]batched[-_]tokens)(=.*)?$"
)

SETTINGS = "or write an override with reason and expiry into `overrides` of the environment's settings"
NOT_DERIVED = "derived arguments are not those of its sizing record"
OTHER_GPU = "its GPU is not that of its sizing record"
OTHER_POOL = "its pool is not of the machine type of its sizing record"
OTHER_NODES = f"chooses nodes otherwise than by {', '.join(NODE_LABELS)}"
NO_OVERRIDE = "its sizing record has overrides that the settings do not have, or no longer"
ANEW = "run `make up`, which sizes the deployment anew"


def check(resource: Resource, context: Context) -> list[Finding]:
    """What of the resource's own settings is not what placement would derive."""
    return check_engine(
        resource, context, "derived settings", lambda engine, config, gpus: _check(engine, config, gpus, context)
    )


def _check(engine: Engine, config: EngineConfig, gpus: int, context: Context) -> list[Finding]:
    decided = context.overrides.get(deployment_of(engine.resource), frozenset())
    wrong = [
        f"{words}; {_way_out(field)}"
        for field, words in _departures(config, gpus, context)
        if field is None or field not in decided
    ]
    if not engine.on_cloud_run:
        wrong += _wrong_nodes(engine)
    return [Finding(f"{engine.subject}: {sentence}.") for sentence in wrong]


def _way_out(field: str | None) -> str:
    return f"leave it to placement, {SETTINGS} ({field})" if field else "remove it: sizing does not compute it"


def _departures(config: EngineConfig, gpus: int, context: Context) -> list[tuple[str | None, str]]:
    """(field of an override that would allow it, what is wrong)."""
    found: list[tuple[str | None, str]] = []
    share = config.gpu_memory_utilization
    if share != GPU_MEMORY_UTILIZATION:
        wrong = f"--gpu-memory-utilization in force is {share:g}, derived is {GPU_MEMORY_UTILIZATION:g}"
        found.append(("gpu_memory_utilization", wrong))
    if config.tensor_parallel_size != gpus:
        found.append(
            (None, f"--tensor-parallel-size is {config.tensor_parallel_size}, the resource asks for {gpus} GPUs")
        )
    batches = batches_from(largest_item(config.model) if config.items.get("video") else 0)
    if config.max_num_batched_tokens not in batches:
        wrong = (
            f"--max-num-batched-tokens in force is {config.max_num_batched_tokens}, derived is one of {list(batches)}"
        )
        found.append(("max_num_batched_tokens", wrong))
    if config.kv_element_bytes == 1 and not (config.checkpoint.kv_scales or context.allow_fp8_kv):
        wrong = f"the KV cache is fp8, for which {config.checkpoint.id} has no scales"
        found.append(("kv_cache_dtype", wrong))
    for flag, value in (
        ("--data-parallel-size", config.data_parallel_size),
        ("--pipeline-parallel-size", config.pipeline_parallel_size),
    ):
        if value != 1:
            found.append((None, f"{flag} is {value}"))
    if config.expert_parallel:
        found.append((None, "--enable-expert-parallel is set"))
    return found


def _wrong_nodes(engine: Engine) -> list[str]:
    """What of the choice of nodes goes around placement. The accelerator itself was read as known before."""
    chosen = engine.of_pod("nodeSelector")
    labels = chosen if isinstance(chosen, Mapping) else {}
    wrong = [f"{OTHER_NODES}: {label}" for label in sorted(labels) if label not in NODE_LABELS]
    pool = labels.get(POOL_LABEL)
    if pool is UNKNOWN or not pool:
        state = "not known before the update" if pool is UNKNOWN else "missing"
        wrong.append(f"the node label '{POOL_LABEL}' is {state}; write the pool that the deployment was sized for")
    wrong += [f"{OTHER_NODES}: {field}" for field in NOT_CHOSEN if engine.of_pod(field) is not None]
    if engine.of_pod("affinity", "nodeAffinity") is not None:
        wrong.append(f"{OTHER_NODES}: affinity.nodeAffinity")
    return wrong


def check_stack(resources: Sequence[Resource], context: Context) -> list[Finding]:
    """InferenceServices whose derived settings are not those of their records, and records with overrides that nobody made."""

    def differences(engine: Engine, published: Record) -> list[str]:
        return _differences(engine, published, context)

    return compared(resources, differences)


def _differences(engine: Engine, published: Record, context: Context) -> list[str]:
    wrong = []
    words, known = _words(engine.workload.arguments), _words(published.get("arguments"))
    if other := sorted({*_derived(words)} ^ {*_derived(known)}):
        wrong.append(f"{NOT_DERIVED}: {', '.join(other)}; {ANEW}, {SETTINGS}")
    named = [value for label in ACCELERATOR_LABELS if (value := engine.of_pod("nodeSelector", label))]
    if named != [published.get("accelerator")]:
        wrong.append(f"{OTHER_GPU}, {published.get('accelerator')}; {ANEW}, {SETTINGS}")
    if not _is_of(engine.of_pod("nodeSelector", POOL_LABEL), published.get("machine_type")):
        wrong.append(f"{OTHER_POOL}, {published.get('machine_type')}; {ANEW}, {SETTINGS}")
    decided = context.overrides.get(str(published.get("deployment")), frozenset())
    overrides = published.get("overrides")
    if extra := sorted(set(overrides if isinstance(overrides, Mapping) else {}) - decided):
        wrong.append(f"{NO_OVERRIDE}: {', '.join(extra)}; {ANEW}, {SETTINGS}")
    return wrong


def _words(value: Any) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []


def _derived(words: Sequence[str]) -> list[str]:
    return [word for word in words if re.fullmatch(DERIVED_FLAGS, word)]


def _is_of(pool: Any, machine_type: Any) -> bool:
    name = str(pool).removeprefix(LADDER_PREFIX)
    return name == machine_type or name.startswith(f"{machine_type}-")


def admission(context: Context) -> tuple[AdmissionPolicy, ...]:
    """The same comparison with the record."""
    flags, cel_labels = json.dumps(DERIVED_FLAGS), json.dumps(list(NODE_LABELS))
    overrides = {key: sorted(fields) for key, fields in sorted(context.overrides.items())}
    fields = " + ".join(
        [f'(has(variables.predictor.{field}) ? ["{field}"] : [])' for field in NOT_CHOSEN]
        + ['(variables.predictor.?affinity.?nodeAffinity.hasValue() ? ["affinity.nodeAffinity"] : [])']
    )
    variables = (
        ("derived", f"variables.words.filter(word, word.matches({flags}))"),
        ("recorded", f"variables.record.?arguments.orValue([]).filter(word, word.matches({flags}))"),
        (
            "not_recorded",
            "variables.derived.filter(word, !(word in variables.recorded)) + "
            "variables.recorded.filter(word, !(word in variables.derived))",
        ),
        (
            "other_nodes",
            f"variables.node_selector.map(label, label).filter(label, !(label in {cel_labels})) + {fields}",
        ),
        ("pool_label", f'variables.node_selector[?"{POOL_LABEL}"].orValue("")'),
        (
            "pool",
            f'variables.pool_label.startsWith("{LADDER_PREFIX}") ? '
            f"variables.pool_label.substring({len(LADDER_PREFIX)}) : variables.pool_label",
        ),
        (
            "machine_type",
            'variables.record.?machine_type.orValue(null) == null ? "none" : variables.record.machine_type',
        ),
        (
            "allowed_overrides",
            f"dyn({json.dumps(overrides)})[?variables.deployment].orValue([])",
        ),
        (
            "other_overrides",
            "variables.record.?overrides.orValue({}).map(field, field)"
            ".filter(field, !(field in variables.allowed_overrides))",
        ),
    )
    end = f'"; {ANEW}, {SETTINGS}."'
    return (
        comparing(
            "derived-settings",
            (
                Validation(
                    "variables.not_recorded.size() == 0",
                    f"{NOT_DERIVED}; {ANEW}, {SETTINGS}.",
                    says(f"{NOT_DERIVED}: ", 'variables.not_recorded.join(", ")', end),
                ),
                Validation(
                    'variables.accelerators == [variables.record.?accelerator.orValue("none")]',
                    f"{OTHER_GPU}; {ANEW}, {SETTINGS}.",
                    says(f"{OTHER_GPU}, ", 'variables.record.?accelerator.orValue("none")', end),
                ),
                Validation(
                    'variables.pool == variables.machine_type || variables.pool.startsWith(variables.machine_type + "-")',
                    f"{OTHER_POOL}; {ANEW}, {SETTINGS}.",
                    says(f"{OTHER_POOL}, ", "variables.machine_type", end),
                ),
                Validation(
                    "variables.other_nodes.size() == 0",
                    f"{OTHER_NODES}.",
                    says(f"{OTHER_NODES}: ", 'variables.other_nodes.join(", ")', '"."'),
                ),
                Validation(
                    "variables.other_overrides.size() == 0",
                    f"{NO_OVERRIDE}; {ANEW}, {SETTINGS}.",
                    says(f"{NO_OVERRIDE}: ", 'variables.other_overrides.join(", ")', end),
                ),
            ),
            variables,
        ),
    )


RULE = Rule(
    id="derived-settings",
    title="Parallelism, memory fraction, KV dtype, GPU and nodes are those that sizing derives",
    why="a hand-set flag invalidates the memory that was computed, and nobody remembers later why it is there",
    fix="leave the setting to placement, or write an override with a reason and a last day into the environment's settings",
    severity="high",
    applies=applies,
    check=check,
    admission=admission,
    check_stack=check_stack,
)
