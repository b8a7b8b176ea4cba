"""Look-ups of quotas, zones and machine types: with a file of quotas, and without."""

from __future__ import annotations

import json
from typing import Any

import pulumi_gcp as gcp
import pytest
from pulumi import _types

from sandbox.providers.cloud import Cloud, CloudError
from sandbox.providers.gcp.google_api import GoogleApi
from tests.sandbox.providers.examples import ACCOUNT, PROJECT, REGION, RUN, create_all, example
from tests.sandbox.providers.more_examples import JOB, QUOTA

INFO = "gcp:cloudquota/getSQuotaInfo:getSQuotaInfo"
INFOS = "gcp:cloudquota/getSQuotaInfos:getSQuotaInfos"
ZONES = "gcp:compute/getZones:getZones"
MACHINES = "gcp:compute/getMachineTypes:getMachineTypes"
COMPUTE, CLOUD_RUN = "compute.googleapis.com", "run.googleapis.com"
L4 = "NVIDIA-L4-GPUS-per-project-region"
FAMILY = "GPUS-PER-GPU-FAMILY-per-project-region"
CEILING = "GPUS-ALL-REGIONS-per-project"
RUN_L4 = "NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion"
PARENT = f"projects/{PROJECT}"

ASKED: dict[str, dict[str, Any]] = {
    INFO: {"parent": PARENT, "service": COMPUTE, "quotaId": L4},
    INFOS: {"parent": PARENT, "service": COMPUTE},
    ZONES: {"region": REGION},
    MACHINES: {"zone": "us-central1-b"},
}
#: The class of the SDK that takes each answer.
RESULTS = {
    INFO: gcp.cloudquota.GetSQuotaInfoResult,
    INFOS: gcp.cloudquota.GetSQuotaInfosResult,
    ZONES: gcp.compute.GetZonesResult,
    MACHINES: gcp.compute.GetMachineTypesResult,
}


def write(cloud: Cloud, quotas: Any) -> None:
    cloud.folder.mkdir(parents=True, exist_ok=True)
    (cloud.folder / "quota.json").write_text(json.dumps(quotas), encoding="utf-8")


def quota(google: GoogleApi, quota_id: str, service: str = COMPUTE) -> list[tuple[dict[str, str], str]]:
    """(dimensions, value) of a quota as the function says it."""
    answer = google.invoke(INFO, {"parent": PARENT, "service": service, "quotaId": quota_id})
    return [(info["dimensions"], info["details"][0]["value"]) for info in answer["dimensionsInfos"]]


@pytest.mark.parametrize("token", list(ASKED))
def test_without_a_file_google_lets_nobody_look(google: GoogleApi, token: str) -> None:
    with pytest.raises(CloudError, match=r"googleapi: Error 403: .*PERMISSION_DENIED"):
        google.invoke(token, ASKED[token])


@pytest.mark.parametrize("token", list(ASKED))
def test_an_answer_has_all_that_the_sdk_reads(google: GoogleApi, cloud: Cloud, token: str) -> None:
    write(cloud, {L4: {REGION: 8}})
    _fits(google.invoke(token, ASKED[token]), RESULTS[token])


def _fits(value: Any, expected: Any) -> None:
    """The answer has every output that its class declares, down to the leaves."""
    for name, kind in _types.output_type_types(expected).items():
        assert name in value or name in ("filter", "status"), name
        inner = next(iter(getattr(kind, "__args__", ())), None)
        for member in value.get(name) if isinstance(value.get(name), list) else []:
            if isinstance(inner, type) and _types.is_output_type(inner):
                _fits(member, inner)


def test_a_quota_is_said_by_region_and_family_and_0_elsewhere(google: GoogleApi, cloud: Cloud) -> None:
    write(cloud, {L4: {REGION: 8}, FAMILY: {"us-east4": {"NVIDIA_H100": 4}}, RUN_L4: {REGION: 3}})
    assert quota(google, L4) == [({"region": REGION}, "8"), ({}, "0")]
    assert quota(google, FAMILY) == [({"gpu_family": "NVIDIA_H100", "region": "us-east4"}, "4"), ({}, "0")]
    assert quota(google, "NVIDIA-T4-GPUS-per-project-region") == [({}, "0")]
    assert quota(google, CEILING) == [({}, "12")]
    assert quota(google, RUN_L4, CLOUD_RUN) == [({"region": REGION}, "3"), ({}, "0")]
    write(cloud, {CEILING: 0})
    assert quota(google, CEILING) == [({}, "0")]


