"""Changes of payments/assistant of dev, each an update of the stack, and what is there once all controllers have followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sandbox.cluster.api_server import Object
from tests.cluster.conftest import REVISION_LABEL, Stage, condition, eventually
from tests.cluster.dev.conftest import TEAM_FILE
from tests.cluster.dev.payments import (
    KEY,
    NAMESPACE,
    PREDICTOR,
    SERVING,
    gpus_used,
    model,
    pods_of,
    splits,
    traffic,
)

LOADS_ANEW = f"{KEY}: a new revision loads the model anew"


@dataclass(frozen=True)
class Seen:
    """What is there once an update has been followed by all controllers; `output` is what the engine said of it."""

    output: str
    traffic: dict[str, int]
    pods: dict[str, list[str]]
    gpus: int

    @property
    def told_to_load_anew(self) -> bool:
        return LOADS_ANEW in self.output


@dataclass(frozen=True)
class TeamFile:
    """The team's file in a copy of the project, as it is in the repository, and updates of the stack with another one."""

    dev: Stage
    original: str

    def update(self, *lines: str, **changed: Any) -> str:
        """Updates with the original file but for these fields, and these lines at the end of its deployment; what was said."""
        text = self.original
        for field, value in changed.items():
            text, count = re.subn(rf"^( *{field}:) .*$", rf"\1 {value}", text, flags=re.MULTILINE)
            assert count == 1, field
        self.dev.sandbox.write(TEAM_FILE, text.rstrip() + "\n" + "".join(f"    {line}\n" for line in lines))
        return replace(self.dev, sandbox=replace(self.dev.sandbox, policy_pack=None)).up().output


@contextmanager
def changing(dev: Stage) -> Iterator[TeamFile]:
    """The last update is to bring the original back; where none does, because one has failed, it is brought back afterwards."""
    file = dev.sandbox.project / TEAM_FILE
    original = file.read_text(encoding="utf-8")
    try:
        yield TeamFile(dev, original)
    finally:
        if file.read_text(encoding="utf-8").rstrip() != original.rstrip():
            dev.sandbox.write(TEAM_FILE, original)
            dev.up()


def next_revision(dev: Stage, before: set[str]) -> str:
    """The newest revision, once it is another one than those."""

    def look() -> str:
        knative = dev.api.get(SERVING, "Service", PREDICTOR, NAMESPACE) or {}
        found = knative.get("status", {}).get("latestCreatedRevisionName", "")
        return "" if found in before else found

    return eventually(look, f"another revision than {sorted(before)}")


def settled(dev: Stage, host: str, output: str, shares: dict[str, int], running: set[str]) -> Seen:
    """What is there once these revisions get so many percent, and pods of just those run that should."""

    def look() -> Seen | None:
        pods: dict[str, list[str]] = {}
        for one in pods_of(dev):
            if one["status"]["phase"] == "Running":
                pods.setdefault(one["metadata"]["labels"][REVISION_LABEL], []).append(one["metadata"]["name"])
        ready = condition(model(dev), "Ready").get("status") == "True"
        if not ready or traffic(dev) != shares or splits(dev, host) != shares or set(pods) != running:
            return None
        return Seen(output, traffic(dev), pods, gpus_used(dev))

    def told() -> str:
        pods = [one["metadata"]["name"] for one in pods_of(dev)]
        now = f"traffic {traffic(dev)}, pods {pods}, {conditions(model(dev))}"
        return f"{shares}, pods of {running}; now: {now}"

    return eventually(look, told)


def conditions(made: Object) -> dict[str, str]:
    """Each condition of an object with its state and message."""
    found = made.get("status", {}).get("conditions", [])
    return {one["type"]: f"{one['status']} {one.get('message', '')}".strip() for one in found}
