"""Which copy of a state is restored, and what is refused. On folders made by hand; the drill through the engine is beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.state.__main__ import app

FILE = ".pulumi/stacks/gemma-platform/dev.json"
HISTORY = ".pulumi/history/gemma-platform/dev/dev-1.checkpoint.json"
BACKUP = ".pulumi/backups/gemma-platform/dev/dev.1.json"


def checkpoint(time: str, resources: int = 1, stack: str = "organization/gemma-platform/dev", version: int = 3) -> str:
    latest = {"manifest": {"time": time}, "resources": [{"urn": f"urn:{number}"} for number in range(resources)]}
    return json.dumps({"version": version, "checkpoint": {"stack": stack, "latest": latest}})


@pytest.fixture
def backend(tmp_path: Path) -> Path:
    """A lost state file, with an older backup and the checkpoint of the last update."""
    put(tmp_path, HISTORY, checkpoint("2026-11-26T08:00:00Z", 3))
    put(tmp_path, BACKUP, checkpoint("2026-11-25T08:00:00Z", 2))
    return tmp_path


def put(backend: Path, name: str, text: str) -> None:
    path = backend / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def restore(backend: Path, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["restore", "--env", "dev", "--backend", backend.as_uri(), *more])
    return result.exit_code, result.output


def state(backend: Path) -> str | None:
    return (backend / FILE).read_text(encoding="utf-8") if (backend / FILE).exists() else None


def test_without_apply_the_copies_are_listed_and_nothing_is_written(backend: Path) -> None:
    code, said = restore(backend)
    assert (code, state(backend)) == (0, None)
    assert "is lost" in said
    assert said.index("->") < said.index(HISTORY) < said.index(BACKUP)


def test_the_newest_good_copy_comes_back_by_the_engines_time_and_not_the_files(backend: Path) -> None:
    put(backend, f"{FILE}.bak", checkpoint("2026-11-24T08:00:00Z", 1))  # the file written last
    assert restore(backend, "--apply")[0] == 0
    assert state(backend) == checkpoint("2026-11-26T08:00:00Z", 3)


@pytest.mark.parametrize(
    "damaged",
    [
        checkpoint("2026-11-26T08:00:00Z", 3)[:-20],
        "",
        checkpoint("2026-11-26T08:00:00Z", 3, stack="organization/gemma-platform/prod"),
        checkpoint("2026-11-26T08:00:00Z", 3, version=9),
        '{"version": 3, "checkpoint": {"stack": "dev", "latest": {"manifest": {"time": "x"}, "resources": [{}]}}}',
    ],
    ids=["cut off", "empty", "another stack's", "unknown version", "no URN"],
)
def test_a_damaged_file_is_replaced_and_kept(backend: Path, damaged: str) -> None:
    put(backend, FILE, damaged)
    put(backend, f"{FILE}.bak", damaged)
    assert restore(backend, "--apply")[0] == 0
    assert state(backend) == checkpoint("2026-11-26T08:00:00Z", 3)
    [kept] = (backend / ".pulumi" / "damaged").iterdir()
    assert kept.read_text(encoding="utf-8") == damaged


def test_a_whole_state_is_left_alone(backend: Path) -> None:
    put(backend, FILE, checkpoint("2026-11-26T09:00:00Z", 4))
    code, said = restore(backend, "--apply")
    assert (code, state(backend)) == (1, checkpoint("2026-11-26T09:00:00Z", 4))
    assert "there is nothing to restore" in said


def test_a_named_copy_is_restored_also_over_a_whole_state(backend: Path) -> None:
    put(backend, FILE, checkpoint("2026-11-26T09:00:00Z", 4))
    assert restore(backend, "--copy", BACKUP, "--apply")[0] == 0
    assert state(backend) == checkpoint("2026-11-25T08:00:00Z", 2)


@pytest.mark.parametrize(("copy", "said"), [("nope", "there is no copy 'nope'"), (BACKUP, "is not good: it is empty")])
def test_a_copy_that_is_not_there_or_not_good_is_refused(backend: Path, copy: str, said: str) -> None:
    put(backend, BACKUP, "")
    code, output = restore(backend, "--copy", copy, "--apply")
    assert (code, state(backend)) == (1, None)
    assert said in output


def test_nothing_is_restored_under_somebodys_running_update(backend: Path) -> None:
    put(backend, ".pulumi/locks/organization/gemma-platform/dev/1234.json", "{}")
    code, said = restore(backend, "--apply")
    assert (code, state(backend)) == (1, None)
    assert "pulumi cancel --stack dev" in said


def test_without_a_good_copy_it_says_so(tmp_path: Path) -> None:
    put(tmp_path, FILE, "{")
    put(tmp_path, BACKUP, "{")
    code, said = restore(tmp_path, "--apply")
    assert (code, state(tmp_path)) == (1, "{")
    assert "there is no good copy" in said


def test_another_stacks_files_are_not_looked_at(backend: Path) -> None:
    put(backend, ".pulumi/stacks/gemma-platform/dev2.json", checkpoint("2026-11-27T08:00:00Z", 9))
    assert "dev2" not in restore(backend)[1]


def test_a_folder_without_a_backend_and_a_wrong_address_are_refused(tmp_path: Path) -> None:
    assert "has no folder .pulumi" in restore(tmp_path)[1]
    result = CliRunner().invoke(app, ["restore", "--env", "dev", "--backend", "s3://bucket"])
    assert (result.exit_code, "is no gs://<bucket>" in result.output) == (1, True)
