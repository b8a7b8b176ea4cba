"""The request that a resource's inputs stand for, and all that Google's description finds wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.google_api.discovery import Method, Place, Schema, described, failures, load
from tests.google_api.mapping import ANY, Leaf, Problem, Table, object_leaves, object_targets


@dataclass(frozen=True, slots=True)
class Request:
    """A request, and the property that each of its places comes from."""

    method: Method
    body: dict[str, Any]
    leaves: list[Leaf]
    problems: list[Problem]

    def origin(self, place: Place) -> str:
        """The property of a place in the body, or of the nearest object around it."""
        origins = {leaf.place: leaf.origin for leaf in self.leaves if not leaf.parameter}
        while place and place not in origins:
            place = place[:-1]
        return origins.get(place, "")


def method_of(table: Table) -> Method:
    name, _, path = table.method.partition(":")
    return load(name).method(path)


def make_request(table: Table, inputs: Mapping[str, Any]) -> Request:
    """The request that creates a resource of these inputs."""
    found = list(object_leaves(table.fields, table.always, inputs, table.inside, ""))
    leaves = [leaf for leaf in found if isinstance(leaf, Leaf)]
    root: dict[str | int, Any] = {}
    for leaf in leaves:
        if not leaf.parameter:
            _put(root, leaf)
    return Request(method_of(table), _with_lists(root), leaves, [x for x in found if isinstance(x, Problem)])


def complaints(table: Table, token: str, name: str, inputs: Mapping[str, Any]) -> list[str]:
    """One sentence for each thing that is wrong: resource, property, place in the request, and what is allowed."""
    request = make_request(table, inputs)
    method, who = request.method, f"{token} '{name}'"
    found = [f"{who}: {problem.origin}: {problem.reason}" for problem in request.problems]
    for place, reason in failures(method, method.request, request.body):
        found.append(f"{who}: {request.origin(place) or 'it'} -> {method.id}, body {text(place)}: {reason}")
    for leaf in request.leaves:
        if leaf.parameter:
            for _, reason in failures(method, method.parameters[str(leaf.place[0])], leaf.value):
                found.append(f"{who}: {leaf.origin} -> {method.id}, URL parameter {leaf.place[0]}: {reason}")
        elif leaf.listed and not described(schema := schema_at(method, leaf.place), leaf.value):
            reason = f"'{leaf.value}' is not in Google's description: {schema.get('description')}"
            found.append(f"{who}: {leaf.origin} -> {method.id}, body {text(leaf.place)}: {reason}")
    return found


def deprecated(table: Table, inputs: Mapping[str, Any]) -> Iterator[str]:
    """The properties that go where Google calls a field or an object around it deprecated."""
    request = make_request(table, inputs)
    for leaf in request.leaves:
        if not leaf.parameter and leaf.value != {}:
            steps = [schema_at(request.method, leaf.place[:end]) for end in range(1, len(leaf.place) + 1)]
            if any(step.get("deprecated") for step in steps):
                yield leaf.origin


def table_faults(table: Table) -> Iterator[str]:
    """What is wrong with a table itself: places that the API does not have."""
    method = method_of(table)
    for leaf in object_targets(table.fields, table.always, table.inside, ""):
        if leaf.parameter:
            if leaf.place[0] not in method.parameters:
                yield f"{leaf.origin}: {method.id} has no parameter {leaf.place[0]}"
            continue
        try:
            schema = schema_at(method, leaf.place)
        except KeyError as error:
            yield f"{leaf.origin}: {method.id} has no {text(leaf.place)} ({error})"
            continue
        if schema.get("readOnly"):
            yield f"{leaf.origin}: {text(leaf.place)} is output only"
        if isinstance(leaf.value, list) != (schema["type"] == "array") and leaf.value is not None:
            yield f"{leaf.origin}: {text(leaf.place)} is {schema['type']}"


def schema_at(method: Method, place: Place) -> Schema:
    """The schema of a place in the body: the field's own words with the type that it refers to. KeyError when there is none."""
    schema: Schema = method.document.resolve(method.request)
    for step in place:
        if isinstance(step, int) or (step == ANY and schema["type"] == "array"):
            field = schema["items"]
        else:
            fields = schema.get("properties", {})
            field = fields[step] if step in fields else schema["additionalProperties"]
        schema = {**method.document.resolve(field), **field}
    return schema


def text(place: Place) -> str:
    """A place as people write it: nodePool.config.accelerators[0].acceleratorType."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".") or "(whole)"


def _put(root: dict[str | int, Any], leaf: Leaf) -> None:
    if not leaf.place:
        return
    *outer, last = leaf.place
    here = root
    for step in outer:
        here = here.setdefault(step, {})
    if leaf.value != {} or last not in here:
        here[last] = {} if leaf.value == {} else leaf.value


def _with_lists(value: Any) -> Any:
    """The same with lists for the objects whose keys are positions."""
    if not isinstance(value, dict):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [_with_lists(value[key]) for key in sorted(value)]
    return {key: _with_lists(member) for key, member in value.items()}
