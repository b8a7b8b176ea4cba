"""Fairness: the worked example, and what must hold whatever teams hold and ask. Amounts are exact until bills are made."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cost.errors import CostError
from components.cost.money import to_cents
from components.cost.showback.bills import as_decimal, bills, by_family, in_cents
from components.cost.showback.division import PLATFORM, UNATTRIBUTED, Part, divide_credits, divide_month
from components.cost.showback.items import FAMILIES, Credit, Item, Whose
from components.cost.showback.keys import keys
from components.cost.showback.rule import ANSWER_WEIGHT, WORK_SHARE, FairnessRule, rule_of
from components.cost.showback.usage import Tokens, Usage
from components.cost.showback.worked_example import BILLS, example

RULE = FairnessRule()
MACHINES = ("g2-standard-8", "g4-standard-48")

amounts = st.integers(0, 1_000_000).map(lambda n: Decimal(n) / 10_000)
counts = st.integers(0, 10**9).map(Decimal)


@st.composite
def tokens(draw: st.DrawFn) -> Tokens:
    prompt = draw(counts)
    return Tokens(prompt, draw(st.integers(0, int(prompt)).map(Decimal)), draw(counts))


@st.composite
def months(draw: st.DrawFn) -> tuple[list[Usage], list[Item]]:
    """Deployments of up to four teams, and amounts of every kind."""
    usages: list[Usage] = []
    for number in range(draw(st.integers(0, 5))):
        held = draw(st.integers(0, 744).map(Decimal))
        usages.append(
            Usage(
                f"{draw(st.sampled_from('abcd'))}/d{number}",
                draw(st.integers(1, 6000).map(lambda n: Decimal(n) / 100)),
                Decimal(draw(st.integers(1, 31_000_000_000))),
                held,
                held * draw(st.integers(0, 10)) / 10,
                draw(st.none() | tokens()),
                frozenset(draw(st.sets(st.sampled_from(MACHINES)))) if held else frozenset(),
            )
        )
    items = [
        Item("cluster", "fee", draw(amounts), Whose.COMMON),
        Item("network", "egress", draw(amounts), Whose.COMMON),
    ]
    items += [Item("cluster", machine, draw(amounts), Whose.IDLE, (machine,)) for machine in MACHINES]
    items += [Item("cluster", "machine", draw(amounts), Whose.DIRECT, (u.deployment,)) for u in usages if u.held_hours]
    if len(usages) > 1:
        sharing = draw(st.permutations([usage.deployment for usage in usages]))[:2]
        items.append(Item("cluster", "shared", draw(amounts), Whose.SHARED, tuple(sorted(sharing))))
    items.append(Item("other services", "unknown", draw(amounts), Whose.UNATTRIBUTED))
    return usages, items


def of_team(parts: list[Part], team: str) -> Fraction:
    return sum((part.amount for part in parts if part.holder.partition("/")[0] == team), Fraction(0))


def test_the_worked_example_is_equal_to_the_cent() -> None:
    usages, items = example()
    memory = {usage.team: usage.memory for usage in usages}
    work = {usage.team: usage.work(ANSWER_WEIGHT) / Decimal(10) ** 15 for usage in usages}
    assert memory == {"dense": Decimal(22_644), "experts": Decimal(18_468)}
    assert work == {"dense": Decimal(36_840), "experts": Decimal(4_584)}
    parts = divide_month(items, usages, RULE)
    direct = {part.holder: as_decimal(part.amount) for part in parts if part.whose is Whose.DIRECT}
    assert direct == {"dense/assistant": Decimal("3239.9496"), "experts/assistant": Decimal("3239.9496")}
    common = {part.holder: as_decimal(part.amount) for part in parts if part.whose is Whose.COMMON}
    assert {name: usd.quantize(Decimal("0.00001")) for name, usd in common.items()} == {
        "dense/assistant": Decimal("72.00638"),
        "experts/assistant": Decimal("27.99362"),
    }
    made = {bill.team: bill.total for bill in bills(parts, [], usages)}
    assert made == {"dense": Decimal("3311.96"), "experts": Decimal("3267.94")} == BILLS
    assert sum(made.values()) == Decimal("6579.90")


@given(months())
def test_shares_add_up_exactly(month: tuple[list[Usage], list[Item]]) -> None:
    usages, items = month
    found = keys(usages, RULE)
    assert not found or sum(found.values()) == 1
    parts = divide_month(items, usages, RULE)
    assert sum(part.amount for part in parts) == sum(Fraction(item.amount) for item in items)
    total = to_cents(sum((item.amount for item in items), Decimal(0)))
    made = bills(parts, [], usages)
    assert sum(bill.total for bill in made) == total
    for bill in made:
        # the total is rounded by half a cent at most before it is divided, and a holder's part of that is less
        assert abs(bill.total - bill.exact) < Decimal("0.015")


@given(months())
def test_nothing_is_negative_before_credits(month: tuple[list[Usage], list[Item]]) -> None:
    usages, items = month
    for bill in bills(divide_month(items, usages, RULE), [], usages):
        assert all(getattr(bill, name) >= 0 for name in ("serving", "waiting", "direct", "shared", "idle", "common"))


@given(months(), st.randoms(use_true_random=False))
def test_the_order_of_teams_and_amounts_does_not_matter(month: tuple[list[Usage], list[Item]], random) -> None:
    usages, items = month
    other_usages, other_items = list(usages), list(items)
    random.shuffle(other_usages)
    random.shuffle(other_items)
    first = bills(divide_month(items, usages, RULE), [], usages)
    assert first == bills(divide_month(other_items, other_usages, RULE), [], other_usages)


@given(months(), st.data())
def test_more_tokens_never_lower_the_own_bill(month: tuple[list[Usage], list[Item]], data: st.DataObject) -> None:
    usages, items = month
    measured = [usage for usage in usages if usage.tokens is not None]
    if not measured:
        return
    chosen = data.draw(st.sampled_from(measured))
    assert chosen.tokens is not None
    prompt = data.draw(counts)
    more = chosen.tokens + Tokens(prompt, Decimal(0), data.draw(counts))
    after = [replace(usage, tokens=more) if usage is chosen else usage for usage in usages]

    def bill(found: list[Usage]) -> Fraction:
        return sum((p.amount for p in divide_month(items, found, RULE) if p.holder == chosen.deployment), Fraction(0))

    assert bill(after) >= bill(usages)


@given(months())
def test_no_team_pays_more_than_it_would_alone_in_the_environment(month: tuple[list[Usage], list[Item]]) -> None:
    usages, items = month
    together = divide_month(items, usages, RULE)
    for team in sorted({usage.team for usage in usages}):
        own = [usage for usage in usages if usage.team == team]
        names = {usage.deployment for usage in own}
        left = [
            item
            for item in items
            if item.whose not in (Whose.DIRECT, Whose.SHARED) or any(name in names for name in item.names)
        ]
        assert of_team(together, team) <= of_team(divide_month(left, own, RULE), team)


def a_usage(name: str, held: int = 720, used: Tokens | None = None, machine: str = "g4-standard-48") -> Usage:
    return Usage(name, Decimal(10), Decimal(10**9), Decimal(held), Decimal(0), used, frozenset({machine}))


NO_TOKENS = Tokens(Decimal(0), Decimal(0), Decimal(0))


def test_without_tokens_memory_alone_decides() -> None:
    assert keys([a_usage("a/x", 300, NO_TOKENS), a_usage("b/x", 100, NO_TOKENS)], RULE) == {
        "a/x": Fraction(3, 4),
        "b/x": Fraction(1, 4),
    }


def test_where_nothing_was_held_the_platform_pays() -> None:
    items = [Item("cluster", "fee", Decimal(73), Whose.COMMON)]
    assert [(p.holder, p.amount) for p in divide_month(items, [a_usage("a/x", 0)], RULE)] == [(PLATFORM, 73)]


def test_the_key_of_what_is_not_measured_is_memory_alone_and_the_others_divide_the_rest() -> None:
    asked = Tokens(Decimal(100), Decimal(0), Decimal(0))
    found = keys([a_usage("a/x", 100), a_usage("b/x", 100, asked), a_usage("c/x", 200, NO_TOKENS)], RULE)
    half = Fraction(1, 2)
    left = Fraction(3, 4)
    assert found == {
        "a/x": Fraction(1, 4),
        "b/x": half * Fraction(1, 4) + half * left,
        "c/x": half * half,
    }


def test_gpu_nodes_without_a_pod_are_divided_among_the_users_of_that_machine_type_only() -> None:
    usages = [a_usage("a/x", machine="g2-standard-8"), a_usage("b/x"), a_usage("c/x")]
    items = [
        Item("cluster", "idle", Decimal(10), Whose.IDLE, ("g4-standard-48",)),
        Item("cluster", "idle", Decimal(7), Whose.IDLE, ("a3-highgpu-1g",)),
    ]
    found = {p.holder: p.amount for p in divide_month(items, usages, RULE)}
    assert found == {"b/x": 5, "c/x": 5, PLATFORM: 7}


def test_a_shared_gpu_is_divided_by_key_among_those_that_share_it() -> None:
    items = [Item("cluster", "gpu", Decimal(12), Whose.SHARED, ("a/x", "b/x"))]
    usages = [a_usage("a/x", 300, NO_TOKENS), a_usage("b/x", 100, NO_TOKENS), a_usage("c/x", 999, NO_TOKENS)]
    assert {p.holder: p.amount for p in divide_month(items, usages, RULE)} == {"a/x": 9, "b/x": 3}


def test_direct_cost_is_shown_as_serving_and_waiting() -> None:
    usage = replace(a_usage("a/x", 100), serving_hours=Decimal(25))
    unmeasured = replace(a_usage("b/x", 100), serving_hours=None)
    items = [Item("cluster", "m", Decimal("10.01"), Whose.DIRECT, (u.deployment,)) for u in (usage, unmeasured)]
    first, second = bills(divide_month(items, [usage, unmeasured], RULE), [], [usage, unmeasured])
    assert (first.serving, first.waiting, first.direct) == (Decimal("2.50"), Decimal("7.51"), Decimal("0.00"))
    assert (second.serving, second.waiting, second.direct) == (Decimal("0.00"), Decimal("0.00"), Decimal("10.01"))


def test_credits_go_to_their_own_sku_first_and_what_is_left_to_all() -> None:
    usages = [a_usage("a/x", 300, NO_TOKENS), a_usage("b/x", 100, NO_TOKENS)]
    items = [
        Item("cluster", "gpu", Decimal(30), Whose.DIRECT, ("a/x",)),
        Item("cluster", "gpu", Decimal(10), Whose.DIRECT, ("b/x",)),
        Item("cluster", "fee", Decimal(40), Whose.COMMON),
    ]
    parts = divide_month(items, usages, RULE)
    among_all = keys(usages, RULE)
    small = divide_credits([Credit("cluster", "gpu", Decimal(20))], parts, among_all)
    assert {p.holder: p.amount for p in small} == {"a/x": 15, "b/x": 5}
    large = divide_credits([Credit("cluster", "gpu", Decimal(48))], parts, among_all)
    assert {h: sum(p.amount for p in large if p.holder == h) for h in ("a/x", "b/x")} == {"a/x": 36, "b/x": 12}
    made = bills(parts, large, usages)
    assert [(bill.cost, bill.credits, bill.total) for bill in made] == [
        (Decimal("60.00"), Decimal("36.00"), Decimal("24.00")),
        (Decimal("20.00"), Decimal("12.00"), Decimal("8.00")),
    ]


def test_a_credit_of_a_sku_that_nobody_pays_goes_to_all_or_to_the_platform() -> None:
    assert [p.holder for p in divide_credits([Credit("network", "x", Decimal(1))], [], {})] == [PLATFORM]


def test_amounts_by_family_add_up() -> None:
    items = [Item(family, "sku", Decimal(3), Whose.COMMON) for family in FAMILIES]
    found = by_family(divide_month(items, [a_usage("a/x"), a_usage("b/x")], RULE))
    assert {family: sum(holders.values()) for family, holders in found.items()} == dict.fromkeys(FAMILIES, 3)


def test_what_only_a_team_or_nobody_is_known_of_stays_there() -> None:
    items = [
        Item("Cloud Run", "cpu", Decimal(1), Whose.TEAM, ("a",)),
        Item("Cloud Run", "cpu", Decimal(2), Whose.UNATTRIBUTED),
    ]
    made = bills(divide_month(items, [], RULE), [], [])
    assert [(bill.team, bill.total) for bill in made] == [("a", Decimal("1.00")), (UNATTRIBUTED, Decimal("2.00"))]


def test_cents_of_equal_shares_go_to_the_first_name() -> None:
    assert in_cents({"b": Fraction(1, 2), "a": Fraction(1, 2)}, Decimal("0.01")) == {
        "a": Decimal("0.01"),
        "b": Decimal("0.00"),
    }


@pytest.mark.parametrize("numbers", [(-1, 0, 0), (0, 0, -1), (1, 2, 0), (0, -1, 0)])
def test_negative_traffic_is_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(CostError, match="negative traffic"):
        Tokens(*(Decimal(number) for number in numbers))


def test_a_negative_amount_is_no_item() -> None:
    with pytest.raises(CostError, match="is a credit"):
        Item("network", "egress", Decimal(-1), Whose.COMMON)


def test_the_rule_says_where_its_numbers_are_from() -> None:
    first, second = FairnessRule().lines
    assert "own choice" in first
    assert "0.15" in second
    assert "0.60" in second
    changed = rule_of(Decimal("0.3"), ANSWER_WEIGHT, "Pulumi.dev.yaml")
    assert changed.lines[0] == "s = 0.3 (Pulumi.dev.yaml)"
    assert changed.lines[1] == second
    assert rule_of(WORK_SHARE, ANSWER_WEIGHT, "x") == FairnessRule()


@pytest.mark.parametrize(("share", "weight"), [("1.1", "4"), ("-0.1", "4"), ("0.5", "0")])
def test_a_rule_out_of_range_is_refused(share: str, weight: str) -> None:
    with pytest.raises(ValueError, match=r"work_share|answer_weight"):
        FairnessRule(Decimal(share), Decimal(weight))
