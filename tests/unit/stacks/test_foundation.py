"""What the environment stands on follows from the settings, and the deployer of GitHub Actions may do what the stacks need."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from components.google.github_federation import MAX_GRANTABLE_ROLES
from components.google.project_services import Feature
from components.google.quota_needs import CEILING, needs
from components.google.secrets import rotation_after
from stacks.describe.deployer_roles import PREFLIGHT_ROLES, granted_on_project, needed_roles
from stacks.describe.resource_graph import ResourceGraph, resource_graph
from stacks.environment import read_environment
from stacks.foundation import DEPLOYER_ROLES, GRANTED_ROLES, features
from stacks.plan import make_plan
from stacks.quota_asks import asks_of, declared_asks
from stacks.settings import EnvironmentSettings

ROOT = Path(__file__).resolve().parents[3]
BILLING = "roles/billing.costsManager"
#: Holds all of roles/cloudquotas.viewer.
QUOTA_ADMIN, QUOTA_VIEWER = "roles/cloudquotas.admin", "roles/cloudquotas.viewer"
SECRET = "gcp:secretmanager/secret:Secret"  # noqa: S105
TOPIC, TOPIC_MEMBER = "gcp:pubsub/topic:Topic", "gcp:pubsub/topicIAMMember:TopicIAMMember"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
REQUEST = "gcp:cloudquota/sQuotaPreference:SQuotaPreference"


def graph(environment: str) -> ResourceGraph:
    """What an environment registers as committed."""
    return resource_graph(make_plan(*read_environment(ROOT, environment)))


def settings(environment: str) -> EnvironmentSettings:
    """The committed settings."""
    return read_environment(ROOT, environment)[0].settings


def test_the_deployer_has_the_roles_that_the_committed_environments_need_and_no_other() -> None:
    graphs = [graph("dev"), graph("prod")]
    needed = {needed.role for needed in needed_roles(graphs)}
    assert (needed | set(PREFLIGHT_ROLES)) - {BILLING, QUOTA_VIEWER} == set(DEPLOYER_ROLES)
    assert QUOTA_ADMIN in needed
    assert granted_on_project(graphs) == sorted(GRANTED_ROLES)
    assert len(GRANTED_ROLES) <= MAX_GRANTABLE_ROLES


def test_only_what_the_settings_use_is_enabled() -> None:
    assert features(settings("dev")) == [Feature.QUOTA]
    used = [Feature.ENCRYPTION_KEYS, Feature.BUDGETS, Feature.QUOTA, Feature.GATEWAY, Feature.ROTATION_REMINDER]
    assert features(settings("prod")) == used
    unasked = {"preflight": "off"}
    assert features(settings("dev").model_copy(update=unasked)) == []
    assert features(settings("prod").model_copy(update=unasked)) == used  # prod asks Google for quota too


def test_a_secret_reminds_from_the_day_of_the_plan_on_through_the_topic_that_secret_manager_may_publish_to() -> None:
    prod = graph("prod")
    (topic,), (grant,) = prod.of(TOPIC), prod.of(TOPIC_MEMBER)
    assert topic.inputs["name"] == "gemma-prod-secrets"
    secrets = {node.inputs["secretId"]: node for node in prod.of(SECRET)}
    assert set(secrets) == {secret.id for secret in prod.plan.environment.settings.secrets}
    due = rotation_after(prod.plan.today, 90)
    for node in secrets.values():
        assert node.inputs["rotation"] == {"nextRotationTime": due, "rotationPeriod": "7776000s"}
        assert {topic.urn, grant.urn} <= node.dependencies
    assert [node.inputs.get("rotation") for node in graph("dev").of(SECRET)] == [None]


def test_engines_talk_to_the_addresses_of_googles_apis_alone_once_names_lead_there_unless_the_settings_say_otherwise() -> (
    None
):
    for name in ("dev", "prod"):
        found = graph(name)
        (route,) = found.of("gcp:compute/route:Route")
        policies = [node for node in found.of(NETWORK_POLICY) if node.name.endswith("-google-apis")]
        assert len(policies) == len(found.plan.environment.teams)
        for policy in policies:
            assert policy.inputs["spec"]["egress"][0]["to"] == [{"ipBlock": {"cidr": route.inputs["destRange"]}}]
    plan = make_plan(*read_environment(ROOT, "dev"))
    public = plan.environment.settings.model_copy(update={"google_apis": "public"})
    found = resource_graph(
        dataclasses.replace(plan, environment=dataclasses.replace(plan.environment, settings=public))
    )
    assert found.of("gcp:compute/route:Route", "gcp:dns/managedZone:ManagedZone", "gcp:dns/recordSet:RecordSet") == []
    (policy, *_) = [node for node in found.of(NETWORK_POLICY) if node.name.endswith("-google-apis")]
    assert policy.inputs["spec"]["egress"][0]["to"][0]["ipBlock"]["cidr"] == "0.0.0.0/0"


def test_google_is_asked_for_what_is_declared_in_every_quota_that_it_can_be_counted_in_and_for_nothing_else() -> None:
    inputs = [request.inputs for request in graph("prod").of(REQUEST)]
    assert {
        (*i.get("dimensions", {}).values(), i["quotaId"]): int(i["quotaConfig"]["preferredValue"]) for i in inputs
    } == {
        ("GPUS-ALL-REGIONS-per-project",): 36,
        ("us-central1", "NVIDIA-L4-GPUS-per-project-region"): 32,
        ("us-central1", "PREEMPTIBLE-NVIDIA-L4-GPUS-per-project-region"): 32,
        ("us-central1", "NVIDIA_RTX_PRO_6000", "GPUS-PER-GPU-FAMILY-per-project-region"): 4,
        ("us-central1", "PREEMPTIBLE-NVIDIA-RTX-PRO-6000-GPUS-per-project-region"): 4,
        ("us-central1", "NvidiaL4GpuAllocPerProjectRegion"): 6,
        ("us-central1", "NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion"): 6,
        ("us-central1", "NvidiaRtxPro6000GpuAllocPerProjectRegion"): 2000,
        ("us-central1", "NvidiaRtxPro6000GpuAllocNoZonalRedundancyPerProjectRegion"): 2000,
    }
    assert graph("dev").of(REQUEST) == []


def test_every_quota_that_a_plan_draws_on_is_among_those_asked_for_and_large_enough() -> None:
    for name in ("dev", "prod"):
        plan = graph(name).plan
        asked = {need.quota: need.units for need in needs(declared_asks(plan.environment.settings))}
        for need in needs(asks_of(plan)):
            assert need.units <= asked[need.quota], need


def test_a_way_to_buy_that_only_batch_deployments_use_is_asked_for_and_a_declared_zero_is_not() -> None:
    dev = settings("dev")
    quota = dev.quota.model_copy(update={"gke": {"nvidia-l4": 8, "nvidia-b200": 0}, "cloud_run": {}})
    update = {"purchase_order": ("on-demand",), "batch_purchase_order": ("spot",), "quota": quota}
    found = {need.quota.quota_id: need.gpus for need in needs(declared_asks(dev.model_copy(update=update)))}
    assert found == {
        CEILING: 8,
        "NVIDIA-L4-GPUS-per-project-region": 8,
        "PREEMPTIBLE-NVIDIA-L4-GPUS-per-project-region": 8,
    }
