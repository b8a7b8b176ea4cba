"""A release is made whole or not at all: real git, in repositories of the test's own, whose schema check is a stand-in."""

from __future__ import annotations

import datetime
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from release.__main__ import app
from release.changelog import release_section
from release.errors import ReleaseError
from release.semantic_version import latest, parse_version, step
from release.stated_versions import PLACES, with_version
from tests.committed_files import ROOT

CHANGELOG = """# Changelog

## Unreleased

- A note that somebody wrote:
  on two lines.

## 0.1.0 (2026-10-01)

- The first.
"""
#: Stands for components/schema_check.py: a schema may break callers from 0.3.0 on.
SCHEMA_CHECK = """import sys
assert sys.argv[1] == "--version"
if sys.argv[2] < "0.3.0":
    sys.exit("GemmaDeployment.model was removed")
"""
FILES = {
    "docs/changelog.md": CHANGELOG,
    "components/__init__.py": "",
    "components/version.py": '"""The version."""\n\nVERSION = "0.1.0"\n',
    "components/schema_check.py": "",
    "components/schema.json": '{"name": "new"}\n',
    "components/schema-released.json": '{"name": "old"}\n',
    "policy/PulumiPolicy.yaml": "description: x\nversion: 0.1.0\nruntime:\n  name: python\n",
}


