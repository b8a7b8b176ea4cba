"""What the tables share."""

from __future__ import annotations

from collections.abc import Mapping

from tests.google_api.mapping import Block, Drop, Rule, Table, To, Url, as_list, same

#: Arguments of the provider itself, of nearly all its resources.
DELETION: Mapping[str, Rule] = {
    "deletionPolicy": Drop("the provider's own: whether it deletes the resource, leaves it alone or refuses"),
    "deletionProtection": Drop("the provider's own: it refuses to delete while this is true"),
}

_MEMBER: Mapping[str, Rule] = {
    "role": To("role"),
    "member": To("members", as_list),
    "condition": Block("condition", same("title", "description", "expression")),
}


def member_table(method: str, resource: Mapping[str, Rule], policy: str | None = "policy") -> Table:
    """One member of a role: the provider reads the policy, adds this binding and writes it back."""
    inside = (policy, "bindings", 0) if policy else ("bindings", 0)
    return Table(method, {**_MEMBER, **resource}, inside=inside)


def parts(name: str, *properties: str) -> dict[str, Rule]:
    """Properties that together make the URL parameter `name`."""
    return {key: Url(name, part=True) for key in properties}
