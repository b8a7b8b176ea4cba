"""The serving stack survives a failure of each of its releases: an `up` after it ends where an undisturbed one does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.paths import Layout
from sandbox.providers.cloud import Cloud
from sandbox.providers.cluster_link import cluster_of_endpoint
from sandbox.providers.gcp.references import CLUSTER
from sandbox.providers.gcp.types.cluster import ENDPOINT
from sandbox.providers.values import at
from tests.sandbox.harness import Sandbox

#: Many whole updates of dev through the real engine.
pytestmark = pytest.mark.slow

RELEASE = "kubernetes:helm.sh/v3:Release"
FAULTS = "faults.json"
UID = re.compile(r'"uid":\s*"[0-9a-f-]{36}"')
#: What the engine notes of a resource that differs from run to run.
PASSING = ("created", "modified", "id")


def releases(sandbox: Sandbox) -> list[str]:
    """Pulumi names of the releases in the state."""
    return [one["urn"].rpartition("::")[2] for one in sandbox.resources() if one["type"] == RELEASE]


def state(sandbox: Sandbox) -> dict[str, Any]:
    """What the engine knows of each resource, without times, and without the ids that it makes up for providers."""
    # decrypted: what is encrypted anew differs
    exported = sandbox.pulumi("stack", "export", "--show-secrets", "--stack", "dev", check=True).stdout
    resources = json.loads(_without_identity(sandbox, exported))["deployment"]["resources"]
    return {one["urn"]: _lasting(one) for one in resources}


def _lasting(resource: dict[str, Any]) -> dict[str, Any]:
    of_engine = resource["type"].startswith("pulumi:")
    kept = {key: value for key, value in resource.items() if key not in PASSING or (key == "id" and not of_engine)}
    for field in ("dependencies", "propertyDependencies"):
        kept[field] = _sorted(kept.get(field))
    if "provider" in kept:
        kept["provider"] = kept["provider"].rpartition("::")[0]
    return kept


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(member) for key, member in value.items()}
    return sorted(value) if value else value


def cloud(sandbox: Sandbox) -> dict[str, Any]:
    """Everything in the stand-ins' cloud, by the place of its file."""
    folder = sandbox.instance.cloud
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != FAULTS)
    return {
        _without_identity(sandbox, path.relative_to(folder).as_posix()): json.loads(
            _without_identity(sandbox, path.read_text(encoding="utf-8"))
        )
        for path in files
    }


def _without_identity(sandbox: Sandbox, text: str) -> str:
    """The text without what is handed out anew to each cluster: its endpoint, by which the stand-ins file its objects, and the
    objects' uids."""
    (cluster,) = Cloud(sandbox.instance.cloud).all(CLUSTER)
    endpoint = at(cluster["outputs"], *ENDPOINT)
    text = text.replace(endpoint, "the-endpoint").replace(cluster_of_endpoint(endpoint), "the-cluster")
    return UID.sub('"uid":"an-uid"', text)


def test_after_the_failure_of_every_release_in_turn_cloud_and_state_are_those_of_an_undisturbed_up(
    set_up: Layout, tmp_path: Path
) -> None:
    undisturbed, disturbed = (Sandbox.create(tmp_path / name) for name in ("undisturbed", "disturbed"))
    up = undisturbed.up()
    assert up.exit_code == 0, up.output
    names = releases(undisturbed)
    assert len(names) > 1
    for name in names:
        disturbed.fault(name, "fail")
    # each `up` goes on from the failure before it, as far as the next release that fails
    for _ in names:
        failed = disturbed.up()
        struck = [name for name in names if f"a fault set for '{name}'" in failed.output]
        assert failed.exit_code != 0, failed.output
        assert struck, failed.output
        assert not set(struck) & set(releases(disturbed))
        for name in struck:
            disturbed.clear_fault(name)
            names = [other for other in names if other != name]
        if not names:
            break
    assert names == []
    mended = disturbed.up()
    assert mended.exit_code == 0, mended.output
    assert cloud(disturbed) == cloud(undisturbed)
    assert state(disturbed) == state(undisturbed)
