"""`report` against a real Prometheus: the worked example as a month of series, queries executed, bills equal to the cent."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from components.cost.__main__ import app
from components.cost.showback import series
from components.cost.showback.worked_example import BILLS, MACHINE, TEAMS, TOKENS, USD_PER_HOUR
from sandbox.paths import Layout
from sandbox.progress import SetupError
from tests.tools import prometheus_month as month
from tests.tools.prometheus_program import Installed, build
from tests.tools.prometheus_server import Synthetic, every, fill, seconds, serve
from tests.unit.cost.trees import Project

pytestmark = pytest.mark.tools

GIB = 2**30
TODAY = "2026-12-03"


@pytest.fixture(scope="session")
def installed() -> Installed:
    try:
        return build(Layout())
    except SetupError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def whole_month(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus with the worked example."""
    folder = tmp_path_factory.mktemp("month")
    with serve(installed, folder, fill(installed, folder, month.month())) as address:
        yield address


def record(team: str, gib: Decimal, active: Decimal) -> dict[str, object]:
    """What the stack publishes of a deployment, as far as a report reads it."""
    return {
        "deployment": f"{team}/assistant",
        "runs_on": "gke",
        "labels": {},
        "parameters": {"total": int(active), "active": int(active)},
        "terms": [{"name": "weights", "typical_bytes": round(gib * GIB)}, {"name": "KV cache", "typical_bytes": 1}],
        "gpu_count": 1,
        "machine_type": MACHINE,
        "accelerator": "nvidia-rtx-pro-6000",
        "replicas_per_host": 1,
        "replicas": [1, 1],
        "precision": "fp8",
        "usd_per_hour": str(USD_PER_HOUR),
        "price_source": "test",
        "startup_probe_seconds": 900,
    }


def actual(
    usd: str, sku: str = "Network Internet Egress", service: str = "Networking", **more: object
) -> dict[str, object]:
    """A row of the billing export."""
    return {
        "service": {"id": "E505", "description": service},
        "sku": {"id": "0001", "description": sku},
        "project": {"id": "example-gemma-dev"},
        "usage_start_time": "2026-11-10T00:00:00Z",
        "cost": usd,
        "currency": "USD",
        **more,
    }