def test_quotas_belong_to_their_service(google: GoogleApi, cloud: Cloud) -> None:
    write(cloud, {"CPUS-per-project-region": {REGION: 72}})
    for service, among, not_among in ((COMPUTE, L4, RUN_L4), (CLOUD_RUN, RUN_L4, L4)):
        answer = google.invoke(INFOS, {"parent": PARENT, "service": service})
        ids = [info["quotaId"] for info in answer["quotaInfos"]]
        assert among in ids
        assert not_among not in ids
    assert quota(google, "CPUS-per-project-region")[0] == ({"region": REGION}, "72")


@pytest.mark.parametrize("quota_id", ["NVIDIA-RTX-PRO-6000-GPUS-per-project-region", RUN_L4])
def test_a_quota_that_the_service_does_not_have_is_not_found(google: GoogleApi, cloud: Cloud, quota_id: str) -> None:
    write(cloud, {})
    with pytest.raises(CloudError, match="404"):
        quota(google, quota_id)


@pytest.mark.parametrize("content", [[], {L4: "8"}, {L4: {REGION: -1}}, {L4: {REGION: True}}])
def test_a_file_of_another_form_is_refused(google: GoogleApi, cloud: Cloud, content: Any) -> None:
    write(cloud, content)
    with pytest.raises(CloudError, match=r"quota\.json must map"):
        google.invoke(ZONES, ASKED[ZONES])
    (cloud.folder / "quota.json").write_text("{", encoding="utf-8")
    with pytest.raises(CloudError, match=r"quota\.json is not valid JSON"):
        google.invoke(ZONES, ASKED[ZONES])


def test_zones_are_those_of_the_region(google: GoogleApi, cloud: Cloud) -> None:
    write(cloud, {})
    assert google.invoke(ZONES, {})["names"] == [f"us-central1-{letter}" for letter in "abcf"]
    assert google.invoke(ZONES, {"region": "us-east1", "status": "UP"})["names"][0] == "us-east1-b"
    assert google.invoke(ZONES, {"region": "mars-north1"})["names"] == []
    assert google.invoke(ZONES, {"status": "DOWN"})["names"] == []


@pytest.mark.parametrize(
    ("zone", "among", "not_among"),
    [
        ("us-central1-b", {"g4-standard-12", "g4-standard-48", "g2-standard-8"}, set()),
        ("us-central1-f", {"g4-standard-48", "e2-standard-4"}, {"g4-standard-12", "a4-highgpu-8g"}),
        ("us-central1-a", {"a2-ultragpu-1g", "a3-highgpu-1g"}, {"g4-standard-48"}),
        ("us-west2-a", {"e2-standard-4"}, {"g2-standard-8", "a2-highgpu-1g"}),
    ],
)
def test_machine_types_are_those_of_the_zone(
    google: GoogleApi, cloud: Cloud, zone: str, among: set[str], not_among: set[str]
) -> None:
    write(cloud, {})
    names = {machine["name"] for machine in google.invoke(MACHINES, {"zone": zone})["machineTypes"]}
    assert among <= names
    assert not names & not_among


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("name = g2-standard-8", ["g2-standard-8"]),
        ('name = "g2-standard-8"', ["g2-standard-8"]),
        ("name eq a3-highgpu-*", [f"a3-highgpu-{count}g" for count in (1, 2, 4, 8)]),
        ("(name = g2-standard-8) OR (name = g2-standard-4)", ["g2-standard-4", "g2-standard-8"]),
        ("guestCpus = 96 AND memoryMb = 393216", ["g2-standard-96"]),
        ("name = x1", []),
    ],
)
def test_machine_types_can_be_filtered(google: GoogleApi, cloud: Cloud, text: str, names: list[str]) -> None:
    write(cloud, {})
    answer = google.invoke(MACHINES, {"zone": "us-central1-a", "filter": text})
    assert [machine["name"] for machine in answer["machineTypes"]] == names


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"zone": "us-central1-z"}, "Unknown zone"),
        ({"zone": "us-central1-a", "filter": "colour = red"}, "Invalid list filter"),
    ],
)
def test_a_question_that_google_does_not_understand_is_refused(
    google: GoogleApi, cloud: Cloud, arguments: dict[str, str], reason: str
) -> None:
    write(cloud, {})
    with pytest.raises(CloudError, match=reason):
        google.invoke(MACHINES, arguments)


