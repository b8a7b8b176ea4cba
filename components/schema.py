"""The components that other programs may use, and the package schema that describes them in every language."""

from __future__ import annotations

import json
from typing import Any

from pulumi.provider.experimental.component import ComponentProvider

from components.google.cloud_run_model import CloudRunModel
from components.google.cluster import Cluster
from components.google.gpu_node_pool import GpuNodePool
from components.google.model_bucket import ModelBucket
from components.google.network import Network
from components.kubernetes.gemma_deployment import GemmaDeployment
from components.kubernetes.team import Team
from components.package import PACKAGE

COMPONENTS = (CloudRunModel, Cluster, GemmaDeployment, GpuNodePool, ModelBucket, Network, Team)


def package_schema() -> dict[str, Any]:
    """The Pulumi package schema of all components. Raises what Pulumi raises for arguments it cannot describe."""
    schema = ComponentProvider(list(COMPONENTS), PACKAGE).schema
    if schema is None:
        raise AssertionError("Pulumi described no schema")
    return json.loads(schema)
