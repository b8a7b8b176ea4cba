"""The policy pack on somebody else's stack, through the real engine: what it denies, shows and lets pass, in which words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policy.examples.engine_objects import Content, container, flag, record, service
from sandbox.paths import ROOT
from sandbox.providers.cloud import Cloud
from sandbox.providers.kubernetes.kubernetes_api import KubernetesApi
from tests.examples.existing import kubeconfig_of
from tests.sandbox.harness import Sandbox
from tests.sandbox.providers.serving_objects import install_stack

EXAMPLE = ROOT / "examples" / "policy-consumer"
#: What the stack declares beside what is in the example: a model by manifests of its own.
MODEL = """
import json
from pathlib import Path

record, service = json.loads(Path("objects.json").read_text())
published = k8s.core.v1.ConfigMap(
    "record", metadata={**record["metadata"], "labels": KUBERNETES}, data=record["data"], opts=inside
)
annotations = service["metadata"]["annotations"]
k8s.apiextensions.CustomResource(
    "ranker",
    api_version=service["apiVersion"],
    kind=service["kind"],
    metadata={**service["metadata"], "annotations": annotations},
    spec=service["spec"],
    # the last one: the engine forgets why it stopped when it breaks off others (3.259.0)
    opts=pulumi.ResourceOptions(provider=kubernetes, depends_on=[namespace, account, published, bucket]),
)
"""
LABELS = "    labels=GOOGLE,\n"


@pytest.fixture
def consumer(tmp_path: Path) -> Sandbox:
    """A stack of another team that complies with the pack."""
    made = Sandbox.create(tmp_path, project=EXAMPLE, policy_pack=str(ROOT / "policy"))
    program = (EXAMPLE / "__main__.py").read_text(encoding="utf-8")
    made.write("__main__.py", program + MODEL)
    made.write("objects.json", json.dumps([record(), service()]))
    # the platform's own stack has set up the cluster that the program's kubeconfig reaches
    cluster = KubernetesApi(Cloud(made.instance.cloud))
    cluster.configure({"kubeconfig": kubeconfig_of(made.project)})
    install_stack(cluster)
    return made


def change(consumer: Sandbox, *changes: Callable[[Content], object]) -> None:
    """Changes the InferenceService that the program declares."""
    consumer.write("objects.json", json.dumps([record(), service(*changes)]))


def waive(consumer: Sandbox, *resources: str, until: str) -> None:
    """Waives the labels of resources."""
    rows = [
        {"rule": "required-labels", "resource": name, "reason": "moves next month", "approver": "boss@example.com"}
        for name in resources
    ]
    # JSON is YAML, but for the day, which must not be text
    text = "".join(f"- {json.dumps(row)[:-1]}, expires: {until}}}\n" for row in rows)
    consumer.write("stacks/dev/waivers.yaml", text)


def told(output: str, level: str, policy: str) -> bool:
    """Whether the policy tells of something at that level."""
    return re.search(rf"\[{level}\].*  {policy}  ", output) is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edits", "changes", "rule", "message"),
    [
        pytest.param(
            {LABELS: '    labels={**GOOGLE, "team": "Search"},\n'},
            [],
            "required-labels",
            "documents: the labels at labels hold 'team' with the value 'Search'",
            id="a label with a capital",
        ),
        pytest.param(
            {'"team-search", "labels": KUBERNETES}, opts=opts)\ninside': '"team-search"}, opts=opts)\ninside'},
            [],
            "required-labels",
            "search: the labels at metadata.labels lack 'app.kubernetes.io/owner'",
            id="a namespace without labels",
        ),
        pytest.param(
            {'    public_access_prevention="enforced",\n': ""},
            [],
            "private-by-default",
            "documents: has publicAccessPrevention",
            id="a bucket that could be opened",
        ),
        pytest.param(
            {},
            [flag("--tensor-parallel-size=2")],
            "vram-fit",
            "--tensor-parallel-size is 2 but the resource asks for 1 x nvidia-l4",
            id="too few GPUs for its flags",
        ),
        pytest.param(
            {
                '"annotations": annotations}': (
                    '"annotations": {**annotations, "gemma-platform/typical-tokens": namespace.metadata.uid}}'
                )
            },
            [],
            "vram-fit",
            "not known before the update",
            id="an annotation that is not known yet",
        ),
        pytest.param(
            {},
            [lambda content: container(content).update(image="docker.io/vllm/vllm-openai:nightly")],
            "allowed-images",
            "image not by digest",
            id="a tag that moves",
        ),
        pytest.param(
            {},
            [flag("--max-num-seqs=9")],
            "whole-stack",
            "vram-fit: ranker: its command or arguments are not those of its sizing record",
            id="a model that is not as its record says",
        ),
    ],
)
def test_a_violation_stops_the_preview_with_its_reason(
    consumer: Sandbox, edits: dict[str, str], changes: list[Any], rule: str, message: str
) -> None:
    for old, new in edits.items():
        consumer.edit("__main__.py", old, new)
    change(consumer, *changes)
    result = consumer.preview("dev")
    assert result.exit_code != 0, result.output
    assert told(result.output, "mandatory", rule), result.output
    assert message in result.output
    assert "can't run policy" not in result.output


@pytest.mark.slow
def test_each_level_does_what_it_says_and_a_waiver_holds_until_its_day(consumer: Sandbox) -> None:
    consumer.edit("__main__.py", LABELS, "")
    stopped = consumer.preview("dev")
    assert stopped.exit_code != 0
    assert told(stopped.output, "mandatory", "required-labels")
    assert "To fix: write the labels" in stopped.output
    assert told(stopped.output, "advisory", "allowed-images-advice")
    waive(consumer, "documents", "dokuments", until="2999-12-31")
    passed = consumer.preview("dev")
    assert passed.exit_code == 0, passed.output
    assert "[mandatory]" not in passed.output
    assert told(passed.output, "advisory", "allowed-images-advice")
    assert (
        "required-labels: waived until 2999-12-31 by boss@example.com (moves next month): documents:" in passed.output
    )
    assert "the waiver of required-labels of dokuments has no effect" in passed.output
    waive(consumer, "documents", until="2020-12-31")
    over = consumer.preview("dev")
    assert over.exit_code != 0
    assert told(over.output, "mandatory", "required-labels")
    assert "the waiver of required-labels of documents ended on 2020-12-31" in over.output


@pytest.mark.slow
def test_another_team_says_in_the_packs_configuration_what_it_allows(consumer: Sandbox) -> None:
    consumer.write("policy.json", json.dumps({"environment": {"region": "europe-west4"}}))
    elsewhere = consumer.preview("dev", "--policy-pack-config", "policy.json")
    assert elsewhere.exit_code != 0
    assert told(elsewhere.output, "mandatory", "private-by-default")
    consumer.write("policy.json", json.dumps({"environment": {"regoin": "europe-west4"}}))
    misspelt = consumer.preview("dev", "--policy-pack-config", "policy.json")
    assert misspelt.exit_code != 0
    assert "did you mean 'region'" in misspelt.output


@pytest.mark.slow
def test_a_violation_stops_an_up_before_the_resource_is_created_and_mending_it_lets_it_pass(consumer: Sandbox) -> None:
    change(consumer, flag("--tensor-parallel-size=2"))
    stopped = consumer.up("dev")
    assert stopped.exit_code != 0
    assert "asks for 1 x nvidia-l4" in stopped.output
    assert not any(r["type"].endswith(":InferenceService") for r in consumer.resources())
    change(consumer)
    mended = consumer.up("dev")
    assert mended.exit_code == 0, mended.output
