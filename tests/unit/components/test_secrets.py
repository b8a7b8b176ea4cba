"""Where secrets are kept, who reads them, when somebody is reminded, and that no value is ever part of the program.

Decided here without a cloud: inputs and refusals. That Secret Manager may publish to the topic is for its owner to see to.
"""

from __future__ import annotations

import datetime
from typing import Any, cast

import pytest

from components.google.secrets import ModelSecretArgs, ModelSecrets, ModelSecretsArgs, rotation_after
from tests.unit.components.registering import Program, previews_the_same, register

CONTAINER = "gcp:secretmanager/secret:Secret"
GRANT = "gcp:secretmanager/secretIamMember:SecretIamMember"
TOPIC = "projects/p/topics/rotations"


def secret(name: str = "hf-token", **changes: Any) -> ModelSecretArgs:
    plain = {"secret_id": name, "rotation_days": 90, "readers": {}, "labels": {"team": "platform"}}
    return cast(ModelSecretArgs, plain | changes)


def args(*secrets: ModelSecretArgs, **changes: Any) -> ModelSecretsArgs:
    plain = {
        "region": "us-central1",
        "secrets": list(secrets),
        "destroy_delay_days": 7,
        "deletion_protection": True,
    }
    return cast(ModelSecretsArgs, plain | changes)


def secrets(*wanted: ModelSecretArgs, **changes: Any) -> Program:
    return register(lambda: ModelSecrets("secrets", args(*wanted, **changes)))


def test_a_value_is_kept_in_the_region_alone_and_can_be_restored_for_a_while() -> None:
    container = secrets(secret()).one(CONTAINER)
    inputs = container.inputs
    assert container.protect
    assert inputs["secretId"] == "hf-token"
    assert inputs["replication"] == {"userManaged": {"replicas": [{"location": "us-central1"}]}}
    assert inputs["versionDestroyTtl"] == "604800s"  # 7 x 86,400
    assert inputs["deletionProtection"] is True
    assert inputs["labels"] == {"team": "platform"}


def test_a_key_of_the_organisations_own_encrypts_the_values_where_it_is_given() -> None:
    (replica,) = secrets(secret(), kms_key="k").one(CONTAINER).inputs["replication"]["userManaged"]["replicas"]
    assert replica["customerManagedEncryption"] == {"kmsKeyName": "k"}


def test_there_are_containers_and_grants_and_no_value() -> None:
    program = secrets(secret(readers={"loader": "serviceAccount:l@p.iam.gserviceaccount.com"}))
    assert {resource.type for resource in program.children} == {CONTAINER, GRANT}
    assert program.outputs["secret_ids"] == ["hf-token"]


def test_a_reader_reads_its_own_secret_and_no_other() -> None:
    program = secrets(
        secret("a", readers={"b-c": "serviceAccount:one"}),
        secret("a-b", readers={"c": "serviceAccount:two"}),
    )
    grants = program.of(GRANT)
    assert {grant.inputs["role"] for grant in grants} == {"roles/secretmanager.secretAccessor"}
    assert {grant.inputs["secretId"]: grant.inputs["member"] for grant in grants} == {
        "a": "serviceAccount:one",
        "a-b": "serviceAccount:two",
    }


def test_without_a_topic_the_period_is_an_annotation_only() -> None:
    inputs = secrets(secret()).one(CONTAINER).inputs
    assert inputs["annotations"] == {"gemma-platform.rotation-days": "90"}
    assert "rotation" not in inputs
    assert "topics" not in inputs


def test_with_a_topic_google_reminds_and_the_date_reaches_secrets_that_have_none_yet() -> None:
    registered = secrets(secret(next_rotation="2027-01-31T08:00:00Z"), rotation_topic=TOPIC).one(CONTAINER)
    assert registered.inputs["topics"] == [{"name": TOPIC}]
    assert registered.inputs["rotation"] == {
        "rotationPeriod": "7776000s",  # 90 x 86,400
        "nextRotationTime": "2027-01-31T08:00:00Z",
    }
    assert registered.ignored_changes == ()


@pytest.mark.parametrize("days", [1, 30, 90])
def test_the_date_moves_on_by_the_period_at_the_moment_at_which_google_moves_it_on(days: int) -> None:
    start = datetime.date(2026, 11, 26)
    held = rotation_after(start, days)
    for later in range(400):
        today = start + datetime.timedelta(days=later)
        if held == f"{today}T00:00:00Z":  # due: Google reminds and adds the period
            held = f"{today + datetime.timedelta(days=days)}T00:00:00Z"
        assert rotation_after(today, days) == held
        assert today.isoformat() < held[:10] <= (today + datetime.timedelta(days=days)).isoformat()


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: ModelSecrets("secrets", args(secret(readers={"loader": "serviceAccount:l"}))))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (args(), "secrets is empty"),
        (args(secret(), secret()), "more than once: hf-token, hf-token"),
        (args(secret("hf/token")), "no secret id"),
        (args(secret(rotation_days=0)), "at least 1"),
        (args(secret(), destroy_delay_days=0), "1 to 1000"),
        (args(secret(), destroy_delay_days=1001), "1 to 1000"),
        (args(secret(), rotation_topic=TOPIC), "belong together"),
        (args(secret(next_rotation="2027-01-31T08:00:00Z")), "belong together"),
    ],
)
def test_what_secret_manager_would_not_take_is_refused_before_it_is_registered(
    wrong: ModelSecretsArgs, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ModelSecrets("secrets", wrong)
