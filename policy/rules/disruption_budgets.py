"""Whether a model with more than one replica has a PodDisruptionBudget that lets one of them go. Pure.

Without one a node upgrade may take all replicas at once; one that lets none go holds up upgrades for as long as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.kubernetes.engine_pod import INFERENCE_SERVICE_LABEL
from policy.rules.rule import UNKNOWN, Resource

PDB = "kubernetes:policy/v1:PodDisruptionBudget"
WANTED = "add a PodDisruptionBudget with maxUnavailable: 1 whose selector is"


def missing_budget(service: Resource, resources: Sequence[Resource]) -> str | None:
    """What an InferenceService lacks, in half a sentence; None where a budget lets a replica go, or there is only one."""
    if service.at("spec", "predictor", "maxReplicas") == 1:
        return None  # 0 or nothing is no limit (KServe 0.20.0)
    name = service.at("metadata", "name")
    labels = service.at("spec", "predictor", "labels")
    own = {**(labels if isinstance(labels, Mapping) else {}), INFERENCE_SERVICE_LABEL: name}
    same = [
        r for r in resources if r.type == PDB and r.at("metadata", "namespace") == service.at("metadata", "namespace")
    ]
    chosen = [budget for budget in same if _selects(budget, own)]
    wanted = f"{WANTED} {INFERENCE_SERVICE_LABEL}: {name}"
    if not chosen:
        return f"it may have more than one replica and no PodDisruptionBudget selects its pods; {wanted}"
    least = service.at("spec", "predictor", "minReplicas")
    held = [budget.name for budget in chosen if not _lets_one_go(budget, least)]
    # pods under several budgets can be evicted where all of them allow it
    return f"the PodDisruptionBudget {', '.join(held)} lets no replica go; {wanted}" if held else None


def _selects(budget: Resource, labels: Mapping[str, Any]) -> bool:
    wanted = budget.at("spec", "selector", "matchLabels")
    if not isinstance(wanted, Mapping) or not wanted or budget.at("spec", "selector", "matchExpressions"):
        return False
    return all(labels.get(key) == value for key, value in wanted.items())


def _lets_one_go(budget: Resource, replicas: Any) -> bool:
    most_gone, least = budget.at("spec", "maxUnavailable"), budget.at("spec", "minAvailable")
    if UNKNOWN in (most_gone, least):
        return False
    if most_gone is not None:
        return str(most_gone) not in ("0", "0.0", "0%")
    if isinstance(least, str) and least.endswith("%"):
        return least != "100%"
    return isinstance(least, int | float) and isinstance(replicas, int | float) and least < replicas
