"""Rules and dashboards about cost in a real Prometheus: checked and tested by promtool, and every query executed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from typer.testing import CliRunner

from components.cost.__main__ import app
from components.cost.showback import rules, series
from components.cost.showback.dashboards import dashboards
from components.cost.showback.rule import ANSWER_WEIGHT
from components.cost.showback.worked_example import USD_PER_HOUR
from sandbox.paths import Layout
from sandbox.progress import SetupError
from tests.tools import prometheus_month as month
from tests.tools.prometheus_program import Installed, build
from tests.tools.prometheus_server import Synthetic, fill, seconds, serve

pytestmark = pytest.mark.tools

PROMTOOL_SECONDS = 120
#: A moment in the synthetic month at which everything runs.
NOON = seconds("2026-11-25T12:02")
CLASS = "g4_r_on-demand"
LIMITS = rules.Limits(
    "test",
    {"team-a": Decimal(3000)},
    {CLASS: Decimal("4.5")},
    {("team-a", "chat"): Decimal("5")},
)
ENGINE = '{namespace="team-a", pod="p", model_name="chat"}'


@pytest.fixture(scope="module")
def installed() -> Installed:
    try:
        return build(Layout())
    except SetupError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def address(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus with the worked example, an idle node and a busy GPU."""
    folder = tmp_path_factory.mktemp("month")
    times = [NOON - 60 * step for step in reversed(range(60))]
    made = [
        *month.month(),
        *month.node("spare"),
        Synthetic(series.GPU_BUSY, {"Hostname": "gke-dense", "gpu": "0"}, [(time, 90) for time in times]),
        Synthetic(
            "vllm:num_requests_waiting", {"namespace": "team-dense", "model_name": "assistant"}, [(times[-1], 0)]
        ),
    ]
    with serve(installed, folder, fill(installed, folder, made)) as found:
        yield found


