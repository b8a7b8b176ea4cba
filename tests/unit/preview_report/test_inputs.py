"""The digest of a report: the same for the same content and state, another for any other, and it says which input differs."""

from __future__ import annotations

import copy
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.preview_report.inputs import SHOWN_DIGITS, WORDS, difference
from components.preview_report.source_tree import commit_of, tree_of
from components.preview_report.state import SECRET, SIGNATURE, is_deployed, outputs_of, state_digest
from tests.unit.preview_report.made import INPUTS

URN = "urn:pulumi:dev::p::"
PROVIDER = f"{URN}pulumi:providers:gcp::google"


def deployment() -> dict[str, Any]:
    """A state with a stack, a provider and one resource."""
    ciphertext = {SIGNATURE: SECRET, "ciphertext": "v1:abc"}
    return {
        "manifest": {"time": "2026-11-25T10:00:00Z", "magic": "x"},
        "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:x"}},
        "resources": [
            {"urn": f"{URN}pulumi:pulumi:Stack::p-dev", "type": "pulumi:pulumi:Stack", "outputs": {"key": ciphertext, "a": 1}},
            {"urn": PROVIDER, "type": "pulumi:providers:gcp", "id": "1111-2222", "created": "2026-11-25T10:00:00Z"},
            {
                "urn": f"{URN}gcp:storage/bucket:Bucket::models",
                "type": "gcp:storage/bucket:Bucket",
                "inputs": {"name": "models"},
                "outputs": {"name": "models", "metadata": {"uid": "7"}, "password": ciphertext},
                "dependencies": ["x", "y"],
                "provider": f"{PROVIDER}::1111-2222",
                "modified": "2026-11-25T10:00:00Z",
            },
        ],
    }  # fmt: skip


def test_a_state_written_anew_or_brought_up_again_has_the_same_digest() -> None:
    again = deployment()
    again["manifest"]["time"] = "2026-11-26T11:00:00Z"
    again["secrets_providers"]["state"]["salt"] = "v1:y"
    stack, provider, bucket = again["resources"]
    stack["outputs"]["key"]["ciphertext"] = bucket["outputs"]["password"]["ciphertext"] = "v1:def"
    provider |= {"id": "3333-4444", "created": "2026-11-26T11:00:00Z"}
    bucket |= {"provider": f"{PROVIDER}::3333-4444", "modified": "x", "dependencies": ["y", "x"]}
    bucket["outputs"]["metadata"]["uid"] = "8"
    again["resources"] = [bucket, stack, provider]
    assert state_digest(again) == state_digest(deployment())


@pytest.mark.parametrize("place", ["inputs", "outputs", "protect", "parent", "pending"])
def test_a_state_that_says_something_else_has_another_digest(place: str) -> None:
    other = deployment()
    bucket = other["resources"][2]
    if place in ("inputs", "outputs"):
        bucket[place]["name"] = "other"
    elif place == "pending":
        other["pending_operations"] = [{"type": "creating"}]
    else:
        bucket[place] = True
    assert state_digest(other) != state_digest(deployment())


def test_names_that_the_cloud_makes_up_count_for_what_they_are_of() -> None:
    def referring(made_up: str, refers_to: str) -> dict[str, Any]:
        state = deployment()
        kind = "gcp:monitoring/notificationChannel:NotificationChannel"
        mail = f"projects/p/notificationChannels/{made_up}"
        state["resources"].append(
            {"urn": f"{URN}{kind}::mail", "type": kind, "id": mail, "outputs": {"name": mail, "number": made_up}}
        )
        state["resources"][2]["inputs"]["channels"] = [f"projects/p/notificationChannels/{refers_to}"]
        return state

    first = state_digest(referring("1234567890", "1234567890"))
    assert state_digest(referring("9876543210", "9876543210")) == first
    assert state_digest(referring("1234567890", "9876543210")) != first


def test_outputs_are_read_without_their_secrets() -> None:
    assert outputs_of(deployment()) == {"key": "[secret]", "a": 1}
    assert is_deployed(deployment())
    only_stack = {"resources": deployment()["resources"][:1]}
    assert not is_deployed(only_stack)
    assert outputs_of({}) == {}


@pytest.mark.parametrize("name", list(WORDS))
def test_each_input_makes_another_digest_and_is_named_when_it_differs(name: str) -> None:
    other = replace(INPUTS, **{name: "2026-11-26" if name == "date" else "d" * 40})
    assert len(other.digest) == SHOWN_DIGITS
    assert difference(INPUTS, INPUTS.digest, None) is None
    told = difference(other, INPUTS.digest, INPUTS.parts)
    assert told is not None
    assert told.endswith(f"what differs is {WORDS[name]} ({name})")
    unknown = difference(other, INPUTS.digest, None)
    assert unknown is not None
    assert "give the JSON file" in unknown


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of git with one commit."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("ignored\n", encoding="utf-8")
    (tmp_path / "a.txt").write_text("a\n", encoding="utf-8")
    commit(tmp_path, "one")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    names = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *arguments], cwd=folder, env=kept | names, check=True, capture_output=True)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)


def test_another_commit_of_the_same_content_is_the_same_tree(repository: Path) -> None:
    tree, name = tree_of(repository), commit_of(repository)
    commit(repository, "a merge, say")
    assert tree_of(repository) == tree
    assert commit_of(repository) != name
    (repository / "ignored").write_text("x", encoding="utf-8")
    assert tree_of(repository) == tree


def test_what_differs_from_the_commit_counts_and_is_marked(repository: Path) -> None:
    tree, name = tree_of(repository), commit_of(repository)
    (repository / "a.txt").write_text("b\n", encoding="utf-8")
    changed = tree_of(repository)
    (repository / "new.txt").write_text("n\n", encoding="utf-8")
    added = tree_of(repository)
    (repository / "new.txt").write_text("m\n", encoding="utf-8")
    assert len({tree, changed, added, tree_of(repository)}) == 4
    assert commit_of(repository) == f"{name}+"
    (repository / "a.txt").write_text("a\n", encoding="utf-8")
    (repository / "new.txt").unlink()
    assert (tree_of(repository), commit_of(repository)) == (tree, name)


def test_a_folder_without_git_counts_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    before = tree_of(tmp_path)
    (tmp_path / ".venv" / "b.txt").write_text("b", encoding="utf-8")
    assert tree_of(tmp_path) == before
    (tmp_path / "a.txt").write_text("b", encoding="utf-8")
    assert tree_of(tmp_path) != before
    assert commit_of(tmp_path) == "unknown"


def test_the_state_is_left_as_it_is() -> None:
    given = deployment()
    kept = copy.deepcopy(given)
    state_digest(given)
    outputs_of(given)
    assert given == kept
