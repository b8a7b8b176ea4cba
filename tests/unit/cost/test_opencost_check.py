"""The check after an update, against a server on the loopback that answers as OpenCost documents it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from components.cost.__main__ import app
from components.cost.opencost.check import check_nodes
from components.cost.opencost.nodes import NoAnswerError, PricedNode, read_nodes

SYSTEM = "e2-standard-4_us-central1_on-demand"
SPOT, ON_DEMAND = "g2-standard-24_us-central1_spot", "g2-standard-24_us-central1_on-demand"
CATALOGUE = {SYSTEM: Decimal("0.134023"), SPOT: Decimal("1.200136"), ON_DEMAND: Decimal("2.000833")}
LABEL = "gemma_platform_price_class"
#: Of OpenCost's own defaults: USD of a vCPU and of a GiB an hour.
CPU, RAM = 0.031611, 0.004237


def node(name: str, price: float, price_class: str | None = SPOT, minutes: float = 10.0, **changes: Any) -> Any:
    """A node as `/assets` shows it (core/pkg/opencost/asset_json.go); its cost is its price over its minutes."""
    cores, cost = 4, price * minutes / 60
    return {
        "type": "Node",
        "properties": {"category": "Compute", "cluster": "gemma-dev", "name": name, "providerID": name},
        "labels": {"team": "platform", **({LABEL: price_class} if price_class else {})},
        "minutes": minutes,
        "nodeType": "g2-standard-24",
        "cpuCoreHours": cores * minutes / 60,
        "cpuCost": cost / 2,
        "gpuCost": 0,
        "ramCost": cost / 2,
        "discount": 0,
        "adjustment": 0,
        "totalCost": cost,
        **changes,
    }


def answer(*nodes: Any) -> dict[str, Any]:
    """An answer with these nodes, a disk and a load balancer."""
    others = {"disk": {"type": "Disk", "minutes": 10.0, "totalCost": 1}, "lb": {"type": "LoadBalancer"}}
    return {"code": 200, "data": {**others, **{each["properties"]["name"]: each for each in nodes}}}


@contextmanager
def serving(body: Any, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """(the address of a server that answers this to everything, what it was asked)."""
    asked: list[str] = []
    text = body if isinstance(body, str) else json.dumps(body)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(*arguments: str) -> Result:
    """The command on the committed dev environment."""
    return CliRunner().invoke(app, ["check-opencost", "--env", "dev", *arguments], env={"COLUMNS": "200"})


def checked(body: Any, *arguments: str, status: int = 200) -> Result:
    """The command against a server that answers this."""
    with serving(body, status) as (url, _):
        return run("--url", url, *arguments)


def test_prices_that_agree_end_with_0_and_what_has_no_node_is_named() -> None:
    with serving(answer(node("system", 0.134023, SYSTEM), node("a", 1.2001), node("b", 1.2105))) as (url, asked):
        done = run("--url", f"{url}/", "--window", "2h")
    assert done.exit_code == 0, done.output
    assert asked == ["/assets?window=2h"]
    row = next(line for line in done.output.splitlines() if SPOT in line)
    # the node that is farthest off
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        SPOT,
        "2",
        "1.200136",
        "1.210500",
        "+0.9 %",
        "agrees",
    ]
    assert f"not checked, since no node of them runs: {ON_DEMAND}" in done.output


def test_a_difference_above_two_percent_ends_with_1_and_names_class_prices_and_cause() -> None:
    done = checked(answer(node("a", 1.2001), node("b", 1.23)))
    assert done.exit_code == 1
    assert f"{SPOT}: the catalogue says 1.200136, OpenCost 1.230000; likely cause: " in done.output
    assert "DIFFERS" in done.output


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        (node("a", 0.0), "OpenCost has no price for it at all"),
        (node("a", 0.9, discount=0.25), "OpenCost takes 25 % off"),
        (node("a", 1.25 * 24 + 48, cpuCost=1.25 * 4 / 6), "placeholder prices of OpenCost's chart"),
        (node("a", CPU * 24 + RAM * 96, cpuCost=CPU * 4 / 6), "OpenCost's own default prices"),
        (node("a", 2.0), f"it is the price of {ON_DEMAND}; a row with an instance type"),
        (node("a", 3.5), "prices changed within the last 10m"),
    ],
)
def test_the_likely_cause_is_told_from_the_numbers(given: Any, cause: str) -> None:
    (found,) = check_nodes(read_nodes(json.dumps(answer(given))), CATALOGUE, "10m").checked
    assert found.cause is not None
    assert cause in found.cause


def test_an_outdated_price_is_told_from_a_wrong_one_by_the_stacks_outputs(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({"price_classes": {SPOT: "1.111111"}}), encoding="utf-8")
    done = checked(answer(node("a", 1.111)), "--outputs", str(outputs))
    assert done.exit_code == 1
    assert "it was 1.111111 at the last update, and catalogue or price_adjustments have changed; update" in done.output
    with serving(answer(node("a", 1.111))) as (url, _):
        piped = CliRunner().invoke(
            app, ["check-opencost", "--url", url, "--outputs", "-"], input=outputs.read_text(encoding="utf-8")
        )
    assert "at the last update" in piped.output


def test_a_node_without_a_class_of_the_environment_fails() -> None:
    done = checked(answer(node("a", 1.2), node("stray", 0.9, None), node("other", 0.9, "n2-standard-4_mars_spot")))
    assert done.exit_code == 1
    assert "stray: OpenCost counts 0.900000 an hour; it bears no label gemma-platform/price-class" in done.output
    assert (
        "other: OpenCost counts 0.900000 an hour; its class n2-standard-4_mars_spot is of no node pool" in done.output
    )
    gone = {"n2-standard-4_mars_spot": Decimal("0.9")}
    left = PricedNode("x", "n2-standard-4_mars_spot", Decimal("0.9"), None, Decimal(0))
    (stranger,) = check_nodes([left], CATALOGUE, "1h", gone).strangers
    assert "is no longer in the environment's files" in stranger.cause


@pytest.mark.parametrize("label", ["gemma-platform/price-class", LABEL, f"label_{LABEL}"])
def test_the_class_is_found_however_opencost_writes_the_label(label: str) -> None:
    (found,) = read_nodes(json.dumps(answer(node("a", 1.2, None, labels={label: SPOT}))))
    assert found.price_class == SPOT


def test_json_says_the_same() -> None:
    done = checked(answer(node("a", 1.2), node("system", 0.2, SYSTEM), node("stray", 1.0, None)), "--json")
    assert done.exit_code == 1
    said = json.loads(done.output)
    assert said["agrees"] is False
    assert said["tolerance_percent"] == "2.00"
    system, spot = said["classes"]
    assert (system["class"], system["agrees"], system["difference_percent"]) == (SYSTEM, False, "49.2")
    assert (spot["class"], spot["agrees"], spot["likely_cause"]) == (SPOT, True, None)
    assert (spot["catalogue_usd_per_hour"], spot["opencost_usd_per_hour"]) == ("1.200136", "1.200000")
    assert [one["node"] for one in said["nodes_without_a_class_of_the_environment"]] == ["stray"]
    assert said["not_checked"] == [ON_DEMAND]


def test_a_range_of_sets_is_read_too_and_what_was_hardly_there_is_left_out() -> None:
    sets = {"code": 200, "data": [answer(node("a", 1.2))["data"], answer(node("b", 9.0, minutes=0.5))["data"], None]}
    assert [each.name for each in read_nodes(json.dumps(sets))] == ["a"]
    assert read_nodes(json.dumps(answer(node("a", 1.2, totalCost=None)))) == []


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (answer(), 200, "nothing was checked: OpenCost at"),
        ({"code": 200, "data": {}}, 200, "nothing was checked"),
        ({"code": 500, "message": "no Prometheus"}, 200, "has no `data` but says 'no Prometheus'"),
        ("<html>", 200, "the answer is no JSON; is it OpenCost's API, port 9003"),
        ("Error getting assets: bad_data", 500, "answered 500: 'Error getting assets: bad_data'"),
    ],
)
def test_nothing_checked_ends_with_2(body: Any, status: int, words: str) -> None:
    done = checked(body, status=status)
    assert done.exit_code == 2
    assert words in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--url", "http://127.0.0.1:1"), "cannot be asked (ConnectionError); forward its port: kubectl -n opencost"),
        (("--url", "127.0.0.1"), "--url: '127.0.0.1' is no address; write one such as http://127.0.0.1:9003"),
        (("--window", "soon"), "--window: 'soon' is no time; write one such as 10m, 2h or 1d"),
        (("--env", "nope"), "Pulumi.nope.yaml: is missing"),
        (("--outputs", "nowhere.json"), "--outputs nowhere.json: cannot be read"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_2(arguments: tuple[str, ...], words: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.output


def test_outputs_of_another_stack_are_refused(tmp_path: Path) -> None:
    (tmp_path / "outputs.json").write_text("{}", encoding="utf-8")
    done = run("--outputs", str(tmp_path / "outputs.json"))
    assert done.exit_code == 2
    assert "has no `price_classes` with prices" in done.output


def test_numbers_are_read_exactly() -> None:
    (found,) = read_nodes(json.dumps(answer(node("a", 1.2, totalCost=0.2, minutes=10))))
    assert found.usd_per_hour == Decimal("1.2")


def test_no_answer_at_all_is_no_list_of_nodes() -> None:
    with pytest.raises(NoAnswerError):
        read_nodes("[]")
