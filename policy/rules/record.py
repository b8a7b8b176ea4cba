"""The published sizing record of a deployment, as the rules compare an InferenceService with it, in both forms.

The record is a ConfigMap in the namespace of the InferenceService (`components/kubernetes/gemma_deployment.py`); the platform
alone writes it. A model without one, or with another deployment's, is refused by every rule that compares.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from components.kubernetes.engine_pod import ACCELERATOR_LABEL, CONTAINER, GPU_RESOURCE, PLATFORM_ACCELERATOR_LABEL
from components.kubernetes.inference_service import MODE
from components.labels import TEAM
from components.served_model import RECORD_KEY, RECORD_PREFIX
from components.sizing.engine_arguments import COMMAND
from policy.rules.probe_times import PROGRESS_DEADLINE
from policy.rules.resource_types import INFERENCE_SERVICE
from policy.rules.rule import UNKNOWN, AdmissionPolicy, Finding, Resource, Validation
from policy.rules.workload import PARTS, Engine, deployment_of, engine_of

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
Record = Mapping[str, Any]
#: Records by the name of their ConfigMap, each with its namespace.
Records = Mapping[Any, Sequence[tuple[Any, Record]]]

NO_RECORD = "no sizing record is published for it"
OTHER_RECORD = "its sizing record is another deployment's"
WAY_OUT = "deploy it through the platform, which sizes it and publishes the record"


def records_in(resources: Iterable[Resource]) -> Records:
    """What ConfigMaps publish, to be looked up by the name of the deployment."""
    found: dict[Any, list[tuple[Any, Record]]] = defaultdict(list)
    for one in resources:
        name = one.at("metadata", "name") if one.type == CONFIG_MAP else None
        if isinstance(name, str) and name.startswith(RECORD_PREFIX):
            found[name].append((one.at("metadata", "namespace"), content_of(one)))
    return found


def published(resource: Resource, records: Records) -> Record | str:
    """The record of an InferenceService, or in half a sentence why there is none."""
    name, namespace = resource.at("metadata", "name"), resource.at("metadata", "namespace")
    if not isinstance(name, str):
        return "its name is not known before the update, so its sizing record cannot be found; write a plain value"
    found = [
        record
        for own, record in records.get(RECORD_PREFIX + name, ())
        if own == namespace or UNKNOWN in (own, namespace)
    ]
    if not found:
        return f"{NO_RECORD}; {WAY_OUT}"
    wanted = deployment_of(resource)
    of_others = f"{OTHER_RECORD}, not that of {wanted}; {WAY_OUT}"
    return next((record for record in found if record.get("deployment") == wanted), of_others)


def content_of(config_map: Resource) -> Record:
    """The record in a ConfigMap; empty where it is not known or no record: that is no deployment's."""
    written = config_map.at("data", RECORD_KEY)
    return _parsed(written) if isinstance(written, str) else {}


# eight rules read the same records, hundreds of them in a large stack
@lru_cache(maxsize=4096)
def _parsed(written: str) -> Record:
    try:
        record = json.loads(written)
    except json.JSONDecodeError:
        return {}
    return record if isinstance(record, dict) else {}


def compared(resources: Sequence[Resource], differences: Callable[[Engine, Record], list[str]]) -> list[Finding]:
    """What `differences` finds between each InferenceService with an engine and its record, in half sentences."""
    findings, records = [], records_in(resources)
    for resource in resources:
        engine = engine_of(resource) if resource.type == INFERENCE_SERVICE else None
        if engine is None or resource.at("metadata", "deletionTimestamp") is not None:
            continue
        record = published(resource, records)
        wrong = [record] if isinstance(record, str) else differences(engine, record)
        findings += [Finding(f"{engine.subject}: {sentence}.") for sentence in wrong]
    return findings


def _has(path: str) -> str:
    return f"{path}.hasValue()"


GPU_LIMIT = f'?resources.?limits[?"{GPU_RESOURCE}"]'

