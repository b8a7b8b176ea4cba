"""Reads the public price list of Compute Engine from the Cloud Billing catalogue: its parts of machines, by region.

API: cloud.google.com/billing/docs/reference/rest/v1/services.skus/list (v1, 2026). How a part's description begins and its group
are those of Cyclenerd/google-cloud-pricing-cost-calculator build/mapping.csv @08440e74.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from components.cost.errors import CostError
from components.cost.plan.published_cost import CURRENCY

#: Compute Engine.
SERVICE = "services/6F81-5844-456A"
API = "https://cloudbilling.googleapis.com"
PAGE_SIZE = 5000
NANOS = 10**9
#: More pages than any list has: a server that never ends is left.
MOST_PAGES = 100

#: Gets a path below the API with parameters, as parsed JSON.
Get = Callable[[str, Mapping[str, str]], Any]


@dataclass(frozen=True, slots=True)
class Sku:
    """One thing that is sold: `usd` for one `unit`, in these regions. `usage` is OnDemand, Preemptible or a commitment."""

    description: str
    group: str
    usage: str
    regions: frozenset[str]
    unit: str
    usd: Decimal


def read_skus(get: Get) -> list[Sku]:
    """All SKUs of Compute Engine. Raises CostError for an answer of another form, and for another currency."""
    found: list[Sku] = []
    token = ""
    for _ in range(MOST_PAGES):
        parameters = {"currencyCode": CURRENCY, "pageSize": str(PAGE_SIZE), **({"pageToken": token} if token else {})}
        page = get(f"/v1/{SERVICE}/skus", parameters)
        if not isinstance(page, dict) or not isinstance(page.get("skus", []), list):
            raise CostError("the Cloud Billing catalogue answered something else than a list of SKUs")
        found += _skus(page.get("skus", []))
        token = str(page.get("nextPageToken") or "")
        if not token:
            return found
    raise CostError(f"the Cloud Billing catalogue has more than {MOST_PAGES} pages")


def _skus(rows: Iterable[Any]) -> Iterable[Sku]:
    for row in rows:
        try:
            category, expression = row["category"], row["pricingInfo"][-1]["pricingExpression"]
            price = expression["tieredRates"][-1]["unitPrice"]
            currency = price["currencyCode"]
            usd = Decimal(str(price.get("units", "0"))) + Decimal(int(price.get("nanos", 0))) / NANOS
            sku = Sku(
                description=row["description"],
                group=category["resourceGroup"],
                usage=category["usageType"],
                regions=frozenset(row["serviceRegions"]),
                unit=expression["usageUnit"],
                usd=usd,
            )
        except (KeyError, IndexError, TypeError, ValueError, InvalidOperation):
            continue  # something without a price, such as a free tier; what is needed and missing is told later
        if currency != CURRENCY:
            raise CostError(f"the Cloud Billing catalogue answered prices in {currency}; {CURRENCY} was asked for")
        yield sku
