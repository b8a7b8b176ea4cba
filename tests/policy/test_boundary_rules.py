"""Quota and budget, privacy and hardening: every example is judged as it says, and dev and prod comply."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pulumi_gcp as gcp
import pytest
from pulumi.output import Unknown

from components.sizing.catalogue import load_catalogue
from policy.examples import pod_hardening as hardened
from policy.examples import private_by_default as private
from policy.examples import quota_and_budget as budgeted
from policy.examples.engine_objects import namespace, served
from policy.rules import (
    google_privacy,
    network_isolation,
    pod_hardening,
    pod_security,
    private_by_default,
    quota_and_budget,
    team_cost,
)
from policy.rules.rule import UNKNOWN, Context, Example, Finding, Resource, Rule, TeamTruth
from stacks.describe import resource_graph

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES: dict[Rule, tuple[Example, ...]] = {
    quota_and_budget.RULE: budgeted.EXAMPLES,
    private_by_default.RULE: private.EXAMPLES,
    pod_hardening.RULE: hardened.EXAMPLES,
}
CASES = [(rule, example) for rule, examples in EXAMPLES.items() for example in examples]


def judged(rule: Rule, example: Example) -> list[Finding]:
    """What a preview finds in the example and in the stack that it stands in."""
    stack = [example.resource, *(Resource.of_object(content) for content in example.beside)]
    of_stack = rule.check_stack(stack, example.context) if rule.check_stack else []
    return [*rule.check(example.resource, example.context), *of_stack]


@pytest.mark.parametrize(("rule", "example"), CASES, ids=[f"{rule.id}: {example.shows}" for rule, example in CASES])
def test_an_example_is_judged_as_it_says(rule: Rule, example: Example) -> None:
    messages = [finding.message for finding in judged(rule, example)]
    if example.denied is None:
        assert messages == []
    else:
        assert len([message for message in messages if example.denied in message]) == 1, messages


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.id)
def test_a_rule_has_examples_of_both_kinds_and_they_catch_an_emptied_check(rule: Rule) -> None:
    allowed = [example for example in EXAMPLES[rule] if example.denied is None]
    denied = [example for example in EXAMPLES[rule] if example.denied is not None]
    assert len(allowed) >= 2
    assert len(denied) >= 3
    assert all(rule.applies(example.resource.type) for example in (*allowed, *denied))
    emptied = dataclasses.replace(rule, check=lambda resource, context: [], check_stack=None)
    assert not any(judged(emptied, example) for example in denied)


def test_a_team_above_its_budget_is_only_told_where_the_environment_says_so() -> None:
    (above,) = [example for example in budgeted.EXAMPLES if example.shows == "a cent above the budget"]
    told = dataclasses.replace(above, context=budgeted.budget("500", team_cost.MONTHLY_BUDGET))
    levels = [finding.advisory for example in (above, told) for finding in judged(quota_and_budget.RULE, example)]
    assert levels == [False, True]


def test_pod_security_lets_the_denied_pods_through_so_that_the_rule_is_what_denies_them() -> None:
    pods = [
        one for one in hardened.EXAMPLES if one.denied and one.admission and one.resource.type in pod_security.TEMPLATES
    ]
    assert len(pods) >= 5
    for example in pods:
        messages = [finding.message for finding in judged(pod_hardening.RULE, example)]
        assert not any(words in message for words in pod_security.OF_BASELINE for message in messages), example.shows
        assert example.beside[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"


def test_what_knative_makes_for_routing_is_no_way_in() -> None:
    knative = Resource.of_object({"apiVersion": "networking.internal.knative.dev/v1alpha1", "kind": "Ingress"})
    assert private_by_default.RULE.check(knative, Context()) == []
    groups = {group for policy in private_by_default.RULE.admission(Context()) for group, _, _ in policy.resources}
    assert not any("knative" in group for group in groups)


def test_a_namespace_without_known_name_is_joined_with_its_objects_by_the_team() -> None:
    own, quota = namespace(), budgeted.QUOTA_OBJECT
    unnamed = [Resource.of_object({**one, "metadata": {**one["metadata"], "namespace": UNKNOWN}}) for one in (quota,)]
    stack = [Resource.of_object(own), *unnamed, served()]
    (found,) = quota_and_budget.check_stack(stack, Context())
    assert "its quota holds 4" in found.message
    own["metadata"]["labels"]["gemma-platform/team"] = "payments"
    (found,) = quota_and_budget.check_stack([Resource.of_object(own), *unnamed], Context())
    assert "has no ResourceQuota" in found.message


def test_a_model_whose_replicas_are_not_known_is_told() -> None:
    content = served()
    predictor = {**content.properties["spec"]["predictor"], "maxReplicas": UNKNOWN}
    unknown = dataclasses.replace(content, properties={**content.properties, "spec": {"predictor": predictor}})
    stack = [Resource.of_object(namespace()), Resource.of_object(budgeted.QUOTA_OBJECT), unknown]
    (found,) = quota_and_budget.check_stack(stack, Context())
    assert "not known before the update" in found.message


def test_the_types_and_properties_of_the_table_are_those_of_the_sdk() -> None:
    classes = (gcp.container.Cluster, gcp.container.NodePool, gcp.storage.Bucket, gcp.cloudrunv2.Service)
    others = (gcp.secretmanager.RegionalSecret, gcp.secretmanager.Secret)
    fields = {pulumi.get_type_token(one): set(dir(one)) for one in (*classes, *others)}
    for must in google_privacy.TABLE:
        assert _snake(must.path[0]) in fields[must.type], must.path
    never = (gcp.serviceaccount.Key, gcp.storage.HmacKey, gcp.cloudrun.Service)
    assert set(google_privacy.NEVER) == {pulumi.get_type_token(one) for one in never}
    assert google_privacy.SECRET in fields


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


@cache
def registered(name: str) -> tuple[tuple[Resource, ...], Context]:
    """What the committed environment registers, unknown values in place, and what it allows."""
    plan = resource_graph.load_plan(ROOT, name)
    settings = plan.environment.settings
    teams = {
        loaded.team.team: TeamTruth(
            owner=loaded.team.owner,
            cost_center=loaded.team.cost_center,
            monthly_budget_usd=str(loaded.team.monthly_budget_usd),
            file=f"stacks/{name}/teams/{loaded.team.team}.yaml",
        )
        for loaded in plan.environment.teams
    }
    context = Context(
        environment=name,
        catalogue=load_catalogue(),
        teams=teams,
        region=settings.region,
        encrypted=frozenset(settings.encryption.purposes if settings.encryption else ()),
        authenticated_ingress=settings.ingress.authentication is not None,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resource_graph, "_known", _plain)
        nodes = resource_graph.resource_graph(plan).resources
    return tuple(Resource(node.type, node.name, node.inputs) for node in nodes), context


def _plain(value: Any) -> Any:
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def findings(name: str, rule: Rule) -> Iterator[str]:
    """Everything that the rule finds in a committed environment."""
    resources, context = registered(name)
    for resource in resources:
        yield from (finding.message for finding in rule.check(resource, context))
    if rule.check_stack:
        yield from (finding.message for finding in rule.check_stack(resources, context))


@pytest.mark.parametrize("name", ["dev", "prod"])
@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.id)
def test_nothing_is_wrong_with_the_committed_environments(name: str, rule: Rule) -> None:
    assert list(findings(name, rule)) == []


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_rules_judge_the_committed_environments_indeed(name: str) -> None:
    resources, context = registered(name)
    applied = {rule.id: sum(rule.applies(resource.type) for resource in resources) for rule in EXAMPLES}
    assert all(count > 10 for count in applied.values()), applied
    denials = [
        one for one in resources if one.type == network_isolation.NETWORK_POLICY and network_isolation.denies_all(one)
    ]
    assert len(denials) == len(context.teams)
    without = [one for one in resources if one not in denials]
    assert len(pod_hardening.check_stack(without, context)) == len(context.teams)
    poor = dataclasses.replace(
        context,
        teams={team: dataclasses.replace(truth, monthly_budget_usd="1") for team, truth in context.teams.items()},
    )
    assert len(team_cost.over_budget(resources, poor)) == len(context.teams)
