"""Which reference stands for which mirror, and how the mirrors are set up.

Decided here without a cloud: references, inputs and refusals. That an upstream answers is for a real project to show.
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from components.google.registry_mirror import (
    UPSTREAMS,
    RegistryMirror,
    RegistryMirrorArgs,
)
from components.google.registry_references import mirror_prefixes, mirrored
from components.sizing.catalogue import load_catalogue
from tests.unit.components.registering import Program, previews_the_same, register

REPOSITORY = "gcp:artifactregistry/repository:Repository"
REPOSITORIES = {"docker.io": "docker", "ghcr.io": "ghcr", "quay.io": "quay", "registry.k8s.io": "kubernetes"}
MIRRORS = mirror_prefixes("p", "us-central1", REPOSITORIES)
HUB = "us-central1-docker.pkg.dev/p/docker"
DIGEST = f"sha256:{'0123456789abcdef' * 4}"


def args(**changes: Any) -> RegistryMirrorArgs:
    plain = {
        "project": "p",
        "region": "us-central1",
        "repositories": REPOSITORIES,
        "keep_versions": 3,
        "delete_after_days": 90,
        "vulnerability_scanning": False,
        "labels": {"team": "platform"},
    }
    return cast(RegistryMirrorArgs, plain | changes)


def mirror(**changes: Any) -> Program:
    return register(lambda: RegistryMirror("mirror", args(**changes)))


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("docker.io/vllm/vllm-openai:v0.33.0", f"{HUB}/vllm/vllm-openai:v0.33.0"),
        (f"docker.io/vllm/vllm-openai:v0.33.0@{DIGEST}", f"{HUB}/vllm/vllm-openai:v0.33.0@{DIGEST}"),
        (f"vllm/vllm-openai@{DIGEST}", f"{HUB}/vllm/vllm-openai@{DIGEST}"),
        ("index.docker.io/vllm/vllm-openai", f"{HUB}/vllm/vllm-openai"),
        ("python:3.11-slim", f"{HUB}/library/python:3.11-slim"),
        ("docker.io/python:3.11-slim", f"{HUB}/library/python:3.11-slim"),
        (
            "quay.io/jetstack/cert-manager-webhook:v1.18.2",
            "us-central1-docker.pkg.dev/p/quay/jetstack/cert-manager-webhook:v1.18.2",
        ),
        ("registry.k8s.io/pause:3.10", "us-central1-docker.pkg.dev/p/kubernetes/pause:3.10"),
        ("oci://ghcr.io/kserve/charts/kserve", "oci://us-central1-docker.pkg.dev/p/ghcr/kserve/charts/kserve"),
    ],
)
def test_a_reference_keeps_everything_but_its_registry(reference: str, expected: str) -> None:
    assert mirrored(reference, MIRRORS) == expected


def test_every_engine_image_of_the_catalogue_has_a_mirror() -> None:
    for engine in load_catalogue().engines:
        reference = engine.image.reference
        assert mirrored(reference, MIRRORS).endswith(reference.removeprefix("docker.io"))


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("nvcr.io/nvidia/vllm:1", "comes from nvcr.io, which has no mirror; mirrored: docker.io, ghcr.io"),
        ("localhost:5000/vllm:1", "comes from localhost:5000"),
        ("ghcr.io.example.com/x/y:1", "comes from ghcr.io.example.com"),
        ("us-central1-docker.pkg.dev/p/docker/vllm/vllm-openai:1", "comes from us-central1-docker.pkg.dev"),
        ("", "is no reference"),
        ("docker.io/", "is no reference"),
        ("docker.io/vllm/vllm openai", "is no reference"),
    ],
)
def test_a_reference_without_a_mirror_is_refused(reference: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mirrored(reference, MIRRORS)


def test_nothing_is_mirrored_where_there_is_no_mirror() -> None:
    with pytest.raises(ValueError, match="mirrored: none"):
        mirrored("docker.io/vllm/vllm-openai:v0.33.0", {})


def test_each_registry_has_a_remote_repository_and_docker_hub_is_asked_by_name() -> None:
    program = mirror()
    upstreams = {}
    for repository in program.of(REPOSITORY):
        assert (repository.inputs["mode"], repository.inputs["format"]) == ("REMOTE_REPOSITORY", "DOCKER")
        assert repository.inputs["location"] == "us-central1"
        assert repository.inputs["labels"] == {"team": "platform"}
        upstreams[repository.inputs["repositoryId"]] = repository.inputs["remoteRepositoryConfig"]
    assert upstreams["docker"]["dockerRepository"] == {"publicRepository": "DOCKER_HUB"}
    assert upstreams["ghcr"]["commonRepository"] == {"uri": "https://ghcr.io"}
    assert set(upstreams) == set(REPOSITORIES.values())
    assert program.outputs["mirrors"] == MIRRORS


def test_old_versions_leave_the_cache_but_the_newest_stay() -> None:
    repository = mirror(repositories={"docker.io": "docker"}).one(REPOSITORY)
    assert repository.inputs["cleanupPolicyDryRun"] is False
    policies = {policy.pop("action"): policy for policy in repository.inputs["cleanupPolicies"]}
    assert policies["DELETE"]["condition"] == {"olderThan": "7776000s"}  # 90 x 86,400
    assert policies["KEEP"]["mostRecentVersions"] == {"keepCount": 3}


@pytest.mark.parametrize(("scanning", "expected"), [(True, "INHERITED"), (False, "DISABLED")])
def test_scanning_costs_money_and_is_therefore_asked_for(scanning: bool, expected: str) -> None:
    for repository in mirror(vulnerability_scanning=scanning).of(REPOSITORY):
        assert repository.inputs["vulnerabilityScanningConfig"] == {"enablementConfig": expected}


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: RegistryMirror("mirror", args()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"repositories": {}}, f"can be mirrored: {', '.join(UPSTREAMS)}"),
        ({"repositories": {"nvcr.io": "nvidia"}}, "'nvcr.io' cannot be mirrored"),
        ({"keep_versions": 0}, "keep_versions is 0"),
        ({"delete_after_days": 0}, "delete_after_days is 0"),
    ],
)
def test_a_mirror_of_an_unknown_registry_is_refused_before_it_is_registered(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        RegistryMirror("mirror", args(**changes))
