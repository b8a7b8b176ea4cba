"""Every Kubernetes object of dev is admitted by the real server, and a second look finds nothing to change: not in a plan, not in
a refresh, not when each object is applied once more beside what controllers have written since.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

import pytest

from components.kubernetes.priority_classes import BATCH, DESCRIPTIONS
from components.kubernetes.versions import CHARTS
from sandbox.cluster.api_server import Object
from sandbox.plan_check import check_before_up
from sandbox.providers.kubernetes.cluster import RELEASE, RELEASE_NAME, RELEASE_NAMESPACE
from sandbox.providers.kubernetes.live.applying import manager_of
from sandbox.providers.kubernetes.live.chart_objects import chart_objects
from sandbox.providers.kubernetes.live.helm_objects import MANAGED_BY, hooks_of
from sandbox.providers.kubernetes.live.patient_server import PatientServer
from sandbox.providers.kubernetes.live.release_record import DEPLOYED, ReleaseRecord, load
from tests.cluster.conftest import Stage
from tests.cluster.inventory import title

#: Charts of which nothing is in the cluster here: no Go module carries them.
NOT_CARRIED = ("opencost",)
#: What the server writes at every change, and what controllers tell.
OF_THE_SERVER = ("managedFields", "resourceVersion")
AT_ONCE = 8


@pytest.fixture(scope="module")
def resources(dev: Stage) -> list[dict[str, Any]]:
    """The Kubernetes resources in the state of dev, without the provider itself."""
    return [one for one in dev.sandbox.resources("dev") if one["type"].startswith("kubernetes:")]


@pytest.fixture(scope="module")
def declared(resources: list[dict[str, Any]]) -> list[Object]:
    """The objects as the engine declares them."""
    return [one["inputs"] for one in resources if one["type"] != RELEASE]


@pytest.fixture(scope="module")
def releases(dev: Stage, resources: list[dict[str, Any]]) -> dict[str, tuple[dict[str, Any], ReleaseRecord]]:
    """Inputs of each release, by its name, and what the cluster remembers of it."""
    server, found = PatientServer(dev.api), {}
    for one in resources:
        if one["type"] == RELEASE:
            record = load(server, one["id"])
            assert record is not None, one["id"]
            found[one["inputs"]["name"]] = (one["inputs"], record)
    return found


@pytest.fixture
def drifted(
    dev: Stage, declared: list[Object], releases: dict[str, tuple[dict[str, Any], ReleaseRecord]]
) -> Iterator[str]:
    """Somebody has changed a PriorityClass of the stack, and a ConfigMap of Kyverno's release; the Pulumi name of the former."""
    own = next(one for one in declared if one["kind"] == "PriorityClass" and one["metadata"]["name"] == BATCH)
    released = next(one for one in releases["kyverno"][1].objects if one["kind"] == "ConfigMap")
    released = {key: value for key, value in released.items() if key != "keep"}
    before = _live(dev, released)
    dev.api.patch(own, {"description": "somebody's"})
    dev.api.patch(released, {"data": {"somebodys": "value"}})
    assert own["description"] == DESCRIPTIONS[BATCH] != _live(dev, own)["description"]
    yield _pulumi_name(dev, own)
    dev.api.apply(own, manager_of(own), force=True)
    dev.api.patch(released, {"data": {"somebodys": None}})
    assert _lasting(_live(dev, released)) == _lasting(before)


def test_each_object_is_there_and_is_the_one_that_the_state_knows(dev: Stage, resources: list[dict[str, Any]]) -> None:
    own = [one for one in resources if one["type"] != RELEASE]
    assert {"ComputeClass", "InferenceService", "KnativeServing", "ResourceQuota", "ValidatingPolicy"} <= {
        one["inputs"]["kind"] for one in own
    }
    gone = [one["urn"] for one in own if _uid(_live(dev, one["inputs"])) != one["outputs"]["metadata"]["uid"]]
    assert gone == []


def test_each_object_applied_once_more_conflicts_with_no_controller_and_changes_nothing(
    dev: Stage, declared: list[Object]
) -> None:
    """By server-side apply, without force: fields that a controller has taken over would be a conflict."""

    def again(made: Object) -> str | None:
        before = _live(dev, made)
        after = dev.api.apply(made, manager_of(made), force=False, dry_run=True)
        same = _lasting(before) == _lasting(after)
        return None if same else f"{title(made)}: {_difference(_lasting(before), _lasting(after))}"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        assert [told for told in threads.map(again, declared) if told] == []


