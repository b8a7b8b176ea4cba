"""OpenCost's price of each class of nodes against the catalogue's, and what is likely wrong where they differ. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from components.cost.opencost.nodes import PricedNode
from components.labels import PRICE_CLASS

#: Difference that is let through: OpenCost rounds the price of a GiB of memory to a millionth of a dollar.
TOLERANCE = Decimal("0.02")
MICRO_DOLLAR = Decimal("0.000001")
#: What OpenCost takes for a vCPU-hour where nothing gives it a price: its chart's placeholder, and its own default
#: (opencost-helm-chart values.yaml at 4542f80; opencost configs/default.json at 5f65333).
PLACEHOLDER_CORE_HOUR, DEFAULT_CORE_HOUR = Decimal("1.25"), Decimal("0.031611")


@dataclass(frozen=True, slots=True)
class Checked:
    """One class with a node. `opencost` is the price that is farthest off; `cause` is None where it agrees."""

    price_class: str
    nodes: int
    catalogue: Decimal
    opencost: Decimal
    cause: str | None

    @property
    def agrees(self) -> bool:
        """True within the tolerance."""
        return self.cause is None

    @property
    def difference(self) -> Decimal:
        """How much OpenCost's price is above the catalogue's, in percent; one decimal."""
        return ((self.opencost / self.catalogue - 1) * 100).quantize(Decimal("0.1"))


@dataclass(frozen=True, slots=True)
class Stranger:
    """A node that no price of the environment is for, and why that may be."""

    name: str
    opencost: Decimal
    cause: str


@dataclass(frozen=True, slots=True)
class CheckedPrices:
    """The whole. `without_node` are classes that nothing could be said of."""

    checked: tuple[Checked, ...]
    strangers: tuple[Stranger, ...]
    without_node: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """True when every node that is there has its class's price."""
        return not self.strangers and all(each.agrees for each in self.checked)


def check_nodes(
    nodes: Iterable[PricedNode],
    catalogue: Mapping[str, Decimal],
    window: str,
    deployed: Mapping[str, Decimal] | None = None,
) -> CheckedPrices:
    """Compares the nodes of a window with the catalogue's prices by class.

    `deployed` are the prices that the stack had when it was last updated, where they are known.
    """
    by_class: dict[str, list[PricedNode]] = defaultdict(list)
    strangers = []
    for node in nodes:
        if node.price_class is not None and node.price_class in catalogue:
            by_class[node.price_class].append(node)
        else:
            strangers.append(Stranger(node.name, _rounded(node.usd_per_hour), _why_strange(node, deployed)))
    checked = tuple(
        _check(name, members, catalogue, window, deployed or {}) for name, members in sorted(by_class.items())
    )
    return CheckedPrices(checked, tuple(strangers), tuple(sorted(catalogue.keys() - by_class.keys())))


def _check(
    name: str,
    nodes: Sequence[PricedNode],
    catalogue: Mapping[str, Decimal],
    window: str,
    deployed: Mapping[str, Decimal],
) -> Checked:
    price = catalogue[name]
    worst = max(nodes, key=lambda node: (abs(node.usd_per_hour - price), node.name))
    same = _same(worst.usd_per_hour, price)
    cause = None if same else _why_different(worst, name, catalogue, window, deployed)
    return Checked(name, len(nodes), price, _rounded(worst.usd_per_hour), cause)


def _why_different(
    node: PricedNode,
    name: str,
    catalogue: Mapping[str, Decimal],
    window: str,
    deployed: Mapping[str, Decimal],
) -> str:
    """The likely cause: what stands first is what could be told from the numbers."""
    price = node.usd_per_hour
    if price == 0:
        return "OpenCost has no price for it at all; look for 'Error getting node pricing' in its log"
    if node.discount:
        return f"OpenCost takes {node.discount * 100:.0f} % off; adjustments belong into price_adjustments, not there"
    if name in deployed and _same(price, deployed[name]):
        return f"it was {deployed[name]} at the last update, and catalogue or price_adjustments have changed; update the stack"
    if node.core_hour is not None and _same(node.core_hour, PLACEHOLDER_CORE_HOUR):
        return "these are the placeholder prices of OpenCost's chart; something has turned customPricing on"
    if node.core_hour is not None and _same(node.core_hour, DEFAULT_CORE_HOUR):
        return (
            "these are OpenCost's own default prices: it has read no price file, or one without this class; see its log"
        )
    if others := [other for other in sorted(catalogue) if other != name and _same(price, catalogue[other])]:
        return (
            f"it is the price of {' and '.join(others)}; a row with an instance type prices all its nodes, or the label "
            f"{PRICE_CLASS} was changed by hand"
        )
    return (
        f"prices changed within the last {window} (ask again after that), a row for GPUs is added to the machine's price, or the "
        "price file in the cluster is not the platform's"
    )


def _why_strange(node: PricedNode, deployed: Mapping[str, Decimal] | None) -> str:
    if node.price_class is None:
        return (
            f"it bears no label {PRICE_CLASS}, so that OpenCost takes its own default prices: its pool is older than the label "
            "(update the stack), none of the platform's, or the labels of nodes do not reach Prometheus"
        )
    if deployed is not None and node.price_class in deployed:
        return f"its class {node.price_class} is no longer in the environment's files; update the stack"
    return f"its class {node.price_class} is of no node pool of the environment; is --url the cluster of --env?"


def _same(price: Decimal, expected: Decimal) -> bool:
    return abs(price - expected) <= TOLERANCE * expected


def _rounded(price: Decimal) -> Decimal:
    return price.quantize(MICRO_DOLLAR)
