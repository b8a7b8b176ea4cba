"""What the environment stands on: APIs, keys, image mirror, secrets, budgets, requests for quota, and GitHub's identities.

Part of the composer: wires components as the settings ask for them, decides nothing. A part is None where the settings leave it
out.
"""

from __future__ import annotations

from math import ceil

import pulumi
import pulumi_gcp as gcp

from components.google.cluster import NODE_ROLES
from components.google.encryption_keys import EncryptionKeys, EncryptionKeysArgs
from components.google.github_federation import GitHubFederation, GitHubFederationArgs
from components.google.project_services import Feature, ProjectServices, ProjectServicesArgs, services_needed
from components.google.quota_needs import needs, without_quota
from components.google.quota_preference import QuotaPreferences, QuotaPreferencesArgs, wishes_of
from components.google.registry_mirror import RegistryMirror, RegistryMirrorArgs
from components.google.rotation_reminder import RotationReminder, RotationReminderArgs
from components.google.secrets import ModelSecretArgs, ModelSecrets, ModelSecretsArgs, rotation_after
from components.google.team_budget import SpendBudget, SpendBudgetArgs
from components.kubernetes.keda import METRICS_ROLE
from components.naming import Scope, Service, cloud_name
from stacks.plan import Plan
from stacks.quota_asks import declared_asks
from stacks.setting_groups import BudgetSettings, SecretSettings
from stacks.settings import EnvironmentSettings

#: Days for which a destroyed version of a secret can still be restored.
SECRET_DESTROY_DELAY_DAYS = 7

#: What GitHub's deployer may do on the project: all that the committed environments and the pre-flight need there
#: (docs/deployer-roles.md; a test holds the two together). Rights on the billing account are granted there.
DEPLOYER_ROLES = (
    "roles/artifactregistry.admin",
    "roles/certificatemanager.editor",
    "roles/cloudkms.admin",
    "roles/cloudquotas.admin",
    "roles/compute.networkAdmin",
    "roles/compute.securityAdmin",
    "roles/compute.viewer",  # what the pre-flight looks up
    "roles/container.admin",
    "roles/container.clusterAdmin",
    "roles/dns.admin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityPoolAdmin",
    "roles/monitoring.alertPolicyEditor",
    "roles/monitoring.notificationChannelEditor",
    "roles/pubsub.admin",
    "roles/resourcemanager.projectIamAdmin",
    "roles/run.admin",
    "roles/secretmanager.admin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
)

#: What the platform itself hands out on the project, and so all that its deployer may: to nodes, and to what scales by metrics.
GRANTED_ROLES = (*NODE_ROLES, METRICS_ROLE)


