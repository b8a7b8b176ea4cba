"""The tables: names, ids, computed outputs, and replacement."""

from __future__ import annotations

import importlib
import re

import pulumi
import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.providers.cloud import CloudError
from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.gcp.limits import ACCELERATOR_REGIONS, FRACTIONAL, MACHINE_GPUS, NOT_ON_DEMAND
from sandbox.providers.gcp.types import RESOURCE_TYPES
from sandbox.providers.sdk_arguments import arguments_at, arguments_of
from sandbox.providers.servicer import has_unknown
from tests.sandbox.providers.examples import (
    ACCOUNT,
    BUCKET,
    BUCKET_MEMBER,
    CLUSTER,
    GOOGLE,
    NETWORK,
    POOL,
    PROJECT,
    REGION,
    ROBOT,
    RUN,
    SECRET,
    SUBNETWORK,
    Engine,
    changed,
    check,
    create_all,
    example,
)


@pytest.mark.parametrize("token", list(RESOURCE_TYPES))
def test_each_token_is_that_of_a_class_of_the_sdk(token: str) -> None:
    module, name = token.split(":")[1].split("/")[0], token.split(":")[2]
    resource = getattr(importlib.import_module(f"pulumi_gcp.{module}"), name)
    assert pulumi.get_type_token(resource) == token


@pytest.mark.parametrize("token", list(RESOURCE_TYPES))
def test_each_path_that_forces_replacement_and_each_named_input_exists_in_the_sdk(token: str) -> None:
    kind = RESOURCE_TYPES[token]
    for path in (*kind.replace, *filter(None, (kind.auto_name, kind.labels))):
        arguments = arguments_of(token)
        for part in path.split("."):
            assert arguments is not None, path
            assert part in arguments.fields, f"{path}: {arguments.name} has no {part}"
            inner = arguments.fields[part].arguments
            arguments = arguments_at(inner) if inner else None


def test_the_tables_of_machines_speak_of_the_same_cards_and_machines() -> None:
    cards = {card for card, _ in MACHINE_GPUS.values()}
    assert set(ACCELERATOR_REGIONS) <= cards
    assert {*NOT_ON_DEMAND, *FRACTIONAL} <= set(MACHINE_GPUS)


@pytest.mark.parametrize("token", list(GOOGLE))
def test_computed_outputs_are_unknown_in_preview_and_known_after_create(google: GoogleApi, token: str) -> None:
    before = list(GOOGLE)[: list(GOOGLE).index(token)]
    if before:
        create_all(google, *before)
    preview = google.preview(token, example(token))
    resource_id, outputs = google.create(token, example(token))
    assert resource_id
    assert set(preview) == set(outputs)
    assert UNKNOWN not in outputs.values()
    computed = set(RESOURCE_TYPES[token].computed(google.world, example(token)))
    # what is computed inside an object that was given is unknown there, and the rest of the object is known
    assert {key for key, value in preview.items() if has_unknown(value)} == computed
    assert {key for key, value in preview.items() if value == UNKNOWN} == computed - example(token).keys()
    assert google.read(token, resource_id) == (example(token), outputs)


