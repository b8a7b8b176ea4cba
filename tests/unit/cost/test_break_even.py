"""Points of break-even are exact, by hand and by properties, and the command refuses what makes no sense."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.cost.break_even.crossings import along, cheapest, crossings
from components.cost.break_even.token_cost import (
    Spread,
    TokenCost,
    answer_seconds,
    prompt_seconds,
    requests_per_hour,
    token_cost,
)
from components.cost.break_even.ways import DAYS_PER_MONTH, Hosted, Served, Traffic
from components.cost.errors import CostError
from tests.unit.cost.commands import Result, run
from tests.unit.cost.sized import record
from tests.unit.cost.trees import Project

NO_TOKENS = TokenCost(1, None, Spread(Decimal(1), Decimal(1), Decimal(1)))
OF_ONE_MACHINE = Spread(Decimal(50), Decimal(100), Decimal(150))


def way(name: str, usd: str, carries: str = "100", minimum: int = 0, wake: int = 0, per_host: int = 1) -> Served:
    """A place whose replicas carry so many requests an hour."""
    many = Decimal(carries)
    return Served(
        name,
        "gke",
        name,
        None,
        "a list, 2026-11",
        Decimal(usd),
        Spread(many / 2, many, many * 2),
        NO_TOKENS,
        per_host,
        minimum,
        0,
        wake,
    )


def traffic(requests: str = "50", hours: str = "8", starts: str = "0") -> Traffic:
    return Traffic(Decimal(requests), Decimal(hours), Decimal(starts))


def test_a_month_by_hand() -> None:
    # 150 requests an hour need 2 replicas for 8 hours, 1 runs for the other 16, and the second one pays 3 x 0.5 h more
    busy = traffic("150", "8", "3")
    usd = way("a", "2", minimum=1, wake=1800).month(busy)
    assert usd == 2 * (2 * 8 + 1 * 16 + 1 * Decimal("1.5")) * 730 / 24
    assert DAYS_PER_MONTH * 24 == 730


def test_starts_never_cost_more_than_the_rest_of_the_day() -> None:
    assert way("a", "1", wake=3600).month(traffic(hours="20", starts="24")) == Decimal(730)


def test_a_machine_is_paid_as_a_whole() -> None:
    assert way("a", "1", per_host=4).replicas(Decimal(101)) == 4


def test_hours_a_day_cross_where_a_price_from_zero_reaches_one_all_day() -> None:
    # 1 x 24 h a day against 3 x h: at 8 hours
    (point,) = crossings(way("always", "1", minimum=1), way("from zero", "3"), traffic(), "hours a day", Decimal(24))
    assert (point.at, point.cheaper, point.dearer) == (8, "always", "from zero")
    assert point.usd == Decimal(730)


def test_cold_starts_cross_where_their_hours_fill_the_difference() -> None:
    # 24 against 2 x (8 + n x 0.5): at n = 8
    pair = way("always", "1", minimum=1), way("from zero", "2", wake=1800)
    (point,) = crossings(*pair, traffic(), "cold starts a day", Decimal(24))
    assert (point.at, point.cheaper) == (8, "always")


def test_requests_cross_at_a_step() -> None:
    # small: 1 for each 100 an hour; large: 1.5 for each 200. 2 against 1.5 above 100, 3 against 3 above 200, 4 against 3 above
    # 300: there is one point only
    small, large = way("small", "1"), way("large", "1.5", "200")
    (point,) = crossings(small, large, traffic(), "requests an hour", Decimal(350))
    assert (point.at, point.cheaper) == (100, "large")
    assert small.month(traffic("250")) == large.month(traffic("250"))


def test_requests_cross_at_every_step_that_turns_the_order() -> None:
    # 1 for each 100 against 2.5 for each 300: 3 against 2.5 above 200, 4 against 5 above 300, 6 against 5 above 500
    pair = way("small", "1"), way("large", "2.5", "300")
    points = crossings(*pair, traffic(), "requests an hour", Decimal(600))
    assert [(point.at, point.cheaper) for point in points] == [(200, "large"), (300, "small"), (500, "large")]


def test_a_hosted_model_crosses_on_the_line_between_two_steps() -> None:
    # 1 x 8 h a day against 8 x r x 0.02: at 50 requests an hour; 2 replicas from 100 on cost less than 2.00 an hour
    api = Hosted(10_000, 10_000, Decimal(1), Decimal(1))
    assert api.usd_per_request == Fraction(2, 100)
    (point,) = crossings(way("own", "1"), api, traffic(), "requests an hour", Decimal(100))
    assert (point.at, point.cheaper, point.dearer) == (50, "own", "hosted API")


def test_at_a_step_a_hosted_model_becomes_the_cheaper_one_again() -> None:
    # 1.5 for each 100: own from 75; at 100 a second replica makes it 3.00 against 2.00, and from 150 own again
    api = Hosted(10_000, 10_000, Decimal(1), Decimal(1))
    points = crossings(way("own", "1.5"), api, traffic(), "requests an hour", Decimal(200))
    assert [(point.at, point.cheaper) for point in points] == [(75, "own"), (100, "hosted API"), (150, "own")]


ways = st.builds(
    lambda usd, carries, minimum, wake, per_host: way(
        f"{usd}/{carries}/{minimum}/{wake}", str(usd), str(carries), minimum, wake, per_host
    ),
    st.decimals("0.01", "20", places=2),
    st.integers(10, 500),
    st.integers(0, 2),
    st.integers(0, 7200),
    st.sampled_from([1, 2]),
)
axes = st.sampled_from([("requests an hour", 1000), ("hours a day", 24), ("cold starts a day", 24)])


@settings(deadline=None)
@given(
    ways,
    ways | st.builds(Hosted, st.just(3000), st.just(300), st.just(Decimal("0.5")), st.just(Decimal(2))),
    axes,
    st.data(),
)
def test_between_two_points_the_same_way_is_never_dearer(
    first: Served, second: Served, axis, data: st.DataObject
) -> None:
    along_what, most = axis
    usual = traffic("120", "9", "2")
    points = crossings(first, second, usual, along_what, Decimal(most))
    ends = [Fraction(0), *(Fraction(point.at) for point in points), Fraction(most)]
    assert ends == sorted(ends)
    cost_first, cost_second = along(first, usual, along_what), along(second, usual, along_what)
    for number, (low, high) in enumerate(pairwise(ends)):
        if low == high:
            continue
        shares = data.draw(st.lists(st.decimals("0.001", "0.999", places=3), min_size=1, max_size=5))
        signs = {
            (difference > 0) - (difference < 0)
            for share in shares
            for value in [low + (high - low) * Fraction(share)]
            for difference in [cost_first(value) - cost_second(value)]
        } - {0}
        assert len(signs) <= 1, (low, high)
        if signs and number > 0:
            cheaper = second if signs == {1} else first
            assert points[number - 1].cheaper == cheaper.name


@settings(deadline=None)
@given(st.lists(ways, min_size=1, max_size=4))
def test_the_cheapest_is_no_dearer_than_any(found: list[Served]) -> None:
    usual = traffic()
    assert all(cheapest(found, usual).month(usual) <= each.month(usual) for each in found)


def test_tokens_cost_what_a_typical_request_takes_of_a_replica() -> None:
    sized = record()
    cost, demand = token_cost(sized), sized.demand
    assert cost.prompt is not None
    prompt = demand.typical_tokens - demand.typical_answer_tokens
    usd = (cost.prompt.typical * prompt + cost.answer.typical * demand.typical_answer_tokens) / 1_000_000
    requests = requests_per_hour(sized).typical
    assert abs(usd * requests - sized.usd_per_hour) < Decimal("0.001")
    assert cost.prompt.low < cost.prompt.typical < cost.prompt.high
    assert cost.answer.low < cost.answer.typical < cost.answer.high
    # a step yields a token for each of the requests at once
    rate, slots = Decimal(repr(sized.decode_tokens_per_second.typical)), sized.budget.load.concurrent_requests
    assert answer_seconds(sized).typical == Decimal(demand.typical_answer_tokens) / slots / rate
    assert prompt_seconds(sized).typical == Decimal(repr(sized.first_token_seconds.typical))


def test_a_request_that_is_all_answer_has_no_price_of_a_prompt() -> None:
    sized = record()
    demand = replace(sized.demand, typical_answer_tokens=sized.demand.typical_tokens)
    assert token_cost(replace(sized, demand=demand)).prompt is None


@pytest.mark.parametrize(
    ("requests", "hours", "starts", "words"),
    [
        ("-1", "8", "0", "requests an hour"),
        ("1", "25", "0", "hours a day"),
        ("1", "8", "-2", "cold starts a day"),
        ("NaN", "8", "0", "requests"),
    ],
)
def test_traffic_that_cannot_be_is_refused(requests: str, hours: str, starts: str, words: str) -> None:
    with pytest.raises(CostError, match=words):
        traffic(requests, hours, starts)


def ask(project: Project, *arguments: str) -> Result:
    return run(project.folder, "break-even", *arguments)


def test_the_command_compares_runtimes_machines_and_a_hosted_model(project: Project, tmp_path: Path) -> None:
    picture = tmp_path / "even.svg"
    api = ("--api-input", "0.5", "--api-output", "3")
    result = ask(project, "--deployment", "support/helpdesk", *api, "--plot", str(picture))
    assert (result.code, result.err) == (0, f"wrote {picture}\n")
    for words in (
        "Cloud Run nvidia-l4",
        "GKE g2-standard-8 (spot), minimum 1",
        "g4-standard-48",
        "hosted API",
        "Break-even",
    ):
        assert words in result.out
    assert picture.read_text(encoding="utf-8").startswith("<?xml")


def test_json_holds_exact_points_at_which_both_ways_cost_the_same(project: Project) -> None:
    found = ask(project, "--deployment", "support/helpdesk", "--json").json
    points = [point for point in found["crossings"] if point["axis"] == "hours a day"]
    assert points
    usd = {each["name"]: Decimal(each["usd_per_replica_hour"]) for each in found["ways"]}
    (point,) = (each for each in points if each["cheaper_from_there"] == "GKE g2-standard-8 (spot), minimum 1")
    # 24 x GKE's hour = Cloud Run's hour x (hours + one start of 4 minutes and an idle tail of 15)
    hours = 24 * usd[point["cheaper_from_there"]] / usd[point["cheaper_below"]] - Decimal(19) / 60
    assert abs(Decimal(point["at"]) - hours) < Decimal("1e-20")


def test_a_wish_by_options_needs_no_environment_of_its_own(project: Project) -> None:
    result = ask(
        project, "--model", "gemma-4-e4b-it", "--context", "8192", "--concurrency", "4", "--machine", "g2-standard-8"
    )
    assert result.code == 0
    assert "you/model (gemma-4-e4b-it)" in result.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give either --deployment or --model"),
        (("--deployment", "support/desk"), "--deployment: dev has no 'support/desk'; did you mean 'support/helpdesk'?"),
        (("--env", "stage", "--deployment", "a/b"), "--env: there is no environment 'stage'"),
        (("--deployment", "support/helpdesk", "--api-input", "0", "--api-output", "1"), "--api-input: found 0"),
        (("--deployment", "support/helpdesk", "--api-input", "1", "--api-output", "-1"), "--api-output: found -1"),
        (("--deployment", "support/helpdesk", "--api-input", "1"), "give both --api-input and --api-output"),
        (
            ("--deployment", "support/helpdesk", "--api-input", "cheap", "--api-output", "1"),
            "--api-input: found 'cheap'",
        ),
        (("--deployment", "support/helpdesk", "--requests", "-5"), "requests an hour: found -5; write 0 or more"),
        (("--deployment", "support/helpdesk", "--hours-a-day", "30"), "hours a day: found 30; write 0 to 24"),
        (("--deployment", "support/helpdesk", "--minimum", "-1"), "minimum instances: found -1"),
        (("--deployment", "support/helpdesk", "--machine", "g2-standard-7"), "--machine: unknown machine type"),
        (("--model", "gemma-5"), "unknown model 'gemma-5'"),
    ],
)
def test_bad_input_is_one_clear_line(project: Project, arguments: tuple[str, ...], words: str) -> None:
    result = ask(project, *arguments)
    assert (result.code, result.out) == (1, "")
    assert words in result.err
    assert len(result.err.splitlines()) == 1
