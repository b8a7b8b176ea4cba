"""Names within each service's limits and never shared; labels that Kubernetes and Google both accept."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.google.ranges import carve_ranges
from components.labels import GOOGLE_KEYS, KUBERNETES_KEYS, is_label_value, make_labels
from components.naming import NAME_LIMITS, Scope, Service, cloud_name
from components.sizing.catalogue import load_catalogue
from stacks.team_file import NAME_PATTERN

DEV = Scope("example-gemma-dev", "dev")
TWO_PARTS = [Service.CLOUD_RUN_SERVICE, Service.SERVICE_ACCOUNT]
NAMES = st.from_regex(NAME_PATTERN, fullmatch=True).filter(lambda name: not name.endswith("\n"))


@given(st.sampled_from(TWO_PARTS), NAMES, NAMES)
def test_every_name_is_legal_and_within_the_limit_of_its_service(service: Service, team: str, name: str) -> None:
    made = cloud_name(service, DEV, team, name)
    assert len(made) <= NAME_LIMITS[service]
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", made)
    assert len(made) >= 6  # the least that a service account takes


@given(st.sampled_from(TWO_PARTS), st.tuples(NAMES, NAMES), st.tuples(NAMES, NAMES))
def test_different_deployments_never_share_a_name(
    service: Service, one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert (cloud_name(service, DEV, *one) == cloud_name(service, DEV, *other)) == (one == other)


def test_teams_whose_names_run_together_are_kept_apart() -> None:
    assert cloud_name(Service.SERVICE_ACCOUNT, DEV, "a-b", "c") != cloud_name(Service.SERVICE_ACCOUNT, DEV, "a", "b-c")
    assert cloud_name(Service.CLOUD_RUN_SERVICE, DEV, "support", "helpdesk") == "gemma-dev-support-helpdesk"


@given(NAMES, NAMES)
def test_namespaces_are_legal_and_never_shared(one: str, other: str) -> None:
    names = [cloud_name(Service.NAMESPACE, DEV, team) for team in (one, other)]
    assert (names[0] == names[1]) == (one == other)
    assert len(names[0]) <= 63


def test_namespaces_buckets_and_pools_say_what_they_are() -> None:
    assert cloud_name(Service.NAMESPACE, DEV, "payments") == "team-payments"
    assert cloud_name(Service.BUCKET, DEV, "models") == "example-gemma-dev-dev-models"
    assert cloud_name(Service.NODE_POOL, DEV, "g2-standard-24-spot") == "gemma-dev-g2-standard-24-spot"
    longest = cloud_name(Service.NODE_POOL, DEV, "g2-standard-24-reservation-" + "r" * 40)
    assert len(longest) == 40


@pytest.mark.parametrize(
    ("model", "architecture", "total", "ratio"),
    [("gemma-4-26b-a4b-it", "moe", "25806m", "148"), ("gemma-4-e4b-it", "dense", "7941m", "585")],
)
def test_model_labels_are_millions_and_per_mille(model: str, architecture: str, total: str, ratio: str) -> None:
    labels = make_labels("payments-ml", "cc-1042", "payments", load_catalogue().model(model))
    assert set(labels.google()) == set(GOOGLE_KEYS)
    assert set(labels.kubernetes()) == set(KUBERNETES_KEYS)
    google = labels.google()
    assert (google["model-architecture"], google["total-params"], google["active-param-ratio"]) == (
        architecture,
        total,
        ratio,
    )
    assert all(is_label_value(value) for value in google.values())


def test_shared_resources_belong_to_the_platform() -> None:
    assert make_labels("ml-platform", "cc-1").google()["team"] == "platform"
    assert make_labels("ml-platform", "cc-1").google()["total-params"] == "shared"


@pytest.mark.parametrize("value", ["", "Upper", "-a", "a-", "a.b", "a b", "x" * 64, 5, None])
def test_values_that_google_or_kubernetes_refuses_are_no_labels(value: object) -> None:
    assert not is_label_value(value)


def test_ranges_do_not_overlap_and_stay_inside_their_block() -> None:
    ranges = carve_ranges("10.0.0.0/13")
    assert (ranges.nodes, ranges.services, ranges.pods) == ("10.0.0.0/20", "10.0.16.0/20", "10.4.0.0/14")


@pytest.mark.parametrize("block", ["10.0.0.0/15", "8.0.0.0/13", "10.0.0.1/13", "ten"])
def test_blocks_that_are_too_small_public_or_no_blocks_are_refused(block: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        carve_ranges(block)