#: CEL variables about an InferenceService. They mean what `workload.py` says of the same names.
VARIABLES: tuple[tuple[str, str], ...] = (
    ("predictor", "object.?spec.?predictor.orValue({})"),
    (
        "containers",
        "variables.predictor.?containers.orValue([]) + "
        "(has(variables.predictor.model) ? [variables.predictor.model] : [])",
    ),
    (
        "candidates",
        f"variables.containers.filter(c, {_has(f'c.{GPU_LIMIT}')}) + "
        f'variables.containers.filter(c, c.?name.orValue("") == "{CONTAINER}") + variables.containers',
    ),
    ("engine", "variables.candidates.size() > 0 ? variables.candidates[0] : {}"),
    ("words", "variables.engine.?command.orValue([]) + variables.engine.?args.orValue([])"),
    ("node_selector", "variables.predictor.?nodeSelector.orValue({})"),
    (
        "accelerators",
        f'["{ACCELERATOR_LABEL}", "{PLATFORM_ACCELERATOR_LABEL}"]'
        '.map(label, variables.node_selector[?label].orValue("")).filter(value, value != "")',
    ),
    (
        "runs_engine",
        f"{_has(f'variables.engine.{GPU_LIMIT}')} || variables.accelerators.size() > 0 || "
        f'(variables.words.size() > 1 && variables.words[0] == "{COMMAND[0]}" && variables.words[1] == "{COMMAND[1]}")',
    ),
    ("name", 'object.metadata.?name.orValue("")'),
    ("deployment", f'object.metadata.?labels[?"{TEAM}"].orValue("") + "/" + variables.name'),
    (
        "record_object",
        f'dyn(resource.get("v1", "configmaps", object.metadata.namespace, "{RECORD_PREFIX}" + variables.name))',
    ),
    (
        "record_text",
        f'variables.record_object == null ? "" : string(variables.record_object.?data[?"{RECORD_KEY}"].orValue(""))',
    ),
    ("record", 'variables.record_text == "" ? {} : json.unmarshal(variables.record_text)'),
    (
        "all_containers",
        "[" + ", ".join(f'"{part}"' for part in PARTS) + "].map(part, object.spec[?part].?containers.orValue([]) + "
        "object.spec[?part].?initContainers.orValue([]) + object.spec[?part].?model.optMap(m, [m]).orValue([])).flatten()",
    ),
)

#: Only what would be served otherwise is judged: while an update has written the record and not yet the model, KServe's own marks
#: and a pause must still get through. What is being deleted is let through by every policy.
CONDITIONS: tuple[tuple[str, str], ...] = (
    (
        "serves-otherwise",
        'request.operation != "UPDATE" || object.spec != oldObject.spec || '
        "object.metadata.?labels != oldObject.metadata.?labels || "
        f'["{MODE}", "{PROGRESS_DEADLINE}"].exists(key, '
        "object.metadata.?annotations[?key] != oldObject.metadata.?annotations[?key])",
    ),
)

#: Every policy that compares begins with these, since one that is waived must not open another.
PUBLISHED: tuple[Validation, ...] = (
    Validation(
        'variables.record_text != ""',
        f"{NO_RECORD}; {WAY_OUT}.",
        f'object.metadata.name + ": {NO_RECORD}; {WAY_OUT}."',
    ),
    Validation(
        'variables.record.?deployment.orValue("") == variables.deployment',
        f"{OTHER_RECORD}; {WAY_OUT}.",
        f'object.metadata.name + ": {OTHER_RECORD}, not that of " + variables.deployment + "; {WAY_OUT}."',
    ),
)


def says(words: str, *parts: str) -> str:
    """A message of CEL: the name, `words`, then each of `parts`, CEL expressions of text."""
    return " + ".join(["object.metadata.name", json.dumps(f": {words}"), *parts])


def comparing(
    name: str, validations: Sequence[Validation], variables: Sequence[tuple[str, str]] = ()
) -> AdmissionPolicy:
    """A policy on the InferenceServices of teams: those with an engine need a record, and then what `validations` say."""
    return AdmissionPolicy(
        name=name,
        resources=(("serving.kserve.io", "v1beta1", "inferenceservices"),),
        match_conditions=CONDITIONS,
        variables=(*VARIABLES, *variables),
        validations=tuple(
            Validation(f"!variables.runs_engine || ({check.expression})", check.message, check.message_expression)
            for check in (*PUBLISHED, *validations)
        ),
    )
