"""What our kubelet reports of a Pod, and which addresses it gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sandbox.cluster.pod_addresses import Addresses
from sandbox.cluster.pod_process import Bind, PodProgram, link_name, script
from sandbox.cluster.pod_status import CRASHED, CREATING, Seen, status_of

EARLIER, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def pod(owner: str = "ReplicaSet", conditions: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "metadata": {"name": "p", "ownerReferences": [{"kind": owner}]},
        "spec": {
            "initContainers": [{"name": "i", "image": "i:1"}],
            "containers": [{"name": "proxy", "image": "x:1"}, {"name": "main", "image": "m:1"}],
        },
        "status": {"startTime": EARLIER, "conditions": conditions or []},
    }


def seen(**changes: Any) -> Seen:
    return Seen(**{"ip": "10.200.1.1", "host_ip": "10.200.0.1", "ready": True, "runs": "main", **changes})


def conditions(status: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["type"]: one for one in status["conditions"]}


def test_a_program_that_runs_is_running_before_it_is_ready() -> None:
    status = status_of(pod(), seen(ready=False), NOW)
    assert (status["phase"], status["podIP"], status["startTime"]) == ("Running", "10.200.1.1", EARLIER)
    assert [one["ready"] for one in status["containerStatuses"]] == [True, False]
    assert conditions(status)["Ready"]["status"] == "False"
    assert status["initContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 0


def test_what_is_missing_stands_in_the_status() -> None:
    status = status_of(pod(), seen(ready=False, waiting=(CREATING, 'secret "s" not found')), NOW)
    assert status["phase"] == "Pending"
    assert all(one["state"]["waiting"]["reason"] == CREATING for one in status["containerStatuses"])
    assert conditions(status)["Ready"]["message"] == 'secret "s" not found'


def test_a_crash_is_of_its_own_container_and_counted() -> None:
    proxy, main = status_of(pod(), seen(ready=False, waiting=(CRASHED, "why"), restarts=3), NOW)["containerStatuses"]
    assert (main["restartCount"], main["state"]["waiting"]["message"]) == (3, "why")
    assert (proxy["restartCount"], list(proxy["state"])) == (0, ["running"])


def test_a_pod_that_is_only_marked_is_ready_and_one_of_a_job_has_ended() -> None:
    assert conditions(status_of(pod(), seen(runs=None), NOW))["Ready"]["status"] == "True"
    ended = status_of(pod("Job"), seen(runs=None), NOW)
    assert ended["phase"] == "Succeeded"
    assert conditions(ended)["Ready"]["reason"] == "PodCompleted"
    assert all("terminated" in one["state"] for one in ended["containerStatuses"])


def test_a_condition_keeps_its_time_until_it_turns_and_loses_its_reason_then() -> None:
    before = {"type": "Ready", "status": "False", "lastTransitionTime": EARLIER, "reason": "R", "message": "m"}
    same = conditions(status_of(pod(conditions=[before]), seen(ready=False), NOW))["Ready"]
    turned = conditions(status_of(pod(conditions=[before]), seen(), NOW))["Ready"]
    assert same["lastTransitionTime"] == EARLIER
    assert turned == {"type": "Ready", "status": "True", "lastTransitionTime": NOW, "reason": None, "message": None}


def test_addresses_are_not_held_twice_and_kept_over_a_restart() -> None:
    addresses = Addresses()
    assert addresses.keep("a", "10.200.1.2") == "10.200.1.2"
    assert [addresses.take(one) for one in "bca"] == ["10.200.1.1", "10.200.1.3", "10.200.1.2"]
    addresses.free("b")
    assert addresses.keep("d", "10.200.1.3") == "10.200.1.4"
    assert addresses.keep("e", "10.201.0.9") == "10.200.1.5"
    assert addresses.keep("f", "") == "10.200.1.6"


def test_the_script_changes_nothing_outside_of_the_pods_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    program = PodProgram(
        file=tmp_path / "manager",
        arguments=["--a=it's"],
        env={},
        host_name="h" * 80,
        address="10.200.3.7",
        root=root,
        binds=[Bind(tmp_path, "/.sigstore")],
        log=tmp_path / "log",
    )
    lines = script(program).splitlines()
    mount = next(number for number, line in enumerate(lines) if "tmpfs" in line)
    changing = [line for line in lines[mount:] if any(word in line for word in ("mkdir ", "touch ", "ln ", "mount "))]
    assert len(changing) > 10
    assert all(str(root) in line.rpartition("/bin/")[2].split()[-1] for line in changing)
    assert f"hostname {'h' * 63}" in lines[2]
    assert lines[-1].endswith("""/ko-app/manager '--a=it'"'"'s' </dev/null""")


def test_an_interface_has_a_name_that_the_kernel_takes() -> None:
    assert link_name("10.200.254.254") == "pod254-254"
