"""What is divided: amounts of a source, each with who may have to pay it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from components.cost.errors import CostError

Family = Literal["cluster", "Cloud Run", "buckets", "network", "other services"]
FAMILIES: tuple[Family, ...] = ("cluster", "Cloud Run", "buckets", "network", "other services")


class Whose(StrEnum):
    """Among whom an amount is divided."""

    #: Stays with the one deployment that holds the GPU or the instance.
    DIRECT = "direct"
    #: By key among the deployments that share a GPU.
    SHARED = "shared GPU"
    #: GPU nodes without a pod: by key among those that held a machine of this type in the month.
    IDLE = "idle GPU nodes"
    #: By key among all.
    COMMON = "common"
    #: One team's, of which deployment is not known.
    TEAM = "team"
    #: Nobody's that is known.
    UNATTRIBUTED = "unattributed"


@dataclass(frozen=True, slots=True)
class Item:
    """One amount of a source in USD. `names` are deployments, a machine type or a team, as `whose` says."""

    family: Family
    sku: str
    amount: Decimal
    whose: Whose
    names: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise CostError(f"{self.family}, {self.sku}: {self.amount} is negative; what is given back is a credit")


@dataclass(frozen=True, slots=True)
class Credit:
    """What a source gives back on one SKU, as an amount above zero."""

    family: Family
    sku: str
    amount: Decimal
