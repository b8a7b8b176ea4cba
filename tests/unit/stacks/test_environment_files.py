"""What is said about mistakes in team files and settings, and what a plan makes of good ones. No engine involved."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from stacks.environment import Environment, load_environment
from stacks.plan import Plan, make_plan
from stacks.planned_deployment import iam_member
from stacks.problems import SettingsError
from stacks.schema import SCHEMA
from stacks.team_file import DeploymentWish, TeamFile
from tests.committed_files import ROOT, CommittedFiles

TODAY = datetime.date(2026, 11, 24)
PAYMENTS = "stacks/dev/teams/payments.yaml"
SUPPORT = "stacks/dev/teams/support.yaml"


class Tree(CommittedFiles):
    """A copy of the dev environment's files that can be changed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "dev")

    def load(self) -> Environment:
        """The environment."""
        raw: Any = yaml.safe_load((self.folder / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"]
        return load_environment(self.folder, "dev", "gemma-platform", raw.get("gemma-platform:environment"))

    def plan(self, today: datetime.date = TODAY) -> Plan:
        """The plan of the environment."""
        return make_plan(self.load(), today)

    def problems(self, today: datetime.date = TODAY) -> list[str]:
        """Everything that is wrong, as it is shown."""
        with pytest.raises(SettingsError) as caught:
            self.plan(today)
        return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """The dev environment as committed."""
    return Tree(tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            PAYMENTS,
            "    context_tokens: 32768",
            "    context_tokens: 0",
            "12: deployments[0].context_tokens: input should",
        ),
        (PAYMENTS, "    context_tokens: 32768", "    context_tokens: lots", "12: deployments[0].context_tokens: input"),
        (
            PAYMENTS,
            "runs_on: gke",
            "runs_on: cloudrun",
            "16: deployments[0].runs_on: found 'cloudrun'; did you mean 'cloud-run'?",
        ),
        (PAYMENTS, "runs_on: gke", "inputs: [text, pictures]", "16: deployments[0].inputs[1]: found 'pictures'"),
        (PAYMENTS, "runs_on: gke", "inputs: [image]", "10: deployments[0]: inputs must contain text"),
        (PAYMENTS, "runs_on: gke", "image_tokens: 300", "16: deployments[0].image_tokens: found 300"),
        (
            PAYMENTS,
            "runs_on: gke",
            "full_context_requests: 17",
            "10: deployments[0]: full_context_requests 17 is above",
        ),
        (
            PAYMENTS,
            "typical_tokens: 4000",
            "typical_tokens: 40000",
            "10: deployments[0]: typical_tokens 40000 is above",
        ),
        (PAYMENTS, "runs_on: gke", "gpu: nvidia-l4", "16: deployments[0].gpu: unknown field"),
        (PAYMENTS, "runs_on: gke", "runs_on: gke\n    runs_on: auto", "17: deployments[0].runs_on: is written twice"),
        (PAYMENTS, "name: assistant", "name: the-payments-assistant", "10: deployments[0].name: string should match"),
        (PAYMENTS, "team: payments", "team: platform", "3: team: 'platform' is reserved"),
        (PAYMENTS, "schema: 1", "schema: 2", "2: schema: found 2"),
        (
            PAYMENTS,
            "monthly_budget_usd: 4000",
            "monthly_budget_usd: -1",
            "8: monthly_budget_usd: input should be greater",
        ),
        (PAYMENTS, "contact: payments-ml@example.com", "contact: somebody", "5: contact: string should match"),
        ("Pulumi.dev.yaml", "us-central1-b]", "us-east4-b]", "7: gemma"),
        (
            "Pulumi.dev.yaml",
            "engine_version: 0.33.0",
            "engine_version: 0.32.0",
            "11: engine_version: found '0.32.0'; did you",
        ),
        (
            "Pulumi.dev.yaml",
            "purchase_order: [spot, ",
            "purchase_order: [spots, ",
            "12: purchase_order[0]: found 'spots'",
        ),
        ("Pulumi.dev.yaml", "    owner: ml-platform\n", "", "owner: is missing"),
    ],
)
def test_each_mistake_is_named_with_its_line_and_field(
    tree: Tree, file: str, old: str, new: str, expected: str
) -> None:
    shown = tree.edit(file, old, new).problems()
    name = file.rpartition("/")[2]
    if expected.startswith("7: gemma"):  # the settings as a whole
        assert any("zones us-east4-b are not in the region us-central1" in line for line in shown), shown
    elif expected.startswith("owner"):
        assert any(line.startswith("Pulumi.dev.yaml:") and expected in line for line in shown), shown
    else:
        assert any(f"{name}:{expected}" in line for line in shown), shown