def test_a_plan_after_a_refresh_changes_nothing_and_passes_the_check_of_plans(dev: Stage) -> None:
    """`up` of an unchanged stack, as far as it asks first; the refresh takes over whatever is different in the cluster."""
    environ = dev.sandbox.environ(dev.env)
    command = [dev.sandbox.instance.pulumi(), "preview", "--stack", dev.env, "--non-interactive", "--color", "never"]
    command += ["--refresh", "--expect-no-changes", "--policy-pack", "policy"]

    def run(line: Sequence[str], env: Mapping[str, str], output: IO[bytes] | None) -> int:
        return subprocess.call(line, cwd=dev.sandbox.project, env=env, stdout=output, stderr=output)

    assert check_before_up(run, command, environ, dev.sandbox.project, dev.env) == 0


def test_a_refresh_sees_what_somebody_changed_in_an_object_of_the_stack_and_not_what_in_one_of_a_release(
    dev: Stage, drifted: str
) -> None:
    """The preview tells it as a conflict: an update takes no field away from anybody without being told to.

    Releases are not looked into, by the real provider either: their objects are Helm's.
    """
    without_policies = [dev.sandbox.instance.pulumi(), "preview", "--stack", dev.env, "--non-interactive"]
    told = subprocess.run(
        [*without_policies, "--refresh", "--color", "never", "--suppress-outputs"],
        cwd=dev.sandbox.project,
        env=dev.sandbox.environ(dev.env),
        capture_output=True,
        text=True,
    )
    assert told.returncode != 0
    assert set(re.findall(r"(?m)^ ~ +\S+ (\S+) update\b", told.stdout)) == {drifted}
    assert 'conflict with "sandbox" using scheduling.k8s.io/v1: .description' in told.stdout


def test_each_chart_stands_with_all_that_it_renders_and_with_the_marks_of_helm(
    dev: Stage, releases: dict[str, tuple[dict[str, Any], ReleaseRecord]]
) -> None:
    assert {*releases} <= {chart.name for chart in CHARTS}
    for name, (inputs, record) in releases.items():
        assert record.status == DEPLOYED, name
        rendered = [one for one in chart_objects(inputs) if not hooks_of(one)]
        assert bool(rendered) == (name not in NOT_CARRIED), name
        assert sorted(map(_kind_and_name, record.objects)) == sorted(map(_kind_and_name, rendered)), name
        for reference in record.objects:
            live = _live(dev, reference)
            metadata = live["metadata"]
            marks = (
                metadata["labels"][MANAGED_BY],
                metadata["annotations"][RELEASE_NAME],
                metadata["annotations"][RELEASE_NAMESPACE],
            )
            assert marks == ("Helm", name, inputs["namespace"]), title(live)


def test_the_engine_and_helm_share_no_object(
    declared: list[Object], releases: dict[str, tuple[dict[str, Any], ReleaseRecord]]
) -> None:
    own = set(map(_identity, declared))
    released = {_identity(one) for _, record in releases.values() for one in record.objects}
    assert own & released == set()


def _live(dev: Stage, made: Object) -> Object:
    metadata = made["metadata"]
    return dev.one(made["apiVersion"], made["kind"], metadata["name"], metadata.get("namespace"))


def _uid(made: Object) -> str:
    return made["metadata"]["uid"]


def _lasting(made: Object) -> Object:
    """An object without what is written at every change, and without what is told of it."""
    metadata = {key: value for key, value in made["metadata"].items() if key not in OF_THE_SERVER}
    return {**{key: value for key, value in made.items() if key != "status"}, "metadata": metadata}


def _difference(before: Any, after: Any, path: str = "") -> str:
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        return "; ".join(_difference(before.get(key), after.get(key), f"{path}.{key}") for key in keys)
    return f"{path} is {before!r} and would be {after!r}"


def _kind_and_name(made: Object) -> tuple[str, str]:
    return made["kind"], made["metadata"]["name"]


def _identity(made: Object) -> tuple[str, str, str, str]:
    metadata = made["metadata"]
    return made["apiVersion"].rpartition("/")[0], made["kind"], metadata.get("namespace", ""), metadata["name"]


def _pulumi_name(dev: Stage, made: Object) -> str:
    found = [one["urn"] for one in dev.sandbox.resources(dev.env) if one.get("inputs", {}) == made]
    assert len(found) == 1, found
    return found[0].rpartition("::")[2]
