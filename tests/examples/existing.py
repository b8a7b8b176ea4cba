"""What exists before an example is run: a bucket, and a cluster with the serving stack and the team's service account."""

from __future__ import annotations

from pathlib import Path

import yaml

from sandbox.providers.cloud import Cloud
from sandbox.providers.gcp.google_api import GoogleApi
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from tests.sandbox.harness import Sandbox
from tests.sandbox.providers.examples import changed
from tests.sandbox.providers.serving_objects import ACCOUNT, create, install_stack

BUCKET, NAMESPACE, PROJECT = "example-search-models", "team-search", "example-search"


def kubeconfig_of(project: Path) -> str:
    """The kubeconfig that an example's settings give, under any key."""
    config = yaml.safe_load((project / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"]
    return next(value for key, value in config.items() if key.endswith(":kubeconfig"))


def prepare(sandbox: Sandbox) -> None:
    """Makes in the sandbox's cloud what the examples name."""
    cloud = Cloud(sandbox.instance.cloud)
    google = GoogleApi(cloud)
    google.configure({"project": PROJECT, "region": "us-central1"})
    google.create("gcp:storage/bucket:Bucket", {"name": BUCKET, "location": "US-CENTRAL1"})
    cluster = KubernetesApi(cloud)
    cluster.configure({"kubeconfig": kubeconfig_of(sandbox.project)})
    install_stack(cluster)
    create(cluster, changed(ACCOUNT, "metadata.namespace", NAMESPACE))
