"""The rules about labels, models, engines and images: their examples, their form at admission, and the committed environments."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from components.kubernetes.versions import ENVOY_IMAGES, KNATIVE_IMAGES
from components.sizing.catalogue import load_catalogue
from policy.environment import context_of
from policy.examples import allowed_images as image_examples
from policy.examples import approved_models as model_examples
from policy.examples import engine_capability as engine_examples
from policy.examples import required_labels as label_examples
from policy.examples.engine_objects import beside, container, service
from policy.examples.labelled_objects import DIGEST, pod
from policy.rules import allowed_images, approved_models, engine_capability, required_labels
from policy.rules.image_places import images_of
from policy.rules.resource_types import HELM_RELEASE, KNATIVE_SERVING
from policy.rules.rule import UNKNOWN, Context, Example, Finding, Resource, Rule, TeamTruth
from stacks.describe.resource_graph import ResourceGraph, load_plan, resource_graph

ROOT = Path(__file__).resolve().parents[2]
DAY = datetime.date(2026, 11, 26)
EXAMPLES: dict[Rule, tuple[Example, ...]] = {
    required_labels.RULE: label_examples.EXAMPLES,
    approved_models.RULE: model_examples.EXAMPLES,
    engine_capability.RULE: engine_examples.EXAMPLES,
    allowed_images.RULE: image_examples.EXAMPLES,
}
CASES = [pytest.param(rule, one, id=f"{rule.id}: {one.shows}") for rule, found in EXAMPLES.items() for one in found]
RULES = [pytest.param(rule, id=rule.id) for rule in EXAMPLES]


def judged(rule: Rule, resources: Sequence[Resource], context: Context) -> list[Finding]:
    """What the rule finds in a stack of these resources."""
    found = [finding for resource in resources for finding in rule.check(resource, context)]
    return [*found, *(rule.check_stack(resources, context) if rule.check_stack else [])]


def stops(rule: Rule, example: Example) -> list[str]:
    """What stops the resource of an example, among what is beside it."""
    own = rule.check(example.resource, example.context)
    stack = [example.resource, *map(Resource.of_object, example.beside)]
    found = [*own, *(rule.check_stack(stack, example.context) if rule.check_stack else [])]
    return [finding.message for finding in found if not finding.advisory]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_examples_are_let_through_or_denied_for_their_reason(rule: Rule, example: Example) -> None:
    messages = stops(rule, example)
    assert rule.applies(example.resource.type)
    if example.denied is None:
        assert messages == []
    else:
        assert any(example.denied in message for message in messages), messages


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_shows_what_it_lets_through_and_denies_in_both_forms(rule: Rule) -> None:
    for of_form in (EXAMPLES[rule], [one for one in EXAMPLES[rule] if one.admission]):
        assert len([one for one in of_form if one.denied is None]) >= 2
        assert len([one for one in of_form if one.denied is not None]) >= 3
    shown = [one.shows for one in EXAMPLES[rule]]
    assert sorted({one for one in shown if shown.count(one) > 1}) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_checks_nothing_or_everything_would_be_caught_by_its_examples(rule: Rule) -> None:
    emptied = replace(rule, check=lambda resource, context: [], check_stack=None)
    inverted = replace(rule, check=lambda resource, context: [] if rule.check(resource, context) else [Finding("no")])
    assert not any(stops(emptied, one) for one in EXAMPLES[rule])
    assert any(stops(inverted, one) for one in EXAMPLES[rule] if one.denied is None)


@cache
def graph(environment: str) -> ResourceGraph:
    """All that an environment registers."""
    return resource_graph(load_plan(ROOT, environment, DAY))


def declared(environment: str) -> list[Resource]:
    """The same as the rules see it."""
    return [Resource(node.type, node.name, node.inputs) for node in graph(environment).resources]


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("rule", RULES)
def test_the_committed_environments_break_no_rule(rule: Rule, environment: str) -> None:
    resources = declared(environment)
    context = context_of(graph(environment).plan.environment, DAY)
    assert any(rule.applies(resource.type) for resource in resources)
    found = judged(rule, resources, context)
    assert [finding.message for finding in found if not finding.advisory] == []


def test_images_without_a_digest_are_advised_of_and_refused_once_digests_are_demanded() -> None:
    context = context_of(graph("dev").plan.environment, DAY)
    advised = judged(allowed_images.RULE, declared("dev"), context)
    assert any("vllm-openai:v0.33.0" in finding.message for finding in advised)
    demanded = judged(allowed_images.RULE, declared("dev"), replace(context, require_digests=True))
    assert {finding.message for finding in demanded} == {finding.message for finding in advised}
    assert not any(finding.advisory for finding in demanded)


def test_prod_demands_digests_and_lets_by_a_tag_what_is_named_as_exempt() -> None:
    context = context_of(graph("prod").plan.environment, DAY)
    assert context.require_digests
    (advised,) = [one.message for one in judged(allowed_images.RULE, declared("prod"), context) if one.advisory]
    assert "kserve/huggingfaceserver'" in advised
    assert "kserve-huggingfaceserver" in " ".join(allowed_images.RULE.exempt)


def test_the_shipped_registries_are_those_of_what_the_platform_installs() -> None:
    images = [*KNATIVE_IMAGES.values(), *ENVOY_IMAGES.values()]
    images += [engine.image.reference for engine in load_catalogue().engines]
    for image in images:
        assert image.startswith(allowed_images.SHIPPED_PREFIXES), image
    assert all(prefix.endswith("/") and prefix.count("/") > 1 for prefix in allowed_images.SHIPPED_PREFIXES)


def test_what_may_fail_is_told_with_its_issue_and_releases_and_stops_nothing() -> None:
    (example,) = [one for one in engine_examples.EXAMPLES if one.shows == "what may fail is told only"]
    found = engine_capability.RULE.check(example.resource, example.context)
    assert any("vllm#39595, since vLLM 0.26.0, not mended" in finding.message for finding in found)
    assert all(finding.advisory for finding in found)


def test_pods_of_the_revision_before_a_change_pass_when_owner_and_cost_centre_have_changed() -> None:
    context = Context(teams={"search": TeamTruth("new-owner", "cc-8", "1000", "search.yaml")})
    assert required_labels.RULE.check(pod(), context) == []
    messages = [found.message for found in required_labels.RULE.check(Resource.of_object(service()), context)]
    assert len(messages) == 4
    assert all("search.yaml says" in message for message in messages)


def test_a_name_of_a_namespace_that_is_not_known_yet_leaves_the_other_checks_in_force() -> None:
    content = service()
    content["metadata"]["namespace"] = UNKNOWN
    content["metadata"]["labels"]["team"] = "nobody"
    (message, *_) = [
        found.message
        for found in required_labels.RULE.check(Resource.of_object(content), label_examples.CONTEXT)
        if "metadata.labels" in found.message
    ]
    assert "has no team file" in message


def test_references_are_put_together_from_the_values_of_charts() -> None:
    values = {
        "controller": {"image": {"registry": "quay.io", "repository": "jetstack/x", "tag": "v1.2.3", "digest": DIGEST}},
        "proxyImage": "quay.io/brancz/x:v1.2.3",
        "image": {"registry": "ghcr.io"},
        "repository": "kserve/x",
        "sidecars": [{"image": UNKNOWN}],
        "imagePullPolicy": "Always",
    }
    found = images_of(Resource(HELM_RELEASE, "x", {"values": values}))
    assert [(one.value, one.part) for one in found] == [
        (f"quay.io/jetstack/x:v1.2.3@{DIGEST}", "reference"),
        ("quay.io/brancz/x:v1.2.3", "reference"),
        ("ghcr.io", "registry"),
        ("kserve/x", "name"),
        (UNKNOWN, "reference"),
    ]


def test_the_image_that_knative_puts_into_every_pod_is_judged() -> None:
    spec = {
        "registry": {"override": {"queue-proxy": "evil/x"}},
        "config": {"deployment": {"queue-sidecar-image": UNKNOWN}},
    }
    found = allowed_images.RULE.check(Resource(KNATIVE_SERVING, "serving", {"spec": spec}), Context())
    assert [("evil/x" in one.message, "not known" in one.message) for one in found] == [(True, False), (False, True)]


@pytest.mark.parametrize("rule", RULES)
def test_policies_have_names_of_their_own_and_those_for_controllers_are_on_pods_alone(rule: Rule) -> None:
    made = rule.admission(Context())
    assert len({policy.name for policy in made}) == len(made)
    for policy in made:
        # Kyverno rewrites a policy for controllers only where it is on pods and nothing else
        assert policy.resources == (("", "v1", "pods"),) or not policy.autogen


def test_ephemeral_containers_are_held_to_the_same_as_others() -> None:
    by_name = {policy.name: policy for policy in allowed_images.RULE.admission(Context(require_digests=True))}
    ephemeral = by_name["allowed-images-ephemeral"]
    assert ("", "v1", "pods/ephemeralcontainers") in ephemeral.resources
    assert ephemeral.validations == by_name["allowed-images"].validations


def test_admission_follows_the_environment() -> None:
    own = Context(image_prefixes=("registry.example/",), require_digests=True)
    texts = [check.expression for policy in allowed_images.RULE.admission(own) for check in policy.validations]
    assert any('"registry.example/"' in text for text in texts)
    assert not any("docker.io/vllm/" in text for text in texts)
    shipped = load_catalogue()
    fewer = replace(shipped, checkpoints=tuple(row for row in shipped.checkpoints if row.publisher == "google"))
    (policy,) = approved_models.RULE.admission(Context(catalogue=fewer))
    assert "google/gemma-4-31B-it" in policy.validations[-2].expression
    assert "RedHatAI" not in policy.validations[-2].expression


def test_the_arguments_of_the_example_are_those_of_its_record() -> None:
    (record,) = [one for one in beside() if one["kind"] == "ConfigMap"]
    assert container(service())["args"][0] in record["data"]["record.json"]
