"""The pack as CrossGuard runs it: proxies and unknown values, levels, waivers, configuration.

Without the command line: the pack in its own process, spoken to as the engine does.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policy.pack import ADVICE, ENVIRONMENT, WHOLE_STACK
from policy.plain import plain
from policy.rules import RULES
from policy.rules.rule import UNKNOWN
from tests.policy.fixtures import GOOGLE

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "gcp:storage/bucket:Bucket"
POD = "kubernetes:core/v1:Pod"
#: What every bucket must have that is no label.
PRIVATE = {"uniformBucketLevelAccess": True, "publicAccessPrevention": "enforced"}
ENGINE_POD = {
    "metadata": {"name": "engine", "namespace": "team-search", "labels": {}},
    "spec": {"containers": [{"name": "engine", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]},
}


def waiver(resource: str, expires: str, rule: str = "required-labels") -> str:
    return (
        f"- rule: {rule}\n  resource: {resource}\n  reason: moves to another team\n"
        f"  approver: boss@example.com\n  expires: {expires}\n"
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with stacks of other teams, with waivers and without, and this platform's own dev."""
    folder = tmp_path_factory.mktemp("project")
    for file in ("Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copy(ROOT / file, folder)
    shutil.copytree(ROOT / "stacks" / "dev", folder / "stacks" / "dev")
    waivers = {
        "waived": waiver("documents", "2999-12-31") + waiver("engine", "2999-12-31", "vram-fit"),
        "over": waiver("documents", "2020-12-31"),
        "idle": waiver("dokuments", "2999-12-31"),
        "misspelt": waiver("documents", "2999-12-31", "required-lables"),
    }
    for stack, text in waivers.items():
        (folder / "stacks" / stack).mkdir()
        (folder / "stacks" / stack / "waivers.yaml").write_text(text, encoding="utf-8")
    return folder


def test_proxies_become_plain_data_with_unknown_in_place() -> None:
    seen = plain(
        unknown_checking_proxy({"a": [1, {"b": UNKNOWN_STRING_VALUE}], "c": UNKNOWN_STRING_VALUE, "d": "text"})
    )
    assert type(seen) is dict
    assert type(seen["a"]) is list
    assert seen["a"][0] == 1
    assert seen["a"][1]["b"] is UNKNOWN
    assert seen["c"] is UNKNOWN
    assert seen["d"] == "text"


@dataclass(frozen=True)
class Pack:
    """The pack in a process of its own."""

    stub: analyzer_pb2_grpc.AnalyzerStub

    def configure(self, **policies: Mapping[str, Any]) -> None:
        """Sets level and configuration of policies, `_` for `-` in their names; all others are as the pack has them."""
        rows = {name.replace("_", "-"): analyzer_pb2.PolicyConfig(**config) for name, config in policies.items()}
        self.stub.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=rows), timeout=60)

    def of(
        self, stack: str, resource_type: str, name: str, properties: Mapping[str, Any]
    ) -> list[tuple[str, bool, str]]:
        """(policy, whether it is mandatory, message) of each finding about a resource."""
        request = analyzer_pb2.AnalyzeRequest(
            type=resource_type, urn=urn(stack, resource_type, name), name=name, properties=struct(properties)
        )
        return rows(self.stub.Analyze(request, timeout=60))

    def of_stack(self, stack: str, *resources: tuple[str, str, Mapping[str, Any]]) -> list[tuple[str, bool, str]]:
        """The same of all resources of a stack together."""
        sent = [
            analyzer_pb2.AnalyzerResource(
                type=kind, urn=urn(stack, kind, name), name=name, properties=struct(properties)
            )
            for kind, name, properties in resources
        ]
        return rows(self.stub.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=sent), timeout=60))


def urn(stack: str, resource_type: str, name: str) -> str:
    return f"urn:pulumi:{stack}::search::{resource_type}::{name}"


def struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(json.loads(json.dumps(properties)))
    return made


def rows(response: analyzer_pb2.AnalyzeResponse) -> list[tuple[str, bool, str]]:
    return [
        # the SDK puts the description of the policy in a line before
        (found.policyName, found.enforcementLevel == analyzer_pb2.MANDATORY, found.message.partition("\n")[2])
        for found in response.diagnostics
    ]


@pytest.fixture(scope="module")
def process(project: Path) -> Iterator[Pack]:
    running = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(ROOT / "policy")],
        cwd=project,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stdout is not None
        port = running.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Pack(analyzer_pb2_grpc.AnalyzerStub(channel))
    finally:
        running.kill()
        running.wait()


@pytest.fixture
def pack(process: Pack) -> Pack:
    """The pack as it is when nobody configures it."""
    process.configure()
    return process


def bucket(labels: Mapping[str, str]) -> tuple[str, str, Mapping[str, Any]]:
    return BUCKET, "documents", {"name": "d", "location": "EU", "labels": labels, **PRIVATE}


def test_each_rule_is_mandatory_and_has_its_advice_and_what_comes_first_judges(pack: Pack) -> None:
    info = pack.stub.GetAnalyzerInfo(empty_pb2.Empty(), timeout=60)
    levels = {policy.name: policy.enforcementLevel for policy in info.policies}
    assert info.policies[0].name == ENVIRONMENT
    for name in (*(rule.id for rule in RULES), WHOLE_STACK):
        assert levels.pop(name) == analyzer_pb2.MANDATORY
        assert levels.pop(name + ADVICE) == analyzer_pb2.ADVISORY
    assert levels == {ENVIRONMENT: analyzer_pb2.ADVISORY}


