"""What dies in the middle of an update: the engine, the API server, controllers. The next update, after the repair that
docs/state.md asks for, ends as one that nobody disturbed: every object and every resource of the state once, and none lost.

The first three disturb one stack on its way from nothing, one after the other: the engine and the API server in the middle of the
serving stack's installation, the controllers while a model comes. The slow ones disturb one update each, in which a team comes or
goes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdist import is_xdist_worker

from components.kubernetes.kserve import NAMESPACE as KSERVE
from components.kubernetes.versions import KSERVE_RESOURCES
from sandbox.cluster import lifecycle
from sandbox.cluster.programs import program
from sandbox.paths import ROOT, Layout
from sandbox.providers.cloud import CloudError
from sandbox.providers.kubernetes.live.live_releases import LiveReleases
from sandbox.providers.kubernetes.live.patient_server import PatientServer
from sandbox.providers.kubernetes.live.release_record import INSTALLING, load
from sandbox.shim import prepare
from tests.cluster.conftest import ENGINE_SECONDS, INFERENCE_SERVICE, Stage, eventually, running_cluster
from tests.cluster.dev.conftest import TEAM_FILE, make_dev
from tests.cluster.dev.payments import NAME as MODEL
from tests.cluster.dev.payments import NAMESPACE as PAYMENTS
from tests.cluster.dev.teams import team_file, team_text
from tests.cluster.processes import pod_programs
from tests.cluster.undisturbed import Seen, differences, read_record, seen, state_of
from tests.sandbox.harness import AT_ONCE, NEVER_INTERACTIVE, Result
from tests.sandbox.test_language_host import processes_of

RELEASE = f"{KSERVE}/{KSERVE_RESOURCES.name}"
#: Records of Helm, of attempts that have not ended.
PENDING = "owner=helm,status in (pending-install,pending-upgrade)"
#: What the release has made when it is half installed: its pods are still awaited.
HALF = ("apps/v1", "Deployment", "kserve-controller-manager", KSERVE)
TEAM, NAME, NAMESPACE = "shop", "search", "team-shop"
#: Longest that controllers take to clean up.
CLEANING_SECONDS = 60.0
#: Longest wait for what another worker is to see of dev; then it is brought up here too.
RECORD_SECONDS = 300.0
#: Component of the control plane whose controllers work on what models consist of.
CONTROLLERS = "kube-controller-manager"
#: The program of KServe's controllers.
KSERVE_PROGRAM = "kserve-manager"


@dataclass
class Running:
    """An update under way."""

    process: subprocess.Popen[bytes]
    log: Path

    def until(self, look: Callable[[], object], what: str) -> None:
        """Waits for what is to be seen while it is under way; fails the test with what it said when it ends before."""

        def seen_in_time() -> bool:
            assert self.process.poll() is None, self.ends().output
            return bool(look())

        eventually(seen_in_time, what, ENGINE_SECONDS)

    def ends(self) -> Result:
        """How it ended, once nothing of it runs any more."""
        code = self.process.wait(ENGINE_SECONDS)
        return Result(code, self.log.read_text(encoding="utf-8"), "")


def start_up(stage: Stage, folder: Path) -> Running:
    """Starts an update without the policies, which only judge."""
    arguments = ["up", "--stack", stage.env, *NEVER_INTERACTIVE, *AT_ONCE]
    stage.sandbox.environ(stage.env)
    call = prepare(stage.sandbox.instance, arguments, stage.sandbox.project)
    log = folder / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            call.command,
            cwd=stage.sandbox.project,
            env=call.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Running(process, log)


def kill_stack(stage: Stage, running: Running) -> None:
    """Kills the engine and all that it had started, as when its machine dies."""
    running.process.kill()
    for line in processes_of(stage.sandbox.instance.folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(line.split()[0]), signal.SIGKILL)
    running.process.wait()
    eventually(lambda: not processes_of(stage.sandbox.instance.folder), "nothing of the update runs any more")


def clear_up(stage: Stage) -> None:
    """What docs/state.md asks for after a run that died."""
    for arguments in (
        ["cancel", stage.env, "--yes"],
        ["refresh", "--stack", stage.env, "--yes", "--skip-preview", "--clear-pending-creates"],
    ):
        stage.sandbox.pulumi(*arguments, check=True)


def forget_pending_releases(stage: Stage) -> list[str]:
    """Runs the command of docs/state.md for each release whose installer died; those that it was run for."""
    document = (ROOT / "docs/state.md").read_text(encoding="utf-8")
    (line,) = [one for one in document.splitlines() if one.startswith("kubectl delete secret ")]
    forgotten = []
    for record in stage.api.list("v1", "Secret", labels=PENDING):
        namespace, name = record["metadata"]["namespace"], record["metadata"]["labels"]["name"]
        command = line.replace("<namespace>", namespace).replace("<release>", name)
        done = subprocess.run(
            ["/bin/sh", "-c", command.replace("kubectl", str(program("kubectl")))],
            env={**os.environ, "KUBECONFIG": str(stage.layout.kubeconfig)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.startswith('secret "sh.helm.release.v1.'), done.stdout
        forgotten.append(f"{namespace}/{name}")
    return forgotten


def check_same(stage: Stage, expected: Seen) -> None:
    """Nothing doubled, nothing lost, nothing otherwise."""
    assert differences(expected.state, state_of(stage)) == []

    def found() -> list[str]:
        return differences(expected.cluster, seen(stage).cluster)

    eventually(lambda: not found(), lambda: f"nothing differs: {found()}", CLEANING_SECONDS)
    exported = stage.sandbox.pulumi("stack", "export", "--stack", stage.env, check=True).stdout
    assert '"pending_operations"' not in exported


def kill_component(stage: Stage, name: str) -> None:
    """Kills a component of the control plane, and waits until another is there in its place."""
    first = lifecycle.component_pid(stage.layout, name)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: lifecycle.component_pid(stage.layout, name) != first, f"{name} is back")


def kill_api_server(stage: Stage) -> None:
    """Kills it, and waits until another answers in its place."""
    kill_component(stage, "kube-apiserver")
    eventually(stage.api.ready, "it answers again")


def namespaces(stage: Stage) -> dict[str, str]:
    """The uid of each namespace."""
    return {one["metadata"]["name"]: one["metadata"]["uid"] for one in stage.api.list("v1", "Namespace")}


def await_half_installed(stage: Stage, running: Running) -> None:
    """Until the update installs the release."""
    server = PatientServer(stage.api)

    def half_installed() -> bool:
        record = load(server, RELEASE)
        return record is not None and record.status == INSTALLING and stage.api.get(*HALF) is not None

    running.until(half_installed, f"{RELEASE} is half installed")


@pytest.fixture(scope="module")
def undisturbed(request: pytest.FixtureRequest, set_up: Layout, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What an update from nothing leaves behind: as the tests of dev have seen it, or in a cluster of its own."""
    others = is_xdist_worker(request) and any(
        "dev" in getattr(one, "fixturenames", ()) for one in request.session.items
    )
    if (found := read_record(tmp_path_factory, RECORD_SECONDS if others else 0.0)) is not None:
        return found
    with running_cluster(request.session, "undisturbed") as layout:
        stage = make_dev(layout, tmp_path_factory.mktemp("undisturbed"))
        stage.up()
        return seen(stage)


