"""What OpenCost says that its nodes cost: the nodes in an answer of its `/assets`. Pure.

Its assets are asked, and not its metrics, since they take the way that reports take: price file, series, Prometheus and back. A
node's price is its cost over the time that it was there, so that a window in which prices changed has a price between them.
Source: github.com/opencost/opencost pkg/costmodel/handlers.go (ComputeAssetsHandler), pkg/costmodel/assets.go,
core/pkg/opencost/asset_json.go (Node) at 5f65333 (2024-10-24); opencost.io/docs/integrations/api (2026).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from components.labels import PRICE_CLASS

MINUTES_OF_HOUR = 60
#: A label as series write it; OpenCost takes `label_` off again, in some releases.
SERIES_LABEL = "".join(letter if letter.isalnum() else "_" for letter in PRICE_CLASS)
LABELS = (PRICE_CLASS, SERIES_LABEL, f"label_{SERIES_LABEL}")


class NoAnswerError(Exception):
    """OpenCost cannot be asked, or says nothing that can be compared; the message says what to do."""


@dataclass(frozen=True, slots=True)
class PricedNode:
    """One node. `price_class` is None where it bears none; `core_hour` is what OpenCost counts for a vCPU, where it says so."""

    name: str
    price_class: str | None
    usd_per_hour: Decimal
    core_hour: Decimal | None
    discount: Decimal


def read_nodes(text: str) -> list[PricedNode]:
    """The nodes of an answer, by name. Raises NoAnswerError for what is none of OpenCost's answers.

    A node that was there for less than a minute is left out: it has no price yet.
    """
    try:
        answer = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        raise NoAnswerError("the answer is no JSON; is it OpenCost's API, port 9003, that --url names?") from None
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if data is None:
        raise NoAnswerError(f"the answer has no `data`{_said(answer)}; is it OpenCost's API that --url names?")
    nodes = [_node(asset) for asset in _assets(data) if asset.get("type") == "Node"]
    return sorted((node for node in nodes if node is not None), key=lambda node: node.name)


def _assets(data: Any) -> Iterator[Mapping[str, Any]]:
    """Assets stand in a map by key; where a range is answered, in a list of such maps."""
    for part in data if isinstance(data, list) else [data]:
        for asset in part.values() if isinstance(part, Mapping) else ():
            if isinstance(asset, Mapping):
                yield asset


def _node(asset: Mapping[str, Any]) -> PricedNode | None:
    minutes, total = _number(asset, "minutes"), _number(asset, "totalCost")
    if minutes is None or minutes < 1 or total is None:
        return None
    properties = asset.get("properties")
    name = properties.get("name") if isinstance(properties, Mapping) else None
    labels = asset.get("labels")
    given = labels if isinstance(labels, Mapping) else {}
    price_class = next((str(given[label]) for label in LABELS if given.get(label)), None)
    cores, cpu = _number(asset, "cpuCoreHours"), _number(asset, "cpuCost")
    return PricedNode(
        name=str(name or "a node without a name"),
        price_class=price_class,
        usd_per_hour=total * MINUTES_OF_HOUR / minutes,
        core_hour=cpu / cores if cpu is not None and cores else None,
        discount=_number(asset, "discount") or Decimal(0),
    )


def _number(asset: Mapping[str, Any], key: str) -> Decimal | None:
    """A number of an asset; OpenCost writes `null` for what is none."""
    value = asset.get(key)
    return value if isinstance(value, Decimal) else None


def _said(answer: Any) -> str:
    message = answer.get("message") if isinstance(answer, Mapping) else None
    return f" but says '{message}'" if message else ""