def test_team_files_that_are_no_mapping_or_hold_tabs_or_tags_are_named(tree: Tree) -> None:
    tree.write("stacks/dev/teams/a.yaml", "- a list\n").write("stacks/dev/teams/b.yaml", "team:\n\tb\n")
    tree.write("stacks/dev/teams/c.yaml", "team: !!python/object:os.system {}\n")
    tree.write(
        "stacks/dev/teams/d.yml",
        (tree.folder / SUPPORT).read_text(encoding="utf-8").replace("team: support", "team: d"),
    )
    shown = "\n".join(tree.problems())
    assert "a.yaml:1: must be a mapping" in shown
    assert "b.yaml:2: is no valid YAML" in shown
    assert "c.yaml" in shown
    assert "d.yml: must be named d.yaml" in shown


def test_settings_that_are_missing_are_one_problem(tree: Tree) -> None:
    tree.write("Pulumi.dev.yaml", "config:\n  gcp:project: x\n")
    assert tree.problems() == [
        "Pulumi.dev.yaml: gemma-platform:environment: is missing: the settings of the environment"
    ]


def test_a_team_in_two_files_and_a_deployment_twice_are_named(tree: Tree) -> None:
    text = (tree.folder / PAYMENTS).read_text(encoding="utf-8")
    tree.write("stacks/dev/teams/copy.yaml", text)
    tree.write(PAYMENTS, text + text[text.index("  - name: assistant") :])
    shown = "\n".join(tree.problems())
    assert (
        "payments.yaml:17: deployments[1].name: 'assistant' is already the name of the deployment in line 10" in shown
    )
    assert "payments.yaml:3: team: 'payments' is already the team of stacks/dev/teams/copy.yaml" in shown


def test_yaml_that_reads_yes_and_no_as_booleans_is_explained(tree: Tree) -> None:
    assert any(
        "owner: input should be a valid string (found False)" in p
        for p in tree.edit(PAYMENTS, "owner: payments-ml", "owner: no").problems()
    )


def test_defaults_are_a_quarter_and_an_eighth_and_no_two_fields_are_forgotten() -> None:
    wish = DeploymentWish(name="a", model="m", context_tokens=32768, peak_concurrent_requests=4)
    assert (wish.typical, wish.typical_answer) == (8192, 1024)
    demand = wish.demand("t")
    assert (demand.full_context_requests, demand.active_hours_per_month, demand.text_only) == (1, 730, True)


def test_every_field_of_the_schema_has_a_description() -> None:
    schema = TeamFile.model_json_schema(by_alias=True)
    for form in (schema, *schema["$defs"].values()):
        for name, field in form["properties"].items():
            assert field.get("description"), name


@pytest.mark.parametrize(
    "path", sorted((ROOT / "stacks").glob("*/teams/*.yaml")), ids=lambda p: f"{p.parts[-3]}-{p.stem}"
)
def test_committed_team_files_name_the_schema_and_satisfy_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../../team.schema.json\n")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    data = yaml.safe_load(text)
    jsonschema.validate(data, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "gpu": "nvidia-l4"}, schema)


