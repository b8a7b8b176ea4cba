"""The Pulumi program: an instance of a component for each case, and what they use together.

The file `changed` in the program's folder makes every change at once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pulumi
import pulumi_gcp as gcp

from tests.sandbox.replacements import entrance, network_and_nodes, project_wide, weights_and_services

SUBJECTS = (
    *entrance.SUBJECTS,
    *network_and_nodes.SUBJECTS,
    *project_wide.SUBJECTS,
    *weights_and_services.SUBJECTS,
)
CHANGED = "changed"


def register() -> None:
    """Registers everything."""
    changed = Path(CHANGED).exists()
    google = gcp.Provider("google", project="acme-replacements", region="us-central1")
    with_google = pulumi.ResourceOptions(provider=google)
    shared: list[pulumi.Resource] = [
        gcp.container.Cluster(
            "shared",
            name=network_and_nodes.SHARED_CLUSTER,
            location=network_and_nodes.SHARED_LOCATION,
            opts=with_google,
        ),
        gcp.storage.Bucket("shared", name=weights_and_services.SHARED_BUCKET, location="US", opts=with_google),
        gcp.secretmanager.Secret(
            "shared",
            secret_id=weights_and_services.SHARED_SECRET,
            replication=gcp.secretmanager.SecretReplicationArgs(auto=gcp.secretmanager.SecretReplicationAutoArgs()),
            opts=with_google,
        ),
    ]
    shared += [
        gcp.compute.Network(name, name=name, auto_create_subnetworks=False, opts=with_google)
        for name in network_and_nodes.SHARED_NETWORKS
    ]
    opts = pulumi.ResourceOptions(providers=[google], depends_on=shared)
    for subject in SUBJECTS:
        build = cast(Callable[..., object], subject.component)  # each has a class of arguments of its own
        for number in range(len(subject.cases)):
            build(subject.instance(number), subject.declared(number, changed), opts)
