"""What the job runs, as whom, and what it may write.

Decided here without a cloud: inputs, order and refusals. What the loader itself does: the tests of `weights_loader`.
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from components.google.weights_loader_job import WeightsLoaderJob, WeightsLoaderJobArgs
from tests.unit.components.registering import Program, previews_the_same, register

JOB = "gcp:cloudrunv2/job:Job"
BUCKET_GRANT = "gcp:storage/bucketIAMMember:BucketIAMMember"
ACCESS_RIGHT = "gcp:secretmanager/secretIamMember:SecretIamMember"
IMAGE = f"us-central1-docker.pkg.dev/p/gemma/loader@sha256:{'0123456789abcdef' * 4}"
COMMIT = "3e22461f65e89153144f8adb70e3b8c2cc9845a7"
LOADER = "serviceAccount:load-e2b@p.iam.gserviceaccount.com"


def args(**changes: Any) -> WeightsLoaderJobArgs:
    plain = {
        "name": "gemma-dev-load-e2b",
        "account_id": "load-e2b",
        "region": "us-central1",
        "network_id": "network",
        "subnetwork_id": "subnetwork",
        "bucket": "models",
        "bucket_name": "models",
        "image": IMAGE,
        "source": "hf://google/gemma-4-E2B-it",
        "checkpoint": "google/gemma-4-E2B-it",
        "revision": COMMIT,
        "deletion_protection": False,
        "labels": {"team": "platform"},
    }
    return cast(WeightsLoaderJobArgs, {key: value for key, value in (plain | changes).items() if value is not None})


def loader(**changes: Any) -> Program:
    return register(lambda: WeightsLoaderJob("load", args(**changes)))


def task(program: Program) -> dict[str, Any]:
    return program.one(JOB).inputs["template"]["template"]


def test_the_job_runs_the_loader_on_the_one_checkpoint() -> None:
    (container,) = task(loader())["containers"]
    assert container["image"] == IMAGE
    assert container["commands"] == ["python", "-m", "components.google.weights_loader"]
    assert container["args"] == [
        "--source=hf://google/gemma-4-E2B-it",
        "--bucket=models",
        "--checkpoint=google/gemma-4-E2B-it",
        f"--revision={COMMIT}",
    ]
    assert container["resources"]["limits"] == {"cpu": "4", "memory": "8Gi"}


def test_a_checkpoint_without_a_pin_is_loaded_without_a_revision() -> None:
    (container,) = task(loader(revision=None))["containers"]
    assert not any(argument.startswith("--revision") for argument in container["args"])


def test_a_try_may_take_a_day_and_is_made_four_times_at_most() -> None:
    described = task(loader())
    assert described["timeout"] == "86400s"
    assert described["maxRetries"] == 3


def test_one_task_leaves_through_the_network_under_an_identity_of_its_own() -> None:
    program = loader()
    job = program.one(JOB).inputs
    assert (job["template"]["taskCount"], job["template"]["parallelism"]) == (1, 1)
    assert task(program)["serviceAccount"] == "load-e2b@p.iam.gserviceaccount.com"
    assert task(program)["vpcAccess"] == {
        "egress": "ALL_TRAFFIC",
        "networkInterfaces": [{"network": "network", "subnetwork": "subnetwork"}],
    }
    assert job["labels"] == job["template"]["labels"] == {"team": "platform"}


def test_the_loader_writes_its_own_checkpoint_and_lists_the_bucket_but_reads_no_other() -> None:
    grant = loader().one(BUCKET_GRANT).inputs
    assert (grant["role"], grant["member"]) == ("roles/storage.objectUser", LOADER)
    # the slash at the end keeps out google/gemma-4-E2B-it-qat-w4a16-ct
    assert grant["condition"]["expression"] == (
        'resource.type == "storage.googleapis.com/Bucket" || '
        'resource.name.startsWith("projects/_/buckets/models/objects/google/gemma-4-E2B-it/")'
    )


def test_without_a_token_there_is_neither_a_secret_nor_a_right_to_one() -> None:
    program = loader()
    assert "envs" not in task(program)["containers"][0] or not task(program)["containers"][0]["envs"]
    assert ACCESS_RIGHT not in {resource.type for resource in program.children}


def test_the_hubs_token_comes_from_its_secret_once_the_loader_may_read_it() -> None:
    program = loader(**{"hub_token_secret": "hf-token"})
    (environment,) = task(program)["containers"][0]["envs"]
    assert environment == {
        "name": "HF_TOKEN",
        "valueSource": {"secretKeyRef": {"secret": "hf-token", "version": "latest"}},
    }
    grant = program.one(ACCESS_RIGHT).inputs
    assert (grant["secretId"], grant["member"]) == ("hf-token", LOADER)
    waited = {urn.rpartition("::")[2] for urn in program.one(JOB).dependencies}
    assert {"load-token", "load-weights"} <= waited


def test_the_job_is_made_and_not_run() -> None:
    inputs = loader().one(JOB).inputs
    assert "runExecutionToken" not in inputs
    assert "startExecutionToken" not in inputs


@pytest.mark.parametrize("revision", [COMMIT, f"sha256:{'0' * 64}", "main", "3e22461", "", COMMIT.upper()])
def test_the_job_takes_the_revisions_that_the_loader_takes(revision: str) -> None:
    names = pytest.importorskip("components.google.weights_loader.names", reason="the loader is not there yet")

    def accepted(call: Any) -> bool:
        try:
            call()
        except Exception:  # the loader's own error and ours have nothing else in common
            return False
        return True

    mine = accepted(lambda: loader(revision=revision))
    assert mine == accepted(lambda: names.check_revision(revision))


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: WeightsLoaderJob("load", args(**{"hub_token_secret": "hf-token"})))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": "python:3.11-slim"}, "name it by digest"),
        ({"image": "python@sha256:abc"}, "name it by digest"),
        ({"checkpoint": "/google/gemma"}, "without slashes around"),
        ({"checkpoint": "google/gemma/"}, "without slashes around"),
        ({"checkpoint": "../other"}, "without slashes around"),
        ({"checkpoint": 'x") || true || ("'}, "without slashes around"),
        ({"source": "google/gemma-4-E2B-it"}, "write hf://"),
        ({"source": "https://huggingface.co/google/gemma-4-E2B-it"}, "write hf://"),
        ({"revision": "main"}, "can move"),
    ],
)
def test_what_is_not_pinned_or_would_leave_its_folder_is_refused_before_it_is_registered(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        WeightsLoaderJob("load", args(**changes))
