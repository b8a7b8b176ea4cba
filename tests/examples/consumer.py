"""The examples in languages that need a generated SDK, and what the examples of every language make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from components.packaged import package_schema
from sandbox.paths import ROOT
from tests.examples.running import run_example
from tests.sandbox.harness import Sandbox
from tests.tools.pulumi_languages import generate_sdk, program_host, with_hosts

#: What each example makes beside providers, by type; what is made inside a component shows that it is a child of it.
MADE = {
    "pulumi:pulumi:Stack",
    "gemma-platform:index:CloudRunModel",
    "gemma-platform:index:CloudRunModel$gcp:serviceaccount/account:Account",
    "gemma-platform:index:CloudRunModel$gcp:storage/bucketIAMMember:BucketIAMMember",
    "gemma-platform:index:CloudRunModel$gcp:cloudrunv2/service:Service",
    "gemma-platform:index:CloudRunModel$gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
    "gemma-platform:index:GemmaDeployment",
    "gemma-platform:index:GemmaDeployment$kubernetes:core/v1:ConfigMap",
    "gemma-platform:index:GemmaDeployment$kubernetes:serving.kserve.io/v1beta1:InferenceService",
}


def make_consumer(folder: Path, example: str, language: Literal["nodejs", "go"]) -> Sandbox:
    """The example with Pulumi's host of its language and the generated SDK; the language's own packages are not installed."""
    consumer = run_example(folder, example, with_hosts(folder / "programs", program_host(language)))
    schema = folder / "schema.json"
    schema.write_text(json.dumps(package_schema()), encoding="utf-8")
    generate_sdk(language, schema, consumer.project / "sdks" / "gemma-platform")
    return consumer


def check_run(consumer: Sandbox, *policies: str) -> None:
    """A preview, with the policies where flags for them are given, and an update make both models."""
    preview = consumer.preview("dev", *policies)
    assert preview.exit_code == 0, preview.output
    assert "[mandatory]" not in preview.output
    up = consumer.up()
    assert up.exit_code == 0, up.output
    check_both_models(consumer)


def check_compliance(consumer: Sandbox) -> None:
    """Both models comply with the policies, and stay as they are in a second preview."""
    check_run(consumer, "--policy-pack", str(ROOT / "policy"))
    again = consumer.preview(expect_no_changes=True)
    assert again.exit_code == 0, again.output


def check_both_models(consumer: Sandbox) -> None:
    """After an update: both models are there as wished for, each a child of its component, and their endpoints are told."""
    found = {resource["urn"].split("::")[2]: resource for resource in consumer.resources()}
    types = {type_.removeprefix("pulumi:pulumi:Stack$") for type_ in found}
    # which providers there are is the language's business
    assert {type_ for type_ in types if not type_.startswith("pulumi:providers:")} == MADE
    service, model = (_only(found, kind) for kind in (":Service", ":InferenceService"))
    container = service["inputs"]["template"]["containers"][0]
    assert {"--max-model-len=8192", "--max-num-seqs=4"} <= set(container["args"])
    assert service["inputs"]["template"]["nodeSelector"] == {"accelerator": "nvidia-l4"}
    assert {"--max-model-len=16384", "--max-num-seqs=8"} <= set(_arguments(model["inputs"]["spec"]))
    outputs = consumer.stack_outputs()
    assert _base_url(outputs["assistantEndpoint"]).startswith("https://assistant-")
    assert float(outputs["assistantUsdPerMonth"]) > 0
    assert _base_url(outputs["summariesEndpoint"]) == "http://summaries-predictor.team-search.svc.cluster.local/v1"
    assert outputs["summariesPlacement"].startswith("GKE, g2-standard-12 (spot), 1 x nvidia-l4")


def _base_url(endpoint: dict[str, Any]) -> str:
    """The classes themselves, in a Python program, give their fields as Python has them."""
    return endpoint["base_url"] if "base_url" in endpoint else endpoint["baseUrl"]


def _only(found: dict[str, dict[str, Any]], ending: str) -> dict[str, Any]:
    (one,) = (resource for type_, resource in found.items() if type_.endswith(ending))
    return one


def _arguments(spec: dict[str, Any]) -> list[str]:
    (container,) = (one for one in spec["predictor"]["containers"] if one.get("args"))
    return container["args"]
