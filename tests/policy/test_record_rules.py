"""The rules about engines: their examples, what they say where a preview knows nothing, and the committed environments."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from policy.examples import derived_settings as derived_examples
from policy.examples import engine_objects as made
from policy.examples import purchase_options as purchase_examples
from policy.examples import resources_and_probes as resource_examples
from policy.examples import vram_fit as fit_examples
from policy.rules import derived_settings, purchase_options, record, resources_and_probes, vram_fit
from policy.rules.rule import UNKNOWN, Context, Example, Finding, Resource, Rule
from stacks.describe.resource_graph import ResourceGraph, load_plan, resource_graph

ROOT = Path(__file__).resolve().parents[2]
RULES: dict[ModuleType, tuple[Example, ...]] = {
    vram_fit: fit_examples.EXAMPLES,
    derived_settings: derived_examples.EXAMPLES,
    resources_and_probes: resource_examples.EXAMPLES,
    purchase_options: purchase_examples.EXAMPLES,
}
ALL = [rule.RULE for rule in RULES]
CASES = [(rule.RULE, example) for rule, examples in RULES.items() for example in examples]


def stops(rule: Rule, example: Example) -> list[str]:
    """What of the rule's findings stops something: about the resource, and about all that is there together."""
    resources = [example.resource, *(Resource.of_object(other) for other in example.beside)]
    return [found.message for found in everything(rule, resources, example.context) if not found.advisory]


def everything(rule: Rule, resources: list[Resource], context: Context) -> list[Finding]:
    together = rule.check_stack(resources, context) if rule.check_stack else []
    return [*(found for resource in resources for found in rule.check(resource, context)), *together]


@pytest.mark.parametrize(("rule", "example"), CASES, ids=[f"{rule.id}: {example.shows}" for rule, example in CASES])
def test_an_example_is_let_through_or_denied_for_its_reason(rule: Rule, example: Example) -> None:
    messages = stops(rule, example)
    if example.denied is None:
        assert messages == []
    else:
        assert any(example.denied in message for message in messages), messages


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_each_rule_has_examples_of_both_kinds_for_both_engines(rule: Rule) -> None:
    for engines in ([True, False], [True]):
        mine = [example for other, example in CASES if other is rule and example.admission in engines]
        assert sum(example.denied is None for example in mine) >= 2
        assert sum(example.denied is not None for example in mine) >= 3


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_an_emptied_rule_would_be_caught_in_either_part(rule: Rule) -> None:
    denied = [example for other, example in CASES if other is rule and example.denied]
    emptied = replace(rule, check=lambda resource, context: [])
    alone = replace(rule, check_stack=None)
    for less in (emptied, alone):
        missed = [e for e in denied if not any(str(e.denied) in message for message in stops(less, e))]
        assert missed, "neither part alone denies all examples"


