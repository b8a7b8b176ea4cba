"""Money: nothing is lost in rounding or in dividing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.cost.money import difference, divide, dollars, signed_dollars

cents = st.integers(-10_000_000, 10_000_000).map(lambda n: Decimal(n) / 100)
shares = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.decimals(0, 1_000_000, places=6), min_size=1, max_size=8
).filter(lambda found: sum(found.values()) > 0)


@given(cents, shares)
def test_parts_add_up_and_are_within_a_cent_of_the_exact_share(total: Decimal, by_name: dict[str, Decimal]) -> None:
    parts = divide(total, by_name)
    assert sum(parts.values()) == total
    whole = sum(by_name.values())
    for name, part in parts.items():
        assert abs(part - total * by_name[name] / whole) <= Decimal("0.01")
        assert by_name[name] > 0 or part == 0


@given(cents, shares)
def test_the_order_of_names_does_not_matter(total: Decimal, by_name: dict[str, Decimal]) -> None:
    assert divide(total, by_name) == divide(total, dict(reversed(by_name.items())))


def test_a_cent_that_is_left_goes_to_the_first_name_on_a_tie() -> None:
    assert divide(Decimal("100.00"), dict.fromkeys("cab", Decimal(1))) == {
        "a": Decimal("33.34"),
        "b": Decimal("33.33"),
        "c": Decimal("33.33"),
    }


@pytest.mark.parametrize(
    ("total", "by_name", "word"),
    [
        ("1.001", {"a": 1}, "cents"),
        ("1", {"a": -1, "b": 2}, "negative"),
        ("1", {"a": 0}, "nobody"),
        ("1", {}, "nobody"),
    ],
)
def test_what_cannot_be_divided_is_refused(total: str, by_name: dict[str, int], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        divide(Decimal(total), {name: Decimal(share) for name, share in by_name.items()})


def test_a_difference_is_that_of_what_is_shown() -> None:
    before, after = Decimal("1.004"), Decimal("1.005")
    assert (dollars(before), dollars(after)) == ("1.00", "1.01")
    assert signed_dollars(difference(before, after)) == "+$0.01"
    assert signed_dollars(Decimal("-311.07")) == "-$311.07"
    assert signed_dollars(Decimal("-0.001")) == "+$0.00"