@dataclass
class Command:
    """The command in a project's folder, with its outputs and what was billed."""

    folder: Path
    address: str

    def run(self, *arguments: str, actuals: list[dict[str, object]] | None = None) -> Result:
        outputs = self.folder / "outputs.json"
        outputs.write_text(json.dumps({"records": {f"{t[0]}/assistant": record(*t) for t in TEAMS}}), encoding="utf-8")
        given = ["report", "--month", month.MONTH, "--today", TODAY, "--outputs", str(outputs)]
        given += [] if "--prometheus" in arguments else ["--prometheus", self.address]
        if actuals is not None:
            file = self.folder / "actuals.jsonl"
            file.write_text("\n".join(json.dumps(row) for row in actuals), encoding="utf-8")
            given += ["--actuals", str(file)]
        return CliRunner().invoke(app, [*given, *arguments])

    def json(self, *arguments: str, actuals: list[dict[str, object]] | None = None) -> dict:
        result = self.run("--json", *arguments, actuals=actuals)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def command(tmp_path: Path, whole_month: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    Project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return Command(tmp_path, whole_month)


#: With the cluster's fee, 0.10 an hour for 720 hours, the common cost of 100.00.
NETWORK = [actual("28.00")]


def test_the_worked_example_is_billed_to_the_cent(command: Command) -> None:
    found = command.json(actuals=NETWORK)
    assert {team: Decimal(each["bill"]) for team, each in found["teams"].items()} == BILLS
    assert found["total"] == "6579.90"
    dense, experts = (found["usage"][f"{team}/assistant"] for team, *_ in TEAMS)
    for usage in (dense, experts):
        assert Decimal(usage["prompt_tokens"]) == TOKENS.prompt
        assert Decimal(usage["answer_tokens"]) == TOKENS.answer
        assert Decimal(usage["cached_tokens"]) == 0
        assert Decimal(usage["held_hours"]) == 720
    assert round(Decimal(dense["memory_gib_hours"])) == 22_644
    assert round(Decimal(experts["memory_gib_hours"])) == 18_468
    assert Decimal(dense["work"]) == Decimal("36840e15")
    assert Decimal(experts["work"]) == Decimal("4584e15")


def test_direct_cost_is_split_by_the_time_with_a_running_request(command: Command) -> None:
    found = command.json(actuals=NETWORK)
    bill = next(each for each in found["bills"] if each["team"] == "dense")
    # a request runs in every other interval, and nobody looked for two hours
    assert Decimal(found["usage"]["dense/assistant"]["serving_hours"]) == pytest.approx(
        Decimal(359), abs=Decimal("0.2")
    )
    direct = Decimal(bill["serving"]) + Decimal(bill["waiting"])
    assert (
        direct
        == Decimal(bill["bill"]) - Decimal(bill["common"])
        == pytest.approx(Decimal("3239.95"), abs=Decimal("0.01"))
    )
    assert Decimal(bill["serving"]) == pytest.approx(Decimal("3239.95") * 359 / 720, abs=Decimal(1))


def test_each_family_equals_its_source(command: Command) -> None:
    rows = [
        *NETWORK,
        actual("12.50", "Standard Storage", "Cloud Storage", labels=[{"key": "team", "value": "platform"}]),
    ]
    found = command.json(actuals=rows)
    by_family = {each["family"]: each for each in found["reconciliation"]}
    assert by_family["cluster"]["total"] == "6551.90"
    assert by_family["network"]["total"] == "28.00"
    assert by_family["buckets"]["total"] == "12.50"
    for each in by_family.values():
        parts = [*each["teams"].values(), each["platform"], each["unattributed"]]
        assert sum(map(Decimal, parts)) == Decimal(each["total"])
    assert sum(Decimal(each["total"]) for each in by_family.values()) == Decimal(found["total"])
    assert by_family["cluster"]["gap"] == "0.00"


def test_a_part_of_the_month_is_reported_to_date_with_a_forecast(command: Command) -> None:
    found = command.json("--today", "2026-11-16")
    assert found["running"]
    assert found["until"] == "2026-11-16"
    assert Decimal(found["usage"]["dense/assistant"]["held_hours"]) == 360
    half = (USD_PER_HOUR * 2 + Decimal("0.10")) * 360
    assert Decimal(found["total"]) == half.quantize(Decimal("0.01"))
    assert Decimal(found["forecast"]) == pytest.approx(half * 2, abs=Decimal("0.02"))
    assert "forecast" in command.run("--today", "2026-11-16").stdout


@pytest.mark.parametrize(
    ("flag", "word"),
    [("--csv", "dense/assistant"), ("--markdown", "| **together** |"), ("--table", "together")],
)
def test_every_form_is_printed(command: Command, flag: str, word: str) -> None:
    result = command.run(flag, actuals=NETWORK)
    assert result.exit_code == 0, result.output
    assert word in result.stdout
    assert "3311.96" in result.stdout.replace(",", "")


def test_a_team_sees_its_own_part(command: Command) -> None:
    result = command.run("--csv", "--team", "dense", actuals=NETWORK)
    assert result.exit_code == 0, result.output
    assert [line.split(",")[5] for line in result.stdout.splitlines()[1:]] == ["dense/assistant"]
    refused = command.run("--team", "dens", actuals=NETWORK)
    assert refused.exit_code == 1
    assert "dense" in refused.stderr


def test_what_is_nobodys_fails_above_one_percent_and_is_shown(command: Command) -> None:
    result = command.run("--json", actuals=[*NETWORK, actual("5.00", "Query", "BigQuery")])
    assert result.exit_code == 1
    assert "other services: USD 5.00 of 5.00 is unattributed" in result.stderr
    assert json.loads(result.stdout)["teams"]["unattributed"]["bill"] == "5.00"


CommandOver = Callable[[list[Synthetic]], contextlib.AbstractContextManager[Command]]


@pytest.fixture
def command_over(installed: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandOver:
    """The command in a project of its own, with a Prometheus that has the given series."""

    @contextlib.contextmanager
    def running(made: list[Synthetic]) -> Iterator[Command]:
        Project(tmp_path)
        monkeypatch.chdir(tmp_path)
        database = tmp_path / "database"
        database.mkdir()
        with serve(installed, database, fill(installed, database, made)) as address:
            yield Command(tmp_path, address)

    return running


def test_idle_nodes_are_named_and_paid_by_the_users_of_that_machine_type(command_over: CommandOver) -> None:
    made = [
        *month.month(),
        *month.node("spare"),
        *month.node("system", "e2-standard-4_us-central1_on-demand", 0.134023, 0),
    ]
    with command_over(made) as command:
        found = command.json()
    (idle,) = (each for each in found["idle"] if "node gke-spare" in each["what"])
    assert (Decimal(idle["hours"]), idle["usd"]) == (720, "3239.95")
    assert "autoscaler" in idle["release"]
    paid = sum(Decimal(bill["idle_nodes"]) for bill in found["bills"])
    assert paid == pytest.approx(Decimal("3239.95"), abs=Decimal("0.01"))
    common = sum(Decimal(bill["common"]) for bill in found["bills"])
    assert common == pytest.approx(Decimal(720) * (Decimal("0.134023") + Decimal("0.10")), abs=Decimal("0.01"))


def test_a_deployment_that_held_gpus_without_its_metric_is_named(command_over: CommandOver) -> None:
    made = [
        one for one in month.month() if not (one.name == series.ANSWER and one.labels["namespace"] == "team-experts")
    ]
    with command_over(made) as command:
        result = command.run("--json")
    assert result.exit_code == 1
    assert "experts/assistant held GPUs" in result.stderr
    assert "dense/assistant" not in result.stderr


def test_a_node_of_an_unknown_class_is_an_unknown_price(command_over: CommandOver) -> None:
    made = [*month.month(), *month.node("odd", "n9-odd-1_us-central1_on-demand", 1.0, 0)]
    with command_over(made) as command:
        result = command.run("--json")
    assert result.exit_code == 1
    assert "unknown price: nodes of n9-odd-1_us-central1_on-demand ran" in result.stderr


def test_a_counter_below_zero_is_negative_traffic(command_over: CommandOver) -> None:
    labels = {"namespace": "team-dense", "pod": "x", "model_name": "assistant"}
    # promtool refuses a counter below zero, a gauge of that name is all the same to the database
    times = every(seconds("2026-11-02"), seconds("2026-11-02T01:00"), 300)
    wrong = Synthetic(series.PROMPT, labels, [(time, -1) for time in times])
    with command_over([*month.month(), wrong]) as command:
        result = command.run("--json")
    assert result.exit_code == 1
    assert "negative traffic: vllm:prompt_tokens_total of team-dense/assistant is -1" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--month", "2027-01"), "begins after today"),
        (("--month", "2026-03"), "month without data"),
        (("--prometheus", "http://127.0.0.1:9"), "cannot be reached"),
        (("--prometheus", "localhost:9090"), "write an address"),
        (("--month", "november"), "write a month"),
    ],
)
def test_what_cannot_be_told_is_one_clear_error(command: Command, arguments: tuple[str, str], words: str) -> None:
    result = command.run(*arguments)
    assert result.exit_code == 1
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_two_currencies_are_refused(command: Command) -> None:
    rows = [*NETWORK, {**actual("1"), "currency": "EUR"}]
    result = command.run(actuals=rows)
    assert result.exit_code == 1
    assert "two currencies, EUR beside USD" in result.stderr


def test_the_page_stands_alone(command: Command) -> None:
    page = command.folder / "report.html"
    result = command.run("--html", str(page), actuals=NETWORK)
    assert result.exit_code == 0, result.output
    text = page.read_text(encoding="utf-8")
    assert "3,311.96" in text
    assert 'name="viewport" content="width=device-width' in text
    assert "max-width" in text
    assert text.count("<svg") == 2
    for foreign in ("http://", "https://", "<script", "@import", "<link", "src="):
        assert foreign not in text.replace("http://www.w3.org/2000/svg", "")
