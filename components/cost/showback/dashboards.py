"""Grafana dashboards about cost as data: what teams spend, and what GPUs do meanwhile. Pure.

They ask the recorded series of rules.py and of vLLM and DCGM alone. The data source is a variable, so that the same file serves
any Prometheus. Form: grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model (2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.cost.showback import rules, series
from components.sizing.replicas import HOURS_PER_MONTH

#: Version of the form that Grafana 11 and later write; they read older ones.
SCHEMA = 39
#: Panels in a row, and the grid's columns.
ACROSS, COLUMNS, HEIGHT = 2, 24, 8
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
#: Only what the viewer chose; all namespaces of teams without a choice.
_CHOSEN = '{namespace=~"$namespace"}'


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: queries with their legends, and the unit in Grafana's words."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "timeseries"


COST = (
    Panel("USD an hour by team", "currencyUSD", ((f"{rules.TEAM_USD_HOUR}{_CHOSEN}", "{{namespace}}"),)),
    Panel(
        "Month at the pace of a day, and budget",
        "currencyUSD",
        (
            (f"avg_over_time({rules.TEAM_USD_HOUR}{_CHOSEN}[1d]) * {HOURS_PER_MONTH}", "{{namespace}}"),
            (f"{rules.BUDGET}{_CHOSEN}", "budget of {{namespace}}"),
        ),
    ),
    Panel(
        "USD an hour by deployment", "currencyUSD", ((f"{rules.USD_HOUR}{_CHOSEN}", "{{namespace}}/{{model_name}}"),)
    ),
    Panel(
        "USD for a million tokens, and its band",
        "currencyUSD",
        (
            (f"{rules.USD_MILLION}{_CHOSEN}", "{{namespace}}/{{model_name}}"),
            (f"{rules.BAND}{_CHOSEN}", "at most, {{namespace}}/{{model_name}}"),
        ),
    ),
    Panel("GPU nodes without a pod, USD an hour", "currencyUSD", ((rules.IDLE_USD_HOUR, "{{node}}"),)),
    Panel(
        "Price by class, and the catalogue's",
        "currencyUSD",
        ((rules.PRICE, "{{price_class}}"), (rules.LIST_PRICE, "catalogue, {{price_class}}")),
    ),
)
USE = (
    Panel(
        "Share of replicas with a running request",
        "percentunit",
        ((f"{rules.SERVING}{_CHOSEN}", "{{namespace}}/{{model_name}}"),),
    ),
    Panel("Tokens a second", "short", ((f"{rules.TOKENS}{_CHOSEN}", "{{namespace}}/{{model_name}}"),)),
    Panel(
        "Tokens a second, weighted as bills do", "short", ((f"{rules.WORK}{_CHOSEN}", "{{namespace}}/{{model_name}}"),)
    ),
    Panel(
        "Requests",
        "short",
        (
            (f"sum by (namespace, model_name) ({series.RUNNING}{_CHOSEN})", "running, {{namespace}}/{{model_name}}"),
            (
                f"sum by (namespace, model_name) (vllm:num_requests_waiting{_CHOSEN})",
                "queued, {{namespace}}/{{model_name}}",
            ),
        ),
    ),
    Panel(
        "Busy GPUs, percent", "percent", ((f"avg by (Hostname, gpu) ({series.GPU_BUSY})", "{{Hostname}} GPU {{gpu}}"),)
    ),
    Panel(
        "Share of prompts from the prefix cache",
        "percentunit",
        (
            (
                f"sum by (namespace, model_name) (rate({series.CACHED}{_CHOSEN}[15m])) "
                f"/ sum by (namespace, model_name) (rate({series.PROMPT}{_CHOSEN}[15m]))",
                "{{namespace}}/{{model_name}}",
            ),
        ),
    ),
)


def dashboards(environment: str) -> dict[str, dict[str, Any]]:
    """All dashboards by the name of their file."""
    return {
        "gemma-cost.json": _dashboard(f"gemma-cost-{environment}", f"Gemma {environment}: cost", COST),
        "gemma-use.json": _dashboard(f"gemma-use-{environment}", f"Gemma {environment}: use of GPUs", USE),
    }


def _dashboard(uid: str, title: str, panels: tuple[Panel, ...]) -> dict[str, Any]:
    return {
        "uid": uid,
        "title": title,
        "tags": ["gemma"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "timezone": "utc",
        "refresh": "5m",
        "time": {"from": "now-7d", "to": "now"},
        "templating": {"list": [_source_variable(), _namespace_variable()]},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _source_variable() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _namespace_variable() -> dict[str, Any]:
    query = f"label_values({rules.USD_HOUR}, namespace)"
    return {
        "name": "namespace",
        "label": "Team",
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": "namespaces"},
        "definition": query,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    width = COLUMNS // ACROSS
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {"x": number % ACROSS * width, "y": number // ACROSS * HEIGHT, "w": width, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": _SOURCE, "expr": query, "legendFormat": legend}
            for place, (query, legend) in enumerate(panel.queries)
        ],
    }
