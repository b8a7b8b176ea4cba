"""Which jobs of GitHub become whom, what they may then do, and which arguments would let in more than was meant.

Decided here without a cloud: bindings, conditions and refusals. What GitHub's tokens hold is for a real workflow to show.
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from components.google.github_federation import (
    PREVIEW_ROLES,
    PRIMITIVE_ROLES,
    PROJECT_IAM_ADMIN,
    GitHubFederation,
    GitHubFederationArgs,
    attribute_condition,
    only_grants,
)
from tests.unit.components.registering import Program, previews_the_same, register

POOL = "principalSet://iam.googleapis.com/projects/100000000001/locations/global/workloadIdentityPools/gemma-dev"
ACCOUNT_MEMBER = "gcp:serviceaccount/iAMMember:IAMMember"
PROJECT_MEMBER = "gcp:projects/iAMMember:IAMMember"


def args(**changes: Any) -> GitHubFederationArgs:
    plain = {
        "project": "p",
        "project_number": "100000000001",
        "pool_id": "gemma-dev",
        "repository": "example/gemma",
        "deploy_environments": ["dev"],
        "deploy_refs": [],
        "deployer_account_id": "gemma-dev-deployer",
        "deployer_roles": ["roles/run.admin", "roles/container.admin"],
        "preview_account_id": "gemma-dev-preview",
    }
    return cast(GitHubFederationArgs, plain | changes)


def federation(**changes: Any) -> Program:
    return register(lambda: GitHubFederation("github", args(**changes)))


def roles_of(program: Program, account: str) -> dict[str, Any]:
    """Condition (or None) of each role of an account on the project."""
    member = f"serviceAccount:{account}@p.iam.gserviceaccount.com"
    grants = [grant for grant in program.of(PROJECT_MEMBER) if grant.inputs["member"] == member]
    return {grant.inputs["role"]: grant.inputs.get("condition") for grant in grants}


def trusted_by(program: Program, account: str) -> set[str]:
    name = f"projects/p/serviceAccounts/{account}@p.iam.gserviceaccount.com"
    bindings = [b for b in program.of(ACCOUNT_MEMBER) if b.inputs["serviceAccountId"] == name]
    assert {binding.inputs["role"] for binding in bindings} == {"roles/iam.workloadIdentityUser"}
    return {binding.inputs["member"] for binding in bindings}


def test_only_tokens_of_the_one_repository_are_accepted() -> None:
    inputs = federation().one("gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider").inputs
    assert inputs["oidc"]["issuerUri"] == "https://token.actions.githubusercontent.com"
    assert 'assertion.repository == "example/gemma"' in inputs["attributeCondition"].split(" && ")
    assert {"google.subject", "attribute.repository", "attribute.ref", "attribute.environment"} <= set(
        inputs["attributeMapping"]
    )


def test_a_request_from_outside_is_not_accepted_with_the_rights_of_the_base_branch() -> None:
    assert 'assertion.event_name != "pull_request_target"' in attribute_condition("a/b", None).split(" && ")


def test_the_owners_number_is_checked_where_it_is_given() -> None:
    assert "repository_owner_id" not in attribute_condition("a/b", None)
    assert attribute_condition("a/b", "42").endswith(' && assertion.repository_owner_id == "42"')


def test_a_job_outside_of_environments_still_gets_a_token() -> None:
    mapping = (
        federation().one("gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider").inputs["attributeMapping"]
    )
    for expression in mapping.values():
        assert ("assertion.environment" in expression) == ("has(assertion.environment) ?" in expression)


def test_the_deployer_is_trusted_to_the_named_environments_and_refs_of_this_repository_only() -> None:
    program = federation(deploy_environments=["dev"], deploy_refs=["refs/heads/main"])
    assert trusted_by(program, "gemma-dev-deployer") == {
        f"{POOL}/attribute.repository_environment/example/gemma/dev",
        f"{POOL}/attribute.repository_ref/example/gemma/refs/heads/main",
    }


def test_any_job_of_the_repository_may_preview_and_previewing_is_reading() -> None:
    program = federation()
    assert trusted_by(program, "gemma-dev-preview") == {f"{POOL}/attribute.repository/example/gemma"}
    granted = roles_of(program, "gemma-dev-preview")
    assert set(granted) == set(PREVIEW_ROLES)
    for role in granted:
        assert (
            role.rpartition(".")[2].lower().endswith(("viewer", "reader", "reviewer", "browser"))
            or role == "roles/browser"
        )


def test_the_deployer_has_the_given_roles_and_no_other() -> None:
    assert roles_of(federation(), "gemma-dev-deployer") == {"roles/run.admin": None, "roles/container.admin": None}


def test_whoever_grants_roles_may_grant_the_listed_ones_only() -> None:
    program = federation(
        deployer_roles=["roles/run.admin", PROJECT_IAM_ADMIN], grantable_roles=["roles/logging.logWriter"]
    )
    granted = roles_of(program, "gemma-dev-deployer")
    assert granted["roles/run.admin"] is None
    assert granted[PROJECT_IAM_ADMIN]["expression"] == (
        "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/logging.logWriter'])"
    )
    assert only_grants(["a", "b"]).endswith(".hasOnly(['a', 'b'])")


def test_the_outputs_are_what_a_workflow_needs() -> None:
    program = federation()
    assert program.outputs == {
        "provider_name": "computed/github",
        "deployer": "gemma-dev-deployer@p.iam.gserviceaccount.com",
        "previewer": "gemma-dev-preview@p.iam.gserviceaccount.com",
    }
    assert {resource.type for resource in program.children} == {
        "gcp:iam/workloadIdentityPool:WorkloadIdentityPool",
        "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
        "gcp:serviceaccount/account:Account",
        ACCOUNT_MEMBER,
        PROJECT_MEMBER,
    }


def test_a_preview_registers_the_same() -> None:
    assert previews_the_same(lambda: GitHubFederation("github", args()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(
            ({"repository": repository}, "write owner/name")
            for repository in ("gemma", "example/*", "*/gemma", "example/gemma/x", "example/", "", 'a/b" || true || "')
        ),
        ({"owner_id": "example"}, "it is a number"),
        ({"owner_id": ""}, "it is a number"),
        ({"pool_id": "gcp-github"}, "not starting with gcp-"),
        ({"pool_id": "git"}, "4 to 32"),
        ({"deploy_environments": []}, "who deploys"),
        ({"deploy_environments": ["*"]}, "no GitHub environment"),
        ({"deploy_environments": ["dev/x"]}, "no GitHub environment"),
        ({"deploy_refs": ["main"]}, "write refs/heads"),
        ({"deploy_refs": ["refs/heads/*"]}, "no wildcard"),
        ({"deploy_refs": ["refs/pull/1/merge"]}, "no branch or tag"),
        ({"deployer_roles": []}, "deployer_roles is empty"),
        *(({"deployer_roles": [role]}, "a basic role") for role in PRIMITIVE_ROLES),
        ({"deployer_roles": ["run.admin"]}, "no role such as"),
        ({"deployer_roles": ["roles/*"]}, "no role such as"),
        ({"deployer_roles": ["roles/run.admin", "roles/run.admin"]}, "more than once"),
        ({"deployer_roles": [PROJECT_IAM_ADMIN]}, "belong together"),
        ({"grantable_roles": ["roles/run.viewer"]}, "belong together"),
        *(
            ({"deployer_roles": [PROJECT_IAM_ADMIN], "grantable_roles": roles}, message)
            for roles, message in (
                ([], "grantable_roles is empty"),
                (["roles/owner"], "a basic role"),
                ([PROJECT_IAM_ADMIN], "not among them"),
                ([f"roles/a.b{number}" for number in range(11)], "at most 10"),
            )
        ),
    ],
)
def test_what_would_let_in_more_than_was_meant_is_refused_before_it_is_registered(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        GitHubFederation("github", args(**changes))
