"""docs/decide.md is what sizing and cost say now, and its advice follows from its numbers."""

from __future__ import annotations

import re
from decimal import Decimal

from stacks.decide_page import PAGE, planned, render_page

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_not_stale() -> None:
    assert render_page(planned()) == TEXT, "run `make docs`"


def usd(title: str) -> dict[str, Decimal]:
    """USD a month by way, of one load."""
    part = TEXT[TEXT.index(f"### {title}") :]
    part = part[: part.index("\n- ")]
    return {
        way: Decimal(amount.replace(",", ""))
        for way, amount in re.findall(r"^\| ([^|]+) \| [^|]+ \| ([\d,.]+) \|", part, re.M)
    }


def test_the_advice_of_the_first_table_follows_from_the_numbers_below_it() -> None:
    """The words are fixed and the numbers are not: a price that turns one of them must change the words."""
    chat, batch = usd("A chat for a team"), usd("A nightly batch")
    assert min(chat, key=lambda way: chat[way]) == "hosted API"
    assert chat["GKE (from zero)"] < chat["Cloud Run (from zero)"]
    assert min(batch, key=lambda way: batch[way]) == "GKE (from zero)"
    assert "GKE g2-standard-24 (spot)" in TEXT
    assert "Cloud Run (from zero) below" in next(
        line for line in TEXT.splitlines() if "no cluster yet | **Cloud Run**" in line
    )


def test_every_load_has_all_ways_and_a_price_at_which_a_hosted_model_is_equal() -> None:
    titles = ("A chat for a team", "A busy assistant", "A nightly batch")
    for title in titles:
        assert len(usd(title)) == 7, title
    assert len(re.findall(r"costs what a hosted API costs at USD \d+\.\d\d a million tokens", TEXT)) == len(titles)


def test_a_new_cluster_adds_the_same_to_every_load() -> None:
    for title in ("A chat for a team", "A busy assistant", "A nightly batch"):
        found = usd(title)
        added = found["GKE (one always, new cluster)"] - found["GKE (one always)"]
        assert f"USD {added} a month for its fee" in TEXT, title