@pytest.mark.parametrize(("most", "allowed", "accepted"), [(3, 3, True), (4, 3, False), (1, 0, False)])
def test_cloud_run_starts_no_more_gpus_than_the_quota_allows(
    google: GoogleApi, cloud: Cloud, most: int, allowed: int, accepted: bool
) -> None:
    create_all(google, ACCOUNT)
    service = example(RUN, "template.gpuZonalRedundancyDisabled", True)
    resource_id, _ = google.create(RUN, service)  # no file: any number
    service["template"]["scaling"]["maxInstanceCount"] = most
    write(cloud, {RUN_L4: {REGION: allowed}})
    if accepted:
        google.update(RUN, resource_id, service, {})
        return
    with pytest.raises(
        CloudError, match=f"Max instances must be set to {allowed} or fewer.*{RUN_L4} requested: {most}"
    ):
        google.update(RUN, resource_id, service, {})
    with pytest.raises(CloudError, match="Quota violated"):
        google.create(RUN, {**service, "name": "other"})


@pytest.mark.parametrize(("units", "accepted"), [(1000, True), (999, False)])
def test_the_bigger_card_of_cloud_run_is_counted_in_thousandths(
    google: GoogleApi, cloud: Cloud, units: int, accepted: bool
) -> None:
    create_all(google, ACCOUNT)
    service = example(RUN, "template.nodeSelector.accelerator", "nvidia-rtx-pro-6000")
    write(cloud, {"NvidiaRtxPro6000GpuAllocPerProjectRegion": {REGION: units}})
    if accepted:
        google.create(RUN, service)
        return
    with pytest.raises(CloudError, match=r"set to 0 or fewer.*requested: 1 allowed: 0"):
        google.create(RUN, service)


def test_a_quota_of_the_other_kind_is_not_looked_at_and_jobs_count_their_tasks(google: GoogleApi, cloud: Cloud) -> None:
    create_all(google, ACCOUNT)
    write(cloud, {RUN_L4: {REGION: 0}})
    google.create(RUN, example(RUN))  # with zonal redundancy another quota counts, which the file does not name
    job = example(JOB, "template.template.gpuZonalRedundancyDisabled", True)
    with pytest.raises(CloudError, match="Quota violated"):
        google.create(JOB, job)
    write(cloud, {RUN_L4: {REGION: 1}})
    google.create(JOB, job)


@pytest.mark.parametrize(
    ("in_force", "granted", "waits"),
    [({L4: {REGION: 2}}, "2", True), (None, "0", True), ({L4: {REGION: 8}}, "8", False)],
)
def test_a_wish_for_more_quota_is_not_granted_here(
    google: GoogleApi, cloud: Cloud, in_force: Any, granted: str, waits: bool
) -> None:
    if in_force is not None:
        write(cloud, in_force)
    _, outputs = google.create(QUOTA, example(QUOTA))
    assert outputs["quotaConfig"]["grantedValue"] == granted
    assert outputs["quotaConfig"]["preferredValue"] == "8"
    assert outputs["reconciling"] is waits


def test_a_steep_decrease_needs_its_check_switched_off(google: GoogleApi, cloud: Cloud) -> None:
    write(cloud, {L4: {REGION: 16}})
    with pytest.raises(CloudError, match="QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"):
        google.create(QUOTA, example(QUOTA))
    _, outputs = google.create(QUOTA, example(QUOTA, "ignoreSafetyChecks", "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"))
    assert outputs["quotaConfig"]["grantedValue"] == "8"
