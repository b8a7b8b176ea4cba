"""Asks a Prometheus: any by its address, Google's Managed Service with the credentials of whoever asks. Knows no metric.

Raw samples come by an instant query of a range selector, which answers with the samples as they were scraped. One day is asked
for at a time, so that an answer stays below the limits of the server.
Sources: prometheus.io/docs/prometheus/latest/querying/api (2026);
docs.cloud.google.com/stackdriver/docs/managed-prometheus/query-api-ui (2026).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

import requests

from components.cost.errors import CostError
from components.cost.google_session import google_session
from components.cost.showback.month import Span
from components.cost.showback.samples import Point

GOOGLE_HOST = "monitoring.googleapis.com"
GOOGLE_SCOPE = "https://www.googleapis.com/auth/monitoring.read"
NO_CREDENTIALS = (
    "Managed Prometheus needs Google credentials: run `gcloud auth application-default login`, or name another with "
    "--prometheus"
)
TIMEOUT_SECONDS = 120
#: Seconds that one query of raw samples asks for.
CHUNK = Decimal(86_400)
#: Characters of an answer that an error shows.
SHOWN = 300


@dataclass(frozen=True, slots=True)
class Series:
    """One time series: its labels without the name, and samples in the order of time."""

    labels: Mapping[str, str]
    points: tuple[Point, ...]


def managed_address(project: str) -> str:
    """Where Google's Managed Service for Prometheus answers for a project."""
    return f"https://{GOOGLE_HOST}/v1/projects/{project}/location/global/prometheus"


class Prometheus:
    """One server. `matchers` are labels that every selector asks for, such as the cluster."""

    def __init__(self, address: str, matchers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CostError(f"--prometheus: found '{address}'; write an address such as http://localhost:9090")
        self.address = address.rstrip("/")
        self._matchers = dict(matchers or {})
        self._session = (
            google_session(GOOGLE_SCOPE, CostError(NO_CREDENTIALS))
            if parts.hostname == GOOGLE_HOST
            else requests.Session()
        )

    def selector(self, metric: str, *more: str) -> str:
        """The selector of a metric with the matchers of all, and more of its own."""
        own = [f'{name}="{value}"' for name, value in self._matchers.items()]
        return f"{metric}{{{','.join([*own, *more])}}}"

    def at(self, query: str, time: Decimal) -> list[Series]:
        """What a query answers for one moment."""
        return [
            Series(_labels(found), tuple(_point(each) for each in found.get("values") or [found["value"]]))
            for found in self._result(query, time)
        ]

    def raw(self, metric: str, span: Span, *more: str) -> Iterator[Series]:
        """The samples of a metric as they were scraped, a day at a time; a series comes once for each day that has it.

        A sample on the border of two days may come twice.
        """
        begin = span.start
        while begin < span.end:
            end = min(begin + CHUNK, span.end)
            yield from self.at(f"{self.selector(metric, *more)}[{int(end - begin)}s]", end)
            begin = end

    def _result(self, query: str, time: Decimal) -> list[dict[str, Any]]:
        try:
            answer = self._session.post(
                f"{self.address}/api/v1/query",
                data={"query": query, "time": f"{time:f}"},
                timeout=TIMEOUT_SECONDS,
            )
        except requests.RequestException as error:
            raise CostError(
                f"the Prometheus at {self.address} cannot be reached ({type(error).__name__}); name another with --prometheus"
            ) from None
        try:
            body = json.loads(answer.text, parse_float=Decimal)
        except json.JSONDecodeError:
            body = None
        if answer.status_code != 200 or not isinstance(body, dict) or body.get("status") != "success":
            said = body.get("error") if isinstance(body, dict) else answer.text
            raise CostError(
                f"the Prometheus at {self.address} refused `{query}`: {answer.status_code}, {str(said)[:SHOWN]}"
            )
        if warnings := body.get("warnings"):
            raise CostError(
                f"the Prometheus at {self.address} answered `{query}` in part only: {'; '.join(warnings)[:SHOWN]}; "
                "no bill is made of that"
            )
        return body["data"]["result"]


def _labels(found: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in found["metric"].items() if name != "__name__"}


def _point(written: Any) -> Point:
    time, value = written
    try:
        number = Decimal(value)
    except InvalidOperation:  # +Inf and NaN are read, anything else is no number
        raise CostError(f"a sample at {time} is '{value}', which is no number") from None
    if not number.is_finite():
        raise CostError(f"a sample at {time} is {value}, from which nothing can be counted")
    return Decimal(time), number
