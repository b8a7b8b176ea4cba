"""`new-team` and `new-deployment`: what they show, what they write, and that they write nothing that could not be served."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from components.wish import DeploymentWish
from stacks.__main__ import app
from stacks.environment import read_environment
from stacks.plan import make_plan
from stacks.team_file import TeamFile
from stacks.wishes import session
from stacks.wishes.form_fields import deployment_fields, team_fields
from stacks.wishes.questions import ASKED
from tests.committed_files import CommittedFiles

SHOP = "stacks/dev/teams/shop.yaml"
PAYMENTS = "stacks/dev/teams/payments.yaml"
TEAM = "--team shop --owner shop-backend --contact shop@example.com --cost-center cc-3001 --monthly-budget-usd 2500"
WISH = "--name search --model gemma-4-e4b-it --context-tokens 16384 --peak-concurrent-requests 8"


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dev and prod as committed."""
    return CommittedFiles(tmp_path_factory.mktemp("committed"), "dev", "prod").folder


@pytest.fixture
def folder(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of them, in which the commands are called."""
    shutil.copytree(committed, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line: str, answers: str | None = None) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, line.split(), input=answers)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "typed", "read"),
    [
        ("scale_to_zero", "y", True),
        ("scale_to_zero", "N", False),
        ("scale_to_zero", "perhaps", "perhaps"),
        ("context_tokens", "8192", 8192),
        ("context_tokens", "many", "many"),
        ("image_tokens", "560", 560),
        ("inputs", "text, image", ["text", "image"]),
        ("max_items", "image=4,video=1", {"image": 4, "video": 1}),
        ("adapters", "{name: tone, rank: 8}", [{"name": "tone", "rank": 8}]),
        ("adapters", "{name: ", "[{name: ]"),
        ("stable_revision", "0123", "0123"),
    ],
)
def test_what_is_typed_becomes_what_a_file_would_say(name: str, typed: str, read: object) -> None:
    (field,) = (field for field in deployment_fields() if field.name == name)
    assert field.read(typed) == read
    assert type(field.read(typed)) is type(read)


def test_every_field_of_the_form_is_a_flag_and_nothing_else_is() -> None:
    fields = {field.alias or name for name, field in TeamFile.model_fields.items()} - {"schema", "deployments"}
    assert {field.name for field in team_fields()} == fields
    assert {field.name for field in deployment_fields()} == set(DeploymentWish.model_fields)
    assert set(ASKED) <= {field.name for field in (*team_fields(), *deployment_fields())}
    flags = set(
        re.findall(
            r"(?<![\w-])--(?!no-)[a-z][a-z-]+",
            CliRunner(env={"COLUMNS": "300"}).invoke(app, ["new-team", "--help"]).stdout,
        )
    )
    own = {"--env", "--yes", "--dry-run", "--check", "--help"}
    assert {field.flag for field in (*team_fields(), *deployment_fields())} <= flags
    assert own <= flags


def test_it_shows_place_memory_alternatives_and_price_and_writes_a_file_that_is_planned(folder: Path) -> None:
    done = run(f"new-team {TEAM} {WISH} --inputs text,image --max-items image=2 --runs-on gke --expires-on 2027-06-30")
    assert done.exit_code == 0, done.output
    for shown in (
        "g2-standard-8 (spot)",
        "3.5 GiB spare a GPU",
        "not taken:",
        "373.77",
        "budget 2,500.00",
        f"wrote {SHOP}",
    ):
        assert shown in done.stdout, shown
    text = (folder / SHOP).read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../../team.schema.json\nschema: 1\n")
    assert text.endswith(
        "    inputs: [text, image]\n    max_items: {image: 2}\n    runs_on: gke\n    expires_on: 2027-06-30\n"
    )
    plan = make_plan(*read_environment(folder, "dev"))
    assert "shop/search" in {planned.key for planned in plan.deployments}


def test_a_dry_run_prints_the_file_and_writes_nothing(folder: Path) -> None:
    before = files(folder)
    done = run(f"new-team {TEAM} {WISH} --dry-run")
    assert done.exit_code == 0
    assert yaml.safe_load(done.stdout[done.stdout.index("# yaml-language-server") :])["team"] == "shop"
    assert files(folder) == before


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("new-team --team shop --owner x", "missing: --contact, --cost-center, --monthly-budget-usd; give them"),
        (
            f"new-team {TEAM} --name search --model gemma-4-e4b-it",
            "missing: --context-tokens, --peak-concurrent-requests",
        ),
        ("new-deployment --team payments --name b", "missing: --model, --context-tokens, --peak-concurrent-requests"),
        (f"new-deployment {WISH}", "missing: --team"),
        (
            f"new-team {TEAM} {WISH} --context-tokens 0",
            "--context-tokens: input should be greater than or equal to 1 (found 0)",
        ),
        (f"new-team {TEAM} {WISH} --runs-on cloudrun", "--runs-on: found 'cloudrun'; did you mean 'cloud-run'?"),
        (
            f"new-team {TEAM} {WISH} --model gemma-4-e4b",
            "--model: unknown model 'gemma-4-e4b'; did you mean 'gemma-4-e4b-it'",
        ),
        (
            f"new-team {TEAM} {WISH} --context-tokens 262144",
            "--context-tokens: found 262144, above gemma-4-e4b-it's maximum",
        ),
        (f"new-team {TEAM} {WISH} --typical-tokens 20000", "typical_tokens 20000 is above context_tokens 16384"),
        (f"new-team {TEAM} {WISH} --team ../shop", "--team: string should match"),
        (f"new-team {TEAM} {WISH} --team platform", "--team: 'platform' is reserved for the platform itself"),
        (f"new-team {TEAM} {WISH} --team payments", f"{PAYMENTS} is there already and stays as it is"),
        (f"new-team {TEAM} {WISH} --env test", "--env: there is no environment 'test'"),
        (f"new-deployment --team shop {WISH}", "--team: dev has no file of 'shop'"),
        (
            f"new-deployment --team payments {WISH} --name assistant",
            "--name: 'assistant' is already the name of the deployment",
        ),
    ],
)
def test_what_is_wrong_is_said_by_its_flag_and_nothing_is_written(folder: Path, line: str, expected: str) -> None:
    before = files(folder)
    done = run(line)
    assert done.exit_code == 1
    assert expected in done.stderr
    assert files(folder) == before


def test_a_wish_that_fits_nowhere_is_refused_with_what_would_fit(folder: Path) -> None:
    before = files(folder)
    done = run(
        f"new-deployment --team payments {WISH} --model gemma-4-31b-it --context-tokens 262144 --peak-concurrent-requests 400"
    )
    assert done.exit_code == 1
    for said in (
        "1 problem; nothing was written.",
        "does not fit 4 x nvidia-l4",
        "short of",
        "fits     1 x nvidia-rtx-pro-6000",
    ):
        assert said in done.stderr, said
    assert files(folder) == before


def test_all_that_is_wrong_is_said_at_once(folder: Path) -> None:
    done = run(f"new-team {TEAM} {WISH} --contact shop --monthly-budget-usd much --workload night")
    assert "3 problems; nothing was written." in done.stderr
    assert [flag in done.stderr for flag in ("--contact: ", "--monthly-budget-usd: ", "--workload: ")] == [True] * 3


def test_a_month_above_the_budget_warns_in_dev_and_is_refused_in_prod(folder: Path) -> None:
    line = f"new-team {TEAM} {WISH} --monthly-budget-usd 100 --env"
    done = run(f"{line} dev --runs-on gke")
    assert done.exit_code == 0
    assert "expected to cost USD 373.77 a month, 273.77 above the monthly_budget_usd 100" in done.stdout
    done = run(f"{line} prod")
    assert done.exit_code == 1
    assert "--monthly-budget-usd: shop: its deployments are expected to cost USD 623.15 a month" in done.stderr
    assert not (folder / "stacks/prod/teams/shop.yaml").exists()


def test_quota_that_all_teams_together_would_exceed_is_refused(folder: Path) -> None:
    settings = folder / "Pulumi.dev.yaml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("gke: {nvidia-l4: 8}", "gke: {nvidia-l4: 4}"), encoding="utf-8"
    )
    done = run(f"new-team {TEAM} {WISH} --runs-on gke")
    assert done.exit_code == 1
    assert "Pulumi.dev.yaml: quota.gke.nvidia-l4: 6 GPUs are needed" in done.stderr
    assert not (folder / SHOP).exists()


def test_a_team_may_have_no_deployment_yet(folder: Path) -> None:
    assert run(f"new-team {TEAM}").exit_code == 0
    assert "deployments" not in (folder / SHOP).read_text(encoding="utf-8")
    assert run(f"new-deployment --team shop {WISH}").exit_code == 0
    assert "deployments:\n  - name: search\n" in (folder / SHOP).read_text(encoding="utf-8")


def test_a_deployment_is_added_behind_the_others_and_the_rest_stays_byte_for_byte(folder: Path) -> None:
    path = folder / PAYMENTS
    before = path.read_bytes().replace(b"owner:", b"# who looks after it\nowner:") + b"\n# the end\n"
    path.write_bytes(before)
    done = run(f"new-deployment --team payments {WISH}")
    assert done.exit_code == 0, done.output
    assert "payments/search" in done.stdout
    assert "payments/assistant: " not in done.stdout.partition("USD a month")[0]  # only what is new is explained
    added = b"  - name: search\n    model: gemma-4-e4b-it\n    context_tokens: 16384\n    peak_concurrent_requests: 8\n"
    assert path.read_bytes() == before.replace(b"\n\n# the end", b"\n" + added + b"\n# the end")


def test_brackets_are_refused_with_what_to_write_instead(folder: Path) -> None:
    path = folder / SHOP
    path.write_text(
        yaml.safe_dump(
            {
                "schema": 1,
                **yaml.safe_load("{team: shop, owner: o, contact: a@b.c, cost_center: c}"),
                "monthly_budget_usd": 1,
                "deployments": [],
            }
        ),
        encoding="utf-8",
    )
    before = files(folder)
    done = run(f"new-deployment --team shop {WISH}")
    assert done.exit_code == 1
    assert f"{SHOP}: line " in done.stderr
    assert "written in brackets" in done.stderr
    assert files(folder) == before


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is there."""
    monkeypatch.setattr(session, "at_terminal", lambda: True)


TEAM_ANSWERS = ["shop", "shop-backend", "shop@example.com", "", "", "cc-3001", "2500"]
#: name, model, context, peak; then what need not be said, which stays as it is but for the last one; no more; write it
WISH_ANSWERS = ["search", "gemma-4-e4b-it", "16384", "8", "", "", "", "", "gke", "n", "", "n"]


def lines(*answers: str) -> str:
    return "".join(f"{answer}\n" for answer in answers)


@pytest.mark.usefixtures("at_terminal")
def test_at_a_terminal_it_asks_and_writes_what_differs_from_the_defaults(folder: Path) -> None:
    done = run("new-team", lines(*TEAM_ANSWERS, "y", *WISH_ANSWERS, "y"))
    assert done.exit_code == 0, done.output
    assert yaml.safe_load((folder / SHOP).read_text(encoding="utf-8"))["deployments"] == [
        {
            "name": "search",
            "model": "gemma-4-e4b-it",
            "context_tokens": 16384,
            "peak_concurrent_requests": 8,
            "runs_on": "gke",
        }
    ]
    for field in (*team_fields(), *deployment_fields()):
        assert (field.description in done.stdout) == (field.required or field.name in ASKED), field.name


@pytest.mark.usefixtures("at_terminal")
def test_a_wrong_answer_is_explained_and_asked_for_again(folder: Path) -> None:
    wrong = ["payments", *TEAM_ANSWERS[:2], "nobody", *TEAM_ANSWERS[2:]]
    done = run("new-team", lines(*wrong, "n", "y"))
    assert done.exit_code == 0, done.output
    assert "'payments' has a file in dev already" in done.output
    assert "string should match pattern" in done.output
    assert (folder / SHOP).exists()


@pytest.mark.usefixtures("at_terminal")
def test_answers_can_be_changed_after_a_refusal_and_are_proposed_again(folder: Path) -> None:
    too_long = [*WISH_ANSWERS[:2], "262144", *WISH_ANSWERS[3:]]
    again = ["", "", "16384", *WISH_ANSWERS[3:]]
    done = run("new-deployment --team support", lines(*too_long, "y", *again, "y"))
    assert done.exit_code == 0, done.output
    assert "above gemma-4-e4b-it's maximum of 131072" in done.output
    assert "name [search]" in done.output
    text = (folder / "stacks/dev/teams/support.yaml").read_text(encoding="utf-8")
    assert text.endswith("    context_tokens: 16384\n    peak_concurrent_requests: 8\n    runs_on: gke\n")


@pytest.mark.usefixtures("at_terminal")
@pytest.mark.parametrize("answers", [[*WISH_ANSWERS, "n"], WISH_ANSWERS[:4]], ids=["no", "no more answers"])
def test_whoever_does_not_want_it_in_the_end_has_written_nothing(folder: Path, answers: list[str]) -> None:
    before = files(folder)
    done = run("new-deployment --team support", lines(*answers))
    assert done.exit_code == 1
    assert files(folder) == before
