"""GitHub Actions of one repository act in the project without any key: one identity deploys, another one previews.

Owns the workload identity pool with its provider, two service accounts, who may become them, and their roles on the project. It
creates no key, and grants nothing on the bucket of the Pulumi state, which lies outside the stack. Costs nothing.
Who becomes what: a job in one of `deploy_environments` or on one of `deploy_refs` deploys; any job of the repository previews,
except those that `pull_request_target` starts, which run with a base branch's rights on a stranger's request.
The first `up` is a person's: the deployer cannot create itself. Replaced when: pool id or account ids change; Google Cloud keeps
a deleted pool's id for 30 days. In a workflow: `permissions: id-token: write` and google-github-actions/auth with the outputs.
Source: docs.cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines (2026),
docs.github.com/actions/reference/openid-connect-reference (2026).
"""

import re
from typing import NotRequired, TypedDict

import pulumi
import pulumi_gcp as gcp

from components.package import token

ISSUER = "https://token.actions.githubusercontent.com"
_ENVIRONMENT = 'has(assertion.environment) ? assertion.environment : ""'
#: Attributes of a token. The last two carry the repository along, so that a binding holds even beside another provider. A job
#: outside of environments has no such claim, and reading it unguarded would refuse every preview.
ATTRIBUTE_MAPPING = {
    "google.subject": "assertion.sub",
    "attribute.repository": "assertion.repository",
    "attribute.ref": "assertion.ref",
    "attribute.environment": _ENVIRONMENT,
    "attribute.repository_ref": 'assertion.repository + "/" + assertion.ref',
    "attribute.repository_environment": f'assertion.repository + "/" + ({_ENVIRONMENT})',
}

#: Google's basic roles, old and new names: each holds thousands of permissions on everything.
PRIMITIVE_ROLES = ("roles/owner", "roles/editor", "roles/viewer", "roles/admin", "roles/writer", "roles/reader")
#: The role with which one could grant oneself any other.
PROJECT_IAM_ADMIN = "roles/resourcemanager.projectIamAdmin"
#: Most roles that one such condition may list (docs.cloud.google.com/iam/docs/setting-limits-on-granting-roles, 2026).
MAX_GRANTABLE_ROLES = 10
#: What a preview with refresh reads: settings of everything the platform declares, no payload of a secret and no object.
PREVIEW_ROLES = (
    "roles/artifactregistry.reader",
    "roles/browser",
    "roles/cloudkms.viewer",
    "roles/cloudquotas.viewer",
    "roles/compute.viewer",
    "roles/container.viewer",
    "roles/dns.reader",
    "roles/iam.securityReviewer",  # policies, service accounts, and the buckets' settings
    "roles/iam.workloadIdentityPoolViewer",
    "roles/monitoring.viewer",
    "roles/pubsub.viewer",
    "roles/run.viewer",
    "roles/secretmanager.viewer",  # names and settings of secrets only
    "roles/serviceusage.serviceUsageViewer",
)

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
_REF = re.compile(r"refs/(heads|tags)/[A-Za-z0-9._/-]+")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z0-9._-]+")
_POOL_ID = re.compile(r"(?!gcp-)[a-z][a-z0-9-]{2,30}[a-z0-9]")
_ROLE = re.compile(r"(roles|(projects|organizations)/[a-z0-9-]+/roles)/[A-Za-z0-9._]+")


class GitHubFederationArgs(TypedDict):
    """Arguments of GitHubFederation."""

    project: str
    """Google Cloud project."""
    project_number: str
    """Number of that project."""
    pool_id: str
    """Id of the workload identity pool: 4 to 32 lower-case letters, digits and hyphens."""
    repository: str
    """The repository, `owner/name`, spelt as GitHub spells it."""
    owner_id: NotRequired[str]
    """GitHub's number of the owner, which stays the same when a freed name is taken by somebody else."""
    deploy_environments: list[str]
    """GitHub environments whose jobs deploy; who may start those is a rule of the environment in GitHub."""
    deploy_refs: list[str]
    """Branches and tags whose jobs deploy, such as `refs/heads/main`."""
    deployer_account_id: str
    """Id of the service account that deploys."""
    deployer_roles: list[str]
    """Roles of the deployer on the project; no basic ones."""
    grantable_roles: NotRequired[list[str]]
    """Roles that the deployer may grant on the project, at most 10; goes with `roles/resourcemanager.projectIamAdmin`."""
    preview_account_id: str
    """Id of the service account that only reads."""