def test_deployments_on_the_same_machine_and_purchase_option_share_a_pool_with_room_for_a_rollout(tree: Tree) -> None:
    text = (tree.folder / PAYMENTS).read_text(encoding="utf-8")
    second = text[text.index("  - name: assistant") :].replace("assistant", "second")
    plan = tree.write(PAYMENTS, text + second).plan()
    # one replica each, and room for the rollout of one of them; whichever way the machine is bought
    assert [(pool.key, pool.max_nodes) for pool in plan.pools] == [
        ("g2-standard-24-spot", 3),
        ("g2-standard-24-on-demand", 3),
    ]


def test_quota_that_each_deployment_fits_but_not_all_together_is_named(tree: Tree) -> None:
    text = (tree.folder / PAYMENTS).read_text(encoding="utf-8")
    second = text[text.index("  - name: assistant") :].replace("assistant", "second")
    tree.write(PAYMENTS, text + second).edit("Pulumi.dev.yaml", "gke: {nvidia-l4: 8}", "gke: {nvidia-l4: 5}")
    (shown,) = tree.problems()
    assert (
        "quota.gke.nvidia-l4: 6 GPUs are needed at peak and during a rollout by payments/assistant, payments/second, "
        "5 are declared" in shown
    )


def test_expiry_warns_two_weeks_before_and_fails_the_day_after(tree: Tree) -> None:
    tree.edit(SUPPORT, "scale_to_zero: true", "scale_to_zero: true\n    expires_on: 2026-12-08")
    assert tree.plan(datetime.date(2026, 11, 23)).warnings == ()
    assert "support/helpdesk expires on 2026-12-08" in tree.plan(datetime.date(2026, 11, 24)).warnings[0]
    assert tree.plan(datetime.date(2026, 12, 8)).warnings
    assert "expires_on: expired on 2026-12-08" in tree.problems(datetime.date(2026, 12, 9))[0]


def test_an_expected_cost_above_the_budget_warns_with_both_amounts(tree: Tree) -> None:
    (warning,) = tree.edit(PAYMENTS, "monthly_budget_usd: 4000", "monthly_budget_usd: 800").plan().warnings
    assert (
        "payments: its deployments are expected to cost USD 876.10 a month, 76.10 above the monthly_budget_usd 800"
        in warning
    )


def test_callers_on_gke_warn_that_they_have_no_effect_and_become_members_on_cloud_run(tree: Tree) -> None:
    tree.edit(PAYMENTS, "runs_on: gke", "runs_on: gke\n    callers: [shop@example.com]")
    tree.edit(SUPPORT, "runs_on: cloud-run", "runs_on: cloud-run\n    callers: [app@p.iam.gserviceaccount.com]")
    plan = tree.plan()
    assert "callers have no effect" in plan.warnings[0]
    support = next(d for d in plan.deployments if d.key == "support/helpdesk")
    assert support.callers == ["group:support-tools@example.com", "serviceAccount:app@p.iam.gserviceaccount.com"]
    assert iam_member("a@example.com") == "group:a@example.com"


EVERY_FIELD = """
schema: 1
team: payments                      # DNS label of at most 20 characters
owner: payments-ml
contact: payments-ml@example.com
group: payments-ml@example.com
cost_center: cc-1042
monthly_budget_usd: 4000
deployments:
  - name: assistant
    model: gemma-4-26b-a4b-it
    context_tokens: 32768
    peak_concurrent_requests: 16
    typical_tokens: 4000
    typical_answer_tokens: 500
    full_context_requests: 1
    active_hours_per_month: 220
    workload: interactive
    inputs: [text]
    max_items: {image: 4}
    image_tokens: 280
    precision: auto
    checkpoint: null
    runs_on: auto
    scale_to_zero: false
    availability: standard
    first_token_ms: null
    tokens_per_second: null
    max_cold_start_seconds: null
    max_answer_tokens: null
    speculative: false
    adapters: []
    callers: []
    caller_namespaces: []
    paused: false
    canary_percent: null
    stable_revision: null
    expires_on: null
"""


