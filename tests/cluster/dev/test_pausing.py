"""payments/assistant of dev, stopped and started again by its team's file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from components.kubernetes.inference_service import STOP
from sandbox.cluster.api_server import Object
from tests.cluster.conftest import Stage, condition, eventually
from tests.cluster.dev.changes import Seen, changing, next_revision, settled
from tests.cluster.dev.payments import KEY, gpus_used, model, pods_of

#: Two updates more, for which only `make test-cluster-all` takes the time.
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Pause:
    """What was there before, in between and afterwards."""

    gpus: int
    stopped: Object
    resumed: Seen


@pytest.fixture(scope="module")
def pause(dev: Stage, host: str, revision: str) -> Iterator[Pause]:
    gpus = gpus_used(dev)
    with changing(dev) as file:
        file.update("paused: true")
        eventually(lambda: not pods_of(dev), f"the pods of {KEY} are gone")
        stopped = eventually(lambda: _when(model(dev), "Stopped"), f"{KEY} is stopped")
        output = file.update()
        started = next_revision(dev, set())
        yield Pause(gpus, stopped, settled(dev, host, output, {started: 100}, {started}))


def test_paused_takes_all_pods_and_leaves_the_model(pause: Pause) -> None:
    assert pause.stopped["metadata"]["annotations"][STOP] == "true"
    assert condition(pause.stopped, "Ready")["status"] == "False"


def test_started_again_it_serves_as_before_within_the_same_quota(pause: Pause) -> None:
    assert list(pause.resumed.traffic.values()) == [100]
    assert pause.resumed.pods.keys() == pause.resumed.traffic.keys()
    assert pause.resumed.gpus == pause.gpus
    assert not pause.resumed.told_to_load_anew


def _when(made: Object, kind: str) -> Object | None:
    return made if condition(made, kind).get("status") == "True" else None
