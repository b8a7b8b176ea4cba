"""The money of a report: what is shown adds up, and the largest change comes first."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from components.preview_report.headline import headline, title
from components.preview_report.markdown import report_markdown
from components.preview_report.money import month_of
from tests.unit.preview_report.made import preview_of, report_of


def cells(markdown: str, first: str) -> list[str]:
    """The cells of the row that begins with `first`."""
    row = next(line for line in markdown.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip(" *") for cell in row.strip("|").split("|")]


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("$", ""))


def test_rows_and_sums_of_the_table_add_up_to_the_cent(deployed: dict[str, Any], planned: dict[str, Any]) -> None:
    text = report_markdown(report_of(preview_of(planned), deployed))
    rows = [cells(text, name) for name in ("risk/summary", "support/helpdesk", "1 other deployment")]
    teams, shared, whole = (cells(text, name) for name in ("**all teams**", "shared", "**dev**"))
    for column in (4, 5, 6):
        assert sum(amount(row[column]) for row in rows) == amount(teams[column])
        assert amount(teams[column]) + amount(shared[column]) == amount(whole[column])
    assert amount(whole[5]) - amount(whole[4]) == amount(whole[6])
    # 140 hours more of 1.42092 an hour
    assert rows[1][6] == "+198.93"
    assert f"+${whole[6].strip('+')} a month expected (${whole[4]} -> ${whole[5]})" in text


def test_the_largest_change_comes_first_and_then_the_name(deployed: dict[str, Any], planned: dict[str, Any]) -> None:
    found = report_of(preview_of(planned), deployed).deployments
    assert [line.deployment for line in found] == ["risk/summary", "support/helpdesk"]
    back = report_of(preview_of(deployed), planned).deployments
    assert [(line.deployment, line.change) for line in back] == [
        ("risk/summary", "removed"),
        ("support/helpdesk", "active hours 300 -> 160"),
    ]
    assert [line.difference for line in back] == [-(line.difference or 0) for line in found]


def test_a_difference_is_that_of_the_cents_that_are_shown(deployed: dict[str, Any]) -> None:
    changed = copy.deepcopy(deployed)
    month = changed["records"]["support/helpdesk"]["cost"]
    month["expected_usd_per_month"] = str(Decimal(month["expected_usd_per_month"]) + Decimal("0.01"))
    report = report_of(preview_of(changed), deployed)
    assert report.deployments[0].difference == Decimal("0.01")
    assert "+$0.01 a month expected" in headline(report)


def test_a_price_alone_is_a_line_that_says_so(deployed: dict[str, Any]) -> None:
    changed = copy.deepcopy(deployed)
    month = changed["records"]["payments/assistant"]["cost"]
    month |= {"expected_usd_per_month": "919.91", "minimum_usd_per_month": "919.91", "peak_usd_per_month": "919.91"}
    month["facts"]["price"] = "1.260143 an hour"
    line = report_of(preview_of(changed), deployed).deployments[0]
    assert (line.change, line.reload) == ("price 1.200136 an hour -> 1.260143 an hour", "no")
    assert line.difference == Decimal("43.81")


def test_a_first_update_is_compared_with_nothing(planned: dict[str, Any]) -> None:
    report = report_of(preview_of(planned), {})
    month = month_of(planned)
    assert month is not None
    assert headline(report) == f"dev: +${month.whole.expected:,} a month expected ($0.00 -> ${month.whole.expected:,})"
    assert {line.reload.partition(" ~")[0] for line in report.deployments} == {"starts in"}


def test_a_stack_that_published_no_cost_is_not_compared_and_says_why(
    deployed: dict[str, Any], planned: dict[str, Any]
) -> None:
    old = {"records": deployed["records"]}
    report = report_of(preview_of(planned), old)
    text = report_markdown(report)
    assert "a month expected, not compared" in headline(report)
    assert "Not compared with what is deployed: the outputs have no `cost`" in text
    assert cells(text, "support/helpdesk")[4:] == ["-", "-", "-"]


def test_the_title_of_a_check_holds_the_money_and_is_short(deployed: dict[str, Any], planned: dict[str, Any]) -> None:
    found = title(report_of(preview_of(planned), deployed))
    assert found.startswith("dev: +$")
    assert len(found) < 140