class Repository:
    """A working tree of a test."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.root, capture_output=True, text=True, check=True
        ).stdout.strip()

    def write(self, file: str, text: str) -> None:
        path = self.root / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def read(self, file: str) -> str:
        return (self.root / file).read_text(encoding="utf-8")

    def commit(self, subject: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={subject}")

    def hook(self, name: str, text: str) -> None:
        path = self.root / ".git" / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def state(self) -> tuple[str, str, str, dict[str, str]]:
        """Commit, tags, what git says of the tree, and the content of the files."""
        files = {file: self.read(file) for file in FILES if (self.root / file).exists()}
        return self.git("rev-parse", "HEAD"), self.git("tag", "--list"), self.git("status", "--porcelain"), files


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A repository with one release, 0.1.0, and two commits and a merge after it."""
    folder = tmp_path_factory.mktemp("release")
    (folder / "gitconfig").write_text("[user]\n\tname = A\n\temail = a@example.com\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(folder / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            patch.delenv(name, raising=False)
        # the stand-in for the schema check leaves no files beside it
        patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        made = Repository(folder / "project")
        made.root.mkdir()
        for file, text in FILES.items():
            made.write(file, text)
        made.git("init", "--quiet", "--template=", "--initial-branch=main")
        made.commit("First")
        made.git("tag", "--annotate", "--message=Release 0.1.0", "v0.1.0")
        made.write("a.txt", "a")
        made.commit("Add `<a>` and *b*")
        made.git("checkout", "--quiet", "-b", "side", "HEAD~1")
        made.write("b.txt", "b")
        made.commit("Mend b")
        made.git("checkout", "--quiet", "main")
        made.git("merge", "--quiet", "--no-ff", "--message=Merge side", "side")
        yield made.root


@pytest.fixture
def repository(released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A copy of it, which is the working folder."""
    copy = tmp_path / "project"
    shutil.copytree(released, copy)
    monkeypatch.chdir(copy)
    return Repository(copy)


def release(version: str, *flags: str) -> Result:
    return CliRunner().invoke(app, ["--version", version, "--today", "2026-12-01", *flags])


def test_a_release_writes_changelog_and_versions_commits_and_tags_and_pushes_nothing(repository: Repository) -> None:
    before = repository.git("rev-parse", "HEAD")
    result = release("0.2.0")
    assert result.exit_code == 0, result.output
    text = repository.read("docs/changelog.md")
    head, commits, foot = re.split("(?<=summary>\n\n)|(?=\n</details>)", text)
    assert head == (
        "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-12-01)\n\n- A note that somebody wrote:\n  on two lines.\n\n"
        "<details><summary>2 commits since v0.1.0</summary>\n\n"
    )
    # both commits of one second: which is first is not said
    assert sorted(commits.splitlines()) == ["- Add `<a>` and \\*b\\*", "- Mend b"]
    assert foot == "\n</details>\n\n## 0.1.0 (2026-10-01)\n\n- The first.\n"
    assert 'VERSION = "0.2.0"\n' in repository.read("components/version.py")
    assert "\nversion: 0.2.0\n" in repository.read("policy/PulumiPolicy.yaml")
    assert repository.read("components/schema-released.json") == repository.read("components/schema.json")
    assert repository.git("log", "-1", "--format=%s %P") == f"Release 0.2.0 {before}"
    assert repository.git("status", "--porcelain") == ""
    assert repository.git("cat-file", "-t", "v0.2.0") == "tag"
    assert repository.git("tag", "--list", "--format=%(contents)", "v0.2.0") == (
        "Release 0.2.0\n\n- A note that somebody wrote:\n  on two lines."
    )
    assert repository.git("rev-parse", "v0.2.0^{commit}") == repository.git("rev-parse", "HEAD")
    assert "git push --atomic origin main v0.2.0" in result.output


def test_the_next_release_has_only_what_came_after(repository: Repository) -> None:
    assert release("0.2.0").exit_code == 0
    again = release("0.2.1")
    assert again.exit_code == 1
    assert "nothing to release: no commit since v0.2.0" in again.output
    repository.write("c.txt", "c")
    repository.commit("Add c")
    assert release("0.2.1").exit_code == 0
    section = repository.read("docs/changelog.md").partition("## 0.2.1")[2].partition("## 0.2.0")[0]
    assert "1 commit since v0.2.0" in section
    assert "- Add c\n" in section
    assert "Mend b" not in section


def test_a_first_release_has_all_commits(repository: Repository) -> None:
    repository.git("tag", "--delete", "v0.1.0")
    repository.write("docs/changelog.md", "# Changelog\n\n## Unreleased\n")
    repository.commit("Clear")
    assert release("0.1.0").exit_code == 0
    assert "4 commits, the first release" in repository.read("docs/changelog.md")


def test_a_dry_run_shows_all_of_it_and_changes_nothing(repository: Repository) -> None:
    before = repository.state()
    result = release("0.2.0", "--dry-run")
    assert result.exit_code == 0, result.output
    for shown in ("Release 0.2.0 (minor release)", "- Mend b", "policy/PulumiPolicy.yaml", "nothing was changed"):
        assert shown in result.output
    assert repository.state() == before


@pytest.mark.parametrize("wanted", ["", "1", "v0.2.0", "0.2", "0.02.0", "0.2.0-rc.1", "0.2.0+build", "two"])
def test_what_is_no_version_to_release_is_refused(wanted: str) -> None:
    with pytest.raises(ReleaseError, match=r"such as 0\.2\.0|VERSION=0\.2\.0"):
        parse_version(wanted)


@pytest.mark.parametrize("wanted", ["0.9.0", "0.8.12"])
def test_a_version_that_is_not_above_the_last_is_refused_and_told_what_can_follow(wanted: str) -> None:
    with pytest.raises(ReleaseError, match=f"{wanted} is not above 0.9.0.* one of 0.9.1, 0.10.0, 1.0.0"):
        step(parse_version("0.9.0"), parse_version(wanted))


def test_versions_are_compared_as_numbers() -> None:
    assert str(latest(["v0.9.0", "v0.10.0", "v0.2.0", "other", "v1", "nightly-3.0.0"])) == "0.10.0"


def test_everything_that_stands_against_a_release_is_told_at_once(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "side")
    repository.write("components/schema_check.py", SCHEMA_CHECK)
    repository.write("docs/changelog.md", "# Changelog\n")
    repository.write("policy/PulumiPolicy.yaml", "description: x\n")
    before = repository.state()
    result = release("0.1.0")
    assert result.exit_code == 1
    for said in (
        "changes that are not committed: components/schema_check.py, docs/changelog.md, policy/PulumiPolicy.yaml",
        "this is the branch side; release from main, or say ANY_BRANCH=1",
        "0.1.0 is not above 0.1.0",
        "'## Unreleased' stands there 0 times",
        "policy/PulumiPolicy.yaml: states a version 0 times",
        "the components do not allow this version",
        "GemmaDeployment.model was removed",
        "Nothing was changed.",
    ):
        assert said in result.output
    assert repository.state() == before


def test_a_new_file_makes_the_tree_dirty_too(repository: Repository) -> None:
    repository.write("left.txt", "x")
    result = release("0.2.0")
    assert result.exit_code == 1
    assert "not committed: left.txt" in result.output


def test_another_branch_is_released_from_when_that_is_said(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "release-0.1")
    result = release("0.1.1", "--any-branch")
    assert result.exit_code == 0, result.output
    assert "git push --atomic origin release-0.1 v0.1.1" in result.output


def test_a_break_of_the_schema_is_refused_until_the_version_says_so(repository: Repository) -> None:
    repository.write("components/schema_check.py", SCHEMA_CHECK)
    repository.commit("Take model away")
    before = repository.state()
    assert release("0.2.0").exit_code == 1
    assert repository.state() == before
    assert release("0.3.0").exit_code == 0


def test_a_schema_check_that_does_not_run_stops_the_release(repository: Repository) -> None:
    repository.write("components/schema_check.py", "import sys; print('no schema'); sys.exit(2)")
    repository.commit("Break the check")
    result = release("0.2.0")
    assert result.exit_code == 1
    assert "the schema could not be checked" in result.output


def test_a_version_that_is_already_in_the_changelog_is_refused(repository: Repository) -> None:
    repository.write("docs/changelog.md", CHANGELOG + "\n## 0.2.0 (2026-11-01)\n")
    repository.commit("Write ahead")
    assert "has a section about 0.2.0 already" in release("0.2.0").output


def test_a_clone_without_old_commits_is_refused(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = repository.root.parent / "clone"
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.root}", str(clone))
    monkeypatch.chdir(clone)
    assert "git fetch --unshallow --tags" in release("0.2.0").output


def test_files_that_are_missing_are_told_by_name(repository: Repository) -> None:
    (repository.root / "docs/changelog.md").unlink()
    (repository.root / PLACES[0].file).unlink()
    repository.commit("Remove")
    result = release("0.2.0")
    assert result.exit_code == 1
    assert "docs/changelog.md is missing" in result.output
    assert f"{PLACES[0].file} is missing" in result.output


@pytest.mark.parametrize("failing", ["commit", "tag"])
def test_a_release_that_fails_on_the_way_leaves_everything_as_it_was(repository: Repository, failing: str) -> None:
    if failing == "commit":
        repository.hook("pre-commit", "echo lint failed >&2; exit 1")
    else:
        repository.hook("reference-transaction", 'grep -q refs/tags/v0.2.0 && [ "$1" = prepared ] && exit 1; exit 0')
    (repository.root / "components/schema-released.json").unlink()
    repository.git("commit", "--quiet", "--all", "--no-verify", "--message=No release had a schema yet")
    before = repository.state()
    result = release("0.2.0")
    assert result.exit_code == 1, result.output
    assert f"git {failing} failed, and everything is as it was" in result.output
    assert repository.state() == before
    assert not (repository.root / "components/schema-released.json").exists()


def test_this_project_can_be_released_as_it_stands() -> None:
    texts = {place.file: (ROOT / place.file).read_text(encoding="utf-8") for place in PLACES}
    version = parse_version("98.76.54")
    assert all("98.76.54" in text for text in with_version(texts, version).values())
    changelog = (ROOT / "docs/changelog.md").read_text(encoding="utf-8")
    released = release_section(changelog, version, datetime.date(2026, 12, 1), ["A change"], None)
    assert released.text.startswith("# Changelog\n\n## Unreleased\n\n## 98.76.54 (2026-12-01)\n\n")
    assert len(re.findall("^- ", released.text, re.MULTILINE)) == len(re.findall("^- ", changelog, re.MULTILINE)) + 1


def test_make_hands_on_what_it_is_told() -> None:
    told = ["make", "--no-print-directory", "--dry-run", "release", "VERSION=1.2.3", "DRY_RUN=1", "ANY_BRANCH=1"]
    said = subprocess.run(told, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert '-m release --version "1.2.3" --dry-run --any-branch' in said
    said = subprocess.run(told[:5], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.rstrip().endswith('-m release --version "1.2.3"')
