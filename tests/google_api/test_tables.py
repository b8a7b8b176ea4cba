"""The tables say nothing that either side lacks: each place exists in Google's description, each property in the SDK."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.providers.sdk_arguments import arguments_of
from sandbox.providers.strict_inputs import failures
from tests.google_api.discovery import folder
from tests.google_api.mapping import Block, Blocks, Fields, Rule, Table, To, same
from tests.google_api.request_body import table_faults
from tests.google_api.tables import TABLES, UNDESCRIBED
from tests.google_api.tables.common import DELETION


def skeleton(fields: Fields) -> dict[str, Any]:
    """Inputs that name every property of a table, with the lists and objects around them."""
    return {name: _inner(rule) for name, rule in fields.items()}


def _inner(rule: Rule) -> Any:
    if isinstance(rule, Blocks) or (isinstance(rule, Block) and rule.only):
        return [skeleton(rule.fields)]
    return skeleton(rule.fields) if isinstance(rule, Block) else None


def unknown_to_the_sdk(token: str, fields: Fields) -> list[str]:
    """Properties of a table that the SDK has not, or not as an object or list. Values are not there, so those do not count."""
    arguments = arguments_of(token)
    assert arguments is not None, f"{token} is no resource of the SDK"
    found = failures(arguments, skeleton(fields))
    return [f"{path} {reason}" for path, reason in found if "is missing" not in reason and "NoneType" not in reason]


@pytest.mark.parametrize("token", TABLES)
def test_every_place_of_a_table_is_one_that_google_describes_and_takes(token: str) -> None:
    assert list(table_faults(TABLES[token])) == []


@pytest.mark.parametrize("token", TABLES)
def test_every_property_of_a_table_is_one_of_the_sdk(token: str) -> None:
    # DELETION stands in every table, also where the SDK has only one of the two
    own = {name: rule for name, rule in TABLES[token].fields.items() if name not in DELETION}
    assert unknown_to_the_sdk(token, own) == []


def test_a_wrong_table_is_found_out() -> None:
    wrong = Table(
        "compute.v1:networks.insert",
        {"name": To("nam"), "mtu": To("selfLinkWithId"), "params": Blocks("params", same("resourceManagerTags"))},
    )
    assert [fault.partition(":")[0] for fault in table_faults(wrong)] == [
        "name",
        "mtu",
        "params",
        "params[*].resourceManagerTags",
    ]
    assert unknown_to_the_sdk("gcp:compute/network:Network", {"nam": To("name")}) != []
    assert unknown_to_the_sdk("gcp:compute/network:Network", wrong.fields) != []


@pytest.mark.parametrize("token", UNDESCRIBED)
def test_an_api_that_stays_unchecked_is_really_not_described_and_its_properties_are_the_sdks(token: str) -> None:
    document, properties = UNDESCRIBED[token]
    assert not (folder() / f"{document}.json").exists(), f"{document} is there now: write a table for {token}"
    assert unknown_to_the_sdk(token, same(*properties)) == []
