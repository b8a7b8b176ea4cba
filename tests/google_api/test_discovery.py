"""What the check says of a value, for each kind of field of Google's descriptions, and what the rules of the tables make."""

from __future__ import annotations

from typing import Any

import pytest

from tests.google_api.discovery import HIDDEN, Document, Method, failures
from tests.google_api.mapping import Block, Blocks, Drop, Table, To, Url, as_list, choice, int64, listed, same
from tests.google_api.request_body import complaints, make_request, text

THING = {
    "id": "Thing",
    "type": "object",
    "properties": {
        "flag": {"type": "boolean"},
        "count": {"type": "integer", "format": "int32"},
        "unsigned": {"type": "integer", "format": "uint32"},
        "share": {"type": "number", "format": "double"},
        "big": {"type": "string", "format": "int64"},
        "data": {"type": "string", "format": "byte"},
        "wait": {"type": "string", "format": "google-duration"},
        "at": {"type": "string", "format": "google-datetime"},
        "day": {"type": "string", "format": "date"},
        "mode": {"type": "string", "enum": ["ON", "OFF"]},
        "modes": {"type": "array", "items": {"type": "string", "enum": ["ON", "OFF"]}},
        "name": {"type": "string", "pattern": "[a-z]+", "annotations": {"required": ["things.create"]}},
        "state": {"type": "string", "readOnly": True},
        "inner": {"$ref": "Thing"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "free": {"type": "any"},
    },
}
METHOD = Method("things.update", {}, {"$ref": "Thing"}, Document("thing.v1", {"schemas": {"Thing": THING}}))
CREATE = Method("things.create", METHOD.parameters, METHOD.request, METHOD.document)


@pytest.mark.parametrize(
    "body",
    [
        {"flag": False, "count": -(2**31), "unsigned": 2**32 - 1, "share": 1, "big": str(2**62)},
        {"count": 3.0, "share": 0.5},  # a number of Pulumi's may come with a fraction of zero
        {"data": "aGk=", "wait": "1.5s", "at": "2026-11-25T00:00:00Z", "day": "2026-11-25"},
        {"mode": "ON", "modes": ["ON", "OFF"], "labels": {"a": "b"}, "free": [1], "inner": {"inner": {"count": 1}}},
        {"name": HIDDEN, "labels": {"a": HIDDEN}},
    ],
)
def test_what_fits_is_not_complained_about(body: dict[str, Any]) -> None:
    assert list(failures(METHOD, METHOD.request, body)) == []


@pytest.mark.parametrize(
    ("body", "place", "reason"),
    [
        ({"flg": True}, "flg", "is unknown, did you mean 'flag'?"),
        ({"inner": {"inner": {"xyz": 1}}}, "inner.inner.xyz", "is unknown (Thing has at, big"),
        ({"flag": "true"}, "flag", "must be true or false, found text"),
        ({"count": "1"}, "count", "must be a number (int32), found text"),
        ({"count": True}, "count", "must be a number (int32), found true or false"),
        ({"count": 1.5}, "count", "must be a whole number"),
        ({"count": 2**31}, "count", "must be from"),
        ({"unsigned": -1}, "unsigned", "must be from 0"),
        ({"big": 5}, "big", "must be a int64 written as text"),
        ({"big": "five"}, "big", "'five' is no int64"),
        ({"big": str(2**63)}, "big", "is no int64"),
        ({"data": "ü"}, "data", "is no byte"),
        ({"wait": "90"}, "wait", "'90' is no google-duration"),
        ({"at": "2026-11-25T00:00:00"}, "at", "is no google-datetime"),
        ({"day": "25.11.2026"}, "day", "is no date"),
        ({"mode": "ONN"}, "mode", "'ONN' is not allowed, did you mean ON? Allowed: ON, OFF"),
        ({"mode": HIDDEN}, "mode", "a preview does not show it"),
        ({"mode": ["ON"]}, "mode", "must be one value (string), found a list"),
        ({"modes": "ON"}, "modes", "must be a list, found text"),
        ({"modes": ["ON", "on"]}, "modes[1]", "Allowed: ON, OFF"),
        ({"name": "A1"}, "name", "does not match [a-z]+"),
        ({"state": "READY"}, "state", "is output only"),
        ({"inner": [{}]}, "inner", "must be an object (Thing), found a list"),
        ({"labels": {"a": 1}}, "labels.a", "must be text, found a number"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(body: dict[str, Any], place: str, reason: str) -> None:
    ((found, message),) = failures(METHOD, METHOD.request, body)
    assert text(found) == place
    assert reason in message


def test_a_field_is_required_by_the_methods_that_say_so_only() -> None:
    assert [message for _, message in failures(CREATE, CREATE.request, {})] == ["is missing, things.create requires it"]
    assert list(failures(METHOD, METHOD.request, {})) == []


def test_rules_rename_nest_convert_and_drop() -> None:
    table = Table(
        "storage.v1:buckets.insert",
        {
            "project": Url("project"),
            "uniform": To("iamConfiguration.uniformBucketLevelAccess.enabled"),
            "days": int64("softDeletePolicy.retentionDurationSeconds"),
            "state": choice("versioning.enabled", {"ENABLED": True}),
            "cors": Blocks("cors", {"method": To("method", as_list)}),
            "site": Block("website", same("mainPageSuffix"), always={"notFoundPage": "404"}),
            "force": Drop("the provider's own"),
        },
    )
    inputs = {
        "project": "p",
        "uniform": True,
        "days": 86400,
        "state": "ENABLED",
        "cors": [{"method": "GET"}, {"method": "PUT"}],
        "site": {"mainPageSuffix": "i"},
        "force": True,
        "__defaults": [],
    }
    assert make_request(table, inputs).body == {
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
        "softDeletePolicy": {"retentionDurationSeconds": "86400"},
        "versioning": {"enabled": True},
        "cors": [{"method": ["GET"]}, {"method": ["PUT"]}],
        "website": {"mainPageSuffix": "i", "notFoundPage": "404"},
    }


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"state": "ON"}, "state: versioning.enabled: 'ON' is not allowed. Allowed: ENABLED"),
        ({"cors": {"method": "GET"}}, "cors: must be a list, found an object"),
        ({"site": [{}]}, "site: must be an object, found a list"),
        ({"class": "STANDART"}, "class -> storage.buckets.insert, body storageClass: 'STANDART' is not in Google's"),
        ({"colour": "red"}, "colour: has no mapping"),
    ],
)
def test_what_no_request_can_be_made_of_is_named(inputs: dict[str, Any], reason: str) -> None:
    table = Table(
        "storage.v1:buckets.insert",
        {
            "state": choice("versioning.enabled", {"ENABLED": True}),
            "cors": Blocks("cors", {"method": To("method", as_list)}),
            "site": Block("website", same("mainPageSuffix")),
            "class": listed("storageClass"),
        },
        always={"name": "b"},
    )
    (line,) = complaints(table, "t", "n", inputs)
    assert line.startswith(f"t 'n': {reason}")
