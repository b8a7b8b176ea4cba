"""The YAML example, run by Pulumi's own YAML host with the package from `components/`: what it makes, and how it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.paths import ROOT
from sandbox.progress import SetupError
from tests.examples.consumer import check_compliance
from tests.examples.running import run_example
from tests.sandbox.harness import Sandbox
from tests.tools.pulumi_languages import with_hosts, yaml_host

pytestmark = pytest.mark.tools

REGION = "      region: us-central1\n      networkId"
RUN_MODEL = "        model: gemma-4-e4b-it\n        contextTokens: 8192"
GKE_MODEL = "        model: gemma-4-e4b-it\n        contextTokens: 16384"

#: A change of the example that is wrong, and what the preview says of it, in the names that YAML programs write. One of each way:
#: YAML's own check, the package's, and a component's; tests/unit/components/test_package_*.py have the rest.
WRONG = {
    "misspelt": ((RUN_MODEL, RUN_MODEL.replace("model:", "modell:")), ["model: Missing required property 'model'"]),
    "more than the model can": (
        ("contextTokens: 8192", "contextTokens: 999999"),
        [],  # what docs/components.md shows
    ),
    "known after an update only": (
        (REGION, REGION.replace("us-central1", "${cluster.id}")),
        ["property region", "must be a plain value"],
    ),
    "a wish and what follows from one": (
        ("      callers:", "      usdPerMonth: '3'\n      callers:"),
        ["property usdPerMonth", "follows from wish; leave one of them out"],
    ),
    "a pool that cannot hold it": (
        (GKE_MODEL, GKE_MODEL.replace("e4b", "31b")),
        [
            "summaries: wrong arguments",
            "does not fit 1 x nvidia-l4",
            "change   model, contextTokens or peakConcurrentRequests of the wish",
            "property nodes.machineType",
            "a pool of g2-standard-24 would do",
        ],
    ),
}


@pytest.fixture
def example(tmp_path: Path) -> Sandbox:
    try:
        engine = with_hosts(tmp_path / "programs", yaml_host())
    except SetupError as error:
        pytest.fail(str(error), pytrace=False)
    return run_example(tmp_path, "yaml", engine)


def test_the_program_makes_both_models_that_comply_with_the_policies_and_stay_as_they_are(example: Sandbox) -> None:
    check_compliance(example)


def shown_on_the_page() -> list[str]:
    """Lines of the refusal that docs/components.md shows."""
    page = (ROOT / "docs" / "components.md").read_text(encoding="utf-8")
    return page.split("```text\n")[1].split("\n```")[0].splitlines()


def test_wrong_arguments_are_refused_in_the_callers_terms_before_anything_is_made(example: Sandbox) -> None:
    right = (example.project / "Pulumi.yaml").read_text(encoding="utf-8")
    for name, ((old, new), says) in WRONG.items():
        example.edit("Pulumi.yaml", old, new)
        refused = example.preview()
        example.write("Pulumi.yaml", right)
        assert refused.exit_code != 0, name
        for words in says or shown_on_the_page():
            assert words in refused.output, f"{name}:\n{refused.output}"
        assert "Traceback" not in refused.output, name
        assert 'File "' not in refused.output, f"{name}:\n{refused.output}"
        assert "_tokens" not in refused.output, name