def test_what_google_computes_has_the_form_that_it_has_there(google: GoogleApi) -> None:
    create_all(google)
    cluster = google.read(CLUSTER, f"projects/{PROJECT}/locations/{REGION}/clusters/models")
    service = google.read(RUN, f"projects/{PROJECT}/locations/{REGION}/services/helpdesk")
    account = google.read(ACCOUNT, f"projects/{PROJECT}/serviceAccounts/{ROBOT}")
    subnetwork = google.read(SUBNETWORK, f"projects/{PROJECT}/regions/{REGION}/subnetworks/nodes")
    bucket = google.read(BUCKET, "acme-weights")
    assert cluster and service and account and subnetwork and bucket  # noqa: PT018 - all are wanted below
    dns = cluster[1]["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]
    assert dns["endpoint"].endswith(".us-central1.gke.goog")
    assert dns["allowExternalTraffic"] is True
    assert cluster[1]["masterAuth"]["clusterCaCertificate"]
    assert re.fullmatch(r"https://helpdesk-\d{12}\.us-central1\.run\.app", service[1]["uri"])
    assert account[1]["email"] == ROBOT
    assert account[1]["member"] == f"serviceAccount:{ROBOT}"
    assert subnetwork[1]["gatewayAddress"] == "10.0.0.1"
    assert bucket[1]["url"] == "gs://acme-weights"
    assert bucket[1]["effectiveLabels"] == {"team": "ml"}


def test_a_preview_of_an_update_keeps_what_exists_and_only_that(engine: Engine, google: GoogleApi) -> None:
    create_all(google, NETWORK, SUBNETWORK)
    _, outputs = google.create(CLUSTER, example(CLUSTER))
    new = changed(GOOGLE[CLUSTER], "controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic", False)
    preview = engine.preview_update(CLUSTER, outputs, example(CLUSTER), new)
    dns = preview["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]
    assert dns["endpoint"] == outputs["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]["endpoint"]
    assert dns["allowExternalTraffic"] is False
    assert preview["selfLink"] == outputs["selfLink"]


@pytest.mark.parametrize(
    ("token", "path", "value", "how"),
    [
        (BUCKET, "location", "EU", "UPDATE_REPLACE"),
        (BUCKET, "labels.team", "ops", "UPDATE"),
        (BUCKET, "labels.owner", "ops", "ADD"),
        (BUCKET, "labels.team", None, "DELETE"),
        (BUCKET, "hierarchicalNamespace", {"enabled": True}, "ADD_REPLACE"),
        (POOL, "nodeConfig.spot", False, "UPDATE_REPLACE"),
        (POOL, "nodeConfig.spot", None, "DELETE_REPLACE"),
        (POOL, "nodeConfig.guestAccelerators.0.count", 4, "UPDATE_REPLACE"),
        (POOL, "nodeConfig", None, "DELETE_REPLACE"),
        (POOL, "autoscaling.totalMaxNodeCount", 4, "UPDATE"),
        (CLUSTER, "deletionProtection", True, "UPDATE"),
        (CLUSTER, "location", "us-east4", "UPDATE_REPLACE"),
        (RUN, "template.containers.0.image", "other", "UPDATE"),
        (SECRET, "replication", {"userManaged": {"replicas": [{"location": REGION}]}}, "REPLACE?"),
        (NETWORK, "project", "other", "ADD_REPLACE"),
    ],
)
def test_a_change_is_told_with_its_path_and_kind(
    engine: Engine, token: str, path: str, value: object, how: str
) -> None:
    answer = engine.diff(token, example(token), changed(GOOGLE[token], path, value))
    names = {key: type(entry).Kind.Name(entry.kind) for key, entry in answer.detailedDiff.items()}
    assert names
    assert all(entry.inputDiff for entry in answer.detailedDiff.values())
    assert bool(answer.replaces) is ("REPLACE" in how)
    if how != "REPLACE?":  # there one member goes and another comes
        assert names == {re.sub(r"\.(\d+)", r"[\1]", path): how}


def test_equal_inputs_are_no_change_and_ignored_ones_neither(engine: Engine) -> None:
    same = engine.diff(BUCKET, example(BUCKET), example(BUCKET))
    assert same.changes == same.DIFF_NONE
    ignored = engine.diff(BUCKET, example(BUCKET), example(BUCKET, "labels.team", "ops"), ["labels"])
    assert ignored.changes == ignored.DIFF_NONE


def test_the_old_one_goes_first_only_when_it_holds_a_name_that_the_user_chose(engine: Engine) -> None:
    chosen = engine.diff(BUCKET, example(BUCKET), example(BUCKET, "location", "EU"))
    assert chosen.deleteBeforeReplace
    named, _ = engine.check(BUCKET, {"location": "EU"})
    moved, _ = engine.check(BUCKET, {"location": "US"}, named)
    assert moved["name"] == named["name"]
    assert not engine.diff(BUCKET, named, moved).deleteBeforeReplace
    assert not engine.diff(BUCKET, example(BUCKET), example(BUCKET, "name", "acme-others")).deleteBeforeReplace
    role = example(BUCKET_MEMBER, "role", "roles/storage.admin")
    assert not engine.diff(BUCKET_MEMBER, example(BUCKET_MEMBER), role).deleteBeforeReplace


def test_a_name_is_made_from_the_resources_and_kept(google: GoogleApi) -> None:
    first: dict[str, object] = {"location": "EU"}
    assert check(google, BUCKET, first, name="weights") == []
    assert re.fullmatch(r"weights-[0-9a-f]{7}", str(first["name"]))
    again: dict[str, object] = {"location": "EU"}
    google.check(BUCKET, "weights", again, first, b"another seed")
    assert again["name"] == first["name"]
    after_chosen: dict[str, object] = {"location": "EU"}
    google.check(BUCKET, "weights", after_chosen, {"name": "chosen-by-hand"}, b"another seed")
    assert str(after_chosen["name"]).startswith("weights-")


def test_a_made_name_that_is_too_long_is_refused(google: GoogleApi) -> None:
    [(path, reason)] = check(google, CLUSTER, {"location": REGION}, name="a-cluster-with-a-rather-long-name")
    assert path == "name"
    assert "1 to 40" in reason


def test_functions_without_an_answer_are_refused_by_name(google: GoogleApi) -> None:
    token = "gcp:organizations/getProject:getProject"  # noqa: S105
    assert google.invoke(token, {})["projectId"] == PROJECT
    with pytest.raises(CloudError, match="no answer to gcp:compute/getImage:getImage"):
        google.invoke("gcp:compute/getImage:getImage", {})


def test_a_resource_says_its_project_and_region_also_when_the_provider_gave_them(google: GoogleApi) -> None:
    for outputs in (google.preview(ACCOUNT, example(ACCOUNT)), google.create(ACCOUNT, example(ACCOUNT))[1]):
        assert outputs["project"] == PROJECT
    subnetwork = {key: value for key, value in example(SUBNETWORK).items() if key != "region"}
    assert google.preview(SUBNETWORK, subnetwork)["region"] == REGION
