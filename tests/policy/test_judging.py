"""Levels and waivers are applied in one place, and nothing of the rules sleeps unnoticed."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from policy.environment import standards_for
from policy.judging import (
    Judgement,
    Standards,
    Waiver,
    idle_rules,
    idle_waivers,
    judge_all,
    judge_findings,
    judge_resource,
    judge_stack,
    stopping,
)
from policy.levels import LEVELS
from policy.rules import RULES
from policy.rules.rule import Context, Finding, Resource, Rule, TeamTruth
from stacks.describe.resource_graph import load_plan, resource_graph

ROOT = Path(__file__).resolve().parents[2]
TODAY = datetime.date(2026, 11, 25)
THING = "kubernetes:core/v1:ConfigMap"


def says(*findings: Finding) -> Rule:
    """A rule about ConfigMaps that always finds the same."""
    return Rule(
        id="no-things",
        title="There are no things",
        why="they are in the way",
        fix="remove it",
        severity="low",
        applies=lambda resource_type: resource_type == THING,
        check=lambda resource, context: list(findings),
        check_stack=lambda resources, context: [Finding(f"{one.name}: is not alone.") for one in resources],
    )


RULE = says(Finding("thing: is a thing."))
RESOURCE = Resource(THING, "thing", {"metadata": {"name": "t", "namespace": "team-a", "labels": {"team": "a"}}})
WAIVER = Waiver("no-things", "thing", "needed until the move", "boss@example.com", TODAY, "waivers.yaml:1")


def held_to(*waivers: Waiver, advisory: frozenset[str] = frozenset(), today: datetime.date = TODAY) -> Standards:
    return Standards(Context(today=today, advisory=advisory), waivers)


def outcomes(rule: Rule, standards: Standards) -> list[str]:
    return [judgement.outcome for judgement in judge_resource([rule], RESOURCE, standards)]


def test_a_finding_is_mandatory_unless_it_the_environment_or_the_date_of_its_rule_says_otherwise() -> None:
    assert outcomes(RULE, held_to()) == ["mandatory"]
    assert outcomes(says(Finding("thing: almost.", advisory=True)), held_to()) == ["advisory"]
    assert outcomes(RULE, held_to(advisory=frozenset({"no-things"}))) == ["advisory"]
    later = replace(RULE, denies_from=TODAY + datetime.timedelta(days=1))
    assert outcomes(later, held_to()) == ["advisory"]
    assert outcomes(later, held_to(today=TODAY + datetime.timedelta(days=1))) == ["mandatory"]


def test_a_rule_is_not_asked_about_types_that_it_is_not_about() -> None:
    assert judge_resource([RULE], Resource("gcp:storage/bucket:Bucket", "thing", {}), held_to()) == []


@pytest.mark.parametrize("name", ["thing", "team-a/t"])
def test_a_waiver_counts_for_its_resource_by_either_name_through_its_last_day(name: str) -> None:
    waiver = replace(WAIVER, resource=name)
    assert outcomes(RULE, held_to(waiver)) == ["waived"]
    assert outcomes(RULE, held_to(waiver, today=TODAY + datetime.timedelta(days=1))) == ["mandatory"]


@pytest.mark.parametrize(
    "other", [{"rule": "no-others"}, {"resource": "t"}, {"resource": "things"}, {"resource": "b/t"}]
)
def test_a_waiver_counts_for_nothing_else(other: dict[str, str]) -> None:
    assert outcomes(RULE, held_to(replace(WAIVER, **other))) == ["mandatory"]


def test_findings_about_a_whole_stack_are_waived_by_the_name_that_they_begin_with() -> None:
    other = Resource(THING, "other", {})
    judged = judge_stack([RULE], [RESOURCE, other], held_to(WAIVER))
    assert [(j.subject, j.outcome) for j in judged] == [("thing", "waived"), ("other", "mandatory")]
    assert judged[0].resource is RESOURCE


def test_a_sentence_says_what_how_to_mend_it_and_where_and_of_a_waiver_until_when_and_why() -> None:
    standards = replace(held_to(), places={"a": "stacks/dev/teams/a.yaml", "thing": "stacks/dev/teams/a.yaml:7"})
    (judged,) = judge_resource([RULE], RESOURCE, standards)
    assert judged.sentence == "thing: is a thing. To fix: remove it (stacks/dev/teams/a.yaml:7)."
    assert (judged.team, judged.place) == ("a", "stacks/dev/teams/a.yaml:7")
    (waived,) = judge_resource([RULE], RESOURCE, held_to(WAIVER))
    assert waived.sentence.startswith("waived until 2026-11-25 by boss@example.com (needed until the move): thing: ")


def test_what_is_no_resource_yet_is_judged_by_the_names_that_it_will_have() -> None:
    finding = [Finding("a/t: does not fit.")]
    assert stopping(judge_findings(RULE, finding, ("a/t", "team-a/t"), held_to())) == ["a/t: does not fit."]
    waiver = replace(WAIVER, resource="team-a/t")
    assert stopping(judge_findings(RULE, finding, ("a/t", "team-a/t"), held_to(waiver))) == []


def test_a_waiver_that_lets_nothing_through_is_told_and_one_that_is_over_is_not_told_twice() -> None:
    misspelt, over = replace(WAIVER, resource="thingy"), replace(WAIVER, expires=TODAY - datetime.timedelta(days=1))
    assert idle_waivers([RULE], [RESOURCE], held_to(WAIVER, misspelt, over)) == [misspelt]
    quiet = replace(says(), check_stack=None)
    assert idle_waivers([quiet], [RESOURCE], held_to(WAIVER)) == [WAIVER]


def test_a_rule_that_breaks_is_named() -> None:
    def broken(resource: Resource, context: Context) -> list[Finding]:
        raise KeyError("labels")

    with pytest.raises(RuntimeError, match="rule 'no-things' failed on kubernetes:core/v1:ConfigMap 'thing'"):
        judge_resource([replace(RULE, check=broken)], RESOURCE, held_to())


def test_a_finding_about_a_team_is_that_teams() -> None:
    over = replace(RULE, check_stack=lambda resources, context: [Finding("a: spends too much.")])
    truth = TeamTruth("a", "cc-1", "10", "stacks/dev/teams/a.yaml")
    (judged,) = judge_stack([over], [], Standards(Context(teams={"a": truth})))
    assert (judged.team, judged.resource) == ("a", None)


def committed(environment: str) -> tuple[list[Resource], Standards]:
    """The resources of an environment as it is committed, and what they are held to."""
    nodes = resource_graph(load_plan(ROOT, environment)).resources
    standards, wrong, own = standards_for(environment, ROOT)
    assert (wrong, own) == ([], True)
    return [Resource(node.type, node.name, node.inputs) for node in nodes], standards


def test_every_rule_judges_something_of_dev_or_prod() -> None:
    resources = [resource for environment in LEVELS for resource in committed(environment)[0]]
    assert idle_rules(RULES, resources) == []
    unknown = replace(RULES[0], id="never", applies=lambda resource_type: resource_type == "kubernetes:core/v1:Pood")
    assert idle_rules([unknown], resources) == ["never"]


#: What a description leaves out and a preview knows to be there: keys that Google names (stacks/describe/resource_graph.py).
NOT_DESCRIBED = ("databaseEncryption.keyName", "encryption.defaultKmsKeyName")


@pytest.mark.parametrize("environment", LEVELS)
def test_nothing_mandatory_is_wrong_with_the_committed_environments(environment: str) -> None:
    resources, standards = committed(environment)
    judged: list[Judgement] = judge_all(RULES, resources, standards)
    wrong = [message for message in stopping(judged) if not any(field in message for field in NOT_DESCRIBED)]
    assert wrong == []


def test_every_level_that_differs_is_one_that_a_rule_asks_for() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "policy" / "rules").glob("*.py"))
    for name in {name for names in LEVELS.values() for name in names}:
        assert name in [rule.id for rule in RULES] or f'= "{name}"' in sources, name