class GitHubFederation(pulumi.ComponentResource):
    """Trust in one GitHub repository."""

    provider_name: pulumi.Output[str]
    deployer: pulumi.Output[str]
    previewer: pulumi.Output[str]

    def __init__(self, name: str, args: GitHubFederationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        _refuse(args)
        super().__init__(token(GitHubFederation), name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        repository = args["repository"]
        pool = gcp.iam.WorkloadIdentityPool(
            name,
            project=args["project"],
            workload_identity_pool_id=args["pool_id"],
            display_name="GitHub Actions",
            opts=child,
        )
        provider = gcp.iam.WorkloadIdentityPoolProvider(
            name,
            project=args["project"],
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id="github",
            display_name="GitHub Actions",
            attribute_mapping=ATTRIBUTE_MAPPING,
            attribute_condition=attribute_condition(repository, args.get("owner_id")),
            oidc=gcp.iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri=ISSUER),
            opts=child,
        )
        deploys = [
            *(f"repository_environment/{repository}/{environment}" for environment in args["deploy_environments"]),
            *(f"repository_ref/{repository}/{ref}" for ref in args["deploy_refs"]),
        ]
        trust = pulumi.ResourceOptions(parent=self, depends_on=[pool])
        deployer = _create_account(f"{name}-deployer", args["deployer_account_id"], args, deploys, trust)
        previewer = _create_account(
            f"{name}-preview", args["preview_account_id"], args, [f"repository/{repository}"], trust
        )
        for role in args["deployer_roles"]:
            grantable = args.get("grantable_roles", []) if role == PROJECT_IAM_ADMIN else []
            _grant_on_project(f"{name}-deployer", args["project"], role, deployer, grantable, child)
        for role in PREVIEW_ROLES:
            _grant_on_project(f"{name}-preview", args["project"], role, previewer, [], child)
        self.provider_name = provider.name
        self.deployer = deployer.email
        self.previewer = previewer.email
        self.register_outputs(
            {"provider_name": self.provider_name, "deployer": self.deployer, "previewer": self.previewer}
        )


def attribute_condition(repository: str, owner_id: str | None) -> str:
    """Condition in CEL that a token must meet to be accepted at all."""
    conditions = [f'assertion.repository == "{repository}"', 'assertion.event_name != "pull_request_target"']
    if owner_id:
        conditions.append(f'assertion.repository_owner_id == "{owner_id}"')
    return " && ".join(conditions)


def principal_set(project_number: str, pool_id: str, attribute: str) -> str:
    """IAM member that stands for all jobs with an attribute, `<name>/<value>`."""
    pool = f"projects/{project_number}/locations/global/workloadIdentityPools/{pool_id}"
    return f"principalSet://iam.googleapis.com/{pool}/attribute.{attribute}"


def only_grants(roles: list[str]) -> str:
    """Condition in CEL that lets nothing but these roles be granted or revoked."""
    listed = ", ".join(f"'{role}'" for role in roles)
    return f"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([{listed}])"


def _create_account(
    name: str, account_id: str, args: GitHubFederationArgs, attributes: list[str], opts: pulumi.ResourceOptions
) -> gcp.serviceaccount.Account:
    """A service account that jobs with one of the attributes may become."""
    account = gcp.serviceaccount.Account(
        name,
        project=args["project"],
        account_id=account_id,
        display_name=f"GitHub Actions of {args['repository']}",
        opts=opts,
    )
    for attribute in attributes:
        gcp.serviceaccount.IAMMember(
            f"{name}-{attribute}",
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=principal_set(args["project_number"], args["pool_id"], attribute),
            opts=opts,
        )
    return account


def _grant_on_project(
    name: str,
    project: str,
    role: str,
    account: gcp.serviceaccount.Account,
    grantable: list[str],
    opts: pulumi.ResourceOptions,
) -> None:
    condition = None
    if grantable:
        condition = gcp.projects.IAMMemberConditionArgs(title="listed-roles-only", expression=only_grants(grantable))
    gcp.projects.IAMMember(
        f"{name}-{role}", project=project, role=role, member=account.member, condition=condition, opts=opts
    )


def _refuse(args: GitHubFederationArgs) -> None:
    """Raises ValueError for whatever would let in more than was meant."""
    if not _REPOSITORY.fullmatch(args["repository"]):
        raise ValueError(f"repository is '{args['repository']}'; write owner/name of one repository, without wildcards")
    if (owner_id := args.get("owner_id")) is not None and not owner_id.isdecimal():
        raise ValueError(f"owner_id is '{owner_id}'; it is a number (https://api.github.com/users/<owner> shows it)")
    if not _POOL_ID.fullmatch(args["pool_id"]):
        raise ValueError(f"pool_id is '{args['pool_id']}'; 4 to 32 of a-z, 0-9 and -, not starting with gcp-")
    if not args["deploy_environments"] and not args["deploy_refs"]:
        raise ValueError("neither deploy_environments nor deploy_refs names who deploys")
    for environment in args["deploy_environments"]:
        if not _ENVIRONMENT_NAME.fullmatch(environment):
            raise ValueError(f"'{environment}' is no GitHub environment of letters, digits, '.', '_' and '-'")
    for ref in args["deploy_refs"]:
        if not _REF.fullmatch(ref):
            raise ValueError(f"'{ref}' is no branch or tag; write refs/heads/<branch> or refs/tags/<tag>, no wildcard")
    _refuse_roles("deployer_roles", args["deployer_roles"])
    grantable = args.get("grantable_roles")
    if (PROJECT_IAM_ADMIN in args["deployer_roles"]) != (grantable is not None):
        raise ValueError(
            f"{PROJECT_IAM_ADMIN} and grantable_roles belong together: alone it could grant itself anything"
        )
    if grantable is not None:
        _refuse_roles("grantable_roles", grantable)
        if PROJECT_IAM_ADMIN in grantable or len(grantable) > MAX_GRANTABLE_ROLES:
            raise ValueError(
                f"grantable_roles holds at most {MAX_GRANTABLE_ROLES} roles, {PROJECT_IAM_ADMIN} not among them"
            )


def _refuse_roles(field: str, roles: list[str]) -> None:
    if not roles:
        raise ValueError(f"{field} is empty; name the roles one by one")
    for role in roles:
        if role in PRIMITIVE_ROLES:
            raise ValueError(f"{field} holds '{role}', a basic role; name the roles of the services instead")
        if not _ROLE.fullmatch(role):
            raise ValueError(f"{field} holds '{role}', which is no role such as roles/run.admin")
    if len(set(roles)) < len(roles):
        raise ValueError(f"{field} names a role more than once")