@pytest.fixture(scope="module")
def payments(stage: Stage) -> str:
    """The file of the only team with a model in the cluster, which comes later than the rest."""
    text = (stage.sandbox.project / TEAM_FILE).read_text(encoding="utf-8")
    stage.sandbox.remove(TEAM_FILE)
    return text


@pytest.fixture(scope="module")
def without_team(stage: Stage) -> Seen:
    """What there is before the team of the slow tests comes; the tests before have brought most of it up, if they were run."""
    stage.up()
    return seen(stage)


@pytest.fixture(scope="module")
def with_team(stage: Stage, without_team: Seen) -> Seen:
    """What an undisturbed update makes of it."""
    write_team(stage, there=True)
    stage.up()
    return seen(stage)


def write_team(stage: Stage, *, there: bool) -> None:
    """The team's file comes, or goes; the next update follows."""
    if there:
        stage.sandbox.write(team_file(TEAM), team_text(TEAM, NAME))
    else:
        stage.sandbox.remove(team_file(TEAM))


def start_change(stage: Stage, folder: Path, *, there: bool) -> Running:
    """Starts the update by which the team comes, or goes; where it has done so already, it is first brought back."""
    if (stage.api.get("v1", "Namespace", NAMESPACE) is not None) == there:
        write_team(stage, there=not there)
        stage.up()
    write_team(stage, there=there)
    return start_up(stage, folder)


