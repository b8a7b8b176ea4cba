"""Rule: pods are hardened at least as their namespace demands, and nothing talks to them that was not let through.

A preview judges whatever makes pods, the platform's own too, except charts; the level of each team's namespace; and that the
namespace denies what no NetworkPolicy allows. Admission judges the models, pods and NetworkPolicies of teams, and namespaces.
Pod Security itself refuses what is below the namespace's level; this rule is stricter than its `baseline`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from components.kubernetes.team_namespace import BASELINE, RESTRICTED, TEAM_LABEL
from policy.rules import network_isolation, pod_security
from policy.rules.network_isolation import NO_DENIAL
from policy.rules.record import Record, compared, comparing, says
from policy.rules.resource_types import INFERENCE_SERVICE, NAMESPACE
from policy.rules.rule import UNKNOWN, AdmissionPolicy, Context, Finding, Resource, Rule, Validation
from policy.rules.team_namespaces import team_namespaces
from policy.rules.workload import Engine

LEVEL = "pod-security.kubernetes.io/"
#: Levels that a namespace of a team may enforce; the other modes tell what `restricted` would refuse.
LEVELS = {"enforce": (RESTRICTED, BASELINE), "warn": (RESTRICTED,), "audit": (RESTRICTED,)}
#: A version of the standard; `latest` would change with the cluster.
PINNED = "^v1[.][0-9]+$"

WRONG_LEVEL = (
    f"a team's namespace enforces the Pod Security level {RESTRICTED} or {BASELINE}, warns of and audits {RESTRICTED}, and pins "
    "the version of each"
)
UNMARKED = f"a team's namespace keeps its label '{TEAM_LABEL}'"
NO_ROOT = "its image runs without root by its sizing record, so that it needs runAsNonRoot: true and readOnlyRootFilesystem: true"


def check(resource: Resource, context: Context) -> list[Finding]:
    """What is too weak about a namespace's level, a NetworkPolicy or pods."""
    wrong = [*_level(resource), *network_isolation.faults(resource), *pod_security.faults(resource)]
    return [Finding(f"{resource.name}: {words}.") for words in wrong]


def _level(resource: Resource) -> Iterator[str]:
    if resource.type != NAMESPACE or resource.at("metadata", "labels", TEAM_LABEL) is None:
        return
    unlike = [
        label
        for mode, levels in LEVELS.items()
        for label, complies in (
            (f"{LEVEL}{mode}", resource.at("metadata", "labels", f"{LEVEL}{mode}") in levels),
            (f"{LEVEL}{mode}-version", _is_pinned(resource.at("metadata", "labels", f"{LEVEL}{mode}-version"))),
        )
        if not complies
    ]
    if unlike:
        unknown = any(resource.at("metadata", "labels", label) is UNKNOWN for label in unlike)
        yield f"{WRONG_LEVEL}: {', '.join(unlike)}{'; not known before the update: write plain values' if unknown else ''}"


def _is_pinned(version: Any) -> bool:
    return isinstance(version, str) and re.search(PINNED, version) is not None


def check_stack(resources: Sequence[Resource], context: Context) -> list[Finding]:
    """Namespaces of teams without default-deny, and engines with more rights than their images need."""
    everything = list(resources)
    open_ones = [
        Finding(f"{namespace.name}: the namespace lets all through: {NO_DENIAL.removeprefix('its ')}.")
        for namespace in team_namespaces(everything)
        if network_isolation.missing(namespace, everything)
    ]
    return [*open_ones, *compared(everything, _with_root)]


def _with_root(engine: Engine, published: Record) -> list[str]:
    if not published.get("run_as"):
        return []
    context = "securityContext"
    own = engine.of_container(context, "runAsNonRoot")
    user = engine.of_pod(context, "runAsNonRoot") if own is None else own
    read_only = engine.of_container(context, "readOnlyRootFilesystem")
    return [] if user is True and read_only is True else [NO_ROOT]


def admission(_: Context) -> tuple[AdmissionPolicy, ...]:
    """The same of what reaches the cluster."""
    marked = f'metadata.?labels[?"{TEAM_LABEL}"].hasValue()'
    levels = " && ".join(
        f'{_label(f"{LEVEL}{mode}")} in {json.dumps(allowed)} && {_label(f"{LEVEL}{mode}-version")}.matches("{PINNED}")'
        for mode, allowed in LEVELS.items()
    )
    of_pod = "variables.predictor.?securityContext.?runAsNonRoot.orValue(false)"
    return (
        AdmissionPolicy(
            name="pod-hardening-namespaces",
            resources=(("", "v1", "namespaces"),),
            team_namespaces=False,
            match_conditions=(
                ("of-a-team", f'object.{marked} || (request.operation == "UPDATE" && oldObject.{marked})'),
            ),
            validations=(
                Validation(f"object.{marked}", f"{UNMARKED}.", f'object.metadata.name + ": {UNMARKED}."'),
                Validation(levels, f"{WRONG_LEVEL}.", f'object.metadata.name + ": {WRONG_LEVEL}."'),
            ),
        ),
        AdmissionPolicy(
            name="pod-hardening-models",
            resources=(("serving.kserve.io", "v1beta1", "inferenceservices"),),
            variables=pod_security.MODEL_VARIABLES,
            validations=pod_security.validations(baseline_holds=False),
        ),
        AdmissionPolicy(
            name="pod-hardening-pods",
            resources=(("", "v1", "pods"),),
            variables=pod_security.POD_VARIABLES,
            validations=pod_security.validations(baseline_holds=True),
            autogen=True,
        ),
        comparing(
            "pod-hardening-root",
            (
                Validation(
                    "variables.record.?run_as.orValue(null) == null || (variables.user == true && variables.read_only == true)",
                    f"{NO_ROOT}.",
                    says(f"{NO_ROOT}."),
                ),
            ),
            (
                ("user", f"variables.engine.?securityContext.?runAsNonRoot.orValue({of_pod})"),
                ("read_only", "variables.engine.?securityContext.?readOnlyRootFilesystem.orValue(false)"),
            ),
        ),
        *network_isolation.admission(),
    )


def _label(key: str) -> str:
    return f'object.metadata.?labels[?"{key}"].orValue("")'


def applies(resource_type: str) -> bool:
    """Whatever has pods, and what surrounds them."""
    return (
        resource_type in (NAMESPACE, INFERENCE_SERVICE)
        or pod_security.has_pods(resource_type)
        or network_isolation.judges(resource_type)
    )


RULE = Rule(
    id="pod-hardening",
    title="Pods are hardened, and each team's namespace denies what nobody allowed",
    why="a model server takes requests from strangers; what it could do to its node and neighbours is what a break-in can do",
    fix="leave the pod to the platform, or set the securityContext that the message names",
    severity="critical",
    applies=applies,
    check=check,
    admission=admission,
    check_stack=check_stack,
)
