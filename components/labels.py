"""The cost and ownership labels that everything carries, in Kubernetes' and in Google's spelling. Pure.

Values are legal in both: lower-case letters, digits, `-` and `_`, at most 63 characters, starting and ending with a letter or
digit (kubernetes.io/docs/concepts/overview/working-with-objects/labels; cloud.google.com/resource-manager/docs/labels-overview).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from components.sizing.architecture_labels import (
    ACTIVE_PARAM_RATIO,
    MODEL_ARCHITECTURE,
    TOTAL_PARAMS,
    architecture_labels,
)
from components.sizing.catalogue import Model

OWNER_KUBERNETES = "app.kubernetes.io/owner"
OWNER_GOOGLE = "owner"
COST_CENTER = "cost-center"
TEAM = "team"
#: Label of a node that names what its machine costs: machine type, region and purchase option. A node's label alone, since it is
#: what OpenCost finds the node's price by.
PRICE_CLASS = "gemma-platform/price-class"

_COMMON = (COST_CENTER, TEAM, MODEL_ARCHITECTURE, TOTAL_PARAMS, ACTIVE_PARAM_RATIO)
KUBERNETES_KEYS = (OWNER_KUBERNETES, *_COMMON)
GOOGLE_KEYS = (OWNER_GOOGLE, *_COMMON)

#: Value of the model keys on what no single model owns, and the team of what no team owns.
SHARED = "shared"
PLATFORM_TEAM = "platform"

VALUE_PATTERN = r"^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$"
_VALUE = re.compile(VALUE_PATTERN)


def is_label_value(value: object) -> bool:
    """True for text that both Kubernetes and Google accept as a label's value."""
    return isinstance(value, str) and _VALUE.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Labels:
    """One set of labels. `total_params` is in millions (`25806m`), `active_param_ratio` per mille (`148`)."""

    owner: str
    cost_center: str
    team: str
    model_architecture: str
    total_params: str
    active_param_ratio: str

    def kubernetes(self) -> dict[str, str]:
        """Labels of a Kubernetes object."""
        return {OWNER_KUBERNETES: self.owner, **self._common()}

    def google(self) -> dict[str, str]:
        """Labels of a Google Cloud resource, and of GKE nodes: a node's own labels may not be in `kubernetes.io`."""
        return {OWNER_GOOGLE: self.owner, **self._common()}

    def _common(self) -> dict[str, str]:
        values = (self.cost_center, self.team, self.model_architecture, self.total_params, self.active_param_ratio)
        return dict(zip(_COMMON, values, strict=True))


def make_labels(owner: str, cost_center: str, team: str = PLATFORM_TEAM, model: Model | None = None) -> Labels:
    """The labels of something that `team` owns; without `model` it is shared by several models."""
    if model is None:
        return Labels(owner, cost_center, team, SHARED, SHARED, SHARED)
    known = architecture_labels(model)
    return Labels(owner, cost_center, team, known[MODEL_ARCHITECTURE], known[TOTAL_PARAMS], known[ACTIVE_PARAM_RATIO])