def ask(address: str, query: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{address}/api/v1/query", params={"query": query, "time": str(NOON)}, timeout=30)
    assert answer.status_code == 200, f"{query}: {answer.text}"
    return answer.json()["data"]["result"]


def all_rules() -> list[dict[str, Any]]:
    return [rule for group in rules.rule_groups(LIMITS, ANSWER_WEIGHT)["groups"] for rule in group["rules"]]


RECORDED = {rule["record"]: rule["expr"] for rule in all_rules() if "record" in rule}


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_promtool_takes_what_the_command_writes(installed: Installed, tmp_path: Path, environment: str) -> None:
    result = CliRunner().invoke(app, ["monitoring", "--env", environment, "--to", str(tmp_path)])
    assert result.exit_code == 0, result.output
    file = tmp_path / "gemma-cost.rules.yaml"
    done = subprocess.run(
        [installed.promtool, "check", "rules", "--lint=all", "--lint-fatal", file],
        capture_output=True,
        text=True,
        timeout=PROMTOOL_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in dashboards(environment):
        json.loads((tmp_path / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "name", [name for name, expr in RECORDED.items() if "gemma:" not in expr and "vector(" not in expr]
)
def test_what_is_recorded_from_raw_series_is_there(address: str, name: str) -> None:
    assert ask(address, RECORDED[name]), name


def test_recorded_amounts_are_those_of_the_worked_example(address: str) -> None:
    by_team = {
        each["metric"]["namespace"]: Decimal(each["value"][1]) for each in ask(address, RECORDED[rules.USD_HOUR])
    }
    assert by_team == {"team-dense": USD_PER_HOUR, "team-experts": USD_PER_HOUR}
    (idle,) = ask(address, RECORDED[rules.IDLE_USD_HOUR])
    assert idle["metric"]["node"] == "gke-spare"
    (price,) = ask(address, RECORDED[rules.PRICE])
    assert price["metric"]["price_class"] == month.CLASS


def test_every_query_of_the_dashboards_runs_and_asks_what_is_recorded(address: str) -> None:
    for name, dashboard in dashboards("test").items():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                query = target["expr"].replace("$namespace", ".*")
                recorded = set(re.findall(r"gemma:[a-z_:]+", query))
                assert recorded <= set(RECORDED), f"{name}: {query}"
                found = ask(address, query)
                assert recorded or found, f"{name}: {query} finds nothing"


def cluster(price: str = "4.5x600", held: str = "1x600", running: str | None = "1x600") -> list[dict[str, str]]:
    """Input of promtool: a node with a pod, a value each minute."""
    found = [
        {"series": f'{series.NODE_PRICE}{{node="n"}}', "values": price},
        {"series": f'{series.NODE_GPUS}{{node="n"}}', "values": "1x600"},
        {"series": f'{series.NODE_LABELS}{{node="n", {series.OF_PRICE_CLASS}="{CLASS}"}}', "values": "1x600"},
        {
            "series": f'{series.POD_LABELS}{{namespace="team-a", pod="p", {series.OF_INFERENCE_SERVICE}="chat"}}',
            "values": "1x600",
        },
        {
            "series": f'{series.HELD_GPUS}{{namespace="team-a", pod="p", node="n", container="c"}}',
            "values": held,
        },
        {"series": f"{series.PROMPT}{ENGINE}", "values": "0+600x600"},
        {"series": f"{series.CACHED}{ENGINE}", "values": "0x600"},
        {"series": f"{series.ANSWER}{ENGINE}", "values": "0+600x600"},
    ]
    if running is not None:
        found.append({"series": f"{series.RUNNING}{ENGINE}", "values": running})
    return found


#: Alert, minute, input, labels of what fires; None where it must not fire.
CASES: list[tuple[str, str, list[dict[str, str]], dict[str, str] | None]] = [
    ("GemmaBudgetBurn", "8h", cluster(), {"namespace": "team-a"}),  # 4.5 x 730 = 3,285 of 3,000
    ("GemmaBudgetBurn", "8h", cluster(price="4.0x600"), None),
    ("GemmaBudgetBurnFast", "3h", cluster(price="9x600"), {"namespace": "team-a"}),
    ("GemmaBudgetBurnFast", "3h", cluster(), None),
    ("GemmaIdleGpuNode", "2h", cluster(held="_x600"), {"node": "n"}),
    ("GemmaIdleGpuNode", "2h", cluster(), None),
    ("GemmaIdleDeployment", "3h", cluster(running="0x600"), {"namespace": "team-a", "model_name": "chat"}),
    ("GemmaIdleDeployment", "3h", cluster(), None),
    ("GemmaPriceDrift", "3h", cluster(price="4.6x600"), {"price_class": CLASS}),
    ("GemmaPriceDrift", "3h", cluster(price="4.55x600"), None),
    # 4.5 an hour over 20 tokens a second is 62.50 a million
    ("GemmaCostPerTokenAboveBand", "8h", cluster(), {"namespace": "team-a", "model_name": "chat"}),
    ("GemmaCostPerTokenAboveBand", "8h", cluster(running="0x600"), None),
    ("GemmaEngineMetricsMissing", "2h", cluster(running=None), {"namespace": "team-a", "model_name": "chat"}),
    ("GemmaEngineMetricsMissing", "2h", cluster(), None),
]


def test_alerts_fire_when_they_should_and_only_then(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules.rule_groups(LIMITS, ANSWER_WEIGHT)), encoding="utf-8")
    tests = []
    for number, (alert, minute, given, labels) in enumerate(CASES):
        rule = next(each for each in all_rules() if each.get("alert") == alert)
        expected = [] if labels is None else [{"exp_labels": {**rule["labels"], **labels}}]
        tests.append(
            {
                "name": f"{number} {alert}",
                "interval": "1m",
                "input_series": given,
                "alert_rule_test": [{"eval_time": minute, "alertname": alert, "exp_alerts": expected}],
            }
        )
    # promtool compares what an alert says as well; that is looked at below, so the rules go without their words here
    wordless = yaml.safe_load((tmp_path / "rules.yaml").read_text(encoding="utf-8"))
    for group in wordless["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations", None)
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(wordless), encoding="utf-8")
    assert_tests_pass(installed, tmp_path, tests)


def assert_tests_pass(installed: Installed, folder: Path, tests: list[dict[str, Any]]) -> None:
    """Runs promtool's tests over the `rules.yaml` in a folder."""
    plain = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    (folder / "tests.yaml").write_text(yaml.safe_dump(plain), encoding="utf-8")
    done = subprocess.run(
        [installed.promtool, "test", "rules", folder / "tests.yaml"],
        capture_output=True,
        text=True,
        timeout=PROMTOOL_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_for_firing() -> None:
    alerts = {rule["alert"] for rule in all_rules() if "alert" in rule}
    tried = {alert for alert, _, _, labels in CASES if labels is not None}
    assert alerts == tried | {"GemmaNodeWithoutListPrice"}


def test_a_class_without_a_list_price_is_named(installed: Installed, tmp_path: Path) -> None:
    limits = rules.Limits("test", {}, {}, {})
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules.rule_groups(limits, ANSWER_WEIGHT)), encoding="utf-8")
    test = {
        "interval": "1m",
        "input_series": cluster(),
        "alert_rule_test": [
            {
                "eval_time": "3h",
                "alertname": "GemmaNodeWithoutListPrice",
                "exp_alerts": [
                    {
                        "exp_labels": {"severity": "warning", "environment": "test", "price_class": CLASS},
                        "exp_annotations": {
                            "summary": f"nodes of {CLASS} run, of which the catalogue's price is not among these rules; write "
                            "them anew"
                        },
                    }
                ],
            }
        ],
    }
    assert_tests_pass(installed, tmp_path, [test])