UNKNOWN_PLACES: list[tuple[Rule, tuple[str | int, ...]]] = [
    (vram_fit.RULE, ("spec",)),
    (vram_fit.RULE, ("spec", "predictor")),
    (vram_fit.RULE, ("metadata", "name")),
    (vram_fit.RULE, ("metadata", "annotations")),
    (vram_fit.RULE, ("spec", "predictor", "containers", 0, "args")),
    (vram_fit.RULE, ("spec", "predictor", "containers", 0, "args", 3)),
    (vram_fit.RULE, ("spec", "predictor", "containers", 0, "command")),
    (vram_fit.RULE, ("spec", "predictor", "containers", 0, "image")),
    (derived_settings.RULE, ("spec", "predictor", "nodeSelector")),
    (derived_settings.RULE, ("spec", "predictor", "nodeSelector", "gemma-platform/pool")),
    (derived_settings.RULE, ("spec", "predictor", "nodeSelector", "gemma-platform/accelerator")),
    (derived_settings.RULE, ("spec", "predictor", "containers", 0, "args")),
    (derived_settings.RULE, ("spec", "predictor", "nodeName")),
    (derived_settings.RULE, ("spec", "predictor", "affinity")),
    (resources_and_probes.RULE, ("spec", "predictor", "containers")),
    (resources_and_probes.RULE, ("spec", "predictor", "containers", 0, "resources")),
    (resources_and_probes.RULE, ("spec", "predictor", "containers", 0, "resources", "requests")),
    (resources_and_probes.RULE, ("spec", "predictor", "containers", 0, "resources", "limits", "cpu")),
    (resources_and_probes.RULE, ("spec", "predictor", "containers", 0, "startupProbe")),
    (resources_and_probes.RULE, ("spec", "predictor", "containers", 0, "startupProbe", "periodSeconds")),
    (resources_and_probes.RULE, ("spec", "predictor", "containers", 0, "livenessProbe", "failureThreshold")),
    (resources_and_probes.RULE, ("spec", "predictor", "initContainers")),
    (resources_and_probes.RULE, ("spec", "transformer")),
    (resources_and_probes.RULE, ("spec", "predictor", "maxReplicas")),
    (resources_and_probes.RULE, ("metadata", "annotations", "serving.knative.dev/progress-deadline")),
    (purchase_options.RULE, ("metadata", "name")),
    (purchase_options.RULE, ("metadata", "labels", "team")),
]


@pytest.mark.parametrize(("rule", "place"), UNKNOWN_PLACES, ids=lambda value: getattr(value, "id", str(value)))
def test_what_a_rule_reads_and_a_preview_does_not_know_is_denied(rule: Rule, place: tuple[str | int, ...]) -> None:
    service = made.service()
    put(service, place, UNKNOWN)
    resources = [Resource.of_object(service), *(Resource.of_object(other) for other in made.beside())]
    # Pulumi's name of a resource is known always
    resources[0] = replace(resources[0], name=made.DEPLOYMENT)
    assert [found for found in everything(rule, resources, Context()) if not found.advisory]


def put(content: Any, place: tuple[str | int, ...], value: object) -> None:
    for part in place[:-1]:
        content = content[part] if isinstance(part, int) else content.setdefault(part, {})
    content[place[-1]] = value


