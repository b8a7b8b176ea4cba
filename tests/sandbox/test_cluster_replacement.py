"""A cluster that is replaced takes everything in it along, and the same update makes all of it anew in the next one."""

from __future__ import annotations

import pytest

from sandbox.providers.cloud import Cloud
from sandbox.providers.cluster_link import cluster_of_endpoint
from sandbox.providers.gcp.references import CLUSTER
from sandbox.providers.gcp.types.cluster import ENDPOINT
from sandbox.providers.values import at
from tests.sandbox.harness import Sandbox


def objects_in_clusters(sandbox: Sandbox) -> dict[str, int]:
    """How many objects each cluster of the cloud holds that this program made there, by the cluster's key."""
    found: dict[str, int] = {}
    for path in sandbox.instance.cloud.glob("kubernetes_*/*.json"):
        key = path.parent.name.split("_")[1]
        found[key] = found.get(key, 0) + 1
    return found


def current(sandbox: Sandbox) -> str:
    """The key of the only cluster that there is."""
    (cluster,) = Cloud(sandbox.instance.cloud).all(CLUSTER)
    return cluster_of_endpoint(at(cluster["outputs"], *ENDPOINT))


def own_objects(sandbox: Sandbox) -> set[str]:
    return {r["urn"] for r in sandbox.resources("dev") if r["type"].startswith("kubernetes:")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("location: zonal", "location: regional"),
        # the cluster keeps name and place, and only its subnet is another one
        ("    region: us-central1\n", "    region: us-central1\n    network_range: 10.8.0.0/13\n"),
    ],
    ids=["moved", "in-another-network"],
)
def test_after_a_cluster_was_replaced_everything_is_in_the_new_one_and_the_next_preview_is_empty(
    sandbox: Sandbox, old: str, new: str
) -> None:
    up = sandbox.up("dev")
    assert up.exit_code == 0, up.output
    before, objects = current(sandbox), own_objects(sandbox)
    assert len(objects) > 20
    assert set(objects_in_clusters(sandbox)) == {before}

    sandbox.edit("Pulumi.dev.yaml", old, new)
    replaced = {step.name for step in sandbox.steps("dev") if step.op == "replace" and step.type.startswith("kub")}
    assert len(replaced) > 20
    again = sandbox.up("dev")
    assert again.exit_code == 0, again.output
    after = current(sandbox)
    assert after != before
    # a regional cluster has more of some controllers
    assert objects <= own_objects(sandbox)
    assert set(objects_in_clusters(sandbox)) == {after}
    assert sandbox.preview("dev", expect_no_changes=True).exit_code == 0
