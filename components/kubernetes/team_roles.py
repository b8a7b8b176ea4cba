"""What people may do in a team's namespace. Pure.

The team's group sees everything but secrets: by the built-in role `view`, into which Knative 1.23 puts its own kinds, and a role
for the kinds that nobody puts there: KServe 0.20.0 and Managed Prometheus ship no such role, and KEDA's chart makes none unless
told to (rbac.aggregateToDefaultRoles). Source: the manifests of those releases (2026).
Whoever is on call may delete pods, and set or unset `serving.kserve.io/stop`, which pauses a deployment. RBAC knows no single
annotation: it grants `patch` on the object, without `update`, and `on_call_guard.py` refuses every patch that does more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

RBAC_GROUP = "rbac.authorization.k8s.io"
KSERVE_GROUP = "serving.kserve.io"
INFERENCE_SERVICES = "inferenceservices"
READ = ["get", "list", "watch"]

#: What `view` lacks.
VIEW_RULES: list[dict[str, Any]] = [
    {"apiGroups": [KSERVE_GROUP, "keda.sh", "monitoring.googleapis.com"], "resources": ["*"], "verbs": READ}
]
#: Reading is what `kubectl delete` and `kubectl annotate` need to find the object and to wait for it.
ON_CALL_RULES: list[dict[str, Any]] = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": [*READ, "delete"]},
    {"apiGroups": [KSERVE_GROUP], "resources": [INFERENCE_SERVICES], "verbs": [*READ, "patch"]},
]


class Grant(NamedTuple):
    """What one Google group may do in the namespace."""

    name: str
    """Name of the binding, and of the role that is made for it."""
    group: str
    """The group. The cluster knows its members when it is inside the cluster's security group."""
    rules: list[dict[str, Any]] | None
    """Rules of that role; None for the built-in role `view`."""
    guarded: bool
    """Goes further than meant without the admission policy that bounds it."""

    @property
    def role_ref(self) -> dict[str, str]:
        """The role, as a binding names it."""
        kind, name = ("ClusterRole", "view") if self.rules is None else ("Role", self.name)
        return {"apiGroup": RBAC_GROUP, "kind": kind, "name": name}

    @property
    def subject(self) -> dict[str, str]:
        """The group, as a binding names it."""
        return {"apiGroup": RBAC_GROUP, "kind": "Group", "name": self.group}


def grants(group: str | None, on_call_group: str | None) -> Iterator[Grant]:
    """What the team's group and those on call may do."""
    if group:
        yield Grant("team-view", group, None, guarded=False)
        yield Grant("team-view-models", group, VIEW_RULES, guarded=False)
    if on_call_group:
        yield Grant("team-on-call", on_call_group, ON_CALL_RULES, guarded=True)