def places(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of an object."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*above, key)
        yield from places(member, (*above, key))


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_no_unknown_value_anywhere_breaks_a_rule(rule: Rule) -> None:
    whole = made.service()
    others = [Resource.of_object(other) for other in made.beside()]
    for place in places(whole):
        service = copy.deepcopy(whole)
        put(service, place, UNKNOWN)
        for found in everything(rule, [Resource.of_object(service), *others], Context()):
            assert found.message


def test_one_of_two_records_of_the_same_name_is_found_though_no_namespace_is_known() -> None:
    own, other = (
        made.record(),
        made.record(lambda content: content.update(deployment="support/ranker", verdict="tight")),
    )
    service = made.service()
    for thing in (service, own, other):
        thing["metadata"]["namespace"] = UNKNOWN
    resources = [Resource.of_object(thing) for thing in (service, other, own)]
    found = record.published(resources[0], record.records_in(resources))
    assert not isinstance(found, str)
    assert found["deployment"] == made.DEPLOYMENT


@pytest.mark.parametrize("written", [UNKNOWN, "{", "[]", ""])
def test_a_record_that_cannot_be_read_is_nobodys(written: object) -> None:
    broken = made.record()
    broken["data"]["record.json"] = written
    resources = [made.served(), Resource.of_object(broken)]
    (found,) = purchase_options.check_stack(resources, Context())
    assert "its sizing record is another deployment's" in found.message


def test_a_tight_fit_is_told_where_it_only_advises_and_stops_elsewhere() -> None:
    tight = made.served(fit_examples.FIRST_TOO_TIGHT)
    (told,) = vram_fit.check(tight, Context(advisory=frozenset({vram_fit.ADVISES_TIGHT})))
    (stopped,) = vram_fit.check(tight, Context())
    assert told.advisory
    assert not stopped.advisory
    assert told.message == stopped.message
    assert "short of 0.0 GiB" in told.message or "short of 0.1 GiB" in told.message
    assert vram_fit.check(tight, Context(allow_tight=True)) == []


def test_a_refusal_names_the_term_that_decides_and_what_would_fit() -> None:
    (found,) = vram_fit.check(made.served(fit_examples.TOO_MANY), Context())
    assert "decides: KV cache" in found.message
    assert "\n  fits     " in found.message
    assert "no GPU, checkpoint or context of the catalogue" not in found.message


def test_spot_pools_alone_are_refused_for_what_must_stay_up_and_for_nothing_else() -> None:
    spread = next(e.resource for e in purchase_examples.EXAMPLES if e.denied == "all its machines are Spot")
    bought = Resource.of_object(made.record(lambda content: content.update(ladder=[{"option": "on-demand"}])))
    nodes = {"guestAccelerators": [{"type": "nvidia-l4"}], "labels": {"gemma-platform/pool": "ladder-g2-standard-8"}}

    def found(resource: Resource, *spot: bool) -> list[Finding]:
        pools = [
            Resource("gcp:container/nodePool:NodePool", f"pool-{index}", {"nodeConfig": {**nodes, "spot": value}})
            for index, value in enumerate(spot)
        ]
        return purchase_options.check_stack([resource, bought, *pools], Context())

    assert found(spread, True, False) == []
    assert found(made.served(), True) == []
    (refused,) = found(spread, True, True)
    assert "pool-0, pool-1" in refused.message


def test_a_comparison_is_left_out_for_what_does_not_change_what_is_served() -> None:
    """The conditions themselves are judged by Kyverno; here, that every comparing policy has them."""
    for rule in ALL:
        for policy in rule.admission(Context(purchase_options=frozenset({"spot"}))):
            compares = policy.resources[0][2] == "inferenceservices"
            assert (policy.match_conditions == record.CONDITIONS) is compares
            assert policy.autogen is False


def test_names_of_policies_are_the_rules_own() -> None:
    names = [policy.name for rule in ALL for policy in rule.admission(Context(purchase_options=frozenset({"spot"})))]
    assert len(names) == len(set(names))
    assert {name.split("-pods")[0].split("-classes")[0] for name in names} == {rule.id for rule in ALL}


@pytest.fixture(scope="module", params=["dev", "prod"])
def graph(request: pytest.FixtureRequest) -> ResourceGraph:
    """A committed environment."""
    return resource_graph(load_plan(ROOT, request.param))


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_nothing_is_wrong_with_the_committed_environments(rule: Rule, graph: ResourceGraph) -> None:
    settings = graph.plan.environment.settings
    options = frozenset({*settings.purchase_order, *(settings.batch_purchase_order or ())})
    resources = [Resource(node.type, node.name, node.inputs) for node in graph.resources]
    context = Context(allow_tight=settings.allow_tight, purchase_options=options)
    assert any(rule.applies(resource.type) for resource in resources)
    assert everything(rule, resources, context) == []


def test_a_record_of_the_environment_that_is_changed_by_hand_is_noticed(graph: ResourceGraph) -> None:
    resources = [Resource(node.type, node.name, node.inputs) for node in graph.resources]
    for index, resource in enumerate(resources):
        if resource.type == record.CONFIG_MAP and resource.at("data", record.RECORD_KEY):
            content = json.loads(resource.at("data", record.RECORD_KEY)) | {"vcpu": 1}
            properties = {**resource.properties, "data": {record.RECORD_KEY: json.dumps(content)}}
            resources[index] = Resource(resource.type, resource.name, properties)
    assert any("instead of 1" in found.message for found in resources_and_probes.check_stack(resources, Context()))