def test_a_file_that_writes_every_field_out_is_accepted_and_warns_of_limits_without_effect(tree: Tree) -> None:
    plan = tree.write(PAYMENTS, EVERY_FIELD).plan()
    assert plan.warnings == ("payments/assistant: max_items for image has no effect, since inputs does not list it",)
    written = set(yaml.safe_load(EVERY_FIELD)["deployments"][0])
    assert written == set(DeploymentWish.model_fields)


def test_a_group_without_the_clusters_security_group_warns(tree: Tree) -> None:
    tree.edit("Pulumi.dev.yaml", "      security_group: gke-security-groups@example.com\n", "")
    warnings = tree.plan().warnings
    assert [w.partition(":")[0] for w in warnings] == ["payments", "support"]
    assert "group has no rights in the cluster" in warnings[0]


def test_a_catalogue_of_the_organisation_is_read_from_inside_the_project_only(tree: Tree) -> None:
    tree.edit("Pulumi.dev.yaml", "    owner: ml-platform", "    catalogue: ../own.yaml\n    owner: ml-platform")
    assert "must be a path inside the project" in tree.problems()[0]


OWN_CHECKPOINT = """
checkpoints:
  - id: acme/gemma-4-26B-A4B-it-payments
    model: gemma-4-26b-a4b-it
    precision: bf16
    scheme: bf16
    publisher: organisation
    auto: false
    revision: 0123456789abcdef0123456789abcdef01234567
    disk_bytes: 51600000000
    min_compute_capability: "8.0"
    status: derived
    quality: tuned on the organisation's own dialogues
    source: the organisation's model registry
    date: 2026-11-20
"""


def test_a_checkpoint_of_the_organisation_is_served_when_a_team_names_it_and_passes_the_policies(tree: Tree) -> None:
    tree.write("own.yaml", OWN_CHECKPOINT)
    tree.edit("Pulumi.dev.yaml", "    owner: ml-platform", "    catalogue: own.yaml\n    owner: ml-platform")
    own = "acme/gemma-4-26B-A4B-it-payments"
    tree.edit(PAYMENTS, "    runs_on: gke", f"    checkpoint: {own}\n    runs_on: gke")
    payments = next(d for d in tree.plan().deployments if d.loaded.team.team == "payments")
    assert payments.record.budget.config.checkpoint.id == own
    assert payments.model["arguments"][0].endswith(f"-models/{own}/0123456789abcdef0123456789abcdef01234567")
    tree.edit(PAYMENTS, own, own + "s")
    (problem,) = tree.problems()
    assert f"deployments[0].checkpoint: found '{own}s'" in problem
    assert f"did you mean '{own}'" in problem


def test_weights_without_a_revision_are_not_served_until_the_settings_state_one(tree: Tree) -> None:
    tree.write("own.yaml", OWN_CHECKPOINT.replace("    revision: 0123456789abcdef0123456789abcdef01234567\n", ""))
    own = "acme/gemma-4-26B-A4B-it-payments"
    tree.edit("Pulumi.dev.yaml", "    owner: ml-platform", "    catalogue: own.yaml\n    owner: ml-platform")
    tree.edit(PAYMENTS, "    runs_on: gke", f"    checkpoint: {own}\n    runs_on: gke")
    (problem,) = tree.problems()
    assert f"no revision of {own} is known" in problem
    digest = "sha256:" + 64 * "a"
    tree.edit(
        "Pulumi.dev.yaml", "    owner: ml-platform", f'    revisions: {{{own}: "{digest}"}}\n    owner: ml-platform'
    )
    payments = next(d for d in tree.plan().deployments if d.loaded.team.team == "payments")
    assert payments.revision == digest


