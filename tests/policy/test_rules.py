"""Each rule lets good resources pass and denies bad ones for the reason meant, near misses and unknown values included."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
import pulumi_gcp as gcp
import pulumi_kubernetes as k8s
import pytest

from policy.rules import RULES, required_labels, resource_types, vram_fit
from policy.rules.rule import UNKNOWN, Resource
from tests.policy.fixtures import (
    ARGUMENTS,
    BUCKET,
    CLOUD_RUN,
    COMPLIANT,
    GOOGLE,
    INFERENCE_SERVICE,
    NAMESPACE,
    NODE_POOL,
    Spoil,
    denials,
    spoiled,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("resource", COMPLIANT, ids=lambda resource: resource.name)
def test_compliant_resources_pass_every_rule(rule: Any, resource: Resource) -> None:
    assert denials(rule, resource) == []


def without(key: str) -> Spoil:
    """Takes a key out of the labels at `labels`."""
    return lambda p: p["labels"].pop(key)


LABEL_CASES: list[tuple[str, Resource, Spoil, str]] = [
    *((f"bucket without {key}", BUCKET, without(key), f"lack '{key}'") for key in GOOGLE),
    ("no labels at all", BUCKET, lambda p: p.pop("labels"), "lack 'owner'"),
    ("a key in the wrong case", BUCKET, lambda p: p["labels"].update(Team=p["labels"].pop("team")), "lack 'team'"),
    (
        "a key with an underscore",
        BUCKET,
        lambda p: p["labels"].update(cost_center=p["labels"].pop("cost-center")),
        "found 'cost_center'",
    ),
    ("a capital", BUCKET, lambda p: p["labels"].update(team="Search"), "'team' with the value 'Search'"),
    ("an empty value", BUCKET, lambda p: p["labels"].update(team=""), "'team' with the value ''"),
    ("an unknown value", BUCKET, lambda p: p["labels"].update(team=UNKNOWN), "not known before the update"),
    ("unknown labels", BUCKET, lambda p: p.update(labels=UNKNOWN), "not known before the update"),
    (
        "nodes without resource labels",
        NODE_POOL,
        lambda p: p["nodeConfig"].pop("resourceLabels"),
        "nodeConfig.resourceLabels",
    ),
    ("nodes without labels", NODE_POOL, lambda p: p["nodeConfig"].pop("labels"), "the labels at nodeConfig.labels"),
    ("an unknown node configuration", NODE_POOL, lambda p: p.update(nodeConfig=UNKNOWN), "not known"),
    (
        "a namespace with Google's owner key",
        NAMESPACE,
        lambda p: p["metadata"].update(labels=GOOGLE),
        "lack 'app.kubernetes.io/owner'",
    ),
    ("pods without labels", INFERENCE_SERVICE, lambda p: p["spec"]["predictor"].pop("labels"), "spec.predictor.labels"),
    ("instances without labels", CLOUD_RUN, lambda p: p["template"].pop("labels"), "template.labels"),
]


@pytest.mark.parametrize(
    ("resource", "spoil", "reason"), [case[1:] for case in LABEL_CASES], ids=[case[0] for case in LABEL_CASES]
)
def test_incomplete_labels_are_denied_for_their_reason(resource: Resource, spoil: Spoil, reason: str) -> None:
    messages = denials(required_labels.RULE, spoiled(resource, spoil))
    assert any(reason in message for message in messages), messages


@pytest.mark.parametrize(
    "token",
    [
        "gcp:compute/network:Network",
        "gcp:serviceaccount/account:Account",
        "pulumi:providers:gcp",
        "gemma-platform:index:Team",
        "kubernetes:helm.sh/v3:Release",
    ],
)
def test_what_cannot_carry_labels_is_left_alone(token: str) -> None:
    assert denials(required_labels.RULE, Resource(token, "x", {})) == []


def test_the_tokens_in_the_rules_are_those_of_the_sdk() -> None:
    assert pulumi.get_type_token(gcp.container.NodePool) == resource_types.NODE_POOL
    assert pulumi.get_type_token(gcp.cloudrunv2.Service) == resource_types.CLOUD_RUN_SERVICE
    assert pulumi.get_type_token(gcp.cloudrunv2.Job) == resource_types.CLOUD_RUN_JOB
    assert pulumi.get_type_token(gcp.cloudrunv2.WorkerPool) == resource_types.CLOUD_RUN_WORKER_POOL
    assert pulumi.get_type_token(k8s.helm.v3.Release) == resource_types.HELM_RELEASE
    assert pulumi.get_type_token(k8s.core.v1.Namespace) == resource_types.NAMESPACE
    assert pulumi.get_type_token(k8s.core.v1.Pod) == resource_types.POD


def predictor(p: dict[str, Any]) -> dict[str, Any]:
    return p["spec"]["predictor"]


def container(p: dict[str, Any]) -> dict[str, Any]:
    return p["spec"]["predictor"]["containers"][0] if "spec" in p else p["template"]["containers"][0]


def with_arguments(**changes: str) -> Spoil:
    """Sets flags of the engine, `max_num_seqs="64"`."""

    def spoil(p: dict[str, Any]) -> None:
        for name, value in changes.items():
            flag = f"--{name.replace('_', '-')}"
            kept = [argument for argument in container(p)["args"] if not argument.startswith(flag)]
            container(p)["args"] = [*kept, f"{flag}={value}"]

    return spoil


FIT_CASES: list[tuple[str, Resource, Spoil, str]] = [
    (
        "too few GPUs for its flags",
        INFERENCE_SERVICE,
        with_arguments(tensor_parallel_size="2"),
        "asks for 1 x nvidia-l4",
    ),
    (
        "too many GPUs for its flags",
        INFERENCE_SERVICE,
        lambda p: container(p)["resources"]["limits"].update({"nvidia.com/gpu": "2"}),
        "asks for 2 x",
    ),
    (
        "too much context",
        INFERENCE_SERVICE,
        with_arguments(max_model_len="131072", max_num_seqs="120"),
        "decides: KV cache",
    ),
    (
        "too large a model",
        CLOUD_RUN,
        lambda p: container(p).update(args=["google/gemma-4-26B-A4B-it", *ARGUMENTS[1:]]),
        "decides: weights",
    ),
    (
        "flags without a stated load",
        INFERENCE_SERVICE,
        lambda p: (p["metadata"].pop("annotations"), with_arguments(max_num_seqs="64")(p)),
        "64 of them 16384",
    ),
    (
        "half a load",
        INFERENCE_SERVICE,
        lambda p: p["metadata"]["annotations"].pop("gemma-platform/typical-tokens"),
        "typical-tokens' is missing",
    ),
    (
        "a load that is no number",
        INFERENCE_SERVICE,
        lambda p: p["metadata"]["annotations"].update({"gemma-platform/typical-tokens": "few"}),
        "not a whole number",
    ),
    (
        "no accelerator",
        INFERENCE_SERVICE,
        lambda p: predictor(p).pop("nodeSelector"),
        "accelerator (node selector) is missing",
    ),
    (
        "an unknown accelerator",
        CLOUD_RUN,
        lambda p: p["template"]["nodeSelector"].update(accelerator=UNKNOWN),
        "not known before",
    ),
    (
        "a misspelt accelerator",
        CLOUD_RUN,
        lambda p: p["template"]["nodeSelector"].update(accelerator="nvidia-L4"),
        "did you mean 'nvidia-l4'",
    ),
    ("no GPU", INFERENCE_SERVICE, lambda p: container(p).pop("resources"), "'nvidia.com/gpu' is missing"),
    (
        "an unknown GPU count",
        INFERENCE_SERVICE,
        lambda p: container(p)["resources"]["limits"].update({"nvidia.com/gpu": UNKNOWN}),
        "not known before",
    ),
    ("unknown arguments", INFERENCE_SERVICE, lambda p: container(p).update(args=UNKNOWN), "arguments are not known"),
    ("one unknown argument", CLOUD_RUN, lambda p: container(p)["args"].append(UNKNOWN), "arguments are not known"),
    ("an unknown image", CLOUD_RUN, lambda p: container(p).update(image=UNKNOWN), "the image is not known"),
    (
        "an engine of no known version",
        INFERENCE_SERVICE,
        lambda p: container(p).update(image="vllm/vllm-openai:latest"),
        "states no vLLM version",
    ),
    (
        "an unknown checkpoint",
        INFERENCE_SERVICE,
        lambda p: container(p).update(args=["gs://models/my/model"]),
        "is no checkpoint of the catalogue",
    ),
    ("a flag whose memory is not computed", INFERENCE_SERVICE, with_arguments(cpu_offload_gb="4"), "does not compute"),
    (
        "unknown annotations",
        INFERENCE_SERVICE,
        lambda p: p["metadata"].update(annotations=UNKNOWN),
        "annotations are not known",
    ),
    ("a predictor that is not known", INFERENCE_SERVICE, lambda p: p["spec"].update(predictor=UNKNOWN), "not known"),
]


@pytest.mark.parametrize(
    ("resource", "spoil", "reason"), [case[1:] for case in FIT_CASES], ids=[case[0] for case in FIT_CASES]
)
def test_what_does_not_fit_or_cannot_be_judged_is_denied_for_its_reason(
    resource: Resource, spoil: Spoil, reason: str
) -> None:
    messages = denials(vram_fit.RULE, spoiled(resource, spoil))
    assert any(reason in message for message in messages), messages


def test_one_request_more_than_fits_is_denied_and_its_shortfall_is_tenths_of_a_gib() -> None:
    def asked(count: int) -> list[str]:
        return denials(vram_fit.RULE, spoiled(INFERENCE_SERVICE, with_arguments(max_num_seqs=str(count))))

    most = max(count for count in range(1, 129) if not asked(count))
    assert 8 < most < 128
    (message,) = asked(most + 1)
    assert "is too tight on 1 x nvidia-l4" in message
    assert "short of 0.0 GiB" in message or "short of 0.1 GiB" in message


def test_a_tight_fit_passes_only_where_the_environment_allows_it() -> None:
    tight = spoiled(INFERENCE_SERVICE, with_arguments(max_num_seqs="84"))
    assert denials(vram_fit.RULE, tight)
    assert denials(vram_fit.RULE, tight, allow_tight=True) == []


@pytest.mark.parametrize("resource", [INFERENCE_SERVICE, CLOUD_RUN], ids=lambda r: r.name)
def test_services_without_gpu_and_engine_are_left_alone(resource: Resource) -> None:
    def strip(p: dict[str, Any]) -> None:
        container(p).update(args=["serve"], command=["python"], commands=["python"], resources={})
        (p["spec"]["predictor"] if "spec" in p else p["template"]).pop("nodeSelector")

    assert denials(vram_fit.RULE, spoiled(resource, strip)) == []


@pytest.mark.parametrize(
    ("rule", "cases"), [(required_labels.RULE, LABEL_CASES), (vram_fit.RULE, FIT_CASES)], ids=["labels", "fit"]
)
def test_a_rule_that_checks_nothing_would_be_caught_by_these_cases(rule: Any, cases: list) -> None:
    emptied = replace(rule, check=lambda resource, context: [])
    assert all(denials(rule, spoiled(resource, spoil)) for _, resource, spoil, _ in cases)
    assert not any(denials(emptied, spoiled(resource, spoil)) for _, resource, spoil, _ in cases)