def test_good_resources_pass_and_a_bad_one_is_denied_with_what_is_wrong_and_how_to_mend_it(pack: Pack) -> None:
    assert pack.of("plain", *bucket(GOOGLE)) == []
    ((policy, mandatory, message),) = pack.of("plain", *bucket({**GOOGLE, "team": "Search"}))
    assert (policy, mandatory) == ("required-labels", True)
    assert "'team' with the value 'Search'" in message
    assert "To fix: " in message


def test_a_value_that_is_not_known_yet_is_judged_and_never_aborts_a_rule(pack: Pack) -> None:
    ((policy, mandatory, message),) = pack.of("plain", *bucket({**GOOGLE, "team": UNKNOWN_STRING_VALUE}))
    assert (policy, mandatory) == ("required-labels", True)
    assert "not known before the update" in message


def test_in_the_platforms_own_stack_the_team_files_count_and_are_named(pack: Pack) -> None:
    labels = {**GOOGLE, "team": "payments", "owner": "payments-ml", "cost-center": "cc-1"}
    found = pack.of("dev", *bucket(labels))
    assert [policy for policy, mandatory, _ in found if mandatory and policy == "required-labels"]
    message = next(message for policy, _, message in found if policy == "required-labels")
    assert "cc-1042" in message
    assert "(stacks/dev/teams/payments.yaml)" in message


def test_what_advises_in_the_stack_is_advice(pack: Pack) -> None:
    pack.configure(environment={"properties": struct({"advisory": ["required-labels"]})})
    ((policy, mandatory, _),) = pack.of("plain", *bucket({}))
    assert (policy, mandatory) == ("required-labels-advice", False)


def test_settings_of_a_stack_are_not_loosened_by_a_configuration(pack: Pack) -> None:
    pack.configure(environment={"properties": struct({"advisory": ["required-labels"]})})
    assert ("required-labels", True) in [found[:2] for found in pack.of("dev", *bucket({}))]
    told = pack.of("dev", "pulumi:pulumi:Stack", "search-dev", {})
    assert any("has no effect: the settings of this stack" in message for _, _, message in told)


def test_a_misspelt_configuration_stops_everything(pack: Pack) -> None:
    pack.configure(environment={"properties": struct({"regoin": "europe-west4"})})
    with pytest.raises(grpc.RpcError, match="'regoin', which nothing reads; did you mean 'region'"):
        pack.of("plain", *bucket(GOOGLE))


def test_rules_still_deny_when_what_judges_for_them_is_switched_off() -> None:
    # in a process of its own: no thread has judged anything yet, as in a run where it is off from the start
    running = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(ROOT / "policy")],
        cwd=ROOT / "tests",
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{running.stdout.readline().strip()}") as channel:
            pack = Pack(analyzer_pb2_grpc.AnalyzerStub(channel))
            pack.configure(environment={"enforcementLevel": analyzer_pb2.DISABLED})
            assert ("required-labels", True) in [found[:2] for found in pack.of("plain", *bucket({}))]
    finally:
        running.kill()
        running.wait()


def test_a_waiver_lets_one_resource_pass_and_is_listed(pack: Pack) -> None:
    ((policy, mandatory, message),) = pack.of("waived", *bucket({}))
    assert (policy, mandatory) == (ENVIRONMENT, False)
    assert message.startswith("required-labels: waived until 2999-12-31 by boss@example.com (moves to another team): ")
    assert [found[:2] for found in pack.of("waived", BUCKET, "others", {**PRIVATE, "location": "EU"})] == [
        ("required-labels", True)
    ]
    told = [message for _, _, message in pack.of("waived", "pulumi:pulumi:Stack", "search-waived", {})]
    assert any("required-labels of documents is waived until 2999-12-31" in line for line in told)


def test_a_waiver_that_is_over_lets_nothing_pass_and_is_told(pack: Pack) -> None:
    assert [found[:2] for found in pack.of("over", *bucket({}))] == [("required-labels", True)]
    ((policy, mandatory, message),) = pack.of("over", "pulumi:pulumi:Stack", "search-over", {})
    assert (policy, mandatory) == (ENVIRONMENT, False)
    assert message.startswith("the waiver of required-labels of documents ended on 2020-12-31")


def test_a_file_of_waivers_that_is_wrong_waives_nothing_and_is_told(pack: Pack) -> None:
    assert [found[:2] for found in pack.of("misspelt", *bucket({}))] == [("required-labels", True)]
    ((_, _, message),) = pack.of("misspelt", "pulumi:pulumi:Stack", "search-misspelt", {})
    assert message.startswith("stacks/misspelt/waivers.yaml:1: [0].rule: unknown rule 'required-lables'; did you mean")


def test_all_resources_together_are_judged_and_waived_too(pack: Pack) -> None:
    found = pack.of_stack("plain", (POD, "engine", ENGINE_POD))
    assert [
        row for row in found if row[0] == WHOLE_STACK and row[1] and row[2].startswith("vram-fit: engine: asks for")
    ]
    found = pack.of_stack("waived", (POD, "engine", ENGINE_POD), bucket({}))
    assert not [row for row in found if row[1] and row[2].startswith("vram-fit")]
    assert [row for row in found if row[0] == WHOLE_STACK + ADVICE and row[2].startswith("vram-fit: waived until 2999")]
    assert not [row for row in found if "has no effect" in row[2]]


def test_a_waiver_that_matches_nothing_is_told_at_the_end(pack: Pack) -> None:
    found = pack.of_stack("idle", bucket({}))
    assert [row for row in found if not row[1] and "the waiver of required-labels of dokuments has no effect" in row[2]]
