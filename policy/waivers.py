"""Waivers: which resource may break which rule until when, who approved it and why. One file an environment.

`stacks/<environment>/waivers.yaml` is a list; what it says is checked as strictly as the settings are. A waiver counts until the
end of its last day in UTC, at preview and at admission alike: there it becomes a PolicyException of Kyverno with the same end.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from components.naming import Scope, Service, cloud_name
from components.sizing.errors import did_you_mean
from policy.judging import Waiver
from policy.rules.rule import Context, Rule
from stacks.problems import Path as FieldPath
from stacks.problems import Problem, field_name, line_of, problems_of
from stacks.setting_groups import Day, SettingsGroup
from stacks.team_file import Email
from stacks.yaml_source import read_yaml

#: Days before its end from which a preview warns of a waiver.
EXPIRY_WARNING_DAYS = 14
#: The one namespace whose exceptions Kyverno honours.
EXCEPTION_NAMESPACE = "kyverno"
#: `<namespace>/<name>`, or the name of what is in no namespace.
_OBJECT_NAME = re.compile(r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")


class WaiverForm(SettingsGroup):
    """One waiver as it is written."""

    rule: str = Field(description="Id of the rule.")
    resource: Annotated[str, Field(pattern=r"^\S+$")] = Field(
        description="Name of the resource as a preview shows it; for a Kubernetes object also <namespace>/<name>."
    )
    reason: Annotated[str, Field(min_length=10)] = Field(description="Why it may break the rule.")
    approver: Email = Field(description="E-mail address of who approved it.")
    expires: Day = Field(description="Last day on which it counts, in UTC.")


def waivers_file(environment: str) -> str:
    """Where the waivers of an environment are, inside the project."""
    return f"stacks/{environment}/waivers.yaml"


def read_waivers(root: Path, environment: str, rules: Iterable[str]) -> tuple[tuple[Waiver, ...], list[Problem]]:
    """(waivers, problems) of an environment of the project in folder `root`; none of either where it has no such file."""
    file, known = waivers_file(environment), list(rules)
    if not (root / file).is_file():
        return (), []
    data, lines, problems = read_yaml(root / file, file)
    if problems and data is None:
        return (), problems
    if not isinstance(data, list):
        message = "must be a list of waivers, each with rule, resource, reason, approver and expires; [] for none"
        return (), [*problems, Problem(file, 1, "", message)]
    waivers: list[Waiver] = []
    for index, row in enumerate(data):
        waiver, found = _read(row, index, file, lines, known)
        problems += found
        if waiver is None:
            continue
        twin = next((other for other in waivers if other.covers(waiver.rule, waiver.resource)), None)
        if twin is not None:
            message = f"'{waiver.rule}' is already waived for '{waiver.resource}' in {twin.place}"
            problems.append(_problem(message, file, lines, index, "resource"))
        waivers.append(waiver)
    return tuple(waivers), problems


def notices(waivers: Sequence[Waiver], today: datetime.date) -> tuple[list[str], list[str]]:
    """(what a preview warns of, what it tells): waivers that are over or end soon, and the others."""
    warnings, notes = [], []
    for waiver in waivers:
        what = f"{waiver.rule} of {waiver.resource}"
        if not waiver.holds_on(today):
            warnings.append(f"the waiver of {what} ended on {waiver.expires}; mend it or remove {waiver.place}")
            continue
        line = f"{what} is waived until {waiver.expires} by {waiver.approver}: {waiver.reason} ({waiver.place})"
        soon = waiver.expires <= today + datetime.timedelta(days=EXPIRY_WARNING_DAYS)
        (warnings if soon else notes).append(line)
    return warnings, notes


def without_effect(waivers: Iterable[Waiver]) -> list[str]:
    """What a preview says of waivers that let nothing through."""
    return [
        f"the waiver of {waiver.rule} of {waiver.resource} has no effect: the rule finds nothing wrong with a resource of that "
        f"name; remove {waiver.place}"
        for waiver in waivers
    ]


def exceptions(
    waivers: Iterable[Waiver], rules: Sequence[Rule], context: Context, labels: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The PolicyExceptions of the waivers that hold and whose rules judge at admission. `labels` are the objects' own.

    A resource that cannot be the name of a Kubernetes object gets none.
    """
    policies = {rule.id: [policy.name for policy in rule.admission(context)] for rule in rules}
    return [
        _exception(waiver, policies[waiver.rule], labels)
        for waiver in waivers
        if waiver.holds_on(context.today) and policies.get(waiver.rule) and _OBJECT_NAME.match(waiver.resource)
    ]


def _exception(waiver: Waiver, policies: Sequence[str], labels: Mapping[str, str]) -> dict[str, Any]:
    end = f"{waiver.expires + datetime.timedelta(days=1)}T00:00:00Z"
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "PolicyException",
        "metadata": {
            "name": f"waiver.{waiver.rule}.{waiver.resource.replace('/', '.')}",
            "namespace": EXCEPTION_NAMESPACE,
            "labels": dict(labels),
        },
        "spec": {
            "policyRefs": [{"name": name, "kind": "ValidatingPolicy"} for name in policies],
            "matchConditions": [{"name": "the-resource", "expression": _is_the_resource(waiver.resource)}],
            # what counts is the value, by which every policy asks the clock (policy/admission/manifests.py): expiresAt is looked
            # at only when Kyverno reads a policy anew, which may be never (1.19.1 pkg/cel/engine/exception.go)
            "allowedValues": [end],
            "expiresAt": end,
            "properties": {"reason": waiver.reason, "approved-by": waiver.approver},
        },
    }


def _is_the_resource(resource: str) -> str:
    """CEL that is true of the object, and of the pods of the model of that name."""
    namespace, _, name = resource.rpartition("/")
    # a deployment is also called <team>/<name>
    namespaces = [namespace, cloud_name(Service.NAMESPACE, Scope("", ""), namespace)] if namespace else [""]
    listed = ", ".join(f"'{one}'" for one in namespaces)
    named = f"object.metadata.?name.orValue('') == '{name}'"
    of_model = f"object.metadata.?labels[?'{INFERENCE_SERVICE_LABEL}'].orValue('') == '{name}'"
    return f"object.metadata.?namespace.orValue('') in [{listed}] && ({named} || {of_model})"


def _read(
    row: Any, index: int, file: str, lines: Mapping[FieldPath, int], known: Sequence[str]
) -> tuple[Waiver | None, list[Problem]]:
    try:
        form = WaiverForm.model_validate(row)
    except ValidationError as error:
        own = {path[1:]: line for path, line in lines.items() if path[:1] == (index,)}
        found = problems_of(error, WaiverForm, file, own)
        return None, [replace(problem, field=f"[{index}].{problem.field}".rstrip(".")) for problem in found]
    if form.rule not in known:
        message = f"unknown rule '{form.rule}'{did_you_mean(form.rule, known)}"
        return None, [_problem(message, file, lines, index, "rule")]
    place = f"{file}:{line_of((index,), lines)}"
    return Waiver(form.rule, form.resource, form.reason, form.approver, form.expires, place), []


def _problem(message: str, file: str, lines: Mapping[FieldPath, int], *path: str | int) -> Problem:
    return Problem(file, line_of(path, lines), field_name(path), message)