def test_images_come_through_the_mirror_and_one_without_a_mirror_is_refused(tree: Tree) -> None:
    tree.edit(
        "Pulumi.dev.yaml",
        "    owner: ml-platform",
        "    mirror: {registries: [docker.io, gcr.io, ghcr.io, quay.io]}\n    owner: ml-platform",
    )
    for planned in tree.plan().deployments:
        assert planned.model["image"].startswith(
            "us-central1-docker.pkg.dev/example-gemma-dev/gemma-dev-docker-io/vllm/"
        )
    tree.edit("Pulumi.dev.yaml", "registries: [docker.io, gcr.io,", "registries: [docker.io,")
    assert "registries lacks gcr.io" in tree.problems()[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("loader: {image: images/loader:latest}", "loader.image"),
        ('loader: {image: "i@sha256:' + 64 * "0" + '", hub_token_secret: other}', "'other' is none of the secrets"),
        ("github: {repository: acme/platform}", "needs deploy_environments or deploy_refs"),
        ("region: us-centrl1", "are not in the region us-centrl1"),
        ("peered_ranges: [10.0.0.0/16]", "overlaps 10.0.0.0/16"),
        ("bucket: {soft_delete_days: 91}", "bucket.soft_delete_days"),
        ("mirror: {registries: [docker.com]}", "did you mean 'docker.io'"),
        ("bucket: {soft_delete_days: 3}", "soft_delete_days is 3"),
        ("bucket: {retention_days: 30}", "retention"),
        ("bucket: {dual_region: [us-central1, asia-east1]}", "asia-east1"),
        ('cluster: {location: zonal, maintenance: {start: "2026-11-28T02:00:00Z", end: later}}', "'later' is no time"),
        ("cluster: {location: zonal, maintenance: {start: x, end: y, recurrence: FREQ=SOMETIMES}}", "'x' is no time"),
        ("cluster: {location: zonal, system_machine_type: e2-standart-4}", "did you mean 'e2-standard-4'"),
        ("cluster: {location: zonal, system_machine_type: n4-standard-4}", "cluster.system_machine_type: machine type"),
        ("google_apis: privat", "google_apis: found 'privat'; did you mean 'private'"),
        ("rotation_reminder: {emails: [nobody]}", "rotation_reminder.emails[0]"),
        ("rotation_reminder: {emails: []}", "rotation_reminder.emails"),
        ("budget: {billing_account: x, monthly_usd: 1, emails: [a@example.com]}", "budget.billing_account"),
    ],
)
def test_settings_of_google_cloud_that_cannot_be_are_refused_with_their_field(
    tree: Tree, line: str, message: str
) -> None:
    key = line.partition(":")[0]
    text = (tree.folder / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    document["config"]["gemma-platform:environment"][key] = yaml.safe_load(line)[key]
    tree.write("Pulumi.dev.yaml", yaml.safe_dump(document))
    assert any(message in problem for problem in tree.problems())


def test_a_reminder_without_a_secret_is_refused(tree: Tree) -> None:
    tree.edit(
        "Pulumi.dev.yaml",
        "    secrets:\n      - {id: hf-token}\n",
        "    rotation_reminder: {emails: [a@example.com]}\n",
    )
    tree.edit("Pulumi.dev.yaml", "      hub_token_secret: hf-token\n", "")
    assert ["rotation_reminder has nothing to remind of" in problem for problem in tree.problems()] == [True]


def test_an_unknown_region_is_refused_with_the_nearest(tree: Tree) -> None:
    text = (tree.folder / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    tree.write("Pulumi.dev.yaml", text.replace("us-central1", "us-centrl1"))
    assert any("region: found 'us-centrl1'; did you mean 'us-central1'" in problem for problem in tree.problems())


def test_a_date_arrives_from_the_engine_with_a_time_and_is_still_a_date(tree: Tree) -> None:
    tree.edit(
        "Pulumi.dev.yaml",
        "    owner: ml-platform",
        '    today: "2026-11-25 00:00:00 +0000 UTC"\n    owner: ml-platform',
    )
    assert tree.load().settings.today == datetime.date(2026, 11, 25)
