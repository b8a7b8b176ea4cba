"""`cost prices`: sources and dates, and the catalogue against a server that answers as the Cloud Billing catalogue does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google.auth
import pytest
from google.auth.exceptions import DefaultCredentialsError

from components.cost.prices.billing_catalogue import SERVICE
from tests.unit.cost.commands import Result, run
from tests.unit.cost.trees import Project

REGION = "us-central1"


def sku(
    description: str, group: str, usd: str, usage: str = "OnDemand", regions: tuple[str, ...] = (REGION,), **more: Any
) -> dict:
    """A SKU in the form of the API."""
    units, _, fraction = usd.partition(".")
    price = {"currencyCode": more.get("currency", "USD"), "units": units, "nanos": int(fraction.ljust(9, "0"))}
    return {
        "description": description,
        "category": {"resourceFamily": "Compute", "resourceGroup": group, "usageType": usage},
        "serviceRegions": list(regions),
        "pricingInfo": [
            {"pricingExpression": {"usageUnit": "h", "tieredRates": [{"startUsageAmount": 0, "unitPrice": price}]}}
        ],
    }


# 4 vCPU and 16 GiB of a G2 are 0.146792 an hour, its L4 0.56004: 4 x 0.024988 + 16 x 0.002927 = 0.146784 and the GPU
G2 = [
    sku("G2 Instance Core running in Americas", "CPU", "0.024988"),
    sku("G2 Instance Ram running in Americas", "RAM", "0.0029275"),
    sku("Nvidia L4 GPU running in Americas", "GPU", "0.56004"),
    sku("Spot Preemptible G2 Instance Core running in Americas", "CPU", "0.0149", "Preemptible"),
    sku("Spot Preemptible G2 Instance Ram running in Americas", "RAM", "0.001776", "Preemptible"),
    sku("Nvidia L4 GPU attached to Spot Preemptible VMs running in Americas", "GPU", "0.33594", "Preemptible"),
    sku("Commitment v1: G2 Cpu in Americas for 1 Year", "CPU", "0.015", "Commit1Yr"),
    sku("Nvidia L4 GPU running in Paris", "GPU", "0.65", regions=("europe-west9",)),
    {"description": "free of charge", "category": {"resourceGroup": "CPU", "usageType": "OnDemand"}, "pricingInfo": []},
]


class Billing(ThreadingHTTPServer):
    """Answers two pages of SKUs, or what a test sets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.skus: list[dict[str, Any]] = list(G2)
        self.answer: tuple[int, bytes] | None = None
        self.asked: list[str] = []
        self.authorizations: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Billing  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.authorizations.append(self.headers.get("Authorization"))
        query = parse_qs(urlsplit(self.path).query)
        half = len(self.server.skus) // 2
        second = query.get("pageToken") == ["second"]
        page = {
            "skus": self.server.skus[half:] if second else self.server.skus[:half],
            "nextPageToken": "" if second else "second",
        }
        code, body = self.server.answer or (200, json.dumps(page).encode())
        self.send_response(code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def billing() -> Iterator[Billing]:
    server = Billing()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def check(project: Project, billing: Billing, *arguments: str) -> Result:
    """`cost prices --check` against the server."""
    return run(project.folder, "prices", "--check", "--region", REGION, "--endpoint", billing.url, *arguments)


def rows(result: Result) -> dict[tuple[str, str], dict[str, Any]]:
    """The compared prices, by machine type and option."""
    return {(row["machine_type"], row["option"]): row for row in result.json}


def test_the_sum_of_the_parts_is_compared_with_the_catalogue(project: Project, billing: Billing) -> None:
    result = check(project, billing, "--json")
    assert result.code == 0, result.out
    small = rows(result)["g2-standard-4", "on-demand"]
    assert Decimal(small["billing_usd_per_hour"]) == 4 * Decimal("0.024988") + 16 * Decimal("0.0029275") + Decimal(
        "0.56004"
    )
    assert small["agrees"]
    assert abs(Decimal(small["difference_percent"])) < Decimal("0.01")
    assert rows(result)["g2-standard-24", "spot"]["agrees"]
    assert rows(result)["g4-standard-48", "spot"]["missing"] == "no price for 'Spot Preemptible G4 Instance' (CPU)"
    assert rows(result)["g4-standard-6", "spot"]["missing"] == "no part is known for nvidia-rtx-pro-6000-1of8"
    assert len(billing.asked) == 2
    assert billing.asked[0].startswith(f"/v1/{SERVICE}/skus?currencyCode=USD")
    assert billing.authorizations == [None, None], "no credentials for another place than Google's"


def test_a_price_that_moved_is_named_and_fails(project: Project, billing: Billing) -> None:
    billing.skus[2] = sku("Nvidia L4 GPU running in Americas", "GPU", "0.60")
    result = check(project, billing)
    assert result.code == 1
    assert "differs" in result.out
    assert "8 differ by more than 0.5 %" in result.out


def test_two_prices_of_one_part_are_not_chosen_from(project: Project, billing: Billing) -> None:
    billing.skus.append(sku("G2 Instance Core running in Iowa", "CPU", "0.03"))
    found = rows(check(project, billing, "--json"))
    assert found["g2-standard-4", "on-demand"]["missing"] == "several prices for 'G2 Instance' (CPU)"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (
            (403, b'{"error": {"message": "Cloud Billing API has not\\nbeen used"}}'),
            2,
            "answered 403: Cloud Billing API has not been",
        ),
        ((500, b"oops"), 2, "answered 500: oops"),
        ((200, b"<html>"), 1, "answered no JSON"),
        ((200, b"[]"), 1, "something else than a list of SKUs"),
        (
            (200, json.dumps({"skus": [sku("G2 Instance Core", "CPU", "1", currency="EUR")]}).encode()),
            1,
            "prices in EUR; USD",
        ),
        ((200, b'{"skus": [], "nextPageToken": "again"}'), 1, "more than 100 pages"),
    ],
)
def test_a_server_that_answers_wrong_is_one_clear_line(
    project: Project, billing: Billing, answer: tuple[int, bytes], code: int, words: str
) -> None:
    billing.answer = answer
    result = check(project, billing)
    assert (result.code, result.out) == (code, "")
    assert words in result.err
    assert len(result.err.splitlines()) == 1


