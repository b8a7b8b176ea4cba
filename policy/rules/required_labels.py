"""Rule: whatever can carry labels carries the platform's, and they tell the truth: the team's, and that of the model served.

Preview: form everywhere; owner and cost centre as the team's file says, the team of the namespace, and the model labels of what
the arguments tell the engine to load. Arguments or a checkpoint that cannot be read are left to the rules about engines.
Admission: form, the namespace's labels, and the model labels of the sizing record. Only kinds that nothing but the platform
writes, or that carry what the platform wrote: InferenceServices, their pods, claims of storage, and namespaces. Controllers make
Services, ConfigMaps and the like in every namespace, without our labels. A pod is held to its team alone, not to owner, cost
centre or record: pods of the revision before a change are started anew while the change is under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.kubernetes.team_namespace import TEAM_LABEL
from components.labels import (
    COST_CENTER,
    KUBERNETES_KEYS,
    OWNER_GOOGLE,
    OWNER_KUBERNETES,
    PLATFORM_TEAM,
    TEAM,
    VALUE_PATTERN,
)
from components.naming import Scope, Service, cloud_name
from components.sizing.architecture_labels import (
    ACTIVE_PARAM_RATIO,
    MODEL_ARCHITECTURE,
    TOTAL_PARAMS,
    architecture_labels,
)
from components.sizing.errors import SizingError, did_you_mean
from components.sizing.named_rows import checkpoint_of_path
from policy.rules.label_form import places, wrong_labels
from policy.rules.record import Record, compared, comparing, says
from policy.rules.resource_types import NAMESPACE, POD
from policy.rules.rule import AdmissionPolicy, Context, Finding, Resource, Rule, TeamTruth, Validation
from policy.rules.served import model_path
from policy.rules.workload import Engine, engine_of

MODEL_KEYS = (MODEL_ARCHITECTURE, TOTAL_PARAMS, ACTIVE_PARAM_RATIO)
#: What a namespace of a team tells of it.
TEAM_KEYS = (OWNER_KUBERNETES, COST_CENTER, TEAM)
OTHER_TEAM = "are not the team's"
OTHER_MODEL = "model labels are not those of its sizing record"
OTHER_MARK = f"label '{TEAM_LABEL}' is not its label '{TEAM}'"


def check(resource: Resource, context: Context) -> list[Finding]:
    """One finding for each place of the resource whose labels are incomplete or untrue."""
    found = []
    expected = _expected_model(resource, context)
    for path, keys in places(resource.type):
        labels, where = resource.at(*path), ".".join(path)
        if wrong := wrong_labels(labels, keys):
            sentence = f"the labels at {where} {'; '.join(wrong)}. Needed: {', '.join(keys)}"
            found.append(Finding(f"{resource.name}: {sentence}."))
            continue
        untrue = [*_of_team(resource, labels, context), *_of_model(labels, expected)]
        found += [Finding(f"{resource.name}: the labels at {where} {sentence}.") for sentence in untrue]
    team, mark = (resource.at("metadata", "labels", key) for key in (TEAM, TEAM_LABEL))
    if resource.type == NAMESPACE and mark not in (None, team):
        found.append(Finding(f"{resource.name}: {OTHER_MARK}; write the team's name into both."))
    return found


def _of_team(resource: Resource, labels: Mapping[str, str], context: Context) -> list[str]:
    """What is untrue about the team, in half sentences; nothing where the stack has no team files."""
    if not context.teams:
        return []
    team, wrong = labels[TEAM], []
    of_namespace = _team_of_namespace(resource, context)
    if of_namespace is not None and of_namespace != team:
        wrong.append(f"say team '{team}' in the namespace of team '{of_namespace}'")
    truth = context.teams.get(team)
    if truth is None and team != PLATFORM_TEAM:
        nearest = did_you_mean(team, context.teams)
        wrong.append(f"say team '{team}', which has no team file{nearest}; write one, or '{PLATFORM_TEAM}'")
    # as at admission: a pod may be of the revision before the team's file changed
    return [*wrong, *(_not_as_in_file(labels, truth) if truth and resource.type != POD else [])]


def _not_as_in_file(labels: Mapping[str, str], truth: TeamTruth) -> list[str]:
    owner = OWNER_KUBERNETES if OWNER_KUBERNETES in labels else OWNER_GOOGLE
    told = {owner: truth.owner, COST_CENTER: truth.cost_center}
    return [
        f"say {key} '{labels[key]}'; {truth.file} says '{value}'; change one of them"
        for key, value in told.items()
        if labels[key] != value
    ]


def _team_of_namespace(resource: Resource, context: Context) -> str | None:
    """The team whose namespace the object is in, or is; None where it is in none, or not known yet."""
    name = resource.at("metadata", "name" if resource.type == NAMESPACE else "namespace")
    if not isinstance(name, str) or not resource.type.startswith("kubernetes:"):
        return None
    known = {cloud_name(Service.NAMESPACE, Scope("", ""), team): team for team in context.teams}
    # a namespace that is called like a team's and is none: the form of its name tells which team it pretends
    pretended = name.removeprefix("team-") if name.startswith("team-") else None
    return known.get(name, pretended)


def _expected_model(resource: Resource, context: Context) -> Mapping[str, str]:
    """The model labels of what the resource serves; empty where it serves nothing, or nothing that can be read."""
    engine = engine_of(resource)
    path = model_path(engine) if engine else None
    if path is None:
        return {}
    try:
        return architecture_labels(context.catalogue.model(checkpoint_of_path(path, context.catalogue).model))
    except SizingError:
        return {}


def _of_model(labels: Mapping[str, str], expected: Mapping[str, str]) -> list[str]:
    return [
        f"say {key} '{labels[key]}'; the model that the arguments name has '{value}'"
        for key, value in expected.items()
        if labels[key] != value
    ]


def check_stack(resources: Sequence[Resource], context: Context) -> list[Finding]:
    """InferenceServices whose model labels are not those of their sizing records."""

    def differences(engine: Engine, record: Record) -> list[str]:
        told = record.get("labels")
        known = told if isinstance(told, Mapping) else {}
        places_ = (("metadata", "labels"), ("spec", "predictor", "labels"))
        found = [(engine.resource.at(*place, key), known.get(key)) for place in places_ for key in MODEL_KEYS]
        return [OTHER_MODEL] if any(label != truth for label, truth in found) else []

    return compared(resources, differences)


def _listed(keys: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{key}"' for key in keys) + "]"


def _label(labels: str) -> str:
    """CEL: the label `key`, empty where there is none."""
    return f'{labels}[?key].orValue("")'


def _form(labels: str, where: str) -> Validation:
    wrong = f'!{_label(labels)}.matches("{VALUE_PATTERN}")'
    words = f"the labels at {where} lack, or hold with a value that does not match {VALUE_PATTERN}"
    keys = _listed(KUBERNETES_KEYS)
    return Validation(
        f"{keys}.all(key, !({wrong}))",
        f"{words}: one of {', '.join(KUBERNETES_KEYS)}.",
        f'"{words}: " + {keys}.filter(key, {wrong}).join(", ") + "."',
    )


def _as_namespace(labels: str, where: str, keys: Sequence[str]) -> Validation:
    other = f"{_label(labels)} != {_label('namespaceObject.metadata.?labels')}"
    words = f"the labels at {where} {OTHER_TEAM}, which its namespace has"
    return Validation(
        f"{_listed(keys)}.all(key, !({other}))",
        f"{words}: one of {', '.join(keys)}.",
        f'"{words}: " + {_listed(keys)}.filter(key, {other}).join(", ") + "."',
    )


def admission(_: Context) -> tuple[AdmissionPolicy, ...]:
    """Form and truth of the labels of what is billed, and of the namespaces that it is measured by."""
    outer, inner = "object.metadata.?labels", "object.?spec.?predictor.?labels"
    model = " || ".join(
        f'{_label(labels)} != variables.record.?labels[?key].orValue("none")' for labels in (outer, inner)
    )
    own = "metadata.labels"
    return (
        AdmissionPolicy(
            name="required-labels",
            resources=(("serving.kserve.io", "v1beta1", "inferenceservices"),),
            validations=(
                _form(outer, own),
                _form(inner, "spec.predictor.labels"),
                _as_namespace(outer, own, TEAM_KEYS),
                _as_namespace(inner, "spec.predictor.labels", TEAM_KEYS),
            ),
        ),
        comparing(
            "required-labels-models",
            (
                Validation(
                    f"{_listed(MODEL_KEYS)}.all(key, !({model}))",
                    f"{OTHER_MODEL}.",
                    says(f"{OTHER_MODEL}: ", f"{_listed(MODEL_KEYS)}.filter(key, {model}).join(', ')"),
                ),
            ),
        ),
        AdmissionPolicy(
            name="required-labels-pods",
            resources=(("", "v1", "pods"),),
            validations=(_form(outer, own), _as_namespace(outer, own, (TEAM,))),
        ),
        AdmissionPolicy(
            name="required-labels-storage",
            resources=(("", "v1", "persistentvolumeclaims"),),
            validations=(_form(outer, own), _as_namespace(outer, own, TEAM_KEYS)),
            # later its controllers write it: they bind and resize it
            operations=("CREATE",),
        ),
        AdmissionPolicy(
            name="required-labels-namespaces",
            resources=(("", "v1", "namespaces"),),
            validations=(
                _form(outer, own),
                Validation(
                    f'{outer}[?"{TEAM_LABEL}"] == {outer}[?"{TEAM}"]',
                    f"{OTHER_MARK}; write the team's name into both.",
                ),
            ),
        ),
    )


RULE = Rule(
    id="required-labels",
    title="Everything that can carry labels carries owner, cost centre, team and model labels, and they are true",
    why="cost and incidents are traced by these labels, and a label added later reloads the model",
    fix="write the labels where the resource is declared, as the team's file says, in lower-case letters, digits, - and _",
    severity="high",
    applies=lambda resource_type: bool(places(resource_type)),
    check=check,
    admission=admission,
    check_stack=check_stack,
)
