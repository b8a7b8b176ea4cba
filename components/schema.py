"""The components that other programs may use, and the package schema that describes them in every language."""

from __future__ import annotations

import json
from typing import Any

from pulumi.provider.experimental.component import ComponentProvider

from components.google.cloud_run_model import CloudRunModel
from components.google.cluster import Cluster
from components.google.encryption_keys import EncryptionKeys
from components.google.gateway_address import GatewayAddress
from components.google.github_federation import GitHubFederation
from components.google.google_apis import GoogleApis
from components.google.gpu_node_pool import GpuNodePool
from components.google.model_bucket import ModelBucket
from components.google.network import Network
from components.google.project_services import ProjectServices
from components.google.quota_preference import QuotaPreferences
from components.google.registry_mirror import RegistryMirror
from components.google.rotation_reminder import RotationReminder
from components.google.secrets import ModelSecrets
from components.google.team_budget import SpendBudget
from components.google.weights_loader_job import WeightsLoaderJob
from components.google.wildcard_certificate import WildcardCertificate
from components.kubernetes.authorization_service import AuthorizationService
from components.kubernetes.cert_manager import CertManager
from components.kubernetes.compute_class import ComputeClass
from components.kubernetes.cost_monitoring import CostMonitoring
from components.kubernetes.gemma_deployment import GemmaDeployment
from components.kubernetes.governance import Governance
from components.kubernetes.keda import Keda
from components.kubernetes.knative_serving import KnativeServing
from components.kubernetes.kourier_gateway import KourierGateway
from components.kubernetes.kserve import KServe
from components.kubernetes.kyverno import Kyverno
from components.kubernetes.on_call_guard import OnCallGuard
from components.kubernetes.opencost import OpenCost
from components.kubernetes.priority_classes import PriorityClasses
from components.kubernetes.serving_stack import ServingStack
from components.kubernetes.team import Team
from components.package import PACKAGE

COMPONENTS = (
    AuthorizationService,
    CertManager,
    CloudRunModel,
    Cluster,
    ComputeClass,
    CostMonitoring,
    EncryptionKeys,
    GatewayAddress,
    GemmaDeployment,
    GitHubFederation,
    GoogleApis,
    Governance,
    GpuNodePool,
    Keda,
    KnativeServing,
    KourierGateway,
    KServe,
    Kyverno,
    ModelBucket,
    ModelSecrets,
    Network,
    OnCallGuard,
    OpenCost,
    PriorityClasses,
    ProjectServices,
    QuotaPreferences,
    RegistryMirror,
    RotationReminder,
    ServingStack,
    SpendBudget,
    Team,
    WeightsLoaderJob,
    WildcardCertificate,
)


def package_schema() -> dict[str, Any]:
    """The Pulumi package schema of all components. Raises what Pulumi raises for arguments it cannot describe."""
    schema = ComponentProvider(list(COMPONENTS), PACKAGE).schema
    if schema is None:
        raise AssertionError("Pulumi described no schema")
    return json.loads(schema)