def test_a_server_that_is_not_there_is_one_clear_line(project: Project, billing: Billing) -> None:
    billing.server_close()
    result = run(project.folder, "prices", "--check", "--endpoint", "http://127.0.0.1:9")
    assert result.code == 2
    assert "cannot be asked" in result.err
    assert len(result.err.splitlines()) == 1


def test_without_credentials_it_is_one_clear_line_and_exit_code_two(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(**_: Any) -> Any:
        raise DefaultCredentialsError("not found")

    monkeypatch.setattr(google.auth, "default", none)
    result = run(project.folder, "prices", "--check")
    assert result.code == 2
    assert result.err == (
        "no Google credentials are there, so that prices cannot be compared; run `gcloud auth application-default login`\n"
    )


def test_an_unknown_region_is_refused_before_anybody_is_asked(project: Project, billing: Billing) -> None:
    result = run(project.folder, "prices", "--check", "--endpoint", billing.url, "--region", "us-central2")
    assert result.code == 1
    assert "--region: the catalogue has no price in 'us-central2'; did you mean 'us-central1'?" in result.err
    assert billing.asked == []


def test_without_check_sources_dates_and_ages_are_shown(project: Project) -> None:
    result = run(project.folder, "prices", "--today", "2026-11-25")
    assert result.code == 0
    assert "Cyclenerd pricing.yml, 2026-08-20" in result.out
    assert "warning: the price of g2-standard-24 in us-central1 is older than 120 days" in result.out
    assert run(project.folder, "prices", "--json", "--today", "2026-11-25").json["old_prices"]
