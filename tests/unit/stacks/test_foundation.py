"""What the environment stands on follows from the settings, and the deployer of GitHub Actions may do what the stacks need."""

from __future__ import annotations

from pathlib import Path

from components.google.cluster import NODE_ROLES
from components.google.project_services import Feature
from stacks.describe.deployer_roles import granted_on_project, needed_roles
from stacks.describe.resource_graph import resource_graph
from stacks.environment import read_environment
from stacks.foundation import DEPLOYER_ROLES, features
from stacks.plan import make_plan
from stacks.settings import EnvironmentSettings

ROOT = Path(__file__).resolve().parents[3]
BILLING = "roles/billing.costsManager"


def settings(environment: str) -> EnvironmentSettings:
    """The committed settings."""
    return read_environment(ROOT, environment)[0].settings


def test_the_deployer_has_the_roles_that_the_committed_environments_need_and_no_other() -> None:
    graphs = {name: resource_graph(make_plan(*read_environment(ROOT, name))) for name in ("dev", "prod")}
    assert {needed.role for needed in needed_roles(graphs.values())} - {BILLING} == set(DEPLOYER_ROLES)
    # dev has no identities of GitHub: what it grants on the project is all that a deployer must be able to grant
    assert granted_on_project([graphs["dev"]]) == sorted(NODE_ROLES)


def test_only_what_the_settings_use_is_enabled() -> None:
    assert features(settings("dev")) == [Feature.QUOTA]
    assert features(settings("prod")) == [Feature.ENCRYPTION_KEYS, Feature.BUDGETS, Feature.QUOTA]
    assert features(settings("dev").model_copy(update={"preflight": "off"})) == []
