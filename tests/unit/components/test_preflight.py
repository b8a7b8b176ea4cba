"""What the pre-flight says to Google's answers, and that no look-up that fails stops a preview. Answers: Pulumi's mocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pulumi.runtime
import pytest
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from components.google.preflight import REASON_LENGTH, PreflightResult, reason_of, run_preflight
from components.google.quota_needs import CEILING, FAMILY, Ask

QUOTA = "gcp:cloudquota/getSQuotaInfo:getSQuotaInfo"
TYPES = "gcp:compute/getMachineTypes:getMachineTypes"
ZONES = "gcp:compute/getZones:getZones"
POOL = Ask("a3", "gke", "nvidia-h100-80gb", "us-east4", 4, "on-demand", "a3-highgpu-8g", ("us-east4-a", "us-east4-b"))
DENIED = "invocation of {} returned an error: invoking {}: 1 error occurred:\n\t* googleapi: Error 403: {}\n\n"


class Refused(grpc.RpcError):
    """What the engine answers when a provider's function fails."""

    def __init__(self, details: str) -> None:
        super().__init__(details)
        self._details = details

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self._details


class Google(Mocks):
    """Answers look-ups by token; notes each one; registers nothing."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        #: Entries of a quota: (dimensions, value); "" is how the provider hands over what the API leaves out.
        self.quotas: dict[str, list[tuple[dict[str, str], str]]] = {
            FAMILY: [({"gpu_family": "NVIDIA_H100", "region": "us-east4"}, "4"), ({}, "0")],
            CEILING: [({}, "16")],
        }
        self.zones_with_it = ["us-east4-a", "us-east4-b", "us-east4-c"]
        self.refusal: Callable[[str, dict[str, Any]], str | None] = lambda token, arguments: None

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        return self.answer(args), []

    def answer(self, args: MockCallArgs) -> dict[str, Any]:
        """The answer; raises Refused."""
        inputs = dict(args.args)
        self.asked.append((args.token, inputs))
        if refused := self.refusal(args.token, inputs):
            raise Refused(refused)
        if args.token == QUOTA:
            if inputs["quotaId"] not in self.quotas:
                raise Refused(f"invoking {QUOTA}: googleapi: Error 404: Quota info was not found, notFound")
            return {
                "quotaId": inputs["quotaId"],
                "dimensionsInfos": [
                    {"dimensions": place, "details": [{"value": value}], "applicableLocations": []}
                    for place, value in self.quotas[inputs["quotaId"]]
                ],
            }
        if args.token == ZONES:
            return {"names": [f"us-east4-{letter}" for letter in "abc"]}
        assert args.token == TYPES
        assert inputs["filter"] == 'name = "a3-highgpu-8g"'
        return {"machineTypes": [{"name": "a3-highgpu-8g"}] if inputs["zone"] in self.zones_with_it else []}

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        assert args.typ == "pulumi:pulumi:Stack", f"{args.typ} is registered"
        return "", {}


@pytest.fixture
def google() -> Google:
    return Google()


def preflight(google: Google, *asks: Ask, skip: bool = False, preview: bool = True) -> PreflightResult:
    """The result inside a program."""
    pulumi.runtime.set_mocks(google, preview=preview)
    found: list[PreflightResult] = []

    @pulumi.runtime.test
    def run() -> None:
        found.append(run_preflight(asks or (POOL,), "proj", skip=skip))

    run()
    return found[0]


@pytest.mark.parametrize("preview", [True, False])
def test_enough_of_everything_is_no_problem(google: Google, preview: bool) -> None:
    assert preflight(google, preview=preview) == PreflightResult(True)
    places = [inputs for token, inputs in google.asked if token == QUOTA]
    assert {inputs["quotaId"] for inputs in places} == {FAMILY, CEILING}
    assert {(inputs["parent"], inputs["service"]) for inputs in places} == {("projects/proj", "compute.googleapis.com")}
    assert [inputs["zone"] for token, inputs in google.asked if token == TYPES] == list(POOL.zones)


@pytest.mark.parametrize(
    ("entries", "granted"),
    [
        ([({"gpu_family": "NVIDIA_H100", "region": "us-east4"}, "3"), ({}, "9")], 3),
        ([({}, "2"), ({"gpu_family": "NVIDIA_H100", "region": "us-west1"}, "9")], 2),
        ([({}, "9"), ({"region": "us-east4"}, "1")], 1),
        ([({"gpu_family": "NVIDIA_B200", "region": "us-east4"}, "9")], 0),
        ([({}, "")], 0),
    ],
    ids=["own entry", "everywhere else", "closest of several", "no entry", "left out"],
)
def test_too_little_is_one_problem_with_the_value_that_is_in_force_there(
    google: Google, entries: list[tuple[dict[str, str], str]], granted: int
) -> None:
    google.quotas[FAMILY] = entries
    result = preflight(google)
    (problem,) = result.problems
    assert f"{FAMILY} in us-east4 for NVIDIA_H100: needed 4, granted {granted}; a3" in problem
    assert "--preferred-value=4" in problem
    assert (result.ran, result.notes) == (True, ())


def test_no_limit_is_enough(google: Google) -> None:
    google.quotas |= {FAMILY: [({}, "-1")], CEILING: [({}, "-1")]}
    assert preflight(google) == PreflightResult(True)


def test_the_ceiling_over_all_regions_can_be_too_low_alone(google: Google) -> None:
    google.quotas[CEILING] = [({}, "0")]
    (problem,) = preflight(google).problems
    assert f"{CEILING} over all regions: needed 4, granted 0" in problem
    assert f"--quota-id={FAMILY}" not in problem


def test_a_quota_that_google_does_not_know_is_noted_and_the_others_are_checked(google: Google) -> None:
    del google.quotas[CEILING]
    google.quotas[FAMILY] = [({}, "1")]
    result = preflight(google)
    assert len(result.problems) == 1
    (note,) = result.notes
    assert note.startswith(f"quota {CEILING} was not checked, because googleapi: Error 404")
    assert "declared quota" in note


def test_an_answer_without_values_is_noted(google: Google) -> None:
    google.quotas[CEILING] = []
    result = preflight(google)
    assert result.problems == ()
    assert "Google's answer holds no value" in result.notes[0]


def test_without_credentials_one_note_says_that_nothing_was_checked(google: Google) -> None:
    why = "The caller does not have permission, PERMISSION_DENIED"
    google.refusal = lambda token, _: DENIED.format(token, token, why)
    result = preflight(google)
    assert (result.ran, result.problems) == (False, ())
    assert result.notes == (
        f"the check of GPU quota and zones did not run, because googleapi: Error 403: {why}; "
        "the declared quota and the catalogue's zones are used",
    )
    assert len(google.asked) == 2, "nobody is asked again after a refusal"


def test_where_only_one_api_answers_the_other_check_still_runs(google: Google) -> None:
    google.refusal = lambda token, _: "Cloud Quotas API is disabled" if token == QUOTA else None
    google.zones_with_it = ["us-east4-a"]
    result = preflight(google)
    assert result.ran
    assert len(result.problems) == 1
    assert result.notes[0].startswith("the check of GPU quota did not run, because Cloud Quotas API is disabled")


def test_a_zone_without_the_machine_type_is_named_with_the_zones_that_have_it(google: Google) -> None:
    google.zones_with_it = ["us-east4-a", "us-east4-c"]
    assert preflight(google).problems == (
        "a3: Google does not offer a3-highgpu-8g in us-east4-b; zones of us-east4 that have it: us-east4-a, us-east4-c",
    )


def test_a_region_without_the_machine_type_says_none(google: Google) -> None:
    google.zones_with_it = []
    (problem,) = preflight(google).problems
    assert problem.endswith("in us-east4-a, us-east4-b; zones of us-east4 that have it: none")


def test_where_the_other_zones_cannot_be_listed_the_problem_stays(google: Google) -> None:
    google.zones_with_it = ["us-east4-a"]
    google.refusal = lambda token, _: "backend unavailable" if token == ZONES else None
    (problem,) = preflight(google).problems
    assert problem.endswith("in us-east4-b; which zones have it is not known, because backend unavailable")


def test_cloud_run_is_asked_for_quota_only(google: Google) -> None:
    quota = "NvidiaRtxPro6000GpuAllocNoZonalRedundancyPerProjectRegion"
    google.quotas[quota] = [({"region": "us-east4"}, "2000")]
    service = Ask("t/chat", "cloud-run", "nvidia-rtx-pro-6000", "us-east4", 2)
    assert preflight(google, service) == PreflightResult(True)
    assert [(token, inputs["service"]) for token, inputs in google.asked] == [(QUOTA, "run.googleapis.com")]
    google.quotas[quota] = [({"region": "us-east4"}, "1999")]
    assert "needed 2000, granted 1999" in preflight(google, service).problems[0]


def test_an_accelerator_without_a_known_quota_is_noted(google: Google) -> None:
    ask = Ask("a4x", "gke", "nvidia-gb200", "us-east4", 4, "reservation")
    assert preflight(google, ask).notes == ("no quota id is known for nvidia-gb200 on gke: the declared quota is used",)


def test_turned_off_nobody_is_asked_and_the_note_says_so(google: Google) -> None:
    result = preflight(google, skip=True)
    assert (result.ran, result.problems, google.asked) == (False, (), [])
    assert "preflight is off" in result.notes[0]


def test_a_stack_without_gpus_asks_nobody(google: Google) -> None:
    assert run_preflight([], "proj") == PreflightResult(False)


def test_a_fault_of_the_program_is_not_taken_for_a_look_up_that_failed(google: Google) -> None:
    google.quotas[FAMILY] = [({}, "many")]
    with pytest.raises(ValueError, match="many"):
        preflight(google)


def test_a_reason_is_short_and_is_googles_own(google: Google) -> None:
    assert reason_of(f"invoke of {QUOTA} failed: " + DENIED.format(QUOTA, QUOTA, "no")) == "googleapi: Error 403: no"
    assert len(reason_of("x" * 1000)) < REASON_LENGTH + 10