class Foundation:
    """The parts that everything else depends on, registered on construction."""

    def __init__(self, plan: Plan, google: gcp.Provider) -> None:
        self.plan, self.google = plan, google
        self.settings = plan.environment.settings
        self.scope = Scope(self.settings.project, plan.environment.name)
        self.labels = plan.shared_labels.google()
        self.services = self._services()
        self.keys = self._keys()
        self.mirror = self._mirror()
        self.rotation_reminder = self._rotation_reminder()
        self.secrets = self._secrets()
        #: Budget of each team; empty without budgets.
        self.team_budgets = self._budgets()
        self.quota = self._quota()
        self.github = self._github()

    def options(self) -> pulumi.ResourceOptions:
        """Options of a component that needs the project's APIs."""
        return pulumi.ResourceOptions(
            providers=[self.google], depends_on=[self.services] if self.services is not None else None
        )

    def key(self, purpose: str) -> pulumi.Output[str] | None:
        """The key that encrypts what `purpose` names (cluster, buckets, secrets); None for Google's own keys."""
        encryption = self.settings.encryption
        if self.keys is None or encryption is None or purpose not in encryption.purposes:
            return None
        return self.keys.key(purpose)

    def _services(self) -> ProjectServices | None:
        if not self.settings.enable_services:
            return None
        services = services_needed(features(self.settings))
        return ProjectServices(
            "services",
            ProjectServicesArgs(project=self.settings.project, services=services),
            pulumi.ResourceOptions(providers=[self.google]),
        )

    def _keys(self) -> EncryptionKeys | None:
        encryption = self.settings.encryption
        if encryption is None:
            return None
        args = EncryptionKeysArgs(
            key_ring=encryption.key_ring,
            region=self.settings.region,
            project_number=self.settings.project_number,
            purposes=list(encryption.purposes),
            protect=self.settings.deletion_protection,
            labels=self.labels,
        )
        return EncryptionKeys("keys", args, self.options())

    def _mirror(self) -> RegistryMirror | None:
        mirror = self.settings.mirror
        if mirror is None:
            return None
        args = RegistryMirrorArgs(
            project=self.settings.project,
            region=self.settings.region,
            repositories=self.plan.mirror_repositories,
            keep_versions=mirror.keep_versions,
            delete_after_days=mirror.delete_after_days,
            vulnerability_scanning=mirror.vulnerability_scanning,
            labels=self.labels,
        )
        return RegistryMirror("mirror", args, self.options())

    def _secrets(self) -> ModelSecrets | None:
        if not self.settings.secrets:
            return None
        reminder = self.rotation_reminder
        args = ModelSecretsArgs(
            region=self.settings.region,
            secrets=[self._secret(wanted, with_reminder=reminder is not None) for wanted in self.settings.secrets],
            destroy_delay_days=SECRET_DESTROY_DELAY_DAYS,
            deletion_protection=self.settings.deletion_protection,
        )
        if key := self.key("secrets"):
            args["kms_key"] = key
        if reminder is not None:
            args["rotation_topic"] = reminder.topic
        return ModelSecrets("secrets", args, self.options())

    def _secret(self, wanted: SecretSettings, *, with_reminder: bool) -> ModelSecretArgs:
        # who needs a value is granted it where its identity is made
        args = ModelSecretArgs(secret_id=wanted.id, rotation_days=wanted.rotation_days, readers={}, labels=self.labels)
        if with_reminder:
            args["next_rotation"] = rotation_after(self.plan.today, wanted.rotation_days)
        return args

    def _rotation_reminder(self) -> RotationReminder | None:
        reminder = self.settings.rotation_reminder
        if reminder is None:
            return None
        args = RotationReminderArgs(
            name=cloud_name(Service.TOPIC, self.scope, "secrets"),
            project=self.settings.project,
            project_number=self.settings.project_number,
            region=self.settings.region,
            emails=list(reminder.emails),
            labels=self.labels,
        )
        return RotationReminder("rotation-reminder", args, self.options())

    def _budgets(self) -> dict[str, SpendBudget]:
        budget = self.settings.budget
        if budget is None:
            return {}
        # with a person's own credentials Google wants to know which project's quota the call counts against
        billing = gcp.Provider(
            "billing",
            project=self.settings.project,
            region=self.settings.region,
            billing_project=self.settings.project,
            user_project_override=True,
        )
        opts = pulumi.ResourceOptions.merge(self.options(), pulumi.ResourceOptions(providers=[billing]))
        environment = self.plan.environment.name
        whole = self._budget(budget, f"gemma {environment}", budget.monthly_usd, list(budget.emails), self.labels)
        SpendBudget("budget", whole, opts)
        made: dict[str, SpendBudget] = {}
        for loaded in self.plan.environment.teams:
            team = loaded.team
            labels = self.plan.team_labels[team.team].google()
            args = self._budget(
                budget, f"gemma {environment} {team.team}", ceil(team.monthly_budget_usd), [team.contact], labels
            )
            args["team"] = team.team
            made[team.team] = SpendBudget(f"budget-{team.team}", args, opts)
        return made

    def _budget(
        self, budget: BudgetSettings, name: str, usd: int, emails: list[str], labels: dict[str, str]
    ) -> SpendBudgetArgs:
        return SpendBudgetArgs(
            display_name=name,
            billing_account=budget.billing_account,
            project=self.settings.project,
            project_number=self.settings.project_number,
            amount_usd=usd,
            emails=emails,
            tell_billing_admins=False,
            labels=labels,
        )

    def _quota(self) -> QuotaPreferences | None:
        request, asks = self.settings.quota.request, declared_asks(self.settings)
        if request is None or not asks:
            return None
        for unknown in without_quota(asks):
            pulumi.log.warn(
                f"quota.request: no quota id is known for {unknown}, so that nobody asks for it; ask by hand"
            )
        args = QuotaPreferencesArgs(
            project=self.settings.project,
            contact_email=request.contact_email,
            justification=request.justification,
            wishes=wishes_of(needs(asks)),
        )
        return QuotaPreferences("quota", args, self.options())

    def _github(self) -> GitHubFederation | None:
        github = self.settings.github
        if github is None:
            return None
        args = GitHubFederationArgs(
            project=self.settings.project,
            project_number=self.settings.project_number,
            pool_id=cloud_name(Service.IDENTITY_POOL, self.scope, "github"),
            repository=github.repository,
            deploy_environments=list(github.deploy_environments),
            deploy_refs=list(github.deploy_refs),
            deployer_account_id=cloud_name(Service.SERVICE_ACCOUNT, self.scope, "deployer"),
            deployer_roles=list(DEPLOYER_ROLES),
            grantable_roles=list(GRANTED_ROLES),
            preview_account_id=cloud_name(Service.SERVICE_ACCOUNT, self.scope, "preview"),
        )
        if github.owner_id is not None:
            args["owner_id"] = github.owner_id
        return GitHubFederation("github", args, self.options())


def features(settings: EnvironmentSettings) -> list[Feature]:
    """What the settings use beyond what every environment does."""
    used = {
        Feature.ENCRYPTION_KEYS: settings.encryption is not None,
        Feature.BUDGETS: settings.budget is not None,
        Feature.QUOTA: settings.preflight == "auto" or settings.quota.request is not None,
        Feature.GATEWAY: settings.ingress.exposure != "cluster",
        Feature.ROTATION_REMINDER: settings.rotation_reminder is not None,
        Feature.IMAGE_SCANNING: settings.mirror is not None and settings.mirror.vulnerability_scanning,
    }
    return [feature for feature, is_used in used.items() if is_used]
