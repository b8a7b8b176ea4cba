"""All components of the project. Each can be described to programs in other languages; those of the package are."""

from __future__ import annotations

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
from components.packaged import package_schema

__all__ = ["COMPONENTS", "package_schema"]

#: All components. Each can be described to a program in another language; a test holds them to it.
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
