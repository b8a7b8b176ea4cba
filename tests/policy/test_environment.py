"""What the resources of a stack are held to: what its files say where they are this platform's, and everything elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policy.environment import configured, image_prefixes, standards_for
from policy.rules import vram_fit
from policy.rules.allowed_images import SHIPPED_PREFIXES
from stacks.environment import read_environment
from tests.policy.fixtures import ARGUMENTS, CLOUD_RUN, spoiled

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """This platform's own dev, a stack with wrong settings, and one of somebody else's."""
    for file in ("Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copy(ROOT / file, tmp_path)
    shutil.copytree(ROOT / "stacks" / "dev", tmp_path / "stacks" / "dev")
    (tmp_path / "Pulumi.broken.yaml").write_text("config:\n  p:environment: {allow_tight: true}\n", encoding="utf-8")
    (tmp_path / "Pulumi.plain.yaml").write_text("config:\n  p:word: hello\n", encoding="utf-8")
    return tmp_path


def test_what_an_environment_allows_is_what_its_files_say(project: Path) -> None:
    standards, wrong, own = standards_for("dev", project)
    context = standards.context
    assert (wrong, own, context.environment, context.region) == ([], True, "dev", "us-central1")
    assert context.purchase_options == {"spot", "on-demand"}
    assert context.teams["payments"].cost_center == "cc-1042"
    assert context.teams["payments"].monthly_budget_usd == "4000"
    assert {vram_fit.ADVISES_TIGHT} < context.advisory
    assert standards.places["payments/assistant"] == "stacks/dev/teams/payments.yaml:10"


@pytest.mark.parametrize(("stack", "problems"), [("plain", False), ("nowhere", False), ("broken", True)])
def test_a_stack_without_settings_or_with_wrong_ones_is_held_to_everything(
    project: Path, stack: str, problems: bool
) -> None:
    standards, wrong, _ = standards_for(stack, project)
    assert bool(wrong) == problems
    context = standards.context
    allowed = (context.allow_tight, context.allow_unknown, context.advisory, context.overrides, context.teams)
    assert not any(allowed)


def test_images_come_through_the_mirrors_where_there_are_any_and_the_project_s_registry_is_not_open_as_a_whole() -> (
    None
):
    for name, registry in (
        ("dev", "docker.io"),
        ("prod", "us-central1-docker.pkg.dev/example-gemma-prod/gemma-prod-docker-io"),
    ):
        environment, _ = read_environment(ROOT, name)
        prefixes = image_prefixes(environment.settings, name)
        assert f"{registry}/vllm/" in prefixes
        assert f"us-central1-docker.pkg.dev/example-gemma-{name}/images/" in prefixes
        assert len(prefixes) == len(SHIPPED_PREFIXES) + 1
        assert f"us-central1-docker.pkg.dev/example-gemma-{name}/" not in prefixes


OWN_CHECKPOINT = """
checkpoints:
  - id: acme/gemma-4-E4B-it-dialogues
    model: gemma-4-e4b-it
    precision: bf16
    scheme: bf16
    publisher: organisation
    auto: false
    disk_bytes: 16000000000
    min_compute_capability: "8.0"
    status: derived
    quality: tuned on the organisation's own dialogues
    source: the organisation's model registry
    date: 2026-11-20
"""


def test_the_organisations_own_rows_count_and_a_file_that_cannot_be_read_is_told(project: Path) -> None:
    settings = project / "Pulumi.dev.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "    catalogue: own.yaml\n", encoding="utf-8")
    uri = "gs://models/acme/gemma-4-E4B-it-dialogues"
    tuned = spoiled(CLOUD_RUN, lambda p: p["template"]["containers"][0].update(args=[uri, *ARGUMENTS[1:]]))
    lost, wrong, _ = standards_for("dev", project)
    assert "own.yaml" in "".join(wrong)
    assert "memory cannot be judged" in vram_fit.check(tuned, lost.context)[0].message
    (project / "own.yaml").write_text(OWN_CHECKPOINT, encoding="utf-8")
    known, wrong, _ = standards_for("dev", project)
    assert wrong == []
    assert vram_fit.check(tuned, known.context) == []


def test_a_configuration_is_taken_by_its_names_and_a_misspelt_one_is_refused(project: Path) -> None:
    standards = standards_for("plain", project)[0]
    said = configured(
        standards, {"image_prefixes": ["docker.io/acme/"], "region": "europe-west4", "encrypted": ["buckets"]}
    )
    assert said.context.image_prefixes == ("docker.io/acme/",)
    assert (said.context.region, said.context.encrypted) == ("europe-west4", frozenset({"buckets"}))
    with pytest.raises(ValueError, match="'image_prefix', which nothing reads; did you mean 'image_prefixes'"):
        configured(standards, {"image_prefix": []})
