"""The objects of a cluster that are the rules' business: what they judge at admission, and what they look up for that."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from components.kubernetes.team_namespace import TEAM_LABEL
from policy.audit.errors import WrongUseError
from policy.audit.state import answer_of
from policy.rules.resource_types import NAMESPACE
from policy.rules.rule import Context, Resource, Rule

#: What rules look up beside what they judge, as kubectl names it.
LOOKED_UP = (
    "namespaces",
    "configmaps",
    "resourcequotas",
    "networkpolicies.networking.k8s.io",
    "poddisruptionbudgets.policy",
)

Judged = dict[str, list[tuple[str, str, bool]]]


def judged_kinds(rules: Iterable[Rule], context: Context) -> Judged:
    """(group, plural, whether only in teams' namespaces) of what each rule judges at admission, by rule."""
    return {
        rule.id: [
            (group, plural.partition("/")[0], policy.team_namespaces)
            for policy in rule.admission(context)
            for group, _, plural in policy.resources
        ]
        for rule in rules
    }


def kinds_to_read(kinds: Judged) -> list[str]:
    """Everything that an audit of a cluster reads, as kubectl names it."""
    judged = {f"{plural}.{group}" if group else plural for rows in kinds.values() for group, plural, _ in rows}
    return sorted(judged | set(LOOKED_UP))


def read_cluster(kubeconfig: str, kinds: Sequence[str]) -> str:
    """The objects of those kinds that the cluster has, as one list in JSON, asked of kubectl."""
    kubectl = ["kubectl", "--kubeconfig", kubeconfig]
    known = answer_of([*kubectl, "api-resources", "--output", "name"], "the kinds of the cluster").split()
    wanted = [kind for kind in kinds if kind in known]
    return answer_of([*kubectl, "get", ",".join(wanted), "--all-namespaces", "--output", "json"], "its objects")


def objects_in(text: str) -> list[Resource]:
    """The objects of a list in JSON. Raises WrongUseError for what is none, or holds nothing."""
    try:
        items = json.loads(text)["items"]
        found = [Resource.of_object(item) for item in items]
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise WrongUseError(f"the objects are not what `kubectl get ... --output json` writes: {error!r}") from None
    if not found:
        raise WrongUseError("the list of objects is empty; nothing was audited")
    return found


def in_team_namespaces(objects: Sequence[Resource]) -> list[Resource]:
    """The namespaces of teams, and what is in them."""
    namespaces = [o for o in objects if o.type == NAMESPACE and o.at("metadata", "labels", TEAM_LABEL) is not None]
    names = {namespace.name for namespace in namespaces}
    return [*namespaces, *(o for o in objects if o.at("metadata", "namespace") in names)]


def is_judged(resource: Resource, rows: Sequence[tuple[str, str, bool]], *, of_a_team: bool) -> bool:
    """True where a rule with those kinds judges the object at admission."""
    version, kind = resource.api or ("", "")
    named = (version.rpartition("/")[0], _plural(kind))
    return any(named == (group, plural) and (of_a_team or not only) for group, plural, only in rows)


def _plural(kind: str) -> str:
    """As the API names all kinds that the rules judge."""
    lower = kind.lower()
    if lower.endswith("y"):
        return f"{lower[:-1]}ies"
    return f"{lower}es" if lower.endswith(("s", "x", "ch")) else f"{lower}s"