def test_an_engine_killed_while_a_release_is_half_installed_leaves_what_the_documented_repair_frees(
    stage: Stage, payments: str, tmp_path: Path
) -> None:
    running = start_up(stage, tmp_path)
    await_half_installed(stage, running)
    kill_stack(stage, running)

    refused = stage.sandbox.up(stage.env)
    assert refused.exit_code != 0
    assert "the stack is currently locked by 1 lock(s)" in refused.output
    clear_up(stage)
    # Helm refuses a release that somebody seems to be installing, until that attempt is forgotten
    server = PatientServer(stage.api)
    record = load(server, RELEASE)
    assert record is not None
    assert record.status == INSTALLING
    with pytest.raises(CloudError, match="cannot re-use a name that is still in use"):
        LiveReleases(server).create(record.inputs, 0)
    assert RELEASE in forget_pending_releases(stage)


def test_an_api_server_killed_in_the_next_update_is_back_with_all_that_it_had(
    stage: Stage, payments: str, tmp_path: Path
) -> None:
    running = start_up(stage, tmp_path)
    await_half_installed(stage, running)
    before = namespaces(stage)
    assert KSERVE in before
    kill_api_server(stage)
    running.ends()
    # where its requests were asked again in time, the update has gone on
    assert before.items() <= namespaces(stage).items()
    # an installer that nobody answers any more can end its attempt no better than one that dies
    forget_pending_releases(stage)


def test_controllers_killed_while_a_model_comes_are_back_and_the_next_update_ends_as_an_undisturbed_one(
    request: pytest.FixtureRequest, stage: Stage, payments: str, tmp_path: Path
) -> None:
    stage.sandbox.write(TEAM_FILE, payments)
    running = start_up(stage, tmp_path)
    running.until(lambda: stage.api.get(*INFERENCE_SERVICE, MODEL, PAYMENTS), "the model comes")
    (manager,) = pod_programs(stage.layout, KSERVE_PROGRAM)
    os.kill(manager, signal.SIGKILL)
    kill_component(stage, CONTROLLERS)
    running.ends()
    eventually(lambda: set(pod_programs(stage.layout, KSERVE_PROGRAM)) - {manager}, "KServe's manager is back")
    stage.up()
    check_same(stage, request.getfixturevalue("undisturbed"))


@pytest.mark.slow
def test_an_update_that_is_interrupted_ends_in_good_order_and_the_next_one_goes_on(
    stage: Stage, without_team: Seen, with_team: Seen, tmp_path: Path
) -> None:
    running = start_change(stage, tmp_path, there=False)
    running.until(lambda: stage.api.get(*INFERENCE_SERVICE, NAME, NAMESPACE) is None, "the model goes")
    running.process.send_signal(signal.SIGINT)
    result = running.ends()
    assert result.exit_code != 0, result.output
    assert stage.api.get("v1", "Namespace", NAMESPACE) is not None
    stage.up()
    check_same(stage, without_team)


@pytest.mark.slow
def test_an_api_server_that_is_killed_while_a_team_comes_is_back_for_the_next_update(
    stage: Stage, with_team: Seen, tmp_path: Path
) -> None:
    running = start_change(stage, tmp_path, there=True)
    running.until(lambda: stage.api.get("v1", "Namespace", NAMESPACE), "the team's namespace comes")
    kill_api_server(stage)
    running.ends()
    stage.up()
    check_same(stage, with_team)


@pytest.mark.slow
def test_all_controllers_that_are_killed_while_a_team_goes_are_back_for_the_next_update(
    stage: Stage, without_team: Seen, with_team: Seen, tmp_path: Path
) -> None:
    running = start_change(stage, tmp_path, there=False)

    def going() -> bool:
        found = stage.api.get(*INFERENCE_SERVICE, NAME, NAMESPACE)
        return found is None or "deletionTimestamp" in found["metadata"]

    running.until(going, "the model is going")
    # with the kubelet go all programs of pods: KServe's, Knative's and Kyverno's controllers
    for name in (CONTROLLERS, "kubelet"):
        kill_component(stage, name)
    running.ends()
    stage.up()
    check_same(stage, without_team)
