"""Labels of a team's namespace: whose it is, and what its pods may be allowed. Pure."""

from __future__ import annotations

from components.labels import TEAM

#: Marks the namespaces of teams, for whatever treats those alike: admission policies, network policies.
TEAM_LABEL = "gemma-platform/team"

RESTRICTED, BASELINE = "restricted", "baseline"
#: Version of the Pod Security Standards that is meant; an upgrade of the cluster does not change what is refused.
STANDARD_VERSION = "v1.35"


def namespace_labels(labels: dict[str, str], pod_security: str) -> dict[str, str]:
    """The labels given, and those that tell the team and its Pod Security level.

    `restricted` where every engine image of the team can run so; else `baseline` is enforced, and what `restricted` would refuse
    is warned of and audited. Source: kubernetes.io/docs/concepts/security/pod-security-admission (2026).
    """
    if pod_security not in (RESTRICTED, BASELINE):
        raise ValueError(f"pod_security is '{pod_security}'; allowed: {RESTRICTED}, {BASELINE}")
    if not labels.get(TEAM):
        raise ValueError(f"labels has no '{TEAM}'; a namespace without it would be taken for none of a team")
    levels = {"enforce": pod_security, "warn": RESTRICTED, "audit": RESTRICTED}
    marks = {TEAM_LABEL: labels[TEAM]}
    for mode, level in levels.items():
        marks[f"pod-security.kubernetes.io/{mode}"] = level
        marks[f"pod-security.kubernetes.io/{mode}-version"] = STANDARD_VERSION
    return {**labels, **marks}
