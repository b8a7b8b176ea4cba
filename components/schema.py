"""The components that other programs may use, and the package schema that describes them in every language."""

from __future__ import annotations

import json
from typing import Any

from pulumi.provider.experimental.component import ComponentProvider

from components.google.cloud_run_model import CloudRunModel
from components.google.cluster import Cluster
from components.google.encryption_keys import EncryptionKeys
from components.google.github_federation import GitHubFederation
from components.google.gpu_node_pool import GpuNodePool
from components.google.model_bucket import ModelBucket
from components.google.network import Network
from components.google.project_services import ProjectServices
from components.google.quota_preference import QuotaPreferences
from components.google.registry_mirror import RegistryMirror
from components.google.secrets import ModelSecrets
from components.google.team_budget import SpendBudget
from components.google.weights_loader_job import WeightsLoaderJob
from components.kubernetes.compute_class import ComputeClass
from components.kubernetes.gemma_deployment import GemmaDeployment
from components.kubernetes.team import Team
from components.package import PACKAGE

COMPONENTS = (
    CloudRunModel,
    Cluster,
    ComputeClass,
    EncryptionKeys,
    GemmaDeployment,
    GitHubFederation,
    GpuNodePool,
    ModelBucket,
    ModelSecrets,
    Network,
    ProjectServices,
    QuotaPreferences,
    RegistryMirror,
    SpendBudget,
    Team,
    WeightsLoaderJob,
)


def package_schema() -> dict[str, Any]:
    """The Pulumi package schema of all components. Raises what Pulumi raises for arguments it cannot describe."""
    schema = ComponentProvider(list(COMPONENTS), PACKAGE).schema
    if schema is None:
        raise AssertionError("Pulumi described no schema")
    return json.loads(schema)
